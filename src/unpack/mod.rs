//! Stage 2: artifact -> distributions and their members. Lists first, reads a member's bytes when asked; a
//! wheel's members are inflated in memory, installed files are mapped. Nothing is written to disk.

mod archive;
mod bytes;
mod choose;
mod error;
mod folder;
mod inflate;
mod installed;
mod limits;
mod metadata;
mod record;
#[cfg(test)]
mod samples;
mod walk;
mod wheel;

pub use bytes::Bytes;
pub use choose::ChooseError;
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
    // Without a name and without modules there is nothing to say of it.
    distributions.retain(|distribution| distribution.name.is_some() || !distribution.members.is_empty());
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::Path;

    fn artifact(path: &Path, kind: ArtifactKind) -> Artifact {
        Artifact { path: path.to_owned(), kind }
    }

    /// Opens bytes as a wheel, and reads everything in it.
    fn exhaust(bytes: &[u8]) -> usize {
        let folder = tempfile::tempdir().unwrap();
        let path = samples::put(folder.path(), samples::NAME, bytes);
        let Ok(unpacked) = open(&artifact(&path, ArtifactKind::Wheel)) else { return 0 };
        let mut read = 0;
        for distribution in &unpacked.distributions {
            for member in distribution.members.iter().chain(&distribution.libraries) {
                read += unpacked.read(distribution, member).map_or(0, |bytes| bytes.len());
            }
        }
        read
    }

    fn sample() -> Vec<u8> {
        samples::wheel(&[("foo/_x.so", b"some bytes, some bytes"), ("foo.libs/libz.so.1", b"library")])
    }

    #[test]
    fn the_sample_can_be_read() {
        assert_eq!(exhaust(&sample()), 29);
    }

    #[test]
    fn members_are_read_from_many_threads() {
        let folder = tempfile::tempdir().unwrap();
        let path = samples::put(folder.path(), samples::NAME, sample());
        let unpacked = open(&artifact(&path, ArtifactKind::Wheel)).unwrap();
        let distribution = &unpacked.distributions[0];
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let bytes = unpacked.read(distribution, &distribution.members[0]).unwrap();
                        assert_eq!(bytes[..], *b"some bytes, some bytes");
                    }
                });
            }
        });
    }

    #[test]
    fn a_tree_without_modules_holds_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let unpacked = open(&artifact(folder.path(), ArtifactKind::Tree { without: Vec::new() })).unwrap();
        assert_eq!((unpacked.distributions, unpacked.notes), (vec![], vec![]));
    }

    #[test]
    fn errors_name_the_chain() {
        let folder = tempfile::tempdir().unwrap();
        let path = samples::put(folder.path(), samples::NAME, sample());
        let unpacked = open(&artifact(&path, ArtifactKind::Wheel)).unwrap();
        let member = Member { path: "foo/_y.so".to_owned(), size: 0, sha256: None };
        let error = unpacked.read(&unpacked.distributions[0], &member).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("{}: foo/_y.so: there is no such file in what was opened", samples::NAME)
        );
        std::fs::remove_file(&path).unwrap();
        let distribution = &unpacked.distributions[0];
        assert!(matches!(
            unpacked.read(distribution, &distribution.members[0]).unwrap_err().cause,
            Cause::Io(_)
        ));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            exhaust(&bytes);
        }

        #[test]
        fn no_change_to_a_wheel_panics(
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
            cut in any::<prop::sample::Index>(),
            is_cut in prop::bool::weighted(0.1),
        ) {
            let mut bytes = sample();
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if is_cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            exhaust(&bytes);
        }

        #[test]
        fn no_change_to_a_header_panics(
            header in 0..5_usize,
            changes in proptest::collection::vec((0..46_usize, prop::sample::select(vec![0_u8, 1, 0x7f, 0x80, 0xff])), 1..6),
        ) {
            let mut bytes = sample();
            let starts: Vec<usize> = memchr::memmem::find_iter(&bytes, b"PK").collect();
            let start = starts[starts.len() - 1 - header];
            for (offset, byte) in changes {
                if let Some(place) = bytes.get_mut(start + offset) {
                    *place = byte;
                }
            }
            exhaust(&bytes);
        }
    }
}
