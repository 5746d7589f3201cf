//! What a file's name lets it be. Apart from the two stages that list files, because both must agree on it.

/// A kind of file that an audit cares for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileKind {
    /// A name that the import system could load as an extension module: `.so` on Unix, `.pyd` on Windows.
    Module,
    /// A shared library that no import statement loads.
    Library,
}

impl FileKind {
    /// The kind of a file with this name (without its folder), as the bytes that the file system or the archive
    /// has: names need not be text. None for every other file, and for names that start with a dot: no import
    /// statement can spell them (`._x.so` is what macOS leaves behind on foreign file systems).
    #[must_use]
    pub fn of(name: &[u8]) -> Option<Self> {
        if name.starts_with(b".") {
            None
        } else if name.ends_with(b".so") || ends_with_ignoring_case(name, b".pyd") {
            Some(Self::Module)
        } else if name.ends_with(b".dylib") || ends_with_ignoring_case(name, b".dll") || has_soname(name) {
            Some(Self::Library)
        } else {
            None
        }
    }
}

/// Whether an audit reads this member of a wheel: modules, the libraries that these may need, and of the metadata what
/// tells name, version, tags and hashes. Who fetches parts of a wheel fetches all of these.
#[must_use]
pub fn is_audited(path: &str) -> bool {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let metadata = || folder.ends_with(".dist-info") && ["METADATA", "WHEEL", "RECORD"].contains(&file);
    FileKind::of(file.as_bytes()).is_some() || metadata()
}

/// Windows compares names without regard to case.
fn ends_with_ignoring_case(name: &[u8], suffix: &[u8]) -> bool {
    name.len()
        .checked_sub(suffix.len())
        .and_then(|start| name.get(start..))
        .is_some_and(|end| end.eq_ignore_ascii_case(suffix))
}

/// Whether it is named like `libfoo.so.1` or `libfoo.so.5.0.0`.
fn has_soname(name: &[u8]) -> bool {
    let mark = b".so.";
    name.windows(mark.len() + 1).any(|window| window.starts_with(mark) && window[mark.len()].is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_of_a_wheel() {
        for read in ["a/b.so", "a.libs/libz.so.1", "foo-1.0.dist-info/METADATA", "foo-1.0.dist-info/RECORD"] {
            assert!(is_audited(read), "{read}");
        }
        for other in ["a/b.py", "METADATA", "foo-1.0.dist-info/LICENSE", "foo/METADATA"] {
            assert!(!is_audited(other), "{other}");
        }
    }

    #[test]
    fn names_tell_the_kind() {
        for module in ["x.so", "x.abi3.so", "x.cpython-314t-x86_64-linux-gnu.so", "x.pyd", "X.PYD"] {
            assert_eq!(FileKind::of(module.as_bytes()), Some(FileKind::Module), "{module}");
        }
        for library in ["libz.so.1", "libz-3f.so.1.2.13", "libz.dylib", "z.dll", "Z.DLL"] {
            assert_eq!(FileKind::of(library.as_bytes()), Some(FileKind::Library), "{library}");
        }
        for other in ["", "so", ".so", "._x.so", "x.SO", "x.so.debug", "x.so.", "x.py", "x.pyd.txt", "\u{e9}"]
        {
            assert_eq!(FileKind::of(other.as_bytes()), None, "{other}");
        }
    }
}
