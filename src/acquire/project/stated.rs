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

/// Which kinds of files may be installed, as `--no-binary`, `--only-binary` and `--pre` of requirements files say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Builds {
    /// Compiled even where a wheel fits: normalised names, or `:all:`.
    pub no_binary: Vec<String>,
    /// Never compiled: normalised names, or `:all:`.
    pub only_binary: Vec<String>,
    /// Whether pre-releases are taken for what is unpinned.
    pub prereleases: bool,
}

impl Builds {
    /// Whether a distribution is compiled even where a wheel fits. As in pip, its own name counts before `:all:`.
    #[must_use]
    pub fn is_compiled(&self, name: &str) -> bool {
        self.no_binary.iter().any(|one| one == name)
            || self.no_binary.iter().any(|one| one == ":all:")
                && !self.only_binary.iter().any(|one| one == name)
    }

    /// Whether a distribution is never compiled.
    #[must_use]
    pub fn is_never_compiled(&self, name: &str) -> bool {
        self.only_binary.iter().any(|one| one == name)
            || self.only_binary.iter().any(|one| one == ":all:")
                && !self.no_binary.iter().any(|one| one == name)
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_its_own_counts_before_all() {
        for (lines, compiled, never_compiled) in [
            (vec![], false, false),
            (vec![(false, ":all:")], true, false),
            (vec![(false, ":all:"), (true, "elm")], false, true),
            (vec![(true, ":all:"), (false, "elm")], true, false),
            (vec![(false, "oak")], false, false),
            (vec![(false, "elm"), (true, "elm")], false, true),
        ] {
            let mut builds = Builds::default();
            for (only, value) in &lines {
                builds.control(*only, value);
            }
            let found = (builds.is_compiled("elm"), builds.is_never_compiled("elm"));
            assert_eq!(found, (compiled, never_compiled), "{lines:?}");
        }
    }
}
