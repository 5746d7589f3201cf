//! One requirement as [PEP 508](https://peps.python.org/pep-0508/) and pip write it: a name with extras and versions,
//! or a place; and when it counts.

use super::location::{self, Location, LocationError};
use super::marker::{Marker, MarkerError};
use crate::model::normalise;
use pep440_rs::{Operator, Version, VersionSpecifier, VersionSpecifiers};
use std::path::Path;
use std::str::FromStr;

/// Something that has to be installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Requirement {
    /// Normalised.
    pub name: String,
    /// Normalised.
    pub extras: Vec<String>,
    /// Which of its versions.
    pub wanted: Wanted,
    /// When it counts.
    pub marker: Marker,
}

/// Which versions of a distribution do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Those that fit all of these; every version where there is none.
    Versions(VersionSpecifiers),
    /// What is there, whatever its version.
    At(Location),
}

/// What was given is no requirement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum RequirementError {
    #[error("`{0}` is no requirement: it starts with no name")]
    Name(String),
    #[error("`{0}` is no requirement: a bracket of its extras is not closed, or a name in them is wrong")]
    Extras(String),
    #[error("`{0}` is no requirement: {1}")]
    Versions(String, String),
    #[error("a requirement has a line break or another control character in it")]
    Control,
    #[error(transparent)]
    Location(#[from] LocationError),
    #[error(transparent)]
    Marker(#[from] MarkerError),
}

impl Requirement {
    /// Reads one; paths in it start from `folder`.
    pub(super) fn parse(text: &str, folder: &Path) -> Result<Self, RequirementError> {
        let text = text.trim();
        // A line of a requirements file cannot hold any, and what is stated elsewhere becomes one for the resolver.
        if text.contains(|next: char| next.is_control() && next != '\t') {
            return Err(RequirementError::Control);
        }
        let name_end = text.find(|next: char| !is_of_name(next)).unwrap_or(text.len());
        let (name, rest) = text.split_at(name_end);
        if !is_name(name) {
            return Err(RequirementError::Name(cut(text)));
        }
        let (extras, rest) = extras(rest.trim_start()).ok_or_else(|| RequirementError::Extras(cut(text)))?;
        let (wanted, marker) = if let Some(place) = rest.trim_start().strip_prefix('@') {
            let (place, marker) = split_place(place.trim());
            (Wanted::At(Location::parse(place, folder)?), marker)
        } else {
            let (versions, marker) = rest.split_once(';').unwrap_or((rest, ""));
            (Wanted::Versions(versions_of(versions, text)?), marker)
        };
        Ok(Self { name: normalise(name), extras, wanted, marker: marker.parse()? })
    }

    /// A place without a name before it, as requirements files and command lines have them: `./project[extra]`,
    /// `https://…/x-1.0-py3-none-any.whl ; python_version > "3"`. None where the text is nothing of that kind.
    pub(super) fn of_place(text: &str, folder: &Path) -> Option<Result<Self, RequirementError>> {
        let (place, marker) = split_place(text.trim());
        location::is_place(place).then(|| Self::at(place, marker, folder))
    }

    /// The same where it is known to be a place, as behind `-e`.
    pub(super) fn at(place: &str, marker: &str, folder: &Path) -> Result<Self, RequirementError> {
        let (place, extras) = match place.rsplit_once('[').filter(|(_, inside)| inside.ends_with(']')) {
            Some((place, inside)) => {
                let bracketed = format!("[{inside}");
                let (extras, _) = extras(&bracketed).ok_or_else(|| RequirementError::Extras(cut(place)))?;
                (place, extras)
            }
            None => (place, Vec::new()),
        };
        if place.chars().chain(marker.chars()).any(|next| next.is_control() && next != '\t') {
            return Err(RequirementError::Control);
        }
        let location = Location::parse(place, folder)?;
        let name = location.name().ok_or_else(|| LocationError::Nameless(location.shown()))?;
        Ok(Self { name, extras, wanted: Wanted::At(location), marker: marker.parse()? })
    }

    /// The one version that it takes, as it is written.
    pub(super) fn pin(&self) -> Option<Version> {
        match &self.wanted {
            Wanted::Versions(versions) => versions.iter().find_map(pinned),
            Wanted::At(_) => None,
        }
    }

    /// Whether nothing is left to choose.
    pub(super) fn is_exact(&self) -> bool {
        matches!(self.wanted, Wanted::At(_)) || self.pin().is_some()
    }
}

fn pinned(specifier: &VersionSpecifier) -> Option<Version> {
    matches!(specifier.operator(), Operator::Equal | Operator::ExactEqual)
        .then(|| specifier.version().clone())
}

/// The start of a text, for a message; a URL in it may hold a password.
fn cut(text: &str) -> String {
    let short: String = text.chars().take(80).collect();
    location::without_credentials(&short)
}

fn is_of_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || ['-', '_', '.'].contains(&character)
}

