//! Stage 2: artifact -> distributions and their members. Lists first, reads a member's bytes when asked; a
//! wheel's members are inflated in memory, installed files are mapped. Nothing is written to disk.

mod bytes;
mod error;

pub use bytes::Bytes;
pub use error::UnpackError;

use crate::model::{Artifact, Distribution, Member, Note};

/// An artifact whose members are listed and can be read.
#[derive(Debug)]
pub struct Unpacked {
    /// What is in it, sorted by name, version and source; the one without a name (unowned files) first.
    pub distributions: Vec<Distribution>,
    /// What could not be listed, and what is worth telling.
    pub notes: Vec<Note>,
}

/// Lists what an artifact holds.
///
/// # Errors
/// Where the artifact as a whole cannot be listed; what concerns a single file of it is a note.
pub fn open(artifact: &Artifact) -> Result<Unpacked, UnpackError> {
    let _ = artifact;
    Ok(Unpacked { distributions: Vec::new(), notes: Vec::new() })
}

impl Unpacked {
    /// The bytes of a member of one of [`Self::distributions`]. May be called from many threads at once.
    ///
    /// # Errors
    /// Where the member cannot be read, or is not what the archive says of it.
    pub fn read(&self, distribution: &Distribution, member: &Member) -> Result<Bytes, UnpackError> {
        let _ = self;
        Err(UnpackError::NotHere { file: format!("{}: {}", distribution.source, member.path) })
    }
}
