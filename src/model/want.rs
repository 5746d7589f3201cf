//! What a project asks an installer for, and what an installer would take.

use super::{Context, Note};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

/// One distribution at one version that a requirements or lock file, a resolver, or an installed environment names.
/// A name that has several versions on different platforms stands once for each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Want {
    /// Normalised name.
    pub name: String,
    /// The exact version; none only where `source` is a file or a project that will tell.
    pub version: Option<String>,
    /// Where its files are.
    pub source: Source,
    /// What its file must hash to, any one of them; empty where nothing is said.
    pub hashes: Vec<Hash>,
    /// The targets and platforms that it is wanted on, after its markers; sorted.
    pub contexts: Vec<Context>,
    /// Where it is said: file and line (`requirements/base.txt:12`), or the command line.
    pub said_by: String,
    /// Who pulls it in, from the project's own requirement down to the distribution itself, as names. One of the
    /// shortest ways; only its own name where it is required directly, or nothing tells.
    pub chain: Vec<String>,
}

/// Where a distribution's files are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Whatever the indexes list.
    Index,
    /// What this one index lists (a lock file names it), as a URL without credentials.
    OneIndex(String),
    /// The files that a lock file lists: nothing else may be installed.
    Listed(Vec<ListedFile>),
    /// A wheel or a source archive at a URL.
    Url(String),
    /// A wheel, a source archive or a project on this machine.
    Path(PathBuf),
    /// A repository: always compiled from source.
    Repository(String),
}

/// A file as a lock file lists it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListedFile {
    /// Its name: a wheel's or a source archive's.
    pub name: String,
    /// Where it is, absolute; none where the lock file leaves that to the index.
    pub url: Option<String>,
    /// Bytes, where the lock file says.
    pub size: Option<u64>,
    /// Any one of them has to fit; empty where the lock file says none.
    pub hashes: Vec<Hash>,
}

/// A digest of a whole file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Hash {
    /// As `hashlib` names it (`sha256`), lower case.
    pub algorithm: String,
    /// Lower-case hexadecimal.
    pub digest: String,
}

impl Hash {
    /// A digest that can be checked here; none of another algorithm, with another length, or with other letters.
    #[must_use]
    pub fn of(algorithm: &str, digest: &str) -> Option<Self> {
        let algorithm = algorithm.to_ascii_lowercase();
        let length = match algorithm.as_str() {
            "md5" => 32,
            "sha1" => 40,
            "sha224" => 56,
            "sha256" => 64,
            "sha384" => 96,
            "sha512" => 128,
            _ => return None,
        };
        let is_digest = digest.len() == length && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_digest.then(|| Self { algorithm, digest: digest.to_ascii_lowercase() })
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm, self.digest)
    }
}

/// What an installer would take for a want in one context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What it comes to.
    pub taken: Taken,
    /// Each file that was looked at, the taken one first, then the others as an installer would prefer them.
    pub considered: Vec<Considered>,
}

/// What an installer would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// Install this wheel.
    Wheel(IndexFile),
    /// Compile this source archive: no wheel fits.
    SourceArchive(IndexFile),
    /// Compile what no archive holds, a repository or a project's folder: where it is, without credentials.
    Project(String),
    /// Fail: there is no file that fits.
    Nothing(String),
    /// It could not be found out.
    Unread(Note),
}

/// A file that an index, a lock file or a folder offers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IndexFile {
    /// Its name.
    pub name: String,
    /// Where it is: an absolute URL (`https`, `http` or `file`) without credentials.
    pub url: String,
    /// Bytes, where that is known.
    pub size: Option<u64>,
    /// What is said to be its digests, by the index or the lock file.
    pub hashes: Vec<Hash>,
    /// Whether it was yanked (PEP 592), with the reason, which may be empty.
    pub yanked: Option<String>,
    /// `requires-python` as the index says it.
    pub requires_python: Option<String>,
    /// Where the index serves its core metadata beside it (PEP 658): what that must hash to, as far as it says.
    pub metadata: Option<Vec<Hash>>,
}

/// A line in a project's sources that declares something of the GIL. Which of them a build makes use of is not known, so
/// this is a hint and decides nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SourceHint {
    /// The file inside the archive.
    pub file: String,
    /// The line's number, from 1.
    pub line: usize,
    /// The line, cut to a readable length.
    pub text: String,
}

/// A file that was looked at, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Considered {
    /// The file's name.
    pub file: String,
    /// Why it was taken or passed over, as a phrase (`no tag of it fits 3.14t on linux-x86_64`).
    pub why: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_digest_of_its_length_is_one() {
        let hash = Hash::of("SHA256", &"AB".repeat(32)).unwrap();
        assert_eq!(hash.to_string(), format!("sha256:{}", "ab".repeat(32)));
        for (algorithm, digest) in [
            ("sha256", "ab".repeat(31)),
            ("sha256", "xy".repeat(32)),
            ("crc32", "ab".repeat(4)),
            ("sha256", String::new()),
        ] {
            assert_eq!(Hash::of(algorithm, &digest), None, "{algorithm}:{digest}");
        }
    }
}
