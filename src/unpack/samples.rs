//! Wheels for the tests of this stage: well-formed ones, and the means to break them.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A name that every part of the sample agrees with.
pub(super) const NAME: &str = "foo-1.0-cp314-cp314t-manylinux_2_28_x86_64.whl";

/// The metadata files of a well-made wheel.
pub(super) const METADATA: [(&str, &str); 3] = [
    ("foo-1.0.dist-info/METADATA", "Metadata-Version: 2.4\nName: Foo\nVersion: 1.0\n\ntext\n"),
    ("foo-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: cp314-cp314t-linux_x86_64\n"),
    (
        "foo-1.0.dist-info/RECORD",
        "foo/_x.so,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,9\nfoo/__init__.py,,\n",
    ),
];

/// A zip archive with these members, in this order.
pub(super) fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    archive_with(members, SimpleFileOptions::default().compression_method(CompressionMethod::Deflated))
}

/// The same, with other options.
pub(super) fn archive_with(members: &[(&str, &[u8])], options: SimpleFileOptions) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A well-made wheel with these members beside its metadata.
pub(super) fn wheel(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut all: Vec<(&str, &[u8])> = METADATA.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    all.extend(members);
    archive(&all)
}

/// Puts bytes into a file of that name in a folder.
pub(super) fn put(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Replaces every occurrence of some bytes by as many others.
pub(super) fn replace(archive: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    assert_eq!(old.len(), new.len());
    let mut patched = archive.to_vec();
    let places: Vec<usize> = memchr::memmem::find_iter(archive, old).collect();
    assert!(!places.is_empty(), "nothing to replace");
    for at in places {
        patched[at..at + new.len()].copy_from_slice(new);
    }
    patched
}

/// Where the header before a member's data starts, and where its entry in the directory starts.
pub(super) fn headers(archive: &[u8], name: &str) -> (usize, usize) {
    let find = |signature: &[u8], fixed: usize| {
        memchr::memmem::find_iter(archive, signature)
            .find(|at| archive[at + fixed..].starts_with(name.as_bytes()))
            .unwrap()
    };
    (find(b"PK\x03\x04", 30), find(b"PK\x01\x02", 46))
}

/// Changes a field of a member's header and of its entry: the offset is the one in the header, which
/// is two less than in the entry.
pub(super) fn patch(archive: &mut [u8], name: &str, offset: usize, bytes: &[u8], places: Places) {
    let (header, entry) = headers(archive, name);
    if places != Places::Entry {
        archive[header + offset..][..bytes.len()].copy_from_slice(bytes);
    }
    if places != Places::Header {
        archive[entry + offset + 2..][..bytes.len()].copy_from_slice(bytes);
    }
}

/// Which of the two is changed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Places {
    Both,
    Header,
    Entry,
}

/// Offsets of fields in a member's header.
pub(super) const FLAGS: usize = 6;
pub(super) const METHOD: usize = 8;
pub(super) const CRC: usize = 14;
pub(super) const COMPRESSED: usize = 18;
pub(super) const SIZE: usize = 22;
