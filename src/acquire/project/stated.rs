//! What somebody states to be required, with where and how: a line of a requirements file, of a `pyproject.toml`, of a
//! script, of the command line.

use super::lines::Via;
use super::requirement::Requirement;
use crate::acquire::index::IndexOptions;
use crate::model::Hash;

/// A requirement that somebody states.
#[derive(Debug, Clone)]
pub(super) struct Stated {
    /// What is required.
    pub requirement: Requirement,
    /// As a resolver reads it: as it was written, with paths made absolute.
    pub text: String,
    /// What its file must hash to.
    pub hashes: Vec<Hash>,
    /// Who asked for it, where a comment tells.
    pub via: Option<Via>,
    /// Where it is stated.
    pub place: String,
}

/// All that requirements files say.
#[derive(Default)]
pub(super) struct Statements {
    /// What is required, in order.
    pub requirements: Vec<Stated>,
    /// What is only held to versions.
    pub constraints: Vec<Stated>,
    /// Of indexes.
    pub options: IndexOptions,
    /// Of source archives, wheels and pre-releases.
    pub builds: Builds,
    /// Whether everything needs a hash.
    pub require_hashes: bool,
}

/// Which kinds of files may be installed, as `--no-binary`, `--only-binary`, `--pre` and `--prefer-binary` of
/// requirements files say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Builds {
    /// Compiled even where a wheel fits: normalised names, or `:all:`.
    pub no_binary: Vec<String>,
    /// Never compiled: normalised names, or `:all:`.
    pub only_binary: Vec<String>,
    /// Whether a wheel is preferred to a newer source archive.
    pub prefer_binary: bool,
    /// Whether pre-releases are taken for what is unpinned.
    pub prereleases: bool,
}

impl Builds {
    /// As pip's `FormatControl`: a name taken for one is struck from the other, `:none:` empties.
    pub(super) fn control(&mut self, only: bool, value: &str) {
        let (this, other) = if only {
            (&mut self.only_binary, &mut self.no_binary)
        } else {
            (&mut self.no_binary, &mut self.only_binary)
        };
        for name in value.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match name {
                ":none:" => this.clear(),
                ":all:" => {
                    other.clear();
                    *this = vec![":all:".to_owned()];
                }
                name => {
                    let name = crate::model::normalise(name);
                    other.retain(|kept| *kept != name);
                    if !this.contains(&name) {
                        this.push(name);
                    }
                }
            }
        }
    }
}
