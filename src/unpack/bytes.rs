//! The bytes of a file: inflated into memory, or mapped. Apart because the crate's only `unsafe` stands here.

use super::error::Cause;
use super::limits;
use memmap2::Mmap;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Deref;
use std::path::Path;

/// Files below this size are read. Measured with warm caches: a file of 64 KiB takes 8 µs to read and 24 to map
/// and touch at 16 places, one of 1 MiB takes 35 and 32, one of 4 MiB 88 and 13.
const MAPPED_FROM: u64 = 1 << 20;

/// Bytes that are either owned or mapped; both read as a slice.
#[derive(Debug)]
pub enum Bytes {
    /// In memory.
    Owned(Vec<u8>),
    /// A read-only map of a file: only pages that are looked at are read from disk.
    Mapped(Mmap),
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Owned(bytes) => bytes,
            Self::Mapped(map) => map,
        }
    }
}

impl Bytes {
    /// Those of an installed file.
    pub(super) fn of_file(path: &Path) -> Result<Self, Cause> {
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        if size > limits::MEMBER {
            return Err(Cause::Limit { what: "its size", limit: limits::MEMBER });
        }
        if size >= MAPPED_FROM {
            return Ok(Self::Mapped(map(&file)?));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
        (&mut file).take(limits::MEMBER).read_to_end(&mut bytes)?;
        Ok(Self::Owned(bytes))
    }
}

#[expect(
    unsafe_code,
    reason = "a module of hundreds of megabytes must not be read whole where a few pages decide"
)]
fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: the map is private and read-only, so nothing here writes through it. What Rust cannot rule out is that
    // another process changes the file meanwhile. Changed bytes make a wrong verdict at worst: whoever reads
    // them checks every offset at the time it is used. A file cut short kills this process with a bus error when a page
    // behind the new end is looked at. That is accepted: interpreters and the dynamic loader map installed
    // modules the same way and die alike, so installers replace such files under a new inode and leave the old one whole.
    unsafe { Mmap::map(file) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_files_are_read_and_large_ones_mapped() {
        let folder = tempfile::tempdir().unwrap();
        for (size, mapped) in [(0, false), (5, false), (65_536, false), (1 << 20, true)] {
            let path = folder.path().join(size.to_string());
            std::fs::write(&path, vec![7; size]).unwrap();
            let bytes = Bytes::of_file(&path).unwrap();
            assert_eq!(bytes.len(), size);
            assert!(bytes.iter().all(|&byte| byte == 7));
            assert_eq!(matches!(bytes, Bytes::Mapped(_)), mapped);
        }
    }

    #[test]
    fn files_that_are_gone_or_too_large_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Bytes::of_file(&folder.path().join("gone.so")), Err(Cause::Io(_))));
        let path = folder.path().join("sparse.so");
        File::create(&path).unwrap().set_len(limits::MEMBER + 1).unwrap();
        assert!(matches!(Bytes::of_file(&path), Err(Cause::Limit { .. })));
    }
}
