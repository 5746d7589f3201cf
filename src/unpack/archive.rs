//! The table of contents of a wheel: what each member is called, where it stands and what the archive says of it.
//! The `zip` crate reads it; what stands here keeps it within limits and looks for lies. Nothing is inflated.

use super::error::Cause;
use super::limits;
use memchr::memmem;
use std::collections::HashMap;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use zip::CompressionMethod;
use zip::read::ZipFileEntry;
use zip::result::ZipError;

/// What a wheel's members may be packed with ([APPNOTE 4.4.5](https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT)).
pub(super) const STORED: u16 = 0;
pub(super) const DEFLATED: u16 = 8;

/// One member, as the central directory has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its name as bytes, as the header before its data must repeat it.
    pub name: Box<[u8]>,
    /// Where that header starts.
    pub header_start: u64,
    /// Bytes in the archive.
    pub compressed: u64,
    /// Bytes inflated.
    pub size: u64,
    /// CRC-32 of the inflated bytes.
    pub crc32: u32,
    /// How it is compressed, where this crate can undo it.
    pub method: Option<u16>,
    /// Whether it needs a password.
    pub encrypted: bool,
    /// Whether another member has the same name.
    pub duplicate: bool,
}

/// The whole table.
#[derive(Debug)]
pub(super) struct Directory {
    /// Files with names that stay inside the archive, in the archive's order.
    pub files: Vec<(String, Entry)>,
    /// The other names, and what is wrong with each.
    pub refused: Vec<(String, &'static str)>,
    /// Bytes before the archive's first.
    pub prepended: u64,
}

impl Directory {
    /// Reads the table of contents.
    pub(super) fn read(file: &mut (impl Read + Seek)) -> Result<Self, Cause> {
        let length = file.seek(SeekFrom::End(0))?;
        if length == 0 {
            return Err(Cause::Empty);
        }
        check_zip64_claim(file, length)?;
        let metered = Metered { inner: BufReader::new(&mut *file), left: limits::DIRECTORY };
        let (metadata, start) = match zip::ZipArchive::new(metered) {
            Ok(archive) => (archive.metadata(), archive.central_directory_start()),
            Err(error) => return Err(what_is_wrong(file, length, error)),
        };
        let mut directory =
            Self { files: Vec::with_capacity(metadata.len()), refused: Vec::new(), prepended: 0 };
        let (mut compressed, mut first) = (0_u64, u64::MAX);
        for index in 0..metadata.len() {
            let Ok(entry) = metadata.entry(index) else { continue };
            compressed = compressed.saturating_add(entry.compressed_size());
            first = first.min(entry.header_start());
            directory.add(&entry);
        }
        if compressed > length {
            return Err(Cause::Overlap);
        }
        directory.prepended = if metadata.is_empty() { 0 } else { first };
        if metadata.has_duplicate_names() {
            directory.mark_duplicates(file, start, length)?;
        }
        Ok(directory)
    }

    fn add(&mut self, entry: &ZipFileEntry<'_>) {
        let name = match entry.name() {
            Ok(name) => name.into_owned(),
            Err(_) => String::from_utf8_lossy(entry.name_raw()).into_owned(),
        };
        if let Some(why) = leaves_the_archive(name.strip_suffix('/').unwrap_or(&name)) {
            self.refused.push((name.escape_debug().to_string(), why));
        } else if !name.ends_with('/') {
            self.files.push((name, Entry::of(entry)));
        }
    }