/// Whether it is a valid name of a distribution, or of an extra.
pub(super) fn is_name(text: &str) -> bool {
    let outer = |at: Option<char>| at.is_some_and(|character| character.is_ascii_alphanumeric());
    outer(text.chars().next()) && outer(text.chars().last()) && text.chars().all(is_of_name)
}

/// `[a, b]` at the start of a text, and what follows.
fn extras(text: &str) -> Option<(Vec<String>, &str)> {
    let Some(inside) = text.strip_prefix('[') else { return Some((Vec::new(), text)) };
    let (inside, rest) = inside.split_once(']')?;
    let names = inside.split(',').map(str::trim).filter(|name| !name.is_empty());
    let names: Option<Vec<String>> = names.map(|name| is_name(name).then(|| normalise(name))).collect();
    Some((names?, rest))
}

/// A place ends where a marker starts: at ` ;`, as a URL may hold a semicolon.
fn split_place(text: &str) -> (&str, &str) {
    let at = text.find(" ;").or_else(|| text.find("; ").filter(|_| !text.contains("://")));
    at.map_or((text, ""), |at| (text[..at].trim(), text[at..].trim_start().trim_start_matches(';')))
}

fn versions_of(text: &str, whole: &str) -> Result<VersionSpecifiers, RequirementError> {
    let text = text.trim();
    let inner = text.strip_prefix('(').and_then(|inside| inside.strip_suffix(')')).unwrap_or(text);
    let wrong = |why: String| RequirementError::Versions(cut(whole), why);
    if !inner.is_empty() && !inner.trim_start().starts_with(['=', '<', '>', '!', '~']) {
        return Err(wrong(format!("`{}` follows the name", cut(inner.trim()))));
    }
    VersionSpecifiers::from_str(inner)
        .map_err(|error| wrong(error.to_string().lines().next().unwrap_or("a version is wrong").to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Source;

    fn read(text: &str) -> Requirement {
        Requirement::parse(text, Path::new("/project")).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn names_extras_versions() {
        for (text, name, extras, pin) in [
            ("lxml", "lxml", &[][..], None),
            ("LXML==6.1.3", "lxml", &[], Some("6.1.3")),
            ("a.b_c [X, y_z]  == 1.0 ; os_name == 'nt'", "a-b-c", &["x", "y-z"], Some("1.0")),
            ("a[]>=1,<2", "a", &[], None),
            ("a (==1.0)", "a", &[], Some("1.0")),
            ("a===1.0", "a", &[], Some("1.0")),
            ("a==1.*", "a", &[], None),
            ("a==1.0+cpu", "a", &[], Some("1.0+cpu")),
            ("a>=1,==1.5", "a", &[], Some("1.5")),
            ("a==1!2.0rc1", "a", &[], Some("1!2.0rc1")),
        ] {
            let requirement = read(text);
            assert_eq!(requirement.name, name, "{text}");
            assert_eq!(requirement.extras, extras, "{text}");
            assert_eq!(requirement.pin().map(|version| version.to_string()).as_deref(), pin, "{text}");
        }
    }

    #[test]
    fn places() {
        let source = |text| match read(text).wanted {
            Wanted::At(location) => location.source().clone(),
            Wanted::Versions(_) => panic!("{text}"),
        };
        assert_eq!(
            source("x @ https://127.0.0.1/x-1.0.zip;a=b ; os_name == 'nt'"),
            Source::Url("https://127.0.0.1/x-1.0.zip;a=b".to_owned())
        );
        assert_eq!(
            source("x@git+https://127.0.0.1/x.git@v1#subdirectory=y"),
            Source::Repository("git+https://127.0.0.1/x.git@v1#subdirectory=y".to_owned())
        );
        assert_eq!(source("x @ file:///a/b%20c"), Source::Path("/a/b c".into()));
        let bare =
            Requirement::of_place("./p/x-1.0-py3-none-any.whl", Path::new("/project")).unwrap().unwrap();
        assert_eq!(bare.name, "x");
        assert!(Requirement::of_place("lxml==6.1.3", Path::new("")).is_none());
    }

    #[test]
    fn what_is_no_requirement_is_refused() {
        for text in [
            "",
            "==1",
            "-x",
            "a b",
            "a==",
            "a==1 2",
            "a[b",
            "a[b c]",
            "a=1",
            "a = 1",
            "[[package]]",
            "a >1 <2",
            "a @ ",
            "a; python",
            "name = \"x\"",
            "a==1.0 --hash=sha256:00",
            "a_",
            "é",
            "a ; os_name == 'x\n--pre'",
        ] {
            assert!(Requirement::parse(text, Path::new("")).is_err(), "{text}");
        }
    }

    #[test]
    fn passwords_are_not_shown() {
        let text = "x y https://user:secret@127.0.0.1/x.zip";
        let error = Requirement::parse(text, Path::new("")).unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(text in "[-a-z @:/;\\[\\]().,=<>!~*+0-9é]{0,60}") {
            let _ = Requirement::parse(&text, Path::new("/x"));
            let _ = Requirement::of_place(&text, Path::new("/x"));
        }
    }
}
