//! One interpreter with what it imports from: starts the probe in it, alone or for many modules, in the sandbox.

use super::interpreter::Interpreter;
use super::leftovers::Folder;
use super::outcome::Wanted;
use super::process::{Ended, How, Invocation, Processes};
use super::sandbox::{Confinement, NEEDED, system_places};
use super::transcript::{Created, Transcript};
use crate::model::{Confirmation, Protection};
use serde::Serialize;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tracing::debug;

/// What is run.
const PROBE: &str = include_str!("probe.py");

/// How long an interpreter may take before it gets to the modules: its own files may come from a slow disk.
const START: Duration = Duration::from_mins(1);

/// An interpreter, and where it imports from.
#[derive(Debug, Clone)]
pub(super) struct Session {
    /// The interpreter.
    pub interpreter: Interpreter,
    /// Folders to import from beside its own.
    pub folders: Vec<PathBuf>,
    /// Whether its own site-packages count.
    pub own_packages: bool,
    /// More that it may read.
    pub read: Vec<PathBuf>,
    /// The temporary environment: reports do not hang on where that happened to be.
    pub environment: Option<PathBuf>,
    /// Whether it is held to the sandbox.
    pub sandboxed: bool,
    /// How long one import may take.
    pub patience: Duration,
}

/// How one process of the probe went.
pub(super) struct Run {
    pub transcript: Transcript,
    pub how: How,
    /// Why nothing was imported at all; none where the probe got to its work.
    pub failed: Option<String>,
}

/// What the probe is asked.
#[derive(Serialize)]
struct Request<'a> {
    folders: &'a [PathBuf],
    site: bool,
    modules: Vec<&'a str>,
    threads: usize,
}

impl Session {
    /// Imports modules in one process.
    ///
    /// # Errors
    /// Where there is no temporary folder to be had, or the process cannot be started.
    pub(super) fn run(
        &self,
        modules: &[&Wanted],
        threads: usize,
        silence: Duration,
        processes: &dyn Processes,
    ) -> io::Result<Run> {
        let folder = Folder::new("ftaudit-run-")?;
        let request = Request {
            folders: &self.folders,
            site: self.own_packages,
            modules: modules.iter().map(|module| module.name.as_str()).collect(),
            threads,
        };
        let real = folder.path().canonicalize()?;
        let mut invocation = self.invocation(&real, serde_json::to_string(&request)?);
        let count = u32::try_from(modules.len()).unwrap_or(u32::MAX);
        invocation.patience = START.saturating_add(self.patience.saturating_mul(count));
        let (mut transcript, start) = (Transcript::default(), Instant::now());
        let ended = processes.run(&invocation, &mut |line| {
            transcript.line(&self.without_temporary_names(line, &real));
            if transcript.gil_at_start.is_some() { silence } else { START }
        })?;
        let failed = self.failure(&transcript, &ended);
        let (first, ms) = (request.modules.first(), start.elapsed().as_millis());
        debug!(python = %self.interpreter, modules = modules.len(), first, threads, how = ?ended.how, failed, ms, "imported");
        Ok(Run { transcript, how: ended.how, failed })
    }

    /// The same input gives the same report: temporary folders have another name each time.
    fn without_temporary_names(&self, line: &str, folder: &Path) -> String {
        let line = line.replace(&*folder.to_string_lossy(), "[temporary]");
        match &self.environment {
            Some(environment) => line.replace(&*environment.to_string_lossy(), "[environment]"),
            None => line,
        }
    }

    fn invocation(&self, folder: &Path, input: String) -> Invocation {
        let home = home();
        let own = self.interpreter.folders.iter();
        let own = own.flat_map(|folder| of_installation(folder, home.as_deref()));
        let read = own.chain(self.folders.iter().chain(&self.read).cloned());
        let read = read.filter(|path| !is_above_home(path)).chain(library_path()).chain(system_places());
        let confinement = Confinement { read: read.collect(), write: folder.to_owned() };
        Invocation {
            program: self.interpreter.executable.clone(),
            // Isolated, without site-packages until the probe is ready for them, no files written, and -v, which
            // names every culprit.
            arguments: ["-I", "-S", "-B", "-v", "-c", PROBE].map(OsString::from).to_vec(),
            environment: Some(environment(folder)),
            folder: Some(folder.to_owned()),
            input,
            silence: START,
            patience: self.patience,
            confinement: self.sandboxed.then_some(confinement),
            watched: Some(folder.to_owned()),
        }
    }

