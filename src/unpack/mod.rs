//! Stage 2: artifact -> distributions and their members. Lists first, reads a member's bytes when asked; a
//! wheel's members are inflated in memory, installed files are mapped. Nothing is written to disk.

mod archive;
mod bytes;
mod error;
mod folder;
mod inflate;
mod installed;
mod limits;
mod metadata;
mod record;
mod walk;
mod wheel;

pub use bytes::Bytes;
pub use error::{Cause, UnpackError};

use crate::model::{Artifact, ArtifactKind, Distribution, FileKind, Member, Note};
use std::collections::HashMap;
use std::path::PathBuf;

/// An artifact whose members are listed and can be read.
#[derive(Debug)]
pub struct Unpacked {
    /// What is in it, sorted by name, version and source; the one without a name (unowned files) first.
    pub distributions: Vec<Distribution>,
    /// What could not be listed, and what is worth telling, sorted.
    pub notes: Vec<Note>,
    contents: Contents,
}

/// Where members are read from.
#[derive(Debug)]
enum Contents {
    Wheel(wheel::Wheel),
    Files(Files),
}

/// Lists what an artifact holds.
///
/// # Errors
/// Where the artifact as a whole cannot be listed; what concerns a single file of it is a note.
pub fn open(artifact: &Artifact) -> Result<Unpacked, UnpackError> {
    let path = &artifact.path;
    let one = |(distribution, files, notes)| (vec![distribution], Contents::Files(files), notes);
    let (mut distributions, contents, mut notes) = match &artifact.kind {
        ArtifactKind::Wheel => {
            let (distribution, wheel, notes) = wheel::open(path)?;
            (vec![distribution], Contents::Wheel(wheel), notes)
        }
        ArtifactKind::SitePackages { editables, .. } => {
            let (distributions, files, notes) = installed::open(path, editables)?;
            (distributions, Contents::Files(files), notes)
        }
        ArtifactKind::Tree { without } => one(folder::open_tree(path, without)),
        ArtifactKind::Module => one(folder::open_module(path)?),
    };
    distributions.sort_by(|one, other| {
        let key = |distribution: &Distribution| {
            (distribution.name.clone(), distribution.version.clone(), distribution.source.clone())
        };
        key(one).cmp(&key(other))
    });
    notes.sort_unstable();
    Ok(Unpacked { distributions, notes, contents })
}

impl Unpacked {
    /// The bytes of a member of one of [`Self::distributions`]. May be called from many threads at once.
    ///
    /// # Errors
    /// Where the member cannot be read, or is not what the archive says of it.
    pub fn read(&self, distribution: &Distribution, member: &Member) -> Result<Bytes, UnpackError> {
        let bytes = match &self.contents {
            Contents::Wheel(wheel) => wheel.read(&member.path),
            Contents::Files(files) => files.read(distribution, member),
        };
        bytes.map_err(|cause| cause.of(format!("{}: {}", distribution.source, member.path)))
    }
}

/// Where installed members are, by the source of their distribution and their path.
#[derive(Debug, Default)]
struct Files(HashMap<String, HashMap<String, PathBuf>>);

impl Files {
    /// Gives a file to a distribution.
    fn add(
        &mut self,
        distribution: &mut Distribution,
        found: walk::Found,
        sha256: Option<String>,
        notes: &mut Vec<Note>,
    ) {
        let walk::Found { path, real, kind, size } = found;
        let known = self.0.entry(distribution.source.clone()).or_default();
        if known.get(&path).is_some_and(|other| *other != real) {
            let about = format!("{}: {path}", distribution.source);
            notes.push(Note::unread(about, "is the name of two files, of which one is audited"));
            return;
        }
        known.insert(path.clone(), real);
        let member = Member { path, size, sha256 };
        match kind {
            FileKind::Module => distribution.members.push(member),
            FileKind::Library => distribution.libraries.push(member),
        }
    }

    fn read(&self, distribution: &Distribution, member: &Member) -> Result<Bytes, Cause> {
        let known = self.0.get(&distribution.source).and_then(|files| files.get(&member.path));
        Bytes::of_file(known.ok_or(Cause::NotHere)?)
    }
}
