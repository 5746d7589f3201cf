//! A package that somebody names, at a version or without one.

use super::normalise;
use std::fmt;
use std::str::FromStr;

/// `lxml`, or `lxml==6.1.3`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// Normalised name.
    pub name: String,
    /// The exact version, where one is named.
    pub version: Option<String>,
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.version.as_ref().map_or(Ok(()), |version| write!(f, "=={version}"))
    }
}

/// What was given names no package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no package: wanted is NAME or NAME==VERSION")]
pub struct ParseNamedError(String);

impl FromStr for Named {
    type Err = ParseNamedError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseNamedError(text.to_owned());
        let (name, version) = match text.split_once("==") {
            Some((name, version)) => (name.trim(), Some(version.trim())),
            None => (text.trim(), None),
        };
        let is_name = |text: &str| {
            text.starts_with(|first: char| first.is_ascii_alphanumeric())
                && text.ends_with(|last: char| last.is_ascii_alphanumeric())
                && text.chars().all(|one| one.is_ascii_alphanumeric() || "-_.".contains(one))
        };
        let is_version = |text: &str| {
            !text.is_empty() && text.chars().all(|one| one.is_ascii_alphanumeric() || "-_.+!".contains(one))
        };
        if !is_name(name) || version.is_some_and(|version| !is_version(version)) {
            return Err(error());
        }
        Ok(Self { name: normalise(name), version: version.map(str::to_owned) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        for text in ["lxml", "lxml==6.1.3", "zope-interface==8.7", "torch==2.9.0+cpu", "a==1!2.0rc1"] {
            assert_eq!(text.parse::<Named>().unwrap().to_string(), text);
        }
        assert_eq!("Zope.Interface == 8.7".parse::<Named>().unwrap().to_string(), "zope-interface==8.7");
    }

    #[test]
    fn what_names_no_package_is_refused() {
        for text in
            ["", "-lxml", "lxml-", "lxml>=6", "lxml==", "lxml==6.*", "lxml[html]", "a b", "../x", "x==1;y"]
        {
            assert!(text.parse::<Named>().is_err(), "{text}");
        }
    }
}
