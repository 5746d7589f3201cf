//! How a path is shown. Apart because every stage that names a file must spell it alike.

use std::path::Path;

/// A path as reports spell it: `/` between parts, bytes that are no text replaced, control characters escaped, so
/// that no name can break a line or a terminal.
#[must_use]
pub fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            std::path::MAIN_SEPARATOR => shown.push('/'),
            control if control.is_control() => shown.extend(control.escape_default()),
            other => shown.push(other),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_and_control_characters() {
        let path: std::path::PathBuf = ["a", "b\nc\u{1b}[31m", "d.so"].iter().collect();
        assert_eq!(shown(&path), "a/b\\nc\\u{1b}[31m/d.so");
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_no_text_can_be_shown() {
        use std::os::unix::ffi::OsStrExt;
        assert_eq!(shown(Path::new(std::ffi::OsStr::from_bytes(b"\xff.so"))), "\u{fffd}.so");
    }
}
