//! The bytes of a member: inflated into memory, or mapped from an installed file.

use std::ops::Deref;

/// Bytes that are either owned or mapped; both read as a slice.
#[derive(Debug)]
pub enum Bytes {
    /// In memory.
    Owned(Vec<u8>),
    /// A read-only map of a file: only pages that are looked at are read from disk.
    Mapped(memmap2::Mmap),
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
