//! Which interpreter a target is confirmed with.

use super::candidates::{Surroundings, listed_on_windows};
use super::interpreter::{Interpreter, InterpreterError, Known, ask, ask_fit};
use super::process::{Invocation, Processes};
use crate::model::{Target, shown};
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
    type Err = ParsePythonError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(target) => Ok(Self::Version(target)),
            Err(_) if is_version(text) => Err(ParsePythonError),
            Err(_) => Ok(Self::Path(PathBuf::from(text))),
        }
    }
}

/// What was given is a version, and not one that modules are confirmed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("modules are confirmed with 3.13t, 3.14t or 3.15t, or with an interpreter whose path is given")]
pub struct ParsePythonError;

/// `3.14`, `3.12t`, `3.14.7t`: no file would be called that.
fn is_version(text: &str) -> bool {
    let numbers = text.trim_end_matches('t');
    numbers.contains('.') && numbers.split('.').all(|part| part.parse::<u32>().is_ok())
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
    /// Where one of these is of no use for these targets.
    pub(super) fn new(
        choices: &[PythonChoice],
        targets: &[Target],
        surroundings: &'a Surroundings,
        processes: &'a dyn Processes,
    ) -> Result<Self, InterpreterError> {
        let mut interpreters = Self::none_named(surroundings, processes);
        for choice in choices {
            interpreters.name(choice, targets)?;
        }
        Ok(interpreters)
    }

    /// Takes what the user named; nothing that is named is passed over in silence.
    fn name(&mut self, choice: &PythonChoice, targets: &[Target]) -> Result<(), InterpreterError> {
        let (target, what, interpreter) = match choice {
            PythonChoice::Version(target) => (Some(*target), target.to_string(), None),
            PythonChoice::Path(path) => {
                let found = ask_fit(path, &mut self.known, self.processes)?;
                (found.target(), format!("{} ({found})", shown(path)), Some(found))
            }
        };
        if let Some(target) = target.filter(|target| !targets.contains(target)) {
            let targets: Vec<String> = targets.iter().map(ToString::to_string).collect();
            return Err(InterpreterError::NoTarget { what, target, targets: targets.join(" and ") });
        }
        if let (Some(target), Some(one)) = (target, &interpreter)
            && let Some(other) = self.named(target).filter(|other| other.executable != one.executable)
        {
            let others = format!("{} and {}", shown(&other.executable), shown(&one.executable));
            return Err(InterpreterError::Two { others, target });
        }
        self.named.extend(interpreter);
        Ok(())
    }

    /// What the user names it for; none where it is for no target that is known.
    pub(super) fn target(&mut self, choice: &PythonChoice) -> Result<Option<Target>, InterpreterError> {
        match choice {
            PythonChoice::Version(target) => Ok(Some(*target)),
            PythonChoice::Path(path) => Ok(self.at(path)?.target()),
        }
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
        if cfg!(windows) { launcher_and_registry(self.processes) } else { Vec::new() }
    }

    /// Keeps the answers for the next run.
    pub(super) fn save(&self) {
        self.known.save();
    }
}

/// What the launcher of Windows lists, and what stands below Python's keys of the registry.
fn launcher_and_registry(processes: &dyn Processes) -> Vec<PathBuf> {
    let query = |key| ["query", key, "/s", "/v", "ExecutablePath"].to_vec();
    let commands = [
        ("py", ["-0p"].to_vec()),
        ("reg", query("HKCU\\Software\\Python")),
        ("reg", query("HKLM\\Software\\Python")),
    ];
    let mut paths = Vec::new();
    for (program, arguments) in commands {
        let invocation = Invocation::trusted(program, LISTING).with(arguments);
        let mut text = String::new();
        let ended = processes.run(&invocation, &mut |line| {
            text.extend([line, "\n"]);
            LISTING
        });
        if ended.is_ok() {
            paths.extend(listed_on_windows(&text));
        }
    }
    paths
}

