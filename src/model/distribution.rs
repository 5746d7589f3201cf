//! A distribution and those of its files that may be extension modules.

use std::fmt;

/// A wheel, or one installed distribution of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribution {
    /// Normalised name; none for files that no distribution owns.
    pub name: Option<String>,
    /// Version as the metadata or the wheel name says it.
    pub version: Option<String>,
    /// Where it comes from: the wheel's file name, or the folder it is installed in.
    pub source: String,
    /// Wheel tags (`cp314-cp314t-manylinux_2_28_x86_64`), from the `WHEEL` file where it can be read, and
    /// otherwise from the wheel's name; empty where nothing says.
    pub tags: Vec<String>,
    /// Normalised names of the distributions that it needs wherever it is installed, as its metadata say; those with a
    /// condition (`; python_version < "3.11"`, `; extra == "x"`) are not among them.
    pub requires: Vec<String>,
    /// The trove classifier about free threading (`Programming Language :: Python :: Free Threading :: 3 - Stable`),
    /// as `METADATA` has it: the part behind the last `::`.
    pub free_threading: Option<String>,
    /// The members whose names an interpreter could load as an extension module, sorted by path.
    pub members: Vec<Member>,
    /// Shared libraries that no import statement loads (`libfoo.so.1`, `.dylib`, `.dll`): read only when a
    /// module's init function lives in one of them.
    pub libraries: Vec<Member>,
}

impl Distribution {
    /// What lists of distributions are sorted by.
    pub(super) fn key(&self) -> (Option<&str>, Option<&str>, &str) {
        (self.name.as_deref(), self.version.as_deref(), &self.source)
    }
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name.as_deref().unwrap_or("unowned"))?;
        if let Some(version) = &self.version {
            write!(f, " {version}")?;
        }
        Ok(())
    }
}

/// A file of a distribution.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// Path inside the wheel or below `site-packages`, with `/` between parts.
    pub path: String,
    /// Size in bytes, as the archive or the file system says.
    pub size: u64,
    /// What `RECORD` says of it, in lower-case hexadecimal.
    pub sha256: Option<String>,
}

/// What the import system makes of an extension module's file name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleName {
    /// Dotted name, as `import` spells it (`lxml.etree`).
    pub dotted: String,
    /// The last component: what follows `PyInit_` in the hook's name.
    pub stem: String,
    /// What stands behind the stem: `.cpython-314t-x86_64-linux-gnu.so`, `.abi3.so`, `.pyd`.
    pub suffix: String,
}

impl ModuleName {
    /// The module that a member would be imported as. The stem ends at the first dot of the file name: the
    /// import system tries each known suffix behind a name, and none of them starts later.
    /// An `__init__` extension module stands for its package.
    #[must_use]
    pub fn of_member(path: &str) -> Self {
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
        let (stem, _) = file.split_once('.').unwrap_or((file, ""));
        let suffix = &file[stem.len()..];
        // Wheels put platform-dependent files below `{name}.data/purelib` or `platlib`; `site-packages` is
        // where these end up (binary distribution format, "The .data directory").
        let folder = match folder.split_once(".data/") {
            Some((name, below)) if !name.contains('/') => {
                let (scheme, rest) = below.split_once('/').unwrap_or((below, ""));
                if scheme == "purelib" || scheme == "platlib" { rest } else { folder }
            }
            _ => folder,
        };
        let (package, stem) = match (folder, stem) {
            ("", stem) => (String::new(), stem),
            (folder, "__init__") => {
                let (parents, last) = folder.rsplit_once('/').unwrap_or(("", folder));
                (parents.replace('/', "."), last)
            }
            (folder, stem) => (folder.replace('/', "."), stem),
        };
        let dotted = if package.is_empty() { stem.to_owned() } else { format!("{package}.{stem}") };
        Self { dotted, stem: stem.to_owned(), suffix: suffix.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(path: &str) -> (String, String, String) {
        let ModuleName { dotted, stem, suffix } = ModuleName::of_member(path);
        (dotted, stem, suffix)
    }

    fn strings(dotted: &str, stem: &str, suffix: &str) -> (String, String, String) {
        (dotted.to_owned(), stem.to_owned(), suffix.to_owned())
    }

    #[test]
    fn dotted_names_follow_folders() {
        assert_eq!(name("lxml/etree.abi3.so"), strings("lxml.etree", "etree", ".abi3.so"));
        assert_eq!(name("_x.pyd"), strings("_x", "_x", ".pyd"));
        assert_eq!(name("a/b/__init__.so"), strings("a.b", "b", ".so"));
        assert_eq!(name("foo-1.0.data/platlib/foo/_x.so"), strings("foo._x", "_x", ".so"));
    }
}
