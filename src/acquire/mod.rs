//! Stage 1: what the user named -> artifacts. Finds out what each path is, says so, and follows editable
//! installs. Reads names and the few small text files that decide; never opens a wheel or a module.

mod editable;
mod environment;
mod error;
mod mapping;
mod search;

use crate::model::{Artifact, ArtifactKind, FileKind, Note, shown};
use error::AcquireError;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// What the inputs turned out to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Discovery {
    /// Everything to audit, sorted, each once.
    pub artifacts: Vec<Artifact>,
    /// What each input was taken for, and what could not be used.
    pub notes: Vec<Note>,
}

/// Finds out what each input is.
#[must_use]
pub fn discover(inputs: &[PathBuf]) -> Discovery {
    let mut collected = Collected::default();
    for input in inputs {
        if let Err(error) = collected.input(input) {
            collected.notes.push(error.note(input));
        }
    }
    collected.finish()
}

/// Bytes of a text file that decides where to look: the longest real ones are `RECORD`s of editable installs.
const TEXT: u64 = 8 << 20;

/// Artifacts by the place that they really are at, so that none is audited twice.
#[derive(Default)]
struct Collected {
    artifacts: BTreeMap<PathBuf, Artifact>,
    notes: Vec<Note>,
}

impl Collected {
    fn input(&mut self, path: &Path) -> Result<(), AcquireError> {
        let metadata = path.metadata()?;
        if metadata.is_dir() {
            self.folder(path)
        } else if metadata.is_file() {
            let kind = kind_of_file(path)?;
            self.add(path, kind);
            Ok(())
        } else {
            Err(AcquireError::SpecialFile)
        }
    }

    fn folder(&mut self, path: &Path) -> Result<(), AcquireError> {
        let names = names(path)?;
        if let Some(environment) = environment::read(path) {
            return self.environment(path, environment);
        }
        if is_site_packages(&names) {
            let count = names.iter().filter(|name| is_metadata(name)).count();
            let python = environment::python_of(path);
            let of = python.as_ref().map_or_else(String::new, |python| format!(" of Python {python}"));
            self.taken_for(path, format!("a site-packages{of} with {}", counted(count, "distribution")));
            self.site_packages(path, &names, python);
            for wheel in names.iter().filter(|name| is_wheel(Path::new(name))) {
                self.add(&path.join(wheel), ArtifactKind::Wheel);
            }
            return Ok(());
        }
        if names.is_empty() && path.read_dir()?.next().is_none() {
            return Err(AcquireError::EmptyFolder);
        }
        self.other_folder(path)
    }

    fn environment(&mut self, path: &Path, found: environment::Environment) -> Result<(), AcquireError> {
        if found.site_packages.is_empty() && found.standard.is_empty() {
            return Err(AcquireError::NoSitePackages(found.title));
        }
        let mut what = format!("{}: {} site-packages", found.title, found.site_packages.len());
        if !found.standard.is_empty() {
            what += " and the standard library";
        }
        self.taken_for(path, what);
        if let Some(home) = found.also_imports {
            let why = format!(
                "imports the packages of the Python in {home} too, which are not audited here\n\
                 hint: name their folder as well"
            );
            self.notes.push(Note::told(shown(path), why));
        }
        for (folder, python) in found.site_packages {
            match names(&folder) {
                Ok(names) => self.site_packages(&folder, &names, python),
                Err(error) => self.notes.push(AcquireError::from(error).note(&folder)),
            }
        }
        for folder in found.standard {
            self.add(&folder, ArtifactKind::Tree { without: Vec::new() });
        }
        Ok(())
    }

    fn site_packages(&mut self, path: &Path, names: &[String], python: Option<String>) {
        let followed = editable::follow(path, names);
        self.notes.extend(followed.notes);
        let editables = followed.editables;
        if self.add(path, ArtifactKind::SitePackages { python, editables }) {
            for folder in followed.site_packages {
                let names = self::names(&folder).unwrap_or_default();
                self.site_packages(&folder, &names, environment::python_of(&folder));
            }
        }
    }

