//! What a loader maps: segments over the file's bytes, and reads through them by virtual address.
//! Apart from the formats, so that every check of an address is in one place.

use super::Fixup;
use super::error::{ImageError, MAX_NAME, MAX_SEGMENTS, at_most, slice};

/// A stretch of memory and the part of the file that fills its start; the rest is zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Virtual address of its first byte, as the file says it.
    pub address: u64,
    /// Bytes in memory.
    pub size: u64,
    /// Offset in the file (of a universal Mach-O file: in the slice) of the first byte.
    pub offset: u64,
    /// Bytes that come from the file, at most `size`.
    pub file_size: u64,
    /// May be read.
    pub readable: bool,
    /// May be written to. What is read-only after relocation (RELRO) counts as writable.
    pub writable: bool,
    /// May be executed.
    pub executable: bool,
}

impl Segment {
    /// Whether the address is inside.
    #[must_use]
    pub const fn contains(&self, address: u64) -> bool {
        address >= self.address && address - self.address < self.size
    }
}

/// The segments of one image. Where two overlap, the first one counts.
#[derive(Debug)]
pub(super) struct Memory<'data> {
    data: &'data [u8],
    segments: Vec<Segment>,
    pub(super) pointer_size: u8,
    pub(super) big_endian: bool,
}

impl<'data> Memory<'data> {
    /// Fails where a segment reaches beyond the file, wraps around the address space or is shorter in
    /// memory than in the file.
    pub(super) fn new(
        data: &'data [u8],
        segments: Vec<Segment>,
        pointer_size: u8,
        big_endian: bool,
    ) -> Result<Self, ImageError> {
        at_most("segments", segments.len() as u64, MAX_SEGMENTS)?;
        for segment in &segments {
            slice(data, "a segment", segment.offset, segment.file_size)?;
            if segment.address.checked_add(segment.size).is_none() || segment.file_size > segment.size {
                let Segment { address, size, file_size, .. } = segment;
                let why = format!("{size:#x} bytes at {address:#x}, of which {file_size:#x} are in the file");
                return Err(ImageError::malformed("segment", why));
            }
        }
        Ok(Self { data, segments, pointer_size, big_endian })
    }

    pub(super) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    pub(super) fn data(&self) -> &'data [u8] {
        self.data
    }

    pub(super) fn segment(&self, address: u64) -> Option<&Segment> {
        self.segments.iter().find(|segment| segment.contains(address))
    }

    /// The part of the file that fills a segment.
    pub(super) fn content(&self, segment: &Segment) -> Option<&'data [u8]> {
        slice(self.data, "a segment", segment.offset, segment.file_size).ok()
    }

    /// File bytes from the address to the end of its segment's file bytes; empty in `.bss`.
    pub(super) fn tail(&self, address: u64) -> Option<&'data [u8]> {
        self.tail_of(self.segment(address)?, address)
    }

    fn tail_of(&self, segment: &Segment, address: u64) -> Option<&'data [u8]> {
        let skip = address.checked_sub(segment.address)?.min(segment.file_size);
        self.content(segment)?.get(usize::try_from(skip).ok()?..)
    }

    /// `length` bytes that all come from the file.
    pub(super) fn bytes(
        &self,
        what: &'static str,
        address: u64,
        length: u64,
    ) -> Result<&'data [u8], ImageError> {
        let take = || self.tail(address)?.get(..usize::try_from(length).ok()?);
        take().ok_or(ImageError::WildAddress { what, address })
    }

    /// Initial content: file bytes and zeros. False, with some of the buffer written, where nothing is mapped.
    pub(super) fn read(&self, mut address: u64, mut buffer: &mut [u8]) -> bool {
        while !buffer.is_empty() {
            let Some(segment) = self.segment(address) else { return false };
            let Some(bytes) = self.tail_of(segment, address) else { return false };
            let left = segment.size.saturating_sub(address.saturating_sub(segment.address));
            let length = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let (here, rest) = buffer.split_at_mut(length);
            let from_file = bytes.len().min(length);
            let (file, zeros) = here.split_at_mut(from_file);
            file.copy_from_slice(bytes.get(..from_file).unwrap_or_default());
            zeros.fill(0);
            buffer = rest;
            let Some(next) = address.checked_add(length as u64) else { return buffer.is_empty() };
            address = next;
        }
        true
    }

    /// `SIZE` bytes of initial content: at once where they all come from the file, as nearly always.
    fn array<const SIZE: usize>(&self, address: u64) -> Option<[u8; SIZE]> {
        if let Some(bytes) = self.tail(address)?.first_chunk() {
            return Some(*bytes);
        }
        let mut bytes = [0; SIZE];
        self.read(address, &mut bytes).then_some(bytes)
    }

    /// The 32-bit number at an address.
    pub(super) fn u32(&self, address: u64) -> Option<u32> {
        self.array(address).map(|bytes| self.to_u32(bytes))
    }

    /// The 64-bit number at an address.
    pub(super) fn u64(&self, address: u64) -> Option<u64> {
        let number = if self.big_endian { u64::from_be_bytes } else { u64::from_le_bytes };
        self.array(address).map(number)
    }

    /// The pointer-sized number at an address.
    pub(super) fn pointer(&self, address: u64) -> Option<u64> {
        if self.pointer_size == 4 { self.u32(address).map(u64::from) } else { self.u64(address) }
    }

    /// The pointer-sized number at an address, with its sign.
    pub(super) fn signed(&self, address: u64) -> Option<i64> {
        if self.pointer_size == 4 {
            self.u32(address).map(|value| value.cast_signed().into())
        } else {
            self.u64(address).map(u64::cast_signed)
        }
    }

    /// The function in a slot of a table of initialisers, after relocation. 0 and -1 are gaps, left by old linkers.
    pub(super) fn initialiser(&self, place: u64, fixups: &[(u64, Fixup)]) -> Option<u64> {
        let fixup =
            fixups.binary_search_by_key(&place, |(at, _)| *at).ok().and_then(|found| fixups.get(found));
        match fixup {
            Some((_, Fixup::Address(address))) => Some(*address),
            Some(_) => None,
            None => self.pointer(place).filter(|address| *address != 0 && *address != self.wrap(u64::MAX)),
        }
    }

    /// The numbers of a table that all comes from the file.
    pub(super) fn to_u32(&self, bytes: [u8; 4]) -> u32 {
        if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }

    /// An address as far as this image's pointers reach: sums wrap there.
    pub(super) fn wrap(&self, address: u64) -> u64 {
        if self.pointer_size == 4 { address & u64::from(u32::MAX) } else { address }
    }
}

