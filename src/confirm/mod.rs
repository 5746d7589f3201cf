//! Stage 5: modules -> what an interpreter does with them. Finds free-threaded interpreters, makes environments of
//! wheels, and imports every module in a process that can do no harm. Off unless asked for: this runs the packages'
//! code.

mod batch;
mod candidates;
mod choice;
mod install;
mod interpreter;
mod lacking;
mod leftovers;
mod outcome;
mod platform;
mod process;
pub mod sandbox;
mod session;
mod stress;
mod system;
#[cfg(test)]
mod testing;
mod transcript;
mod work;

pub use choice::{ParsePythonError, PythonChoice};
pub use interpreter::{Interpreter, InterpreterError};
pub use leftovers::clear_away;
pub use work::{Batch, Place, Work};

use crate::model::{Artifact, Confirmation, DistributionReport, Note, Target};
use choice::Interpreters;
use process::Processes;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// What notes of this stage are about.
const ABOUT: &str = "--confirm";
/// How long one import may take where nobody says.
const PATIENCE: Duration = Duration::from_mins(1);
/// Why something was not run when the user has interrupted it.
const INTERRUPTED: &str = "interrupted";

/// How modules are confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Interpreters that the user named; where none is for a target, one is looked for.
    pub pythons: Vec<PythonChoice>,
    /// Whether the imported code is held to the sandbox.
    pub sandboxed: bool,
    /// Whether modules that are likely to import well share a process.
    pub batching: bool,
    /// Whether packages are also imported by many threads at the same moment.
    pub stress: bool,
    /// How long one import may take.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { pythons: Vec::new(), sandboxed: true, batching: true, stress: false, patience: PATIENCE }
    }
}

/// The stage, with what it needs of the machine.
pub struct Confirmer {
    processes: Box<dyn Processes>,
    surroundings: candidates::Surroundings,
    options: Options,
}

impl Confirmer {
    /// On this machine. Every process ends once the flag is set.
    #[must_use]
    pub fn new(options: Options, stop: Arc<AtomicBool>) -> Self {
        let surroundings = candidates::Surroundings::of_process();
        Self { processes: Box::new(system::System::new(stop)), surroundings, options }
    }

    /// Asks the interpreters that the user named, before anything else takes its time.
    ///
    /// # Errors
    /// Where one of them is none, or is of no use for these targets.
    pub fn vet(&self, targets: &[Target]) -> Result<(), InterpreterError> {
        let processes = self.processes.as_ref();
        Interpreters::new(&self.options.pythons, targets, &self.surroundings, processes)?.save();
        Ok(())
    }

    /// The options without the interpreters that the user named for other targets than these.
    ///
    /// # Errors
    /// Where one of them is none.
    pub fn fitting(&self, targets: &[Target]) -> Result<Options, InterpreterError> {
        let mut interpreters = Interpreters::none_named(&self.surroundings, self.processes.as_ref());
        let mut pythons = Vec::new();
        for choice in &self.options.pythons {
            if interpreters.target(choice)?.is_some_and(|target| targets.contains(&target)) {
                pythons.push(choice.clone());
            }
        }
        interpreters.save();
        Ok(Options { pythons, ..self.options.clone() })
    }

    /// Decides what is imported where, and makes the environments for that.
    ///
    /// # Errors
    /// Where an interpreter that the user named is none, or is of no use here.
    pub fn prepare(
        &self,
        audited: &[(Artifact, Vec<DistributionReport>)],
        targets: &[Target],
    ) -> Result<Work, InterpreterError> {
        let mut interpreters =
            Interpreters::new(&self.options.pythons, targets, &self.surroundings, self.processes.as_ref())?;
        let work = work::prepare(audited, targets, &self.options, &mut interpreters, self.processes.as_ref());
        interpreters.save();
        Ok(work)
    }

    /// Imports the modules of a batch. Counts those that are done.
    #[must_use]
    pub fn confirm(&self, batch: &Batch, on_done: &dyn Fn(usize)) -> Vec<(Place, Confirmation)> {
        work::confirm(batch, &self.options, self.processes.as_ref(), on_done)
    }

    /// What is worth telling of the stage as a whole.
    #[must_use]
    pub fn notes(&self) -> Vec<Note> {
        let mut notes = Vec::new();
        if self.processes.interrupted() {
            let why = "interrupted: what was not imported before that is not confirmed, and this report is incomplete";
            notes.push(Note::unread(ABOUT, why));
        }
        if self.options.stress {
            let why = "many threads imported each package at the same moment. What failed is a lead and no proof; \
                       that the others did not fail proves nothing";
            notes.push(Note::told(format!("{ABOUT}=stress"), why));
        }
        if !self.options.sandboxed {
            notes.push(Note::told(ABOUT, "the packages' code was run without a sandbox"));
        }
        notes
    }

    /// Every free-threaded interpreter that is found, oldest version first.
    #[must_use]
    pub fn interpreters(&self) -> Vec<Interpreter> {
        let mut interpreters = Interpreters::none_named(&self.surroundings, self.processes.as_ref());
        let mut found = interpreters.found().to_vec();
        interpreters.save();
        found.sort_by(|one, other| {
            (one.minor, &one.version, &one.executable).cmp(&(other.minor, &other.version, &other.executable))
        });
        found
    }
}

/// Where a `site-packages` or a folder of the standard library belongs to: the virtual environment or the
/// installation around it, as its place in there tells.
fn environment_of(folder: &Path) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    let library = folder.parent()?;
    let name = library.file_name()?.to_string_lossy();
    let root = if name.starts_with("python3") {
        library.parent()?.parent()?
    } else if name == "Lib" {
        library.parent()?
    } else {
        return None;
    };
    let is_one = root.join("pyvenv.cfg").is_file() || candidates::of_environment(root).is_some();
    is_one.then(|| root.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_folder_belongs_to_the_environment_around_it() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for below in ["lib/python3.14t/site-packages", "lib/python3.14t/lib-dynload", "Lib/site-packages"] {
            fs::create_dir_all(root.join(below)).unwrap();
            assert_eq!(environment_of(&root.join(below)), None, "{below}: nothing around it");
        }
        fs::write(root.join("pyvenv.cfg"), "").unwrap();
        for below in ["lib/python3.14t/site-packages", "lib/python3.14t/lib-dynload", "Lib/site-packages"] {
            assert_eq!(environment_of(&root.join(below)).as_deref(), Some(root.as_path()), "{below}");
        }
        fs::create_dir_all(root.join("site-packages")).unwrap();
        assert_eq!(environment_of(&root.join("site-packages")), None);
    }
}
