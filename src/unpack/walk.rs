//! Finds modules and libraries below a folder. Only files whose names say that they are one, and symbolic links, cost
//! more than the folder listing itself: an environment has a hundred other files for each of them.

use super::limits;
use crate::model::{FileKind, Note, shown};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// Which folders are gone into.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scope<'a> {
    /// All of them, as in a `site-packages`.
    All,
    /// All but those.
    Without(&'a [PathBuf]),
    /// Those that can be packages: a project's folder on `sys.path` has build folders and environments beside them.
    Packages,
    /// A project's folder, without hidden ones and environments.
    Project,
}

/// A module or a library.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    /// Below the folder, as it is shown.
    pub path: String,
    /// Where it is.
    pub real: PathBuf,
    /// Module or library.
    pub kind: FileKind,
    /// Size in bytes.
    pub size: u64,
}

/// Everything found below `root`, sorted. `prefix` is put before each path (empty, or ending in `/`).
pub(super) fn walk(root: &Path, prefix: &str, scope: Scope<'_>, notes: &mut Vec<Note>) -> Vec<Found> {
    let mut walk = Walk { scope, found: Vec::new(), links: Vec::new(), visited: 0, notes };
    let mut seen = BTreeSet::new();
    walk.links.push(Link { real: root.to_owned(), path: prefix.to_owned() });
    // A folder behind a link is walked like the first one, once, and not where it is part of another.
    while let Some(link) = walk.links.pop() {
        let target = link.real.canonicalize().unwrap_or_else(|_| link.real.clone());
        // Seen from inside, a link to a folder around it has no end.
        if seen.iter().any(|known: &PathBuf| target.starts_with(known) || known.starts_with(&target)) {
            let why = format!(
                "is a link to {}, and not followed: it leads to what is audited anyway",
                shown(&target)
            );
            walk.notes.push(Note::told(shown(&link.real), why));
        } else {
            walk.folder(&link);
            seen.insert(target);
        }
    }
    let mut found = walk.found;
    found.sort_unstable();
    found
}

/// A folder to walk, and the path that its files are shown below.
struct Link {
    real: PathBuf,
    path: String,
}

struct Walk<'a> {
    scope: Scope<'a>,
    found: Vec<Found>,
    links: Vec<Link>,
    visited: usize,
    notes: &'a mut Vec<Note>,
}

impl Walk<'_> {
    fn folder(&mut self, start: &Link) {
        let scope = self.scope;
        let enter = |entry: &DirEntry| {
            entry.depth() == 0 || !entry.file_type().is_dir() || scope.enters(entry.file_name(), entry.path())
        };
        for entry in WalkDir::new(&start.real).into_iter().filter_entry(enter) {
            self.visited += 1;
            if self.visited > limits::VISITED {
                let why = format!("has more than {} files: the rest is not audited", limits::VISITED);
                self.notes.push(Note::unread(shown(&start.real), why + "\nhint: name a smaller folder"));
                self.links.clear();
                return;
            }
            match entry {
                Ok(entry) if entry.depth() > 0 => self.entry(start, &entry),
                Ok(_) => {}
                Err(error) => {
                    let path = error.path().map_or_else(|| shown(&start.real), shown);
                    self.unread(path, &error.into());
                }
            }
        }
    }

    fn entry(&mut self, start: &Link, entry: &DirEntry) {
        let (kind, file_type) = (FileKind::of(entry.file_name().as_encoded_bytes()), entry.file_type());
        match kind {
            Some(kind) if file_type.is_file() => match entry.metadata() {
                Ok(metadata) => self.file(start, entry.path(), kind, &metadata),
                Err(error) => self.unread(shown(entry.path()), &error.into()),
            },
            kind if file_type.is_symlink() => self.link(start, entry.path(), kind),
            _ => {}
        }
    }

    fn link(&mut self, start: &Link, path: &Path, kind: Option<FileKind>) {
        let name = path.file_name().unwrap_or_default();
        match (path.metadata(), kind) {
            (Ok(metadata), _) if metadata.is_dir() && self.scope.enters(name, path) => {
                self.links.push(Link { real: path.to_owned(), path: below(start, path) + "/" });
            }
            (Ok(metadata), Some(kind)) if metadata.is_file() => self.file(start, path, kind, &metadata),
            (Err(error), Some(_)) => self.unread(shown(path), &error),
            _ => {}
        }
    }

    fn file(&mut self, start: &Link, path: &Path, kind: FileKind, metadata: &Metadata) {
        self.found.push(Found {
            path: below(start, path),
            real: path.to_owned(),
            kind,
            size: metadata.len(),
        });
    }

    fn unread(&mut self, about: String, error: &io::Error) {
        let why =
            format!("cannot be read: {error}\nhint: check that it exists and that this user may read it");
        self.notes.push(Note::unread(about, why));
    }
}

impl Scope<'_> {
    fn enters(self, name: &OsStr, path: &Path) -> bool {
        let bytes = name.as_encoded_bytes();
        if bytes == b"__pycache__" {
            return false;
        }
        match self {
            Self::All => true,
            Self::Without(folders) => folders.iter().all(|folder| folder != path),
            Self::Packages => is_identifier(bytes) && !path.join("pyvenv.cfg").exists(),
            Self::Project => {
                !bytes.starts_with(b".") && bytes != b"node_modules" && !path.join("pyvenv.cfg").exists()
            }
        }
    }
}

