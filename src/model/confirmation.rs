//! What an interpreter did with a module when it was asked to import it.

use std::fmt;
use std::time::Duration;

/// One module under one interpreter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// What happened.
    pub seen: Seen,
    /// The interpreter, with its version (`3.14.7t`); none where there was none to ask.
    pub python: Option<String>,
    /// Whether the interpreter took the module to need the GIL; none where its init function did not return one,
    /// and where that could not be told. Known also of modules whose import failed later.
    pub needs_gil: Option<bool>,
    /// How it came to be loaded: its own name, then whoever imported it, up to the name that was asked for.
    pub import_chain: Vec<String>,
    /// What kept the code in bounds.
    pub protections: Vec<Protection>,
    /// The crash or the hang that was seen when many threads imported its package at the same moment. None says
    /// nothing: mostly that was not tried, and a race that does not show is no race that is not there.
    pub under_threads: Option<Seen>,
    /// What the user can do about it, where there is something.
    pub hint: Option<String>,
}

impl Confirmation {
    /// Nothing was run.
    pub fn not_run(why: impl Into<String>) -> Self {
        Self {
            seen: Seen::NotRun { why: why.into() },
            python: None,
            needs_gil: None,
            import_chain: Vec::new(),
            protections: Vec::new(),
            under_threads: None,
            hint: None,
        }
    }

    /// What happened, and behind it a line with the hint where there is one.
    #[must_use]
    pub fn with_hint(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{self}\nhint: {hint}"),
            None => self.to_string(),
        }
    }
}

/// Reads as a sentence whose subject is the module; without the hint.
impl fmt::Display for Confirmation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.seen.fmt(f)?;
        match (&self.seen, self.needs_gil) {
            (Seen::ImportError { .. }, Some(true)) => f.write_str("; its init function turned the GIL on"),
            (Seen::ImportError { .. }, Some(false)) => f.write_str("; its init function left the GIL off"),
            _ => Ok(()),
        }
    }
}

/// What came of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It was imported, and did not turn the GIL on.
    GilFree,
    /// It turned the GIL on, or would have, had another module not been first.
    RequiresGil,
    /// The import raised.
    ImportError {
        /// What is behind it, as far as that is known.
        cause: ImportCause,
        /// The type of the exception.
        exception: String,
        /// Its text.
        message: String,
        /// The package whose import failed, where it is not the module itself.
        at: Option<String>,
    },
    /// The process ended while it was being imported.
    Crashed {
        /// How, as a phrase (`signal 11 (SIGSEGV)`, `exit status 3`).
        how: String,
        /// The Python stack, the innermost call first; empty where none could be written.
        stack: Vec<String>,
    },
    /// It did not come back in time.
    TimedOut {
        /// How long it was waited for.
        after: Duration,
        /// Where it was, the innermost call first; empty where that could not be told.
        stack: Vec<String>,
    },
    /// It was not tried.
    NotRun {
        /// Why, and a hint on its own line where there is one.
        why: String,
    },
}

/// What is behind a failed import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportCause {
    /// A module of something else that is not installed.
    MissingModule(String),
    /// A shared library that the dynamic linker does not find.
    MissingLibrary(String),
    /// The interpreter finds no file that it would load under this name.
    NotFound,
    /// The file has no init function of its name.
    NoInitFunction,
    /// Anything else.
    Other,
}

impl Seen {
    /// The identifier used in reports.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        match self {
            Self::GilFree => "gil-free",
            Self::RequiresGil => "requires-gil",
            Self::ImportError { .. } => "import-error",
            Self::Crashed { .. } => "crashed",
            Self::TimedOut { .. } => "timed-out",
            Self::NotRun { .. } => "not-run",
        }
    }

    /// The Python stack at the end, the innermost call first.
    #[must_use]
    pub fn stack(&self) -> &[String] {
        match self {
            Self::Crashed { stack, .. } | Self::TimedOut { stack, .. } => stack,
            _ => &[],
        }
    }
}

/// Reads as a sentence whose subject is the module.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GilFree => f.write_str("was imported and left the GIL off"),
            Self::RequiresGil => f.write_str("was imported and turned the GIL on"),
            Self::ImportError { cause, exception, message, at } => {
                match cause {
                    ImportCause::MissingModule(name) => {
                        write!(f, "was not imported: it needs {name}, which is not installed")?;
                    }
                    ImportCause::MissingLibrary(name) => {
                        write!(
                            f,
                            "was not imported: it needs the shared library {name}, which is not found"
                        )?;
                    }
                    ImportCause::NotFound => {
                        f.write_str("was not imported: no file of that name is loaded")?;
                    }
                    ImportCause::NoInitFunction => {
                        f.write_str("was not imported: it has no init function")?;
                    }
                    ImportCause::Other => write!(f, "was not imported: {exception}: {message}")?,
                }
                at.as_ref().map_or(Ok(()), |at| write!(f, " (on importing {at})"))
            }
            Self::Crashed { how, .. } => write!(f, "crashed while it was imported: {how}"),
            Self::TimedOut { after, .. } => {
                write!(f, "was still being imported after {} seconds", after.as_secs())
            }
            Self::NotRun { why } => write!(f, "not run: {why}"),
        }
    }
}

/// What was done so that code nobody has read yet does no harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protection {
    /// Only what an import needs can be read, only a temporary folder written.
    Files,
    /// No socket can be made.
    Network,
    /// No other process can be started.
    Processes,
    /// No other process can be signalled, traced or looked into.
    Signals,
    /// Administrators' rights were given up.
    Privileges,
    /// None of the caller's environment variables are there.
    Environment,
    /// Memory, processor time, open files and the size of files are limited.
    Limits,
    /// What may be written to the temporary folder is limited.
    Disk,
    /// The process dies with its parent.
    Parent,
}

impl Protection {
    /// The identifier used in reports.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Network => "network",
            Self::Processes => "processes",
            Self::Signals => "signals",
            Self::Privileges => "privileges",
            Self::Environment => "environment",
            Self::Limits => "limits",
            Self::Disk => "disk",
            Self::Parent => "parent",
        }
    }
}

/// What the run says of the verdict that was read from the binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Agreement {
    /// The same.
    Confirmed,
    /// There was no verdict, and now there is one.
    Settled,
    /// Neither the one nor the other: nothing was run, or it came to nothing.
    Unconfirmed,
    /// Something else.
    Contradicted,
}

impl Agreement {
    /// The identifier used in reports.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Settled => "settled",
            Self::Unconfirmed => "unconfirmed",
            Self::Contradicted => "contradicted",
        }
    }
}

/// A run, and what it says of the verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runtime {
    /// The run.
    pub confirmation: Confirmation,
    /// What it says.
    pub agreement: Agreement,
}
