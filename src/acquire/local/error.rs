//! Why an input cannot be audited. Each variant says whose fault it usually is; none stops the audit of the others.

use crate::model::{Note, shown};
use std::io;
use std::path::Path;

/// What is wrong with a path.
#[derive(Debug, thiserror::Error)]
pub(super) enum AcquireError {
    /// The caller's fault: a slip of the pen, or another current folder.
    #[error("does not exist\nhint: check the spelling, and which folder it is relative to")]
    Missing,
    /// The surroundings' fault: permissions, a failing disk, a loop of symbolic links.
    #[error("cannot be read: {0}\nhint: check that this user may read it")]
    Unreadable(io::Error),
    /// The caller's fault: only built files can be audited.
    #[error(
        "is neither a wheel nor an extension module\nhint: name a .whl, a .so or .pyd, or a folder with some"
    )]
    OtherFile,
    /// The caller's fault, and easily made.
    #[error(
        "is a source archive: how it imports is decided when it is built\n\
         hint: build it (`pip wheel`), and name the wheel"
    )]
    SourceArchive,
    /// The caller's fault.
    #[error(
        "is a shared library that no import statement loads\nhint: name the extension module that needs it"
    )]
    Library,
    /// The caller's fault: a pipe or a device cannot be read twice, or ends never.
    #[error("is no regular file\nhint: copy its content to a file, and name that")]
    SpecialFile,
    /// The caller's fault, or that of a build that made nothing.
    #[error("is an empty folder\nhint: name a folder with wheels, extension modules or an environment")]
    EmptyFolder,
    /// The caller's fault: a folder of sources, mostly.
    #[error(
        "has nothing to audit: no wheel, no extension module, no site-packages\n\
         hint: build it first, or name the environment that it is installed in"
    )]
    NothingToAudit,
    /// The fault of whoever broke it: a virtual environment always has one.
    #[error("is {0} without a site-packages\nhint: create the environment anew")]
    NoSitePackages(String),
    /// The caller's fault: no project is that large, but a disk is.
    #[error("has more than {0} files: the rest is not audited\nhint: name a smaller folder")]
    TooMany(usize),
}

impl AcquireError {
    /// What the report says of it: something that had to be audited was not.
    pub(super) fn note(&self, path: &Path) -> Note {
        Note::unread(shown(path), self.to_string())
    }
}

impl From<io::Error> for AcquireError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            _ => Self::Unreadable(error),
        }
    }
}