/// Whether an import statement could spell it. Every character beyond ASCII is taken for a letter.
fn is_identifier(name: &[u8]) -> bool {
    !name.first().is_none_or(u8::is_ascii_digit)
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii())
}

fn below(start: &Link, path: &Path) -> String {
    format!("{}{}", start.path, shown(path.strip_prefix(&start.real).unwrap_or(path)))
}

#[cfg(test)]
mod tests {
    use super::super::samples::put;
    use super::*;

    fn paths(root: &Path, scope: Scope<'_>) -> (Vec<String>, Vec<Note>) {
        let mut notes = Vec::new();
        let found = walk(root, "", scope, &mut notes);
        (found.into_iter().map(|found| found.path).collect(), notes)
    }

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "a/_x.so",
            "a/__init__.py",
            "a/__pycache__/c.so",
            "a.libs/libz.so.1",
            ".hidden/h.so",
            "venv/pyvenv.cfg",
            "venv/lib/v.so",
            "build/lib.linux/b.so",
            "node_modules/n.so",
            "top.pyd",
        ] {
            put(folder.path(), name, name);
        }
        folder
    }

    #[test]
    fn scopes_decide_what_is_gone_into() {
        let folder = folder();
        let root = folder.path();
        let all = [
            ".hidden/h.so",
            "a.libs/libz.so.1",
            "a/_x.so",
            "build/lib.linux/b.so",
            "node_modules/n.so",
            "top.pyd",
            "venv/lib/v.so",
        ];
        assert_eq!(paths(root, Scope::All), (all.map(str::to_owned).to_vec(), vec![]));
        let without = [root.join("venv"), root.join(".hidden"), root.join("node_modules")];
        assert_eq!(
            paths(root, Scope::Without(&without)).0,
            ["a.libs/libz.so.1", "a/_x.so", "build/lib.linux/b.so", "top.pyd"]
        );
        assert_eq!(paths(root, Scope::Packages).0, ["a/_x.so", "node_modules/n.so", "top.pyd"]);
        assert_eq!(
            paths(root, Scope::Project).0,
            ["a.libs/libz.so.1", "a/_x.so", "build/lib.linux/b.so", "top.pyd"]
        );
    }

    #[test]
    fn what_is_found_tells_kind_size_and_place() {
        let folder = folder();
        let found = walk(&folder.path().join("a.libs"), "foo/", Scope::All, &mut Vec::new());
        let real = folder.path().join("a.libs/libz.so.1");
        assert_eq!(
            found,
            [Found { path: "foo/libz.so.1".to_owned(), real, kind: FileKind::Library, size: 16 }]
        );
    }

    #[test]
    fn a_folder_that_is_gone_is_told() {
        let (found, notes) = paths(Path::new("/nowhere"), Scope::All);
        assert!(found.is_empty());
        assert!(notes[0].unread && notes[0].why.contains("hint: "), "{notes:?}");
    }

    #[cfg(unix)]
    mod links {
        use super::*;
        use std::os::unix::fs::symlink;

        #[test]
        fn files_behind_links_are_found() {
            let folder = tempfile::tempdir().unwrap();
            let cache = tempfile::tempdir().unwrap();
            let target = put(cache.path(), "0a1b2c", "12345");
            symlink(target, folder.path().join("_x.so")).unwrap();
            symlink("/nowhere/gone.so", folder.path().join("_y.so")).unwrap();
            symlink("/nowhere/gone", folder.path().join("text")).unwrap();
            let mut notes = Vec::new();
            let found = walk(folder.path(), "", Scope::All, &mut notes);
            assert_eq!(found.len(), 1);
            assert_eq!((found[0].path.as_str(), found[0].size), ("_x.so", 5));
            assert_eq!(notes.len(), 1);
            assert!(notes[0].unread && notes[0].about.ends_with("/_y.so"), "{notes:?}");
        }

        #[test]
        fn folders_behind_links_are_walked_once() {
            let folder = tempfile::tempdir().unwrap();
            let cache = tempfile::tempdir().unwrap();
            put(cache.path(), "sub/_x.so", "");
            symlink(cache.path(), folder.path().join("one")).unwrap();
            symlink(cache.path(), folder.path().join("two")).unwrap();
            let (found, notes) = paths(folder.path(), Scope::All);
            assert_eq!(found.len(), 1);
            assert_eq!(notes.len(), 1);
            assert!(!notes[0].unread && notes[0].why.contains("not followed"), "{notes:?}");
        }

        #[test]
        fn loops_end() {
            let folder = tempfile::tempdir().unwrap();
            put(folder.path(), "a/_x.so", "");
            symlink(folder.path(), folder.path().join("a/self")).unwrap();
            symlink("..", folder.path().join("a/up")).unwrap();
            symlink("/", folder.path().join("root")).unwrap();
            symlink("loop", folder.path().join("loop")).unwrap();
            assert_eq!(paths(folder.path(), Scope::All).0, ["a/_x.so"]);
        }

        #[test]
        fn names_that_are_no_text_are_found() {
            use std::os::unix::ffi::OsStrExt;
            let folder = tempfile::tempdir().unwrap();
            let name = std::ffi::OsStr::from_bytes(b"\xff.so");
            std::fs::write(folder.path().join(name), "12345").unwrap();
            let found = walk(folder.path(), "", Scope::All, &mut Vec::new());
            assert_eq!(found[0].path, "\u{fffd}.so");
            assert_eq!(found[0].real.file_name(), Some(name));
        }
    }
}
