//! What an interpreter is, as it says itself. The answer is kept by path and time of change, so that each is asked
//! once and not again before it is replaced.

use super::process::{How, Invocation, Processes};
use crate::model::{Target, shown};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// What it is asked.
const QUESTION: &str = include_str!("question.py");
/// How long the answer may take: a cold start from a slow disk takes some seconds.
const PATIENCE: Duration = Duration::from_secs(30);
/// Answers that are kept; a machine has some ten interpreters.
const KEPT: usize = 200;

/// A Python interpreter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interpreter {
    /// The program.
    pub executable: PathBuf,
    /// `CPython`, `PyPy` …
    pub implementation: String,
    /// Full version (`3.14.7`, `3.15.0rc1`).
    pub version: String,
    /// Feature release, where it is a Python 3.
    pub minor: Option<u8>,
    /// Whether it was built without the GIL.
    pub free_threaded: bool,
    /// The platform that it installs wheels for (`linux-x86_64`).
    pub platform: String,
    /// On Linux, whether it is built for musl, where it says.
    pub musl: Option<bool>,
    /// Where it is installed; the virtual environment's folder where it is of one.
    pub prefix: PathBuf,
    /// Where the installation is that a virtual environment was made with.
    pub base_prefix: PathBuf,
    /// Folders that it reads from.
    pub folders: Vec<PathBuf>,
    /// Whether it has pip.
    pub pip: bool,
}

impl Interpreter {
    /// The target that it stands for; none where this program knows of no such target.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        let same = |target: &Target| Some(target.minor()) == self.minor;
        Target::ALL.into_iter().find(same).filter(|_| self.free_threaded && self.implementation == "CPython")
    }
}

/// `CPython 3.14.7t`; one with the GIL is said to be one.
impl fmt::Display for Interpreter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { implementation, version, free_threaded, .. } = self;
        let build = if *free_threaded { "t" } else { " with the GIL" };
        write!(f, "{implementation} {version}{build}")
    }
}

/// Why a path is of no use as an interpreter.
#[derive(Debug, thiserror::Error)]
pub enum InterpreterError {
    /// Nothing that runs.
    #[error("{path} cannot be run: {why}")]
    Run {
        /// The path.
        path: String,
        /// What the system says.
        why: String,
    },
    /// It runs, and does not answer as a Python does.
    #[error("{path} does not answer as a Python does{why}")]
    Answer {
        /// The path.
        path: String,
        /// What it says instead.
        why: String,
    },
    /// A Python with the GIL, or one that is no target.
    #[error(
        "{path} is {what}, and what extension modules do shows only on a free-threaded CPython 3.13, 3.14 or 3.15\n\
         hint: uv python install 3.14t"
    )]
    Unfit {
        /// The path.
        path: String,
        /// What it is.
        what: String,
    },
    /// Fit, and the audit is for other versions.
    #[error(
        "nothing is confirmed with --python {what}: this audit is for {targets}\n\
         hint: --target {target} makes it one for {target}"
    )]
    NoTarget {
        /// What was named.
        what: String,
        /// What it would be for.
        target: Target,
        /// What the audit is for.
        targets: String,
    },
    /// More than one for a version.
    #[error("{others} are both for {target}\nhint: name one of them with --python")]
    Two {
        /// Their paths.
        others: String,
        /// The version.
        target: Target,
    },
}

/// Asks an interpreter, unless the answer is known.
///
/// # Errors
/// Where it is none, or does not answer.
pub(crate) fn ask(
    path: &Path,
    known: &mut Known,
    processes: &dyn Processes,
) -> Result<Interpreter, InterpreterError> {
    let key = Key::of(path);
    if let Some(interpreter) = key.as_ref().and_then(|key| known.get(path, key)) {
        return Ok(interpreter);
    }
    let mut lines = Vec::new();
    let invocation = Invocation::trusted(path, PATIENCE).with(["-I", "-S", "-c", QUESTION]);
    let ended = processes.run(&invocation, &mut |line| {
        lines.push(line.to_owned());
        PATIENCE
    });
    let ended =
        ended.map_err(|error| InterpreterError::Run { path: shown(path), why: error.kind().to_string() })?;
    let answer = lines.iter().find_map(|line| serde_json::from_str::<Interpreter>(line).ok());
    let interpreter = answer.filter(|_| ended.how == How::Exited(0)).ok_or_else(|| {
        let last = ended.errors.lines().last().map(|line| format!(": {line}"));
        InterpreterError::Answer { path: shown(path), why: last.unwrap_or_default() }
    })?;
    if let Some(key) = key {
        known.put(path, key, interpreter.clone());
    }
    Ok(interpreter)
}

