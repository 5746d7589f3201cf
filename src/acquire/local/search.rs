//! Looks for things to audit in a folder that is nothing by itself: a folder of wheels, a project, an unpacked tree.

use super::error::AcquireError;
use super::{counted, is_site_packages, is_wheel};
use crate::model::{FileKind, Note};
use std::collections::BTreeSet;
use std::fs::DirEntry;
use std::io;
use std::path::{Path, PathBuf};

/// Files and folders looked at below one folder. A whole disk has millions, and naming one is more likely a slip.
const VISITED: usize = 3_000_000;

/// What is in a folder.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Wheels, by name, sorted.
    pub wheels: Vec<PathBuf>,
    /// Folders that are an environment or a `site-packages` of their own, sorted.
    pub own: Vec<PathBuf>,
    /// How many modules are elsewhere.
    pub modules: usize,
}

impl Found {
    /// What there is, for the user.
    pub(super) fn parts(&self) -> Vec<String> {
        let mut parts = Vec::new();
        let counts = [
            (self.wheels.len(), "wheel"),
            (self.own.len(), "environment"),
            (self.modules, "loose extension module"),
        ];
        for (count, noun) in counts.into_iter().filter(|(count, _)| *count > 0) {
            parts.push(counted(count, noun));
        }
        parts
    }
}

/// Looks through a folder and those below it. What cannot be read is told in `notes`.
pub(super) fn search(root: &Path, notes: &mut Vec<Note>) -> Found {
    let mut search =
        Search { found: Found::default(), folders: vec![root.to_owned()], links: Vec::new(), visited: 0 };
    let mut seen: BTreeSet<PathBuf> = BTreeSet::new();
    seen.extend(root.canonicalize().ok());
    loop {
        while let Some(folder) = search.folders.pop() {
            if let Err(error) = search.folder(&folder, root) {
                notes.push(AcquireError::from(error).note(&folder));
            }
            if search.visited > VISITED {
                notes.push(AcquireError::TooMany(VISITED).note(root));
                return search.sorted();
            }
        }
        // A folder behind a link is looked through once, and not where it is part of, or around, what has been seen.
        let Some(link) = search.links.pop() else { return search.sorted() };
        let Ok(target) = link.canonicalize() else { continue };
        if !seen.iter().any(|known| target.starts_with(known) || known.starts_with(&target)) {
            search.folders.push(link);
            seen.insert(target);
        }
    }
}

struct Search {
    found: Found,
    folders: Vec<PathBuf>,
    links: Vec<PathBuf>,
    visited: usize,
}

impl Search {
    fn folder(&mut self, folder: &Path, root: &Path) -> io::Result<()> {
        let entries = folder.read_dir()?.collect::<io::Result<Vec<_>>>()?;
        self.visited += entries.len();
        let names: Vec<String> =
            entries.iter().filter_map(|entry| entry.file_name().into_string().ok()).collect();
        if folder != root && (names.iter().any(|name| name == "pyvenv.cfg") || is_site_packages(&names)) {
            self.found.own.push(folder.to_owned());
            return Ok(());
        }
        for entry in entries {
            self.entry(&entry)?;
        }
        Ok(())
    }

    fn entry(&mut self, entry: &DirEntry) -> io::Result<()> {
        let (name, file_type) = (entry.file_name(), entry.file_type()?);
        let kind = FileKind::of(name.as_encoded_bytes());
        let is_audited = kind == Some(FileKind::Module) || is_wheel(Path::new(&name));
        let file_type = if file_type.is_symlink() {
            match entry.path().metadata() {
                Ok(metadata) if metadata.is_dir() => {
                    self.links.push(entry.path());
                    return Ok(());
                }
                Ok(metadata) => metadata.file_type(),
                // A wheel or module that is not there is missed by whoever reads it.
                Err(_) => file_type,
            }
        } else {
            file_type
        };
        if file_type.is_dir() {
            if name != "__pycache__" {
                self.folders.push(entry.path());
            }
        } else if is_audited && (file_type.is_file() || file_type.is_symlink()) {
            self.file(entry.path(), kind);
        }
        Ok(())
    }

    fn file(&mut self, path: PathBuf, kind: Option<FileKind>) {
        match kind {
            Some(FileKind::Module) => self.found.modules += 1,
            _ => self.found.wheels.push(path),
        }
    }

    fn sorted(self) -> Found {
        let mut found = self.found;
        found.wheels.sort_unstable();
        found.own.sort_unstable();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::shown;
    use std::fs;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        folder
    }

    fn below(root: &Path, paths: &[PathBuf]) -> Vec<String> {
        paths.iter().map(|path| shown(path.strip_prefix(root).unwrap())).collect()
    }

    #[test]
    fn wheels_environments_and_modules_are_told_apart() {
        let folder = folder(&[
            "dist/b.whl",
            "dist/deep/er/a.whl",
            "src/foo/_x.so",
            "src/foo/__pycache__/_x.so",
            "src/foo/libz.so.1",
            ".venv/pyvenv.cfg",
            ".venv/lib/_y.so",
            "unpacked/bar-1.dist-info/METADATA",
            "unpacked/bar/_z.so",
        ]);
        let mut notes = Vec::new();
        let found = search(folder.path(), &mut notes);
        assert_eq!(below(folder.path(), &found.wheels), ["dist/b.whl", "dist/deep/er/a.whl"]);
        assert_eq!(below(folder.path(), &found.own), [".venv", "unpacked"]);
        assert_eq!(found.modules, 1);
        assert_eq!(found.parts(), ["2 wheels", "2 environments", "1 loose extension module"]);
        assert_eq!(notes, []);
    }

    #[test]
    fn a_folder_of_sources_has_no_parts() {
        let folder = folder(&["setup.py", "foo.egg-info/PKG-INFO", "foo/x.c"]);
        assert_eq!(search(folder.path(), &mut Vec::new()).parts(), [""; 0]);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_once_and_loops_end() {
        use std::os::unix::fs::symlink;
        let folder = folder(&["a/x.whl", "a/_x.so"]);
        let other = self::folder(&["y.whl"]);
        symlink(other.path(), folder.path().join("one")).unwrap();
        symlink(other.path(), folder.path().join("two")).unwrap();
        symlink(folder.path(), folder.path().join("a/self")).unwrap();
        symlink("/", folder.path().join("root")).unwrap();
        symlink("loop", folder.path().join("loop")).unwrap();
        symlink("/nowhere", folder.path().join("gone.whl")).unwrap();
        let found = search(folder.path(), &mut Vec::new());
        assert_eq!(found.wheels.len(), 3, "{:?}", found.wheels);
        assert_eq!(found.modules, 1);
    }
}
