//! What an import lacks: the distributions that its own needs, and that are not there. An interpreter names a module;
//! what the user can do something about is a distribution, and the two often have different names.

use crate::model::{Distribution, ImportCause, Seen};
use std::collections::{BTreeMap, BTreeSet};

/// Distributions that are named in a hint: more than these are told by whatever installs them.
const NAMED: usize = 8;

/// The distributions that modules are imported beside.
#[derive(Debug, Default)]
pub(super) struct Present {
    requires: BTreeMap<String, Vec<String>>,
    /// Whether the user has named wheels, and not an environment.
    wheels: bool,
}

impl Present {
    /// These, from wheels or not.
    pub(super) fn new<'a>(distributions: impl Iterator<Item = &'a Distribution>, wheels: bool) -> Self {
        let named = distributions.filter_map(|one| Some((one.name.clone()?, one.requires.clone())));
        Self { requires: named.collect(), wheels }
    }

    /// What to do about an import that failed, where something is known to be lacking.
    pub(super) fn hint(&self, owner: Option<&str>, seen: &Seen) -> Option<String> {
        let Seen::ImportError { cause, .. } = seen else { return None };
        let lacking = owner.map(|owner| self.lacking(owner)).unwrap_or_default();
        match cause {
            ImportCause::MissingModule(_) | ImportCause::Other if !lacking.is_empty() => {
                let owner = owner.unwrap_or_default();
                let shown = lacking.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
                let more = lacking.len().saturating_sub(NAMED);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                let theirs = if lacking.len() == 1 { "its wheel" } else { "their wheels" };
                Some(if self.wheels {
                    format!("{owner} also needs {shown}{more}: name {theirs} too")
                } else {
                    format!("{owner} also needs {shown}{more}, not found here: install what is missing")
                })
            }
            // A name with an underscore is mostly a part of the interpreter that was not built.
            ImportCause::MissingModule(name) if !name.starts_with('_') => Some(if self.wheels {
                format!("name the wheel that {name} comes from too")
            } else {
                format!("install the distribution that {name} comes from")
            }),
            _ => None,
        }
    }

    /// What a distribution needs, and what that needs, without what is there; sorted.
    fn lacking<'a>(&'a self, owner: &'a str) -> Vec<&'a str> {
        let (mut known, mut open) = (BTreeSet::from([owner]), vec![owner]);
        let mut lacking = BTreeSet::new();
        while let Some(name) = open.pop() {
            match self.requires.get(name) {
                Some(requires) => {
                    open.extend(requires.iter().map(String::as_str).filter(|name| known.insert(name)));
                }
                None => drop(lacking.insert(name)),
            }
        }
        lacking.remove(owner);
        lacking.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::made_up::distribution;

    fn present(wheels: bool) -> Present {
        let needs = |name: &str, requires: &[&str]| Distribution {
            requires: requires.iter().map(|name| (*name).to_owned()).collect(),
            ..distribution(name)
        };
        // The second and the third need each other.
        let all = [
            needs("aiohttp", &["attrs", "yarl"]),
            needs("yarl", &["idna", "multidict"]),
            needs("multidict", &["yarl"]),
            needs("alone", &[]),
        ];
        Present::new(all.iter(), wheels)
    }

    fn error(cause: ImportCause) -> Seen {
        let (exception, message) = ("ImportError".to_owned(), "no".to_owned());
        Seen::ImportError { cause, exception, message, at: None }
    }

    #[test]
    fn what_is_not_there_is_named_as_distributions() {
        let missing = |name: &str| error(ImportCause::MissingModule(name.to_owned()));
        let hint = |wheels, owner, seen: &Seen| present(wheels).hint(owner, seen).unwrap_or_default();
        insta::assert_snapshot!([
            hint(true, Some("aiohttp"), &missing("attr")),
            hint(false, Some("aiohttp"), &missing("attr")),
            hint(true, Some("aiohttp"), &error(ImportCause::Other)),
            hint(true, Some("alone"), &missing("rich")),
            hint(false, None, &missing("rich")),
        ].join("\n"), @r"
        aiohttp also needs attrs, idna: name their wheels too
        aiohttp also needs attrs, idna, not found here: install what is missing
        aiohttp also needs attrs, idna: name their wheels too
        name the wheel that rich comes from too
        install the distribution that rich comes from
        ");
        assert_eq!(present(true).hint(Some("alone"), &error(ImportCause::Other)), None);
        assert_eq!(present(true).hint(Some("alone"), &missing("_lzma")), None);
        assert_eq!(present(true).hint(Some("aiohttp"), &error(ImportCause::NoInitFunction)), None);
        assert_eq!(present(true).hint(Some("aiohttp"), &Seen::GilFree), None);
    }
}
