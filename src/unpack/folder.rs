//! Folders and single files without installation metadata: an unpacked tree, or one module of it.

use super::error::{Cause, UnpackError};
use super::walk::{Found, Scope, walk};
use super::{Files, metadata};
use crate::model::{Distribution, FileKind, Note, shown};
use std::path::{Component, Path, PathBuf};

/// Everything below a folder but what lies in folders that are artifacts of their own.
pub(super) fn open_tree(path: &Path, without: &[PathBuf]) -> (Distribution, Files, Vec<Note>) {
    let mut notes = Vec::new();
    let mut files = Files::default();
    let mut distribution = unowned(path);
    for found in walk(path, "", Scope::Without(without), &mut notes) {
        files.add(&mut distribution, found, None, &mut notes);
    }
    (distribution, files, notes)
}

/// One module. The other binaries beside it are its libraries: its init function may live in one of them.
pub(super) fn open_module(path: &Path) -> Result<(Distribution, Files, Vec<Note>), UnpackError> {
    let failed = |error: std::io::Error| Cause::from(error).of(shown(path));
    let size = path.metadata().map_err(failed)?.len();
    let real = absolute(path).map_err(failed)?;
    let root = import_root(&real);
    let mut notes = Vec::new();
    let mut files = Files::default();
    let mut distribution = unowned(&as_given(path, &real, &root));
    let below = |path: &Path| shown(path.strip_prefix(&root).unwrap_or(path));
    let others = libraries_beside(&real, &root);
    let found = Found { path: below(&real), real, kind: FileKind::Module, size };
    files.add(&mut distribution, found, None, &mut notes);
    for real in others {
        let Ok(metadata) = real.metadata() else { continue };
        if metadata.is_file() {
            let found = Found { path: below(&real), kind: FileKind::Library, size: metadata.len(), real };
            files.add(&mut distribution, found, None, &mut notes);
        }
    }
    distribution.libraries.sort_unstable();
    Ok((distribution, files, notes))
}

fn unowned(source: &Path) -> Distribution {
    let source = if source.as_os_str().is_empty() { Path::new(".") } else { source };
    Distribution {
        name: None,
        version: None,
        source: shown(source),
        tags: Vec::new(),
        requires: Vec::new(),
        free_threading: None,
        members: Vec::new(),
        libraries: Vec::new(),
    }
}

/// Where a file is, without links in its folder's path; the file itself may be a link into a cache, where nothing
/// tells what it is imported as.
fn absolute(file: &Path) -> std::io::Result<PathBuf> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(folder.canonicalize()?.join(file.file_name().unwrap_or_default()))
}

/// The root as the user would name it: cut from the path that was given, where it reaches that far.
fn as_given(given: &Path, real: &Path, root: &Path) -> PathBuf {
    let depth = real.strip_prefix(root).map_or(0, |below| below.components().count());
    let plain = given.components().all(|part| part != Component::ParentDir);
    given.ancestors().nth(depth).filter(|_| plain).map_or_else(|| root.to_owned(), Path::to_owned)
}

/// The folder that a module's dotted name starts below, as far as the folders around it tell: those with an
/// `__init__` file are packages; above them may be namespace packages, which have none, so a `site-packages` further
/// up is believed too.
fn import_root(module: &Path) -> PathBuf {
    let folder = |path: &Path| path.parent().map(Path::to_owned).unwrap_or_default();
    let mut root = folder(module);
    while is_package(&root) {
        root = folder(&root);
    }
    root.ancestors().find(|above| is_site_packages(above)).map_or_else(|| root.clone(), Path::to_owned)
}

fn is_package(folder: &Path) -> bool {
    folder.file_name().is_some() && names(folder).iter().any(|name| shown(name).starts_with("__init__."))
}

fn is_site_packages(folder: &Path) -> bool {
    let Some(name) = folder.file_name() else { return false };
    let has_metadata = || names(folder).iter().any(|name| metadata::from_folder(&shown(name)).is_some());
    name == "site-packages" || name == "dist-packages" || has_metadata()
}

/// The other binaries of a module's folder and of the folder of top-level modules, and what wheel repair tools
/// put into `{distribution}.libs` there.
fn libraries_beside(module: &Path, root: &Path) -> Vec<PathBuf> {
    let mut folders = vec![root.to_owned()];
    folders.extend(module.parent().filter(|folder| *folder != root).map(Path::to_owned));
    let bundles = names(root).into_iter().filter(|name| name.extension().is_some_and(|end| end == "libs"));
    folders.extend(bundles.map(|name| root.join(name)));
    let files = folders.iter().flat_map(|folder| names(folder).into_iter().map(|name| folder.join(name)));
    let kind = |path: &PathBuf| path.file_name().and_then(|name| FileKind::of(name.as_encoded_bytes()));
    files.filter(|file| file != module && kind(file).is_some()).collect()
}

