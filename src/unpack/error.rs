//! Why an artifact, or one file of it, cannot be read. Each cause says whose fault it usually is.

use crate::model::Note;
use std::io;

/// Which file cannot be read, and what is wrong with it.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {cause}")]
pub struct UnpackError {
    /// The file, as a chain (`foo.whl: foo/_x.so`).
    pub file: String,
    /// What is wrong.
    #[source]
    pub cause: Cause,
}

impl UnpackError {
    /// What the report says of it: the file had to be audited, and was not.
    #[must_use]
    pub fn note(&self) -> Note {
        Note::unread(&self.file, self.cause.to_string())
    }
}

/// What can be wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The operating system refuses. The surroundings' fault: permissions, a failing disk, a file deleted meanwhile.
    #[error("cannot be read: {0}\nhint: check that it exists and that this user may read it")]
    Io(#[from] io::Error),
    /// No bytes at all. A failed download's fault.
    #[error("is empty\nhint: download or build it again")]
    Empty,
    /// Something else under a wheel's name. Mostly a server's fault that answered with an error page.
    #[error("is no wheel: {0}\nhint: a wheel is a zip archive; download it again")]
    NotZip(&'static str),
    /// The archive ends early. An interrupted download's fault.
    #[error("is cut off: {0}\nhint: download it again")]
    Truncated(&'static str),
    /// The archive contradicts its format. The fault of whoever wrote or damaged it.
    #[error("is a damaged archive: {0}\nhint: download it again; if that does not help, tell who built it")]
    Malformed(String),
    /// Larger than anything real. Hardly ever an honest file's fault.
    #[error("{what} is above this tool's limit of {limit}\nhint: look into it before you install it")]
    Limit {
        /// What is too large.
        what: &'static str,
        /// What is allowed.
        limit: u64,
    },
    /// Members share bytes of the archive. An attacker's fault: no tool writes that.
    #[error(
        "its members take more bytes than the archive has, so they overlap\n\
         hint: this is how zip bombs are made; do not install it"
    )]
    Overlap,
    /// Inflates to an absurd size. An attacker's fault.
    #[error(
        "would inflate from {compressed} to {declared} bytes, which no compiled module does\n\
         hint: this is how zip bombs are made; do not install it"
    )]
    Bomb {
        /// Bytes in the archive.
        compressed: u64,
        /// Bytes inflated, as the archive says.
        declared: u64,
    },
    /// Needs a password. The fault of whoever packed it: no installer can unpack it either.
    #[error("is encrypted\nhint: installers cannot unpack it either; tell who built it")]
    Encrypted,
    /// Packed with something other than DEFLATE. The fault of whoever packed it: installers know nothing else.
    #[error("is compressed with method {0}, which installers do not know\nhint: tell who built it")]
    Compression(u16),
    /// Stands in the archive more than once. The fault of the build tool, or an attacker's: scanners and installers may
    /// take different ones.
    #[error(
        "stands in the archive more than once, and which one is installed cannot be told\nhint: tell who built it"
    )]
    Duplicate,
    /// The header before the data and the central directory differ. An attacker's fault, or damage:
    /// installers trust the one or the other.
    #[error(
        "its header and the archive's directory disagree on the {0}\nhint: do not install it; tell who built it"
    )]
    Headers(&'static str),
    /// More or fewer bytes than the archive says. An attacker's fault, or damage.
    #[error(
        "the archive says it has {declared} bytes, and it has {found}\nhint: do not install it; download it again"
    )]
    Size {
        /// What the archive says.
        declared: u64,
        /// What is there (`more`, or a number).
        found: String,
    },
    /// The compressed data make no sense. Damage on the way.
    #[error("its compressed data are damaged: {0}\nhint: download it again")]
    Corrupt(&'static str),
    /// The bytes are not those that were packed. Damage on the way.
    #[error("its checksum is {found:08x}, and the archive says {declared:08x}\nhint: download it again")]
    Checksum {
        /// What the archive says.
        declared: u32,
        /// What the bytes have.
        found: u32,
    },
    /// No such member in this artifact. The caller's fault: it mixed up artifacts.
    #[error("there is no such file in what was opened")]
    NotHere,
}

impl Cause {
    /// The same, with the file that it is about.
    pub(super) fn of(self, file: impl Into<String>) -> UnpackError {
        UnpackError { file: file.into(), cause: self }
    }
}
