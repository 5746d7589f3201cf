//! What starts processes, seen from the parts that decide what to start and what it means: a trait, so that these are
//! tested with a scripted double. [`super::system`] is the real one.

use super::sandbox::{Confinement, Excess};
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Starts processes and waits for them.
pub(crate) trait Processes: Sync {
    /// Runs a process to its end and hands over each line of its standard output as it comes; is told how long the
    /// next one may take.
    ///
    /// # Errors
    /// Where it cannot be started.
    fn run(&self, invocation: &Invocation, on_line: &mut dyn FnMut(&str) -> Duration) -> io::Result<Ended>;

    /// Whether the user wants everything to end.
    fn interrupted(&self) -> bool;
}

/// A process to run.
#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// All of its environment variables, or none to give it the caller's.
    pub environment: Option<Vec<(OsString, OsString)>>,
    /// The folder it starts in; the caller's where there is none.
    pub folder: Option<PathBuf>,
    /// What it reads from its standard input.
    pub input: String,
    /// How long the first line may take.
    pub silence: Duration,
    /// How long it may run at all.
    pub patience: Duration,
    /// What it is held to; none to let it do what the caller may.
    pub confinement: Option<Confinement>,
    /// The folder whose content is held below the limits of [`super::sandbox`].
    pub watched: Option<PathBuf>,
}

impl Invocation {
    /// A program of the user's own, with the user's environment.
    pub(crate) fn trusted(program: impl Into<PathBuf>, patience: Duration) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            environment: None,
            folder: None,
            input: String::new(),
            silence: patience,
            patience,
            confinement: None,
            watched: None,
        }
    }

    /// The same with more arguments.
    pub(crate) fn with<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    /// How.
    pub how: How,
    /// The end of its standard error.
    pub errors: String,
}

/// Why a process is no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// It ended by itself.
    Exited(i32),
    /// A signal ended it.
    #[cfg_attr(not(any(unix, test)), expect(dead_code, reason = "there are no signals"))]
    Signalled(i32),
    /// It was ended because it took too long.
    Slow,
    /// It was ended because it took too much of something.
    Exceeded(Excess),
    /// It was ended because it wrote more lines than anything sensible does.
    Flooded,
    /// It was ended because the user wants everything to end.
    Interrupted,
}