/// The names in a folder; none where it cannot be read, which is no loss here.
fn names(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().into_iter().flatten();
    entries.filter_map(Result::ok).map(|entry| PathBuf::from(entry.file_name())).collect()
}

#[cfg(test)]
mod tests {
    use super::super::samples::put;
    use super::*;
    use crate::model::Member;

    fn paths(members: &[Member]) -> Vec<&str> {
        members.iter().map(|member| &*member.path).collect()
    }

    #[test]
    fn a_tree_is_read_without_what_is_audited_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["foo/_x.so", "foo/libz.so.1", "venv/lib/_y.so"] {
            put(folder.path(), name, name);
        }
        let (distribution, files, notes) = open_tree(folder.path(), &[folder.path().join("venv")]);
        assert_eq!((&distribution.name, &*distribution.source), (&None, &*shown(folder.path())));
        assert_eq!(paths(&distribution.members), ["foo/_x.so"]);
        assert_eq!(paths(&distribution.libraries), ["foo/libz.so.1"]);
        assert_eq!(files.read(&distribution, &distribution.members[0]).unwrap()[..], *b"foo/_x.so");
        assert_eq!(notes, []);
    }

    #[test]
    fn a_module_by_itself_has_its_file_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = put(folder.path(), "_x.so", "module");
        let (distribution, files, notes) = open_module(&path).unwrap();
        assert_eq!(paths(&distribution.members), ["_x.so"]);
        assert_eq!(distribution.source, shown(folder.path()));
        assert_eq!(files.read(&distribution, &distribution.members[0]).unwrap()[..], *b"module");
        assert_eq!(notes, []);
        assert!(open_module(&folder.path().join("gone.so")).is_err());
    }

    /// The member's path and source of a module below a folder with these files.
    fn named(files: &[&str], module: &str) -> (String, String) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for name in files {
            put(&root, name, "");
        }
        let (distribution, ..) = open_module(&put(&root, module, "")).unwrap();
        let source = Path::new(&distribution.source).strip_prefix(&root).unwrap().to_owned();
        (distribution.members[0].path.clone(), shown(&source))
    }

    fn pair(path: &str, source: &str) -> (String, String) {
        (path.to_owned(), source.to_owned())
    }

    #[test]
    fn packages_around_a_module_are_part_of_its_name() {
        let packages = ["lib/foo/__init__.py", "lib/foo/bar/__init__.cpython-314t.so"];
        assert_eq!(named(&packages, "lib/foo/bar/_x.so"), pair("foo/bar/_x.so", "lib"));
        assert_eq!(named(&[], "site-packages/ns/foo/_x.so"), pair("ns/foo/_x.so", "site-packages"));
        let unpacked = ["w/foo-1.0.dist-info/METADATA", "w/ns/foo/__init__.py"];
        assert_eq!(named(&unpacked, "w/ns/foo/_x.so"), pair("ns/foo/_x.so", "w"));
        assert_eq!(named(&["foo/bar/__init__.py"], "foo/_x.so"), pair("_x.so", "foo"));
    }

    #[test]
    fn binaries_beside_a_module_are_its_libraries() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["foo/__init__.py", "foo/_y.so", "hash__mypyc.so", "foo.libs/libz.so.1", "bar/_z.so"] {
            put(folder.path(), name, "");
        }
        let path = put(folder.path(), "foo/_x.so", "");
        let (distribution, ..) = open_module(&path).unwrap();
        assert_eq!(paths(&distribution.members), ["foo/_x.so"]);
        assert_eq!(paths(&distribution.libraries), ["foo.libs/libz.so.1", "foo/_y.so", "hash__mypyc.so"]);
    }

    #[test]
    fn roots_are_shown_as_the_user_names_them() {
        let given = |given, real, root| shown(&as_given(Path::new(given), Path::new(real), Path::new(root)));
        assert_eq!(given("sp/foo/_x.so", "/v/sp/foo/_x.so", "/v/sp"), "sp");
        assert_eq!(given("foo/_x.so", "/v/sp/foo/_x.so", "/v/sp"), "");
        assert_eq!(given("_x.so", "/v/sp/foo/_x.so", "/v/sp"), "/v/sp");
        assert_eq!(given("../foo/_x.so", "/v/sp/foo/_x.so", "/v/sp"), "/v/sp");
    }
}