/// The same, and one that is of no use here is an error.
///
/// # Errors
/// As [`ask`], and where it is no free-threaded `CPython` that is a target.
pub(crate) fn ask_fit(
    path: &Path,
    known: &mut Known,
    processes: &dyn Processes,
) -> Result<Interpreter, InterpreterError> {
    let interpreter = ask(path, known, processes)?;
    if interpreter.target().is_some() {
        return Ok(interpreter);
    }
    Err(InterpreterError::Unfit { path: shown(path), what: interpreter.to_string() })
}

/// What an answer holds for: the file behind the path, as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Key {
    real: PathBuf,
    seconds: u64,
    nanoseconds: u32,
    size: u64,
}

impl Key {
    fn of(path: &Path) -> Option<Self> {
        let real = path.canonicalize().ok()?;
        let metadata = real.metadata().ok()?;
        let changed = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        let (seconds, nanoseconds) = (changed.as_secs(), changed.subsec_nanos());
        Some(Self { real, seconds, nanoseconds, size: metadata.len() })
    }
}

/// Answers by path: a link into a virtual environment makes another interpreter of the same file.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Known {
    /// What they were asked: another version of this program may ask for more.
    question: String,
    answers: BTreeMap<PathBuf, (Key, Interpreter)>,
    #[serde(skip)]
    file: Option<PathBuf>,
    #[serde(skip)]
    changed: bool,
}

impl Known {
    /// Those that an earlier run has kept. A file that cannot be read is as good as none.
    pub(crate) fn load(file: Option<PathBuf>) -> Self {
        let text = file.as_ref().and_then(|file| fs::read_to_string(file).ok());
        let known: Option<Self> = text.and_then(|text| serde_json::from_str(&text).ok());
        let known = known.filter(|known| known.question == QUESTION).unwrap_or_default();
        Self { file, question: QUESTION.to_owned(), ..known }
    }

    fn get(&self, path: &Path, key: &Key) -> Option<Interpreter> {
        let (known, interpreter) = self.answers.get(path)?;
        // The virtual environment that it is of may have been made anew with the same interpreter.
        let there = interpreter.folders.iter().all(|folder| folder.is_dir());
        (known == key && there).then(|| interpreter.clone())
    }

    fn put(&mut self, path: &Path, key: Key, interpreter: Interpreter) {
        if self.answers.len() >= KEPT {
            self.answers.clear();
        }
        self.answers.insert(path.to_owned(), (key, interpreter));
        self.changed = true;
    }

    /// Keeps them for the next run. Where that is not possible it asks again.
    pub(crate) fn save(&self) {
        let Some(file) = self.file.as_ref().filter(|_| self.changed) else { return };
        let Some(folder) = file.parent() else { return };
        let Ok(text) = serde_json::to_string(self) else { return };
        let written = fs::create_dir_all(folder).and_then(|()| {
            let mut whole = tempfile::NamedTempFile::new_in(folder)?;
            std::io::Write::write_all(&mut whole, text.as_bytes())?;
            whole.persist(file)?;
            Ok(())
        });
        drop(written);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Script, made_up};
    use super::*;

    fn answer(interpreter: &Interpreter) -> String {
        serde_json::to_string(interpreter).unwrap()
    }

    #[test]
    fn each_is_asked_once_until_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("python3.14t");
        fs::write(&program, "one").unwrap();
        let file = folder.path().join("cache/interpreters.json");
        let script = Script::answering(&[&answer(&made_up(14)), &answer(&made_up(15))]);
        let mut known = Known::load(Some(file.clone()));
        assert_eq!(ask(&program, &mut known, &script).unwrap().minor, Some(14));
        known.save();
        let mut known = Known::load(Some(file.clone()));
        assert_eq!(ask(&program, &mut known, &script).unwrap().minor, Some(14));
        fs::write(&program, "another").unwrap();
        assert_eq!(ask(&program, &mut known, &script).unwrap().minor, Some(15));
        known.question.push('?');
        known.save();
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains("python3.14t") && Known::load(Some(file)).answers.is_empty());
    }

    #[test]
    fn a_python_with_the_gil_is_refused_with_the_reason() {
        let with_gil = Interpreter { free_threaded: false, ..made_up(14) };
        let script = Script::answering(&[&answer(&with_gil)]);
        let error = ask_fit(Path::new("/usr/bin/python3.14"), &mut Known::default(), &script).unwrap_err();
        insta::assert_snapshot!(error, @r"
        /usr/bin/python3.14 is CPython 3.14.7 with the GIL, and what extension modules do shows only on a free-threaded CPython 3.13, 3.14 or 3.15
        hint: uv python install 3.14t
        ");
        let script = Script::answering(&["no JSON"]);
        let error = ask_fit(Path::new("/bin/echo"), &mut Known::default(), &script).unwrap_err();
        assert_eq!(error.to_string(), "/bin/echo does not answer as a Python does");
    }
}
