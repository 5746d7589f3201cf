//! What the end of an extension module's file name says, and which targets look for it.
//!
//! The lists are those of `_imp.extension_suffixes()` in 3.13t, 3.14t and 3.15t on Linux, and of
//! `Python/dynload_shlib.c` and `Python/dynload_win.c` elsewhere.

use crate::model::Target;

/// A suffix such as `.cpython-314t-x86_64-linux-gnu.so`, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Suffix {
    /// `.so` and `.pyd`, which every CPython looks for.
    Bare,
    /// `.abi3.so`: the stable ABI of builds with the GIL.
    Abi3,
    /// `.abi3-<platform>.so`: the same, which only 3.15 with the GIL looks for (gh-122931).
    Abi3Platform,
    /// `.abi3t.so`, `.abi3t-<platform>.so`: the stable ABI of free-threaded builds.
    Abi3t,
    /// `.cpython-314t-<platform>.so`, `.cp314t-<platform>.pyd`: one feature version of CPython.
    CPython {
        /// `14` of 3.14.
        minor: u8,
        /// Whether its flags hold a `t`.
        free_threaded: bool,
    },
    /// That of another interpreter, by its name.
    Interpreter(String),
    /// None that an interpreter is known to look for.
    Other,
}

impl Suffix {
    /// Takes apart what stands behind the first dot of a file name, that dot included.
    pub(super) fn parse(text: &str) -> Self {
        let Some(tag) = text.strip_prefix('.') else { return Self::Other };
        if tag == "so" || tag == "pyd" {
            return Self::Bare;
        }
        let Some(tag) = tag.strip_suffix(".so").or_else(|| tag.strip_suffix(".pyd")) else {
            return Self::Other;
        };
        let (head, rest) = tag.split_once('-').unwrap_or((tag, ""));
        match head {
            "abi3" if rest.is_empty() => Self::Abi3,
            "abi3" => Self::Abi3Platform,
            "abi3t" => Self::Abi3t,
            "cpython" => Self::cpython(rest.split('-').next().unwrap_or("")),
            _ => Self::named(head),
        }
    }

    /// `314t` with debug and older flags: `314td`, `37m`, `27mu`.
    fn cpython(version: &str) -> Self {
        let digits = version.len() - version.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, flags) = version.split_at(digits);
        match number.strip_prefix('3').and_then(|minor| minor.parse().ok()) {
            Some(minor) if flags.chars().all(|flag| "tdmu".contains(flag)) => {
                Self::CPython { minor, free_threaded: flags.contains('t') }
            }
            _ => Self::Other,
        }
    }

    fn named(head: &str) -> Self {
        if let Some(version) = head.strip_prefix("cp") {
            return Self::cpython(version);
        }
        if let Some(version) = head.strip_prefix("pypy") {
            let name = match version.strip_prefix('3') {
                Some(minor) if !minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit()) => {
                    format!("PyPy 3.{minor}")
                }
                _ => "PyPy".to_owned(),
            };
            return Self::Interpreter(name);
        }
        if head.starts_with("graalpy") {
            return Self::Interpreter("GraalPy".to_owned());
        }
        Self::Other
    }

    /// Whether the target's import system tries this suffix.
    ///
    /// A debug build's own suffix (`.cpython-314td-…`) counts as the target's: which of the two builds of
    /// that version runs is not part of a target.
    pub(super) fn is_loaded_by(&self, target: Target) -> bool {
        match self {
            Self::Bare => true,
            Self::Abi3 => target < Target::Py315t,
            Self::Abi3t => target >= Target::Py315t,
            Self::CPython { .. } => self.names(target),
            Self::Abi3Platform | Self::Interpreter(_) | Self::Other => false,
        }
    }

    /// Whether it names the target, so that nobody else loads the file.
    pub(super) fn names(&self, target: Target) -> bool {
        match self {
            Self::CPython { minor, free_threaded } => *free_threaded && *minor == target.minor(),
            Self::Abi3t => target >= Target::Py315t,
            _ => false,
        }
    }

    /// Whether it names an interpreter with the GIL, or code for one.
    pub(super) const fn is_for_gil(&self) -> bool {
        matches!(self, Self::Abi3 | Self::Abi3Platform | Self::CPython { free_threaded: false, .. })
    }

    /// The interpreter that such a file is for, in words.
    pub(super) fn made_for(&self) -> Option<String> {
        match self {
            Self::Abi3 | Self::Abi3Platform => {
                Some("the stable ABI of CPython with the GIL (abi3)".to_owned())
            }
            Self::Abi3t => Some("the stable ABI of free-threaded CPython 3.15 and later (abi3t)".to_owned()),
            Self::CPython { minor, free_threaded: true } => Some(format!("free-threaded CPython 3.{minor}")),
            Self::CPython { minor, free_threaded: false } => Some(format!("CPython 3.{minor} with the GIL")),
            Self::Interpreter(name) => Some(name.clone()),
            Self::Bare | Self::Other => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of 3.13t, 3.14t and 3.15t look for it, and whom it is for.
    fn table(text: &str) -> (String, Option<String>) {
        let suffix = Suffix::parse(text);
        let loaded: Vec<String> = Target::ALL
            .into_iter()
            .filter(|target| suffix.is_loaded_by(*target))
            .map(|target| target.to_string())
            .collect();
        (loaded.join(" "), suffix.made_for())
    }

    #[test]
    fn every_suffix_has_its_interpreters() {
        let abi3 = "the stable ABI of CPython with the GIL (abi3)";
        let abi3t = "the stable ABI of free-threaded CPython 3.15 and later (abi3t)";
        for (text, loaded, made_for) in [
            (".so", "3.13t 3.14t 3.15t", None),
            (".pyd", "3.13t 3.14t 3.15t", None),
            (".abi3.so", "3.13t 3.14t", Some(abi3)),
            (".abi3-x86_64-linux-gnu.so", "", Some(abi3)),
            (".abi3t.so", "3.15t", Some(abi3t)),
            (".abi3t-x86_64-linux-gnu.so", "3.15t", Some(abi3t)),
            (".cpython-313t-darwin.so", "3.13t", Some("free-threaded CPython 3.13")),
            (".cpython-314t-x86_64-linux-gnu.so", "3.14t", Some("free-threaded CPython 3.14")),
            (".cpython-314td-x86_64-linux-gnu.so", "3.14t", Some("free-threaded CPython 3.14")),
            (".cpython-314-x86_64-linux-gnu.so", "", Some("CPython 3.14 with the GIL")),
            (".cpython-37m-x86_64-linux-gnu.so", "", Some("CPython 3.7 with the GIL")),
            (".cp315t-win_amd64.pyd", "3.15t", Some("free-threaded CPython 3.15")),
            (".cp312-win_amd64.pyd", "", Some("CPython 3.12 with the GIL")),
            (".pypy311-pp73-x86_64-linux-gnu.so", "", Some("PyPy 3.11")),
            (".graalpy242-311-native-x86_64-linux.so", "", Some("GraalPy")),
            (".cpython-ohm.so", "", None),
            (".1.so", "", None),
            (".so.1", "", None),
            ("", "", None),
        ] {
            assert_eq!(table(text), (loaded.to_owned(), made_for.map(str::to_owned)), "{text}");
        }
    }
}
