//! What lock files have in common: versions of their format, Pythons that they are for, files with hashes.

use super::error::{Cause, ProjectError};
use super::graph::Walked;
use super::location::without_credentials;
use super::requirements;
use super::scope::{Known, Scope};
use super::text::Text;
use crate::acquire::index::IndexOptions;
use crate::model::{Hash, ListedFile, Note, Source, Target};
use pep440_rs::{Version, VersionSpecifiers};
use std::str::FromStr;

/// What a lock file comes to.
#[derive(Default)]
pub(super) struct Locked {
    pub walked: Walked,
    pub known: Known,
    /// What the file says of indexes.
    pub options: IndexOptions,
}

/// Refuses a format of another version.
pub(super) fn expect_version(
    text: &Text,
    what: &'static str,
    found: &str,
    known: &'static str,
    is_known: bool,
) -> Result<(), ProjectError> {
    let hint = "lock the project anew with a tool of today, or look for a newer ftaudit";
    let cause = || Cause::UnknownVersion { what, found: found.chars().take(40).collect(), known, hint };
    if is_known { Ok(()) } else { Err(ProjectError::new(text.shown.clone(), cause())) }
}

/// Whether no release of a target fits what a lock file says of Python.
pub(super) fn excludes(text: &Text, requires_python: &str, target: Target) -> Result<bool, ProjectError> {
    let wrong = || {
        let shown: String = requires_python.chars().take(60).collect();
        ProjectError::malformed(text.shown.clone(), format!("its requires-python `{shown}` cannot be read"))
    };
    // Poetry's "any", which is not PEP 440's.
    if ["*", ""].contains(&requires_python.trim()) {
        return Ok(false);
    }
    let any =
        requires_python.split("||").map(|part| VersionSpecifiers::from_str(part.trim()).map_err(|_| wrong()));
    let any = any.collect::<Result<Vec<_>, _>>()?;
    let releases = (0..40).map(|patch| Version::new([3, u64::from(target.minor()), patch]));
    Ok(!releases.into_iter().any(|release| any.iter().any(|specifiers| specifiers.contains(&release))))
}

/// The targets that a lock file is not for, as notes; for these nothing else in it is to be relied on.
pub(super) fn excluded(
    text: &Text,
    requires_python: Option<&str>,
    scope: &Scope,
    tool: &str,
) -> Result<Vec<Note>, ProjectError> {
    let Some(requires_python) = requires_python else { return Ok(Vec::new()) };
    let mut targets: Vec<Target> = scope.contexts.iter().map(|context| context.target).collect();
    targets.dedup();
    let mut notes = Vec::new();
    for target in targets {
        if excludes(text, requires_python, target)? {
            let why = format!(
                "is locked for Python {requires_python}, which excludes {target}: {tool} would not install it there. \
                 Audited is what the indexes have at the locked versions\n\
                 hint: widen requires-python and lock anew, to see what would be locked for {target}"
            );
            notes.push(Note::unread(text.shown.clone(), why));
        }
    }
    Ok(notes)
}

/// A file as lock files list it.
pub(super) fn listed(
    name: Option<&str>,
    url: Option<&str>,
    size: Option<u64>,
    hashes: Vec<Hash>,
) -> Option<ListedFile> {
    let name = match (name, url) {
        (Some(name), _) => name.to_owned(),
        (None, url) => {
            let last = url?.split(['?', '#']).next()?.rsplit('/').next()?;
            percent_encoding::percent_decode_str(last).decode_utf8_lossy().into_owned()
        }
    };
    Some(ListedFile { name, url: url.map(str::to_owned), size, hashes })
}

/// `sha256:…` of a lock file.
pub(super) fn hash_of(text: &Text, place: &str, hash: &str) -> Result<Hash, ProjectError> {
    requirements::hash(hash).ok_or_else(|| {
        let shown: String = hash.chars().take(80).collect();
        let place = if place.is_empty() { &text.shown } else { place };
        ProjectError::malformed(place, format!("`{shown}` is no hash\nhint: lock the project anew"))
    })
}

/// An index, without the credentials that a URL may hold; those come from where the user keeps them.
pub(super) fn index(url: &str) -> Source {
    Source::OneIndex(without_credentials(url))
}

/// What was left out of what a lock file holds, for the user to know.
pub(super) fn left_out(text: &Text, known: &Known, selected: &super::marker::Selected) -> Option<Note> {
    let extras: Vec<&str> = known.extras.difference(&selected.extras).map(String::as_str).collect();
    let groups: Vec<&str> = known.groups.difference(&selected.groups).map(String::as_str).collect();
    let mut parts = Vec::new();
    for (what, names) in [("extras", extras), ("groups", groups)] {
        if !names.is_empty() {
            parts.push(format!("{what} {}", names.join(", ")));
        }
    }
    let why = format!("not asked for, and not audited: {}", parts.join("; "));
    (!parts.is_empty()).then(|| Note::told(text.shown.clone(), why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pythons_that_are_excluded() {
        let text = Text::new(std::path::Path::new("x"), "x".into(), String::new());
        for (requires, expected) in [
            (">=3.9", false),
            (">=3.9,<3.14", true),
            ("==3.12.*", true),
            (">=3.14.2", false),
            ("<4.0,>=3.9", false),
            ("*", false),
            (">=2.7,<2.8 || >=3.14", false),
        ] {
            assert_eq!(excludes(&text, requires, Target::Py314t).unwrap(), expected, "{requires}");
        }
        assert!(excludes(&text, "soon", Target::Py314t).is_err());
    }
}