    /// The `zip` crate keeps one member of each name. Which names stand twice is read from the directory itself.
    fn mark_duplicates(
        &mut self,
        file: &mut (impl Read + Seek),
        start: u64,
        length: u64,
    ) -> Result<(), Cause> {
        file.seek(SeekFrom::Start(start))?;
        let mut directory = Vec::new();
        file.take((length.saturating_sub(start)).min(limits::DIRECTORY)).read_to_end(&mut directory)?;
        let mut seen: HashMap<&[u8], usize> = HashMap::new();
        for name in raw_names(&directory) {
            *seen.entry(name).or_default() += 1;
        }
        for (_, entry) in &mut self.files {
            entry.duplicate = seen.get(&*entry.name).is_some_and(|&count| count > 1);
        }
        Ok(())
    }
}

impl Entry {
    fn of(entry: &ZipFileEntry<'_>) -> Self {
        Self {
            name: entry.name_raw().into(),
            header_start: entry.header_start(),
            compressed: entry.compressed_size(),
            size: entry.size(),
            crc32: entry.crc32(),
            method: match entry.compression() {
                CompressionMethod::Stored => Some(STORED),
                CompressionMethod::Deflated => Some(DEFLATED),
                _ => None,
            },
            encrypted: entry.encrypted(),
            duplicate: false,
        }
    }
}

/// What is wrong with a member's name, if anything. Stricter than the format, as installers are: no honest build
/// tool writes such names, on any platform.
fn leaves_the_archive(name: &str) -> Option<&'static str> {
    let drive = name.as_bytes().get(1) == Some(&b':');
    if name.chars().any(char::is_control) {
        Some("a name with a control character")
    } else if name.starts_with('/') || drive {
        Some("an absolute path, which leaves the archive")
    } else if name.contains('\\') {
        Some("a name with a backslash, which leaves the archive on Windows")
    } else if name.split('/').any(|part| part == "..") {
        Some("a path that leaves the archive")
    } else if name.split('/').any(|part| part.is_empty() || part == ".") {
        Some("a path with an empty part or a lone dot")
    } else {
        None
    }
}

/// The names in a central directory, duplicates included, up to the first thing that is no entry.
fn raw_names(directory: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = directory;
    std::iter::from_fn(move || {
        let (fixed, behind) = rest.split_at_checked(46)?;
        if !fixed.starts_with(b"PK\x01\x02") {
            return None;
        }
        let length = |at: usize| usize::from(u16::from_le_bytes([fixed[at], fixed[at + 1]]));
        let (name, behind) = behind.split_at_checked(length(28))?;
        rest = behind.get(length(30) + length(32)..)?;
        Some(name)
    })
}

/// The `zip` crate reserves memory for as many entries as a zip64 record claims. So each such record is looked at
/// first, and one that does not stand where every writer puts it, right before its locator, is refused.
fn check_zip64_claim(file: &mut (impl Read + Seek), length: u64) -> Result<(), Cause> {
    let tail = read_tail(file, length)?;
    for locator in memmem::find_iter(&tail, b"PK\x06\x07") {
        let record = locator.checked_sub(56).and_then(|start| tail.get(start..locator));
        let Some(record) = record.filter(|record| record.starts_with(b"PK\x06\x06")) else {
            return Err(Cause::Malformed("a zip64 locator without its record".to_owned()));
        };
        let claimed =
            record.get(32..40).and_then(|field| field.try_into().ok()).map_or(0, u64::from_le_bytes);
        if claimed > limits::ENTRIES {
            return Err(Cause::Limit { what: "the number of its members", limit: limits::ENTRIES });
        }
    }
    Ok(())
}

/// Everything that the end record can stand in: it is followed by a comment of at most 64 KiB, and a zip64 record
/// and its locator stand before it.
fn read_tail(file: &mut (impl Read + Seek), length: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(length.saturating_sub((1 << 16) + 1024)))?;
    let mut tail = Vec::new();
    file.take((1 << 16) + 1024).read_to_end(&mut tail)?;
    file.rewind()?;
    Ok(tail)
}

