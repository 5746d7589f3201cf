//! The text of a file that the user named: read within a limit, decoded as pip decodes requirements files, and shown
//! with lines in messages.

use super::error::{Cause, ProjectError};
use crate::model::shown;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Bytes of a file: the longest `uv.lock` known, of a project with thousands of distributions, has some ten MiB.
const MIB: u64 = 64;

/// A text file.
#[derive(Debug)]
pub(super) struct Text {
    /// Where it is.
    pub path: PathBuf,
    /// How it is shown.
    pub shown: String,
    /// What it holds.
    pub content: String,
    /// Where each line starts; found when a place is first asked for.
    starts: OnceLock<Vec<usize>>,
}

impl Text {
    pub(super) fn new(path: &Path, shown: String, content: String) -> Self {
        Self { path: path.to_owned(), shown, content, starts: OnceLock::new() }
    }

    pub(super) fn read(path: &Path) -> Result<Self, ProjectError> {
        let shown = shown(path);
        let fail = |cause| ProjectError::new(shown.clone(), cause);
        let bytes = bytes(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => fail(Cause::Missing),
            _ => fail(Cause::Unreadable(error)),
        })?;
        if bytes.len() as u64 > MIB << 20 {
            return Err(fail(Cause::TooLarge(MIB)));
        }
        let content = decode(&bytes).map_err(|at| fail(Cause::NotText(at)))?;
        Ok(Self::new(path, shown, content))
    }

    /// The file with the line that a byte of the content stands on.
    pub(super) fn place(&self, offset: usize) -> String {
        let starts = self.starts.get_or_init(|| {
            let breaks = self.content.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect()
        });
        self.at(starts.partition_point(|start| *start <= offset))
    }

    /// The file with a line.
    pub(super) fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.shown)
    }

    /// The folder that relative paths in it start from.
    pub(super) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    pub(super) fn malformed(&self, offset: usize, what: impl Into<String>) -> ProjectError {
        ProjectError::malformed(self.place(offset), what)
    }

    /// Reads it as TOML.
    pub(super) fn toml<T: serde::de::DeserializeOwned>(&self, hint: &str) -> Result<T, ProjectError> {
        toml::from_str(&self.content).map_err(|error| {
            let what = format!("{}\nhint: {hint}", error.message().trim_end());
            match error.span() {
                Some(span) => self.malformed(span.start, what),
                None => ProjectError::malformed(self.shown.clone(), what),
            }
        })
    }

    /// The same of a part of it that holds this value only: `content` as another text at the same place.
    pub(super) fn with_content(&self, content: String) -> Self {
        Self::new(&self.path, self.shown.clone(), content)
    }
}

/// Everything, and one byte more than the limit where there is more.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take((MIB << 20) + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// By byte order mark, by a coding comment in one of the first two lines, and otherwise UTF-8, as pip's
/// `auto_decode` does; other encodings than these are refused by where they stop being UTF-8.
fn decode(bytes: &[u8]) -> Result<String, usize> {
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        return utf8(rest);
    }
    if let Some(rest) = bytes.strip_prefix(b"\xff\xfe") {
        return utf16(rest, u16::from_le_bytes);
    }
    if let Some(rest) = bytes.strip_prefix(b"\xfe\xff") {
        return utf16(rest, u16::from_be_bytes);
    }
    if says_latin1(bytes) {
        return Ok(bytes.iter().copied().map(char::from).collect());
    }
    utf8(bytes)
}

fn utf8(bytes: &[u8]) -> Result<String, usize> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.valid_up_to())?;
    text.find('\0').map_or_else(|| Ok(text.to_owned()), Err)
}

fn utf16(bytes: &[u8], number: fn([u8; 2]) -> u16) -> Result<String, usize> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(bytes.len());
    }
    let units: Vec<u16> = pairs.iter().map(|pair| number(*pair)).collect();
    String::from_utf16(&units).map_err(|_| 2)
}

/// A comment as [PEP 263](https://peps.python.org/pep-0263/) describes it, for the one other encoding that is in use.
fn says_latin1(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(400)]).to_ascii_lowercase();
    let mut comments = head.lines().take(2).filter(|line| line.trim_start().starts_with('#'));
    comments.any(|line| {
        let coding = line.split_once("coding").map(|(_, rest)| rest.trim_start_matches([':', '=', ' ']));
        let coding =
            coding.map(|rest| rest.split([' ', '-', '*', ';']).next().unwrap_or_default().to_owned());
        let whole = line.contains("latin-1") || line.contains("iso-8859-1") || line.contains("iso_8859_1");
        whole || matches!(coding.as_deref(), Some("latin1" | "latin_1" | "iso8859_1"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings() {
        let utf16 = |number: fn(u16) -> [u8; 2]| "é".encode_utf16().flat_map(number).collect::<Vec<u8>>();
        for (bytes, text) in [
            (b"\xef\xbb\xbf\xc3\xa9".to_vec(), Ok("é")),
            ([b"\xff\xfe".to_vec(), utf16(u16::to_le_bytes)].concat(), Ok("é")),
            ([b"\xfe\xff".to_vec(), utf16(u16::to_be_bytes)].concat(), Ok("é")),
            (b"# -*- coding: latin-1 -*-\n\xe9".to_vec(), Ok("# -*- coding: latin-1 -*-\né")),
            (b"ok\xe9".to_vec(), Err(2)),
            (b"\xff\xfea".to_vec(), Err(1)),
            (b"\x7fELF\0".to_vec(), Err(4)),
        ] {
            assert_eq!(decode(&bytes), text.map(str::to_owned), "{bytes:?}");
        }
    }

    #[test]
    fn places_count_lines() {
        let text = Text::new(std::path::Path::new("a/b.txt"), "a/b.txt".into(), "x\ny\nz".to_owned());
        assert_eq!(text.place(0), "a/b.txt:1");
        assert_eq!(text.place(4), "a/b.txt:3");
        assert_eq!(text.place(400), "a/b.txt:3");
    }

    #[test]
    fn what_is_not_there_is_said() {
        let error = Text::read(Path::new("/nowhere/x.txt")).unwrap_err().to_string();
        assert!(error.starts_with("/nowhere/x.txt: does not exist\nhint: "), "{error}");
        assert!(matches!(Text::read(Path::new("/")).unwrap_err().cause, Cause::Unreadable(_)));
    }
}