    /// Why the probe did not get to its work.
    fn failure(&self, transcript: &Transcript, ended: &Ended) -> Option<String> {
        if ended.how == How::Interrupted {
            return None;
        }
        if let Some(why) = &transcript.refused {
            let hint = "hint: --no-sandbox imports all the same: the code can then do whatever you can";
            return Some(format!("there is no sandbox for it: {why}\n{hint}"));
        }
        match transcript.gil_at_start {
            Some(false) => {}
            Some(true) => return Some("the interpreter starts with the GIL on".to_owned()),
            None => {
                let last = ended.errors.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
                return Some(format!("{} did not start: {last}", self.interpreter));
            }
        }
        let lacking = |protection: &&Protection| !transcript.protections.contains(protection);
        let lacking = NEEDED.iter().find(lacking).filter(|_| self.sandboxed);
        lacking.map(|protection| format!("the sandbox does not protect {}", protection.id()))
    }

    /// A confirmation with what is the same for all modules of a run.
    pub(super) fn confirmation(&self, wanted: &Wanted, run: &Run, seen: crate::model::Seen) -> Confirmation {
        let created = run.transcript.created.get(&wanted.name);
        let mut protections = run.transcript.protections.clone();
        protections.extend([Protection::Environment, Protection::Disk]);
        protections.sort_unstable();
        Confirmation {
            seen,
            python: Some(self.interpreter.to_string()),
            needs_gil: created.and_then(Created::needs_gil),
            import_chain: created.map_or_else(Vec::new, |created| created.chain.clone()),
            protections,
            under_threads: None,
            hint: None,
        }
    }
}

/// What an import gets to know of the caller's environment: where the system's programs and libraries are.
fn environment(folder: &Path) -> Vec<(OsString, OsString)> {
    let folder = folder.as_os_str().to_owned();
    let mut environment: Vec<(OsString, OsString)> = Vec::new();
    for name in ["HOME", "TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"] {
        environment.push((name.into(), folder.clone()));
    }
    for name in ["PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "WINDIR"] {
        environment.extend(std::env::var_os(name).map(|value| (OsString::from(name), value)));
    }
    for name in ["LANG", "LC_ALL"] {
        environment.push((name.into(), "C.UTF-8".into()));
    }
    environment
}

fn library_path() -> Vec<PathBuf> {
    let path = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    std::env::split_paths(&path).filter(|folder| folder.is_absolute() && !is_above_home(folder)).collect()
}

/// What is read of a folder of an interpreter. One in the user's home may have been installed among the user's own files
/// (`~/.local`): of that it is the folders that programs and libraries stand in.
fn of_installation(folder: &Path, home: Option<&Path>) -> Vec<PathBuf> {
    let in_home = home.is_some_and(|home| folder.starts_with(home));
    let is_prefix = folder.join("bin").is_dir() || folder.join("lib").is_dir();
    if !in_home || !is_prefix || folder.join("pyvenv.cfg").is_file() {
        return vec![folder.to_owned()];
    }
    let below = ["bin", "include", "lib", "lib32", "lib64", "libexec", "ssl"];
    below.map(|name| folder.join(name)).into_iter().filter(|path| path.is_dir()).collect()
}

fn home() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from)?;
    Some(home.canonicalize().unwrap_or(home))
}

/// Whether reading it would be reading the user's home, or everything.
fn is_above_home(path: &Path) -> bool {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    path.parent().is_none() || home().is_some_and(|home| home.starts_with(&path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn an_installation_in_the_home_opens_no_more_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path();
        let prefix = home.join(".local");
        for below in ["bin", "lib/python3.14t", "share/keyrings"] {
            fs::create_dir_all(prefix.join(below)).unwrap();
        }
        let read = |path: &Path| of_installation(path, Some(home));
        assert_eq!(read(&prefix), [prefix.join("bin"), prefix.join("lib")]);
        let library = prefix.join("lib/python3.14t");
        assert_eq!(read(&library), [library.as_path()]);
        assert_eq!(of_installation(&prefix, Some(Path::new("/elsewhere"))), [prefix.as_path()]);
        fs::write(prefix.join("pyvenv.cfg"), "").unwrap();
        assert_eq!(read(&prefix), [prefix.as_path()]);
    }
}
