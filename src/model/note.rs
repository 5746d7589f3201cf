//! What an audit could not do, and why.

use std::fmt;

/// Something that was passed over or could not be read. Never silent: each one reaches the report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// The file it is about, as a chain (`foo.whl: foo/_x.so`).
    pub about: String,
    /// The cause, and a hint where there is one.
    pub why: String,
    /// True where something that had to be audited was not: such a run never exits with 0.
    pub unread: bool,
}

impl Note {
    /// For information: nothing was missed.
    pub fn told(about: impl Into<String>, why: impl Into<String>) -> Self {
        Self { about: about.into(), why: why.into(), unread: false }
    }

    /// Something that had to be audited was not.
    pub fn unread(about: impl Into<String>, why: impl Into<String>) -> Self {
        Self { about: about.into(), why: why.into(), unread: true }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.about, self.why)
    }
}