/// Says in the user's words why the `zip` crate gave up.
fn what_is_wrong(file: &mut (impl Read + Seek), length: u64, error: ZipError) -> Cause {
    let mut start = [0; 8];
    let first = file.rewind().and_then(|()| file.read(&mut start));
    let start = start.get(..first.unwrap_or(0)).unwrap_or_default();
    let ended = read_tail(file, length).is_ok_and(|tail| memmem::find(&tail, b"PK\x05\x06").is_some());
    match error {
        ZipError::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            Cause::Limit { what: "its table of contents", limit: limits::DIRECTORY }
        }
        ZipError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => Cause::Io(error),
        _ if !ended && start.starts_with(b"PK") => {
            Cause::Truncated("the table of contents at its end is missing")
        }
        _ if !ended => Cause::NotZip(looks_like(start)),
        ZipError::InvalidArchive(why) => Cause::Malformed(why.into_owned()),
        other => Cause::Malformed(other.to_string()),
    }
}

fn looks_like(start: &[u8]) -> &'static str {
    match start.trim_ascii_start() {
        [b'<', ..] => "it looks like a page of HTML or XML",
        [b'{' | b'[', ..] => "it looks like JSON",
        [0x1f, 0x8b, ..] => "it is compressed with gzip, as source archives are",
        [0x7f, b'E', b'L', b'F', ..] => "it is an ELF file",
        [b'v', b'e', b'r', b's', b'i', b'o', b'n', ..] => "it looks like a Git LFS pointer",
        _ => "it has no table of contents",
    }
}

/// A reader that ends with an error once it has given what it may.
struct Metered<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(read)
    }
}

