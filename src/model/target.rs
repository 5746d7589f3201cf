//! The free-threaded interpreters that an audit can be made for.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A free-threaded `CPython`, by minor version. Later ones order after earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Target {
    /// `CPython` 3.13, experimental free-threaded build (PEP 703).
    Py313t,
    /// `CPython` 3.14, supported free-threaded build (PEP 779).
    Py314t,
    /// `CPython` 3.15, with the free-threaded stable ABI (PEP 803) and export hooks (PEP 793, PEP 820).
    Py315t,
}

impl Target {
    /// Every target, oldest first.
    pub const ALL: [Self; 3] = [Self::Py313t, Self::Py314t, Self::Py315t];

    /// The minor version: 13, 14 or 15.
    #[must_use]
    pub const fn minor(self) -> u8 {
        match self {
            Self::Py313t => 13,
            Self::Py314t => 14,
            Self::Py315t => 15,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "3.{}t", self.minor())
    }
}

/// What was given is no target that this version knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no target: known are 3.13t, 3.14t and 3.15t")]
pub struct ParseTargetError(String);

impl FromStr for Target {
    type Err = ParseTargetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|target| target.to_string() == text)
            .ok_or_else(|| ParseTargetError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        for target in Target::ALL {
            assert_eq!(target.to_string().parse(), Ok(target));
        }
    }

    #[test]
    fn gil_build_is_refused() {
        assert!("3.14".parse::<Target>().is_err());
        assert!("".parse::<Target>().is_err());
    }
}
