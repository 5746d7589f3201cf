//! Which interpreter a target is confirmed with.

use super::candidates::{Surroundings, listed_on_windows};
use super::interpreter::{Interpreter, InterpreterError, Known, ask, ask_fit};
use super::process::{Invocation, Processes};
use crate::model::Target;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

/// How long the launcher of Windows and its registry may take to list what they know.
const LISTING: Duration = Duration::from_secs(10);

/// How the user names an interpreter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PythonChoice {
    /// Any of this version.
    Version(Target),
    /// This one.
    Path(PathBuf),
}

impl FromStr for PythonChoice {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(text.parse().map_or_else(|_| Self::Path(PathBuf::from(text)), Self::Version))
    }
}

impl fmt::Display for PythonChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(target) => target.fmt(f),
            Self::Path(path) => path.display().fmt(f),
        }
    }
}

/// Those at hand. The machine is searched when the first is needed that nobody has named.
pub(super) struct Interpreters<'a> {
    named: Vec<Interpreter>,
    found: Option<Vec<Interpreter>>,
    known: Known,
    surroundings: &'a Surroundings,
    processes: &'a dyn Processes,
}

impl<'a> Interpreters<'a> {
    /// With those that the user named.
    ///
    /// # Errors
    /// Where one of these is of no use.
    pub(super) fn new(
        choices: &[PythonChoice],
        surroundings: &'a Surroundings,
        processes: &'a dyn Processes,
    ) -> Result<Self, InterpreterError> {
        let mut interpreters = Self::none_named(surroundings, processes);
        for choice in choices {
            if let PythonChoice::Path(path) = choice {
                let interpreter = ask_fit(path, &mut interpreters.known, processes)?;
                interpreters.named.push(interpreter);
            }
        }
        Ok(interpreters)
    }

    /// With those that are found.
    pub(super) fn none_named(surroundings: &'a Surroundings, processes: &'a dyn Processes) -> Self {
        let known = Known::load(surroundings.cache());
        Self { named: Vec::new(), found: None, known, surroundings, processes }
    }

    /// The one that the user named for a target.
    pub(super) fn named(&self, target: Target) -> Option<&Interpreter> {
        self.named.iter().find(|interpreter| interpreter.target() == Some(target))
    }

    /// The one for a target: the user's, or the newest that is found.
    pub(super) fn of(&mut self, target: Target) -> Option<Interpreter> {
        if let Some(named) = self.named(target) {
            return Some(named.clone());
        }
        let fitting = self.found().iter().filter(|found| found.target() == Some(target));
        fitting.max_by(|one, other| version(&one.version).cmp(&version(&other.version))).cloned()
    }

    /// What a path is, whatever that may be.
    pub(super) fn at(&mut self, path: &Path) -> Result<Interpreter, InterpreterError> {
        ask(path, &mut self.known, self.processes)
    }

    /// Every one that is found, in the order of the search.
    pub(super) fn found(&mut self) -> &[Interpreter] {
        if self.found.is_none() {
            let candidates = self.surroundings.candidates().into_iter().chain(self.of_windows());
            let candidates: Vec<PathBuf> = candidates.collect();
            let mut found: Vec<Interpreter> = Vec::new();
            for path in candidates {
                let Ok(interpreter) = ask_fit(&path, &mut self.known, self.processes) else { continue };
                if found.iter().all(|known| known.prefix != interpreter.prefix) {
                    found.push(interpreter);
                }
            }
            self.found = Some(found);
        }
        self.found.as_deref().unwrap_or_default()
    }

    /// What the launcher knows of, and what installers have entered into the registry (PEP 514).
    fn of_windows(&self) -> Vec<PathBuf> {
        if !cfg!(windows) {
            return Vec::new();
        }
        let mut paths = Vec::new();
        let mut commands = vec![("py", vec!["-0p"])];
        for root in ["HKCU", "HKLM"] {
            let key = format!("{root}\\Software\\Python");
            commands.push(("reg", vec!["query", key.leak(), "/s", "/v", "ExecutablePath"]));
        }
        for (program, arguments) in commands {
            let invocation = Invocation::trusted(program, LISTING).with(arguments);
            let mut text = String::new();
            let ended = self.processes.run(&invocation, &mut |line| {
                text.extend([line, "\n"]);
                LISTING
            });
            if ended.is_ok() {
                paths.extend(listed_on_windows(&text));
            }
        }
        paths
    }

    /// Keeps the answers for the next run.
    pub(super) fn save(&self) {
        self.known.save();
    }
}

/// A version to compare: its numbers, and whether it is final.
fn version(text: &str) -> (Vec<u32>, bool) {
    let numbers = text.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok());
    (numbers.take(3).collect(), text.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interpreter_is_named_by_version_or_path() {
        assert_eq!("3.14t".parse(), Ok(PythonChoice::Version(Target::Py314t)));
        assert_eq!("./python".parse(), Ok(PythonChoice::Path(PathBuf::from("./python"))));
    }

    #[test]
    fn the_newest_is_the_greatest() {
        assert!(version("3.14.10") > version("3.14.7"));
        assert!(version("3.15.0") > version("3.15.0rc1"));
    }
}