impl<R: Seek> Seek for Metered<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use std::io::Cursor;

    fn directory(archive: &[u8]) -> Result<Directory, Cause> {
        Directory::read(&mut Cursor::new(archive))
    }

    fn names(archive: &[u8]) -> Vec<String> {
        directory(archive).unwrap().files.into_iter().map(|(name, _)| name).collect()
    }

    const ONE: &[(&str, &[u8])] = &[("a.so", b"some bytes")];

    #[test]
    fn members_are_listed() {
        let archive = samples::archive(&[("b/x.so", b"12345"), ("a/", b""), ("a/y.py", b"")]);
        let directory = directory(&archive).unwrap();
        assert_eq!(directory.files.len(), 2);
        let (name, entry) = &directory.files[0];
        assert_eq!((name.as_str(), &*entry.name, entry.size), ("b/x.so", b"b/x.so".as_slice(), 5));
        assert_eq!((entry.encrypted, entry.duplicate, directory.prepended), (false, false, 0));
        assert!(directory.refused.is_empty());
    }

    #[test]
    fn names_that_leave_the_archive_are_refused() {
        for (name, why) in [
            ("../x.so", "a path that leaves the archive"),
            ("a/../../x.so", "a path that leaves the archive"),
            ("/etc/x.so", "an absolute path, which leaves the archive"),
            ("C:/x.so", "an absolute path, which leaves the archive"),
            ("a\\..\\x.so", "a name with a backslash, which leaves the archive on Windows"),
            ("a\0.so", "a name with a control character"),
            ("a\n.so", "a name with a control character"),
            ("a//x.so", "a path with an empty part or a lone dot"),
            ("./x.so", "a path with an empty part or a lone dot"),
        ] {
            // The writer tidies names up, so the odd ones are put in behind its back.
            let plain = "n".repeat(name.len());
            let archive = samples::archive(&[(&plain, b"bytes"), ("good.so", b"")]);
            let archive = samples::replace(&archive, plain.as_bytes(), name.as_bytes());
            let directory = directory(&archive).unwrap();
            assert_eq!(directory.refused, [(name.escape_debug().to_string(), why)], "{name:?}");
            assert_eq!(directory.files.len(), 1);
        }
    }

    #[test]
    fn names_in_old_code_pages_are_decoded() {
        let archive = samples::archive(&[("nn.so", b"")]);
        let archive = samples::replace(&archive, b"nn.so", b"\x81\x82.so");
        assert_eq!(names(&archive), ["\u{fc}\u{e9}.so"]);
    }

    #[test]
    fn duplicates_are_marked() {
        let archive = samples::archive(&[("a.so", b"1"), ("b.so", b"2"), ("c.so", b"3")]);
        let archive = samples::replace(&archive, b"c.so", b"a.so");
        let directory = directory(&archive).unwrap();
        let duplicates: Vec<_> = directory
            .files
            .iter()
            .filter(|(_, entry)| entry.duplicate)
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(duplicates, ["a.so"]);
        assert_eq!(directory.files.len(), 2);
    }

    #[test]
    fn what_is_no_archive_is_told_apart() {
        assert!(matches!(directory(b""), Err(Cause::Empty)));
        for (bytes, looks_like) in [
            (&b"<!DOCTYPE html><title>404</title>"[..], "HTML"),
            (b"\n {\"error\": 404}", "JSON"),
            (b"\x1f\x8b\x08rest", "gzip"),
            (b"\x7fELF\x02", "ELF"),
            (b"version https://git-lfs", "LFS"),
            (b"x", "table of contents"),
        ] {
            match directory(bytes) {
                Err(Cause::NotZip(why)) => assert!(why.contains(looks_like), "{why}"),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn every_cut_is_noticed() {
        let archive = samples::archive(ONE);
        for length in 4..archive.len() {
            let result = directory(&archive[..length]);
            assert!(matches!(result, Err(Cause::Truncated(_) | Cause::Malformed(_))), "{length}: {result:?}");
        }
        assert!(matches!(directory(&archive[..archive.len() / 2]), Err(Cause::Truncated(_))));
    }

    #[test]
    fn prepended_bytes_are_counted() {
        let mut archive = b"#!/bin/sh\n".to_vec();
        archive.extend(samples::archive(ONE));
        assert_eq!(directory(&archive).unwrap().prepended, 10);
    }

    #[test]
    fn members_that_overlap_are_refused() {
        let mut archive = samples::archive(ONE);
        samples::patch(
            &mut archive,
            "a.so",
            samples::COMPRESSED,
            &[0xff, 0xff, 0, 0],
            samples::Places::Entry,
        );
        assert!(matches!(directory(&archive), Err(Cause::Overlap)));
    }

    /// An archive whose end is replaced by a zip64 one with such a claim.
    fn zip64_claiming(entries: u64) -> Vec<u8> {
        let mut archive = samples::archive(ONE);
        let end = archive.split_off(archive.len() - 22);
        let record = archive.len() as u64;
        archive.extend(b"PK\x06\x06");
        archive.extend(44_u64.to_le_bytes());
        archive.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for field in [entries, entries, 50, 42] {
            archive.extend(field.to_le_bytes());
        }
        archive.extend(b"PK\x06\x07\0\0\0\0");
        archive.extend(record.to_le_bytes());
        archive.extend(1_u32.to_le_bytes());
        archive.extend(&end[..8]);
        archive.extend([0xff; 12]);
        archive.extend(&end[20..]);
        archive
    }

    #[test]
    fn zip64_counts_are_held_against_the_limit() {
        let large = zip64_claiming(limits::ENTRIES + 1);
        assert!(matches!(directory(&large), Err(Cause::Limit { .. })));
        assert!(matches!(directory(&zip64_claiming(u64::MAX)), Err(Cause::Limit { .. })));
        let astray = samples::replace(&zip64_claiming(1), b"PK\x06\x06", b"PK\x06\x08");
        assert!(matches!(directory(&astray), Err(Cause::Malformed(_))));
    }

    #[test]
    fn a_reader_ends_where_it_must() {
        let mut metered = Metered { inner: Cursor::new([0; 10]), left: 4 };
        let mut buffer = [0; 3];
        assert_eq!(metered.read(&mut buffer).unwrap(), 3);
        assert_eq!(metered.read(&mut buffer).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        let error = ZipError::Io(io::ErrorKind::FileTooLarge.into());
        assert!(matches!(what_is_wrong(&mut Cursor::new(b"PK"), 2, error), Cause::Limit { .. }));
    }
}