/// The NUL-terminated text at the start of the bytes; none where it is longer than [`MAX_NAME`], does not
/// end, or is not UTF-8.
pub(super) fn text(bytes: &[u8]) -> Option<&str> {
    let bytes = bytes.get(..MAX_NAME).unwrap_or(bytes);
    let end = memchr::memchr(0, bytes)?;
    std::str::from_utf8(bytes.get(..end)?).ok()
}

/// The same, of bytes that may be a text without the NUL.
pub(super) fn text_or_all(bytes: &[u8]) -> Option<&str> {
    text(bytes).or_else(|| std::str::from_utf8(bytes.get(..MAX_NAME).unwrap_or(bytes)).ok())
}

/// The text at an offset of a string table.
pub(super) fn text_at(table: &[u8], offset: u64) -> Option<&str> {
    text(table.get(usize::try_from(offset).ok()?..)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(address: u64, size: u64, offset: u64, file_size: u64) -> Segment {
        Segment { address, size, offset, file_size, readable: true, writable: false, executable: false }
    }

    fn memory(segments: Vec<Segment>) -> Result<Memory<'static>, ImageError> {
        Memory::new(b"0123456789", segments, 8, false)
    }

    #[test]
    fn reads_go_through_zeros_into_the_next_segment() {
        let memory = memory(vec![segment(100, 6, 0, 4), segment(106, 4, 4, 4)]).unwrap();
        let mut buffer = [b'x'; 8];
        assert!(memory.read(102, &mut buffer));
        assert_eq!(&buffer, b"23\0\x004567");
        assert!(!memory.read(103, &mut buffer));
        assert!(!memory.read(99, &mut buffer));
        assert!(memory.read(0, &mut []));
        assert_eq!(memory.tail(105), Some(b"".as_slice()));
        assert_eq!(memory.tail(110), None);
    }

    #[test]
    fn the_first_of_overlapping_segments_counts() {
        let memory = memory(vec![segment(100, 4, 0, 4), segment(102, 8, 2, 8)]).unwrap();
        let mut buffer = [0; 4];
        assert!(memory.read(102, &mut buffer));
        assert_eq!(&buffer, b"2345");
        assert_eq!(memory.bytes("it", 102, 4), Err(ImageError::WildAddress { what: "it", address: 102 }));
    }

    #[test]
    fn memory_ends_with_the_address_space() {
        let memory = memory(vec![segment(u64::MAX - 4, 4, 0, 4)]).unwrap();
        assert!(memory.read(u64::MAX - 4, &mut [0; 4]));
        assert!(!memory.read(u64::MAX - 4, &mut [0; 5]));
    }

    #[test]
    fn wild_segments_are_refused() {
        assert!(matches!(memory(vec![segment(0, 8, 4, 8)]), Err(ImageError::Truncated { .. })));
        assert!(matches!(memory(vec![segment(0, 8, u64::MAX, 8)]), Err(ImageError::Truncated { .. })));
        assert!(matches!(memory(vec![segment(u64::MAX, 8, 0, 8)]), Err(ImageError::Malformed { .. })));
        assert!(matches!(memory(vec![segment(0, 4, 0, 8)]), Err(ImageError::Malformed { .. })));
        let many = vec![segment(0, 1, 0, 1); MAX_SEGMENTS + 1];
        assert!(matches!(memory(many), Err(ImageError::TooMany { .. })));
    }

    #[test]
    fn texts_end() {
        assert_eq!(text(b"name\0more"), Some("name"));
        assert_eq!(text(b"name"), None);
        assert_eq!(text(b"\xff\0"), None);
        assert_eq!(text(&[b'a'; MAX_NAME + 1]), None);
        assert_eq!(text_at(b"a\0b\0", 2), Some("b"));
        assert_eq!(text_at(b"a\0b\0", u64::MAX), None);
    }
}