/// A version to compare: its numbers, and whether it is final.
fn version(text: &str) -> (Vec<u32>, bool) {
    let numbers = text.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok());
    (numbers.take(3).collect(), text.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

#[cfg(test)]
mod tests {
    use super::super::process::How;
    use super::super::testing::{Script, made_up};
    use super::*;

    #[test]
    fn an_interpreter_is_named_by_version_or_path() {
        assert_eq!("3.14t".parse(), Ok(PythonChoice::Version(Target::Py314t)));
        for path in ["./python", "python3.14t", "/opt/3.14/bin/python", "3"] {
            assert_eq!(path.parse(), Ok(PythonChoice::Path(PathBuf::from(path))));
        }
        for version in ["3.14", "3.12t", "3.14.7t", "2.7"] {
            assert_eq!(version.parse::<PythonChoice>(), Err(ParsePythonError), "{version}");
        }
    }

    #[test]
    fn the_newest_is_the_greatest() {
        assert!(version("3.14.10") > version("3.14.7"));
        assert!(version("3.15.0") > version("3.15.0rc1"));
    }

    #[test]
    fn windows_is_asked_for_what_it_knows() {
        let script = Script::playing(|invocation| {
            let words: Vec<&str> = invocation.arguments.iter().filter_map(|word| word.to_str()).collect();
            let line = match (invocation.program.to_str(), words.as_slice()) {
                (Some("py"), ["-0p"]) => r" -V:3.15t *  C:\py\python3.15t.exe",
                (Some("reg"), ["query", r"HKCU\Software\Python", "/s", "/v", "ExecutablePath"]) => {
                    r"    ExecutablePath    REG_SZ    C:\Users\me\python3.14t.exe"
                }
                (Some("reg"), ["query", r"HKLM\Software\Python", ..]) => {
                    r"    ExecutablePath    REG_SZ    D:\all\python3.13t.exe"
                }
                _ => "",
            };
            (vec![line.to_owned()], How::Exited(0))
        });
        let found = launcher_and_registry(&script);
        let expected = [r"C:\py\python3.15t.exe", r"C:\Users\me\python3.14t.exe", r"D:\all\python3.13t.exe"];
        assert_eq!(found, expected.map(PathBuf::from));
        assert_eq!(launcher_and_registry(&Script::of(Vec::new())), Vec::<PathBuf>::new());
    }

    /// What is said of these, each answering as the feature release in its name.
    fn refusal(names: &[&str]) -> Option<String> {
        let script = Script::playing(|invocation| {
            let name = invocation.program.to_string_lossy();
            let minor = if name.contains("15") { 15 } else { 14 };
            let interpreter = Interpreter { executable: invocation.program.clone(), ..made_up(minor) };
            (vec![serde_json::to_string(&interpreter).unwrap()], How::Exited(0))
        });
        let choices: Vec<PythonChoice> = names.iter().map(|name| name.parse().unwrap()).collect();
        let surroundings = Surroundings::none();
        let made = Interpreters::new(&choices, &[Target::Py314t], &surroundings, &script);
        made.err().map(|error| error.to_string())
    }

    #[test]
    fn what_is_named_is_used_or_refused() {
        assert_eq!(refusal(&["3.14t", "/a/python3.14t", "/a/python3.14t"]), None);
        let refusals = [["3.13t"].as_slice(), &["/a/python3.15t"], &["/a/python3.14t", "/b/python3.14t"]];
        let told: Vec<String> = refusals.iter().filter_map(|names| refusal(names)).collect();
        insta::assert_snapshot!(told.join("\n"), @r"
        nothing is confirmed with --python 3.13t: this audit is for 3.14t
        hint: --target 3.13t makes it one for 3.13t
        nothing is confirmed with --python /a/python3.15t (CPython 3.15.7t): this audit is for 3.14t
        hint: --target 3.15t makes it one for 3.15t
        /a/python3.14t and /b/python3.14t are both for 3.14t
        hint: name one of them with --python
        ");
    }
}
