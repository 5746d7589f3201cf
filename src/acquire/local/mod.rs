//! What is on this machine -> artifacts. Finds out what each path is, says so, and follows editable
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

    /// A project's folder often holds the environment that the project is installed in for development: its modules
    /// are audited with that environment, and not as loose ones again.
    fn leave_to_editables(&mut self) {
        let mut folders = Vec::new();
        for artifact in self.artifacts.values() {
            if let ArtifactKind::SitePackages { editables, .. } = &artifact.kind {
                folders.extend(editables.iter().filter_map(|editable| editable.path.canonicalize().ok()));
            }
        }
        for (real, artifact) in &mut self.artifacts {
            if let ArtifactKind::Tree { without } = &mut artifact.kind {
                // Where it is the tree itself, build folders in it are audited as loose modules only.
                let below = folders.iter().filter_map(|folder| folder.strip_prefix(real).ok());
                let below = below.filter(|below| !below.as_os_str().is_empty());
                without.extend(below.map(|below| artifact.path.join(below)));
                without.sort_unstable();
                without.dedup();
            }
        }
    }

    fn finish(mut self) -> Discovery {
        self.leave_to_editables();
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in files {
            put(folder.path(), name, "");
        }
        folder
    }

    fn put(folder: &Path, name: &str, text: &str) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// What is found below a folder: kinds and paths, and notes with the folder's own path taken out.
    fn discovered(root: &Path, inputs: &[&str]) -> (Vec<String>, Vec<String>) {
        let inputs: Vec<_> = inputs
            .iter()
            .map(|name| if name.is_empty() { root.to_owned() } else { root.join(name) })
            .collect();
        let discovery = discover(&inputs);
        let plain = |text: String| text.replace(&format!("{}/", shown(root)), "").replace(&shown(root), ".");
        let artifacts = discovery.artifacts.iter().map(|artifact| {
            let kind = match &artifact.kind {
                ArtifactKind::Wheel => "wheel".to_owned(),
                ArtifactKind::SitePackages { python, editables } => {
                    format!("site {} +{}", python.as_deref().unwrap_or("?"), editables.len())
                }
                ArtifactKind::Tree { without } => format!("tree -{}", without.len()),
                ArtifactKind::Module => "module".to_owned(),
            };
            plain(format!("{kind}: {}", shown(&artifact.path)))
        });
        let notes = discovery.notes.iter().map(|note| {
            let mark = if note.unread { "!" } else { "" };
            plain(format!("{mark}{}", note.to_string().split('\n').next().unwrap_or_default()))
        });
        (artifacts.collect(), notes.collect())
    }

    fn check(root: &Path, inputs: &[&str], artifacts: &[&str], notes: &[&str]) {
        let (found, told) = discovered(root, inputs);
        assert_eq!(found, artifacts);
        assert_eq!(told, notes);
    }

    #[test]
    fn single_files() {
        let folder = folder(&["a.whl", "_x.so", "_y.PYD"]);
        check(
            folder.path(),
            &["a.whl", "_x.so", "_y.PYD"],
            &["module: _x.so", "module: _y.PYD", "wheel: a.whl"],
            &[],
        );
    }

    #[test]
    fn files_and_paths_that_cannot_be_audited() {
        let folder = folder(&["a.py", "a.tar.gz", "liba.so.1"]);
        fs::create_dir(folder.path().join("empty")).unwrap();
        check(
            folder.path(),
            &["a.py", "a.tar.gz", "liba.so.1", "gone", "empty"],
            &[],
            &[
                "!a.py: is neither a wheel nor an extension module",
                "!a.tar.gz: is a source archive: how it imports is decided when it is built",
                "!empty: is an empty folder",
                "!gone: does not exist",
                "!liba.so.1: is a shared library that no import statement loads",
            ],
        );
    }

    #[test]
    fn every_refusal_has_a_hint() {
        let discovery = discover(&[PathBuf::from("/nowhere"), PathBuf::from("/dev/null")]);
        assert!(
            discovery.notes.iter().all(|note| note.unread && note.why.contains("\nhint: ")),
            "{discovery:?}"
        );
    }

    #[test]
    fn a_folder_of_sources() {
        let folder = folder(&["setup.py", "foo.egg-info/PKG-INFO", "foo/x.c"]);
        check(
            folder.path(),
            &[""],
            &[],
            &["!.: has nothing to audit: no wheel, no extension module, no site-packages"],
        );
    }

    #[test]
    fn a_virtual_environment() {
        let folder = folder(&["lib/python3.12/site-packages/foo-1.dist-info/METADATA"]);
        put(
            folder.path(),
            "pyvenv.cfg",
            "version = 3.12.4\nhome = /usr/bin\ninclude-system-site-packages = true\n",
        );
        check(
            folder.path(),
            &[""],
            &["site 3.12.4 +0: lib/python3.12/site-packages"],
            &[
                ".: a virtual environment of Python 3.12.4: 1 site-packages",
                ".: imports the packages of the Python in /usr/bin too, which are not audited here",
            ],
        );
    }

    #[test]
    fn a_broken_environment() {
        let folder = folder(&["pyvenv.cfg"]);
        check(folder.path(), &[""], &[], &["!.: is a virtual environment without a site-packages"]);
    }

    #[test]
    fn an_installation_of_python() {
        let folder = folder(&[
            "bin/python3.14",
            "lib/python3.14t/site-packages/x.py",
            "lib/python3.14t/lib-dynload/_x.so",
        ]);
        check(
            folder.path(),
            &[""],
            &["tree -0: lib/python3.14t/lib-dynload", "site 3.14t +0: lib/python3.14t/site-packages"],
            &[".: an installation of Python 3.14t: 1 site-packages and the standard library"],
        );
    }

    #[test]
    fn a_site_packages() {
        let folder = folder(&["sp/foo-1.dist-info/METADATA", "sp/bar.egg-info/PKG-INFO", "sp/extra.whl"]);
        check(
            folder.path(),
            &["sp"],
            &["site ? +0: sp", "wheel: sp/extra.whl"],
            &["sp: a site-packages with 2 distributions"],
        );
    }

    #[test]
    fn a_project_with_everything() {
        let folder = folder(&[
            "pyproject.toml",
            "foo.egg-info/PKG-INFO",
            "foo/_x.so",
            "dist/foo.whl",
            ".venv/lib/python3.14/site-packages/x.py",
        ]);
        put(folder.path(), ".venv/pyvenv.cfg", "version = 3.14.0");
        check(
            folder.path(),
            &[""],
            &["tree -1: .", "site 3.14.0 +0: .venv/lib/python3.14/site-packages", "wheel: dist/foo.whl"],
            &[
                ".: a folder with 1 wheel, 1 environment, 1 loose extension module",
                ".venv: a virtual environment of Python 3.14.0: 1 site-packages",
            ],
        );
    }

    #[test]
    fn nothing_is_audited_twice() {
        let folder = folder(&["a.whl", "t/_x.so", "t/v/foo-1.dist-info/METADATA", "t/v/_y.so", "sub/x.py"]);
        check(
            folder.path(),
            &["a.whl", "a.whl", "sub/../a.whl", "t", "t/_x.so", "t/v/_y.so", "t/v"],
            &["wheel: a.whl", "tree -1: t", "site ? +0: t/v"],
            &[
                "a.whl: is named twice, and audited once",
                "sub/../a.whl: is the same as a.whl, and audited once",
                "t: a folder with 1 environment, 1 loose extension module",
                "t/_x.so: is in t, and audited with it",
                "t/v: a site-packages with 1 distribution",
                "t/v: is named twice, and audited once",
                "t/v/_y.so: is in t/v, and audited with it",
            ],
        );
    }

    #[test]
    fn what_is_on_the_path_too_is_audited_too() {
        let folder = folder(&["one/foo-1.dist-info/METADATA", "two/bar-1.dist-info/METADATA", "three/_x.so"]);
        put(folder.path(), "one/a.pth", "../two\n../three\n");
        put(folder.path(), "two/b.pth", "../one\n");
        let (artifacts, notes) = discovered(folder.path(), &["one"]);
        assert_eq!(artifacts, ["site ? +1: one", "site ? +0: one/../two"]);
        assert!(notes.iter().all(|note| !note.starts_with('!')), "{notes:?}");
    }

    #[test]
    fn a_project_is_audited_with_the_environment_in_it() {
        let folder = folder(&["src/foo/_x.so", "other/_y.so", ".venv/lib/python3.14/site-packages/x.py"]);
        let site = ".venv/lib/python3.14/site-packages";
        put(folder.path(), ".venv/pyvenv.cfg", "version = 3.14.0");
        put(folder.path(), &format!("{site}/foo.pth"), folder.path().join("src").to_str().unwrap());
        let (artifacts, _) = discovered(folder.path(), &[""]);
        assert_eq!(artifacts, ["tree -2: .", "site 3.14.0 +1: .venv/lib/python3.14/site-packages"]);
        let discovery = discover(&[folder.path().to_owned()]);
        let without = vec![folder.path().join(".venv"), folder.path().join("src")];
        assert_eq!(discovery.artifacts[0].kind, ArtifactKind::Tree { without });
    }

    #[cfg(unix)]
    #[test]
    fn links_to_inputs_are_followed() {
        let folder = folder(&["real/a.whl"]);
        std::os::unix::fs::symlink("real", folder.path().join("link")).unwrap();
        check(folder.path(), &["link"], &["wheel: link/a.whl"], &["link: a folder with 1 wheel"]);
        std::os::unix::fs::symlink("loop", folder.path().join("loop")).unwrap();
        let (_, notes) = discovered(folder.path(), &["loop"]);
        assert!(notes[0].starts_with("!loop: cannot be read"), "{notes:?}");
    }
}
