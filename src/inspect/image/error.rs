//! Why a file could not be read as a shared library, and how much of one is read at most.
//! Apart from the formats, so that all three refuse in the same words.

/// Segments of one image. The kernel's and dyld's own bounds are near this, PE allows 96 sections.
pub(super) const MAX_SEGMENTS: usize = 1024;
/// Entries of a dynamic table: the largest libraries have some hundred.
pub(super) const MAX_ENTRIES: usize = 1 << 16;
/// Libraries that one needs: the largest ones need some dozen.
pub(super) const MAX_LIBRARIES: usize = 1 << 12;
/// Symbols: the largest published libraries export a few hundred thousand.
pub(super) const MAX_SYMBOLS: usize = 1 << 21;
/// Fixups, 24 bytes of memory each: the largest published libraries have below a million.
pub(super) const MAX_FIXUPS: usize = 1 << 22;
/// Initialisers: one for each translation unit with static objects, a few thousand at most.
pub(super) const MAX_INITIALISERS: usize = 1 << 16;
/// Bytes of a name. Few mangled C++ names are longer, and none that Python looks for; searching for the ends of
/// millions of endless ones would take minutes.
pub(super) const MAX_NAME: usize = 1 << 12;

/// Why a file is not readable as a shared library: one variant for each way in which a file lies, or
/// honestly is something else. Always the file's fault, except for [`ImageError::Unsupported`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// No bytes at all.
    #[error("the file is empty")]
    Empty,
    /// Another kind of file, told by its first bytes.
    #[error("not an ELF, PE or Mach-O file: starts with {0}")]
    NotAnImage(String),
    /// Of a known format, but nothing that a loader maps: a static archive, a relocatable object.
    #[error("not a shared library but {0}")]
    NotLoadable(&'static str),
    /// Something reaches beyond the end of the file.
    #[error("truncated: {what} at offset {offset:#x} reaches beyond the end of the file ({size:#x} bytes)")]
    Truncated {
        /// What does.
        what: &'static str,
        /// Where it starts.
        offset: u64,
        /// The file's size.
        size: u64,
    },
    /// Something is said to be where nothing is mapped.
    #[error("{what} would be at address {address:#x}, where nothing is mapped")]
    WildAddress {
        /// What is.
        what: &'static str,
        /// Virtual address.
        address: u64,
    },
    /// More of something than any real library has.
    #[error("{count} {what}: more than the {limit} that are read at most")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        count: u64,
        /// How many are read at most.
        limit: u64,
    },
    /// Values that contradict the format's specification.
    #[error("malformed {what}: {why}")]
    Malformed {
        /// Which structure.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// Correct perhaps, but nothing that this program reads.
    #[error("unsupported: {0}")]
    Unsupported(String),
}

impl ImageError {
    pub(super) fn malformed(what: &'static str, why: impl Into<String>) -> Self {
        Self::Malformed { what, why: why.into() }
    }
}

/// The count, if it is within the limit.
pub(super) fn at_most(what: &'static str, count: u64, limit: usize) -> Result<usize, ImageError> {
    usize::try_from(count).ok().filter(|count| *count <= limit).ok_or(ImageError::TooMany {
        what,
        count,
        limit: limit as u64,
    })
}

/// `length` bytes of the file at `offset`.
pub(super) fn slice<'data>(
    data: &'data [u8],
    what: &'static str,
    offset: u64,
    length: u64,
) -> Result<&'data [u8], ImageError> {
    let range = || {
        let end = offset.checked_add(length)?;
        data.get(usize::try_from(offset).ok()?..usize::try_from(end).ok()?)
    };
    range().ok_or(ImageError::Truncated { what, offset, size: data.len() as u64 })
}
