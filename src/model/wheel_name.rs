//! The file name of a wheel, as the binary distribution format specifies it.

use std::fmt;
use std::str::FromStr;

/// `{distribution}-{version}(-{build})?-{python}-{abi}-{platform}.whl`
/// ([PyPA specification](https://packaging.python.org/en/latest/specifications/binary-distribution-format/)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WheelName {
    /// Distribution name as written, not normalised.
    pub distribution: String,
    /// Version as written.
    pub version: String,
    /// Build tag, where there is one.
    pub build: Option<String>,
    /// Python tags of the compressed tag set (`cp314`, `py3`).
    pub pythons: Vec<String>,
    /// ABI tags of the compressed tag set (`cp314t`, `abi3`, `abi3t`, `none`).
    pub abis: Vec<String>,
    /// Platform tags of the compressed tag set (`manylinux_2_28_x86_64`, `any`).
    pub platforms: Vec<String>,
}

impl WheelName {
    /// Every single tag that the compressed set stands for, in the order written.
    #[must_use]
    pub fn tags(&self) -> Vec<String> {
        let mut tags = Vec::new();
        for python in &self.pythons {
            for abi in &self.abis {
                for platform in &self.platforms {
                    tags.push(format!("{python}-{abi}-{platform}"));
                }
            }
        }
        tags
    }
}

impl fmt::Display for WheelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-", self.distribution, self.version)?;
        if let Some(build) = &self.build {
            write!(f, "{build}-")?;
        }
        write!(f, "{}-{}-{}.whl", self.pythons.join("."), self.abis.join("."), self.platforms.join("."))
    }
}

/// Why a file name is no wheel name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseWheelNameError {
    /// Another kind of file.
    #[error("`{0}` does not end in .whl")]
    Suffix(String),
    /// Five or six parts are allowed.
    #[error("`{0}` has {1} parts between hyphens, a wheel name has 5 or 6")]
    Parts(String, usize),
    /// A part, or a tag inside one, is empty.
    #[error("`{0}` has an empty part")]
    Empty(String),
    /// A build tag starts with a digit.
    #[error("`{0}` has the build tag `{1}`, which does not start with a digit")]
    Build(String, String),
}

impl FromStr for WheelName {
    type Err = ParseWheelNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let stem = text.strip_suffix(".whl").ok_or_else(|| ParseWheelNameError::Suffix(text.to_owned()))?;
        let parts: Vec<&str> = stem.split('-').collect();
        let (distribution, version, build, tags) = match parts[..] {
            [distribution, version, python, abi, platform] => {
                (distribution, version, None, [python, abi, platform])
            }
            [distribution, version, build, python, abi, platform] => {
                (distribution, version, Some(build), [python, abi, platform])
            }
            _ => return Err(ParseWheelNameError::Parts(text.to_owned(), parts.len())),
        };
        let set = |part: &str| part.split('.').map(str::to_owned).collect::<Vec<_>>();
        let [pythons, abis, platforms] = tags.map(set);
        let all = || pythons.iter().chain(&abis).chain(&platforms).map(String::as_str);
        if [distribution, version].into_iter().chain(build).chain(all()).any(str::is_empty) {
            return Err(ParseWheelNameError::Empty(text.to_owned()));
        }
        if let Some(build) = build
            && !build.starts_with(|first: char| first.is_ascii_digit())
        {
            return Err(ParseWheelNameError::Build(text.to_owned(), build.to_owned()));
        }
        Ok(Self {
            distribution: distribution.to_owned(),
            version: version.to_owned(),
            build: build.map(str::to_owned),
            pythons,
            abis,
            platforms,
        })
    }
}

/// A distribution name in its normal form ([PEP 503](https://peps.python.org/pep-0503/#normalized-names)):
/// lower case, runs of `-`, `_` and `.` as one hyphen.
#[must_use]
pub fn normalise(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            other => normal.extend(other.to_lowercase()),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_with_and_without_build() {
        for text in [
            "lxml-6.1.3-cp314-cp314t-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
            "foo-1.0-2b-py2.py3-none-any.whl",
        ] {
            assert_eq!(text.parse::<WheelName>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn compressed_tags_are_expanded() {
        let name: WheelName = "foo-1.0-cp315-abi3.abi3t-any.whl".parse().unwrap();
        assert_eq!(name.tags(), ["cp315-abi3-any", "cp315-abi3t-any"]);
    }

    #[test]
    fn malformed_shapes_are_told_apart() {
        type Error = ParseWheelNameError;
        assert!(matches!("foo.zip".parse::<WheelName>(), Err(Error::Suffix(_))));
        assert!(matches!("foo-1.0.whl".parse::<WheelName>(), Err(Error::Parts(_, 2))));
        assert!(matches!("foo--py3-none-any.whl".parse::<WheelName>(), Err(Error::Empty(_))));
        assert!(matches!("foo-1-py3.-none-any.whl".parse::<WheelName>(), Err(Error::Empty(_))));
        assert!(matches!("foo-1-x-py3-none-any.whl".parse::<WheelName>(), Err(Error::Build(..))));
    }

    #[test]
    fn names_are_normalised() {
        assert_eq!(normalise("Foo__Bar.-baz"), "foo-bar-baz");
    }
}