    /// A folder that is nothing by itself: what is in it counts.
    fn other_folder(&mut self, path: &Path) -> Result<(), AcquireError> {
        let found = search::search(path, &mut self.notes);
        let parts = found.parts();
        if parts.is_empty() {
            return Err(AcquireError::NothingToAudit);
        }
        self.taken_for(path, format!("a folder with {}", parts.join(", ")));
        for wheel in found.wheels {
            self.add(&wheel, ArtifactKind::Wheel);
        }
        for folder in &found.own {
            if let Err(error) = self.folder(folder) {
                self.notes.push(error.note(folder));
            }
        }
        if found.modules > 0 {
            self.add(path, ArtifactKind::Tree { without: found.own });
        }
        Ok(())
    }

    fn taken_for(&mut self, path: &Path, what: impl Into<String>) {
        self.notes.push(Note::told(shown(path), what));
    }

    /// Adds an artifact; false where it is there already.
    fn add(&mut self, path: &Path, kind: ArtifactKind) -> bool {
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if let Some(known) = self.artifacts.get(&real) {
            let why = if known.path == path {
                "is named twice, and audited once".to_owned()
            } else {
                format!("is the same as {}, and audited once", shown(&known.path))
            };
            self.notes.push(Note::told(shown(path), why));
            return false;
        }
        self.artifacts.insert(real, Artifact { path: path.to_owned(), kind });
        true
    }

    fn finish(self) -> Discovery {
        let mut discovery = Discovery { artifacts: Vec::new(), notes: self.notes };
        for (real, artifact) in &self.artifacts {
            match self.artifacts.iter().find(|(folder, other)| contains(folder, other, real, artifact)) {
                Some((_, other)) => {
                    let why = format!("is in {}, and audited with it", shown(&other.path));
                    discovery.notes.push(Note::told(shown(&artifact.path), why));
                }
                None => discovery.artifacts.push(artifact.clone()),
            }
        }
        discovery.artifacts.sort_unstable();
        discovery.notes.sort_unstable();
        discovery.notes.dedup();
        discovery
    }
}

/// Whether auditing `other`, which is at `folder`, audits `artifact`, which is at `real`.
fn contains(folder: &Path, other: &Artifact, real: &Path, artifact: &Artifact) -> bool {
    let loose = matches!(artifact.kind, ArtifactKind::Module | ArtifactKind::Tree { .. });
    let within = folder != real && real.starts_with(folder);
    loose
        && within
        && match &other.kind {
            ArtifactKind::SitePackages { .. } => true,
            ArtifactKind::Tree { without } => !without
                .iter()
                .any(|own| real.starts_with(own.canonicalize().unwrap_or_else(|_| own.clone()))),
            ArtifactKind::Wheel | ArtifactKind::Module => false,
        }
}

fn kind_of_file(path: &Path) -> Result<ArtifactKind, AcquireError> {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    let ends_with = |end: &str| name.to_ascii_lowercase().ends_with(end.as_bytes());
    match FileKind::of(name) {
        _ if is_wheel(path) => Ok(ArtifactKind::Wheel),
        Some(FileKind::Module) => Ok(ArtifactKind::Module),
        Some(FileKind::Library) => Err(AcquireError::Library),
        None if [".tar.gz", ".tar.bz2", ".tgz", ".zip"].into_iter().any(ends_with) => {
            Err(AcquireError::SourceArchive)
        }
        None => Err(AcquireError::OtherFile),
    }
}

fn is_wheel(path: &Path) -> bool {
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case("whl"))
}

/// A folder that distributions are installed in. A project's own folder has an `.egg-info` too, beside the file that
/// it is built by.
fn is_site_packages(names: &[String]) -> bool {
    let is_project =
        || names.iter().any(|name| matches!(&**name, "pyproject.toml" | "setup.py" | "setup.cfg"));
    names.iter().any(|name| name.ends_with(".dist-info")) || has_metadata(names) && !is_project()
}

fn has_metadata(names: &[String]) -> bool {
    names.iter().any(|name| is_metadata(name))
}

fn is_metadata(name: &str) -> bool {
    name.strip_suffix(".dist-info")
        .or_else(|| name.strip_suffix(".egg-info"))
        .is_some_and(|stem| !stem.is_empty() && !stem.starts_with('~'))
}

/// The names in a folder that are text, sorted.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in folder.read_dir()? {
        names.extend(entry?.file_name().into_string().ok());
    }
    names.sort_unstable();
    Ok(names)
}

/// A text file of sensible size. Bytes that are no text are replaced.
fn read_text(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(TEXT).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
