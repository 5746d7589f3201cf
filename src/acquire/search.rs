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
