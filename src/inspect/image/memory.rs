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

    /// The 32-bit number at an address.
    pub(super) fn u32(&self, address: u64) -> Option<u32> {
        let mut bytes = [0; 4];
        self.read(address, &mut bytes).then(|| self.to_u32(bytes))
    }

    /// The 64-bit number at an address.
    pub(super) fn u64(&self, address: u64) -> Option<u64> {
        let mut bytes = [0; 8];
        let number = if self.big_endian { u64::from_be_bytes } else { u64::from_le_bytes };
        self.read(address, &mut bytes).then(|| number(bytes))
    }

    /// The pointer-sized number at an address.
    pub(super) fn pointer(&self, address: u64) -> Option<u64> {
        if self.pointer_size == 4 { self.u32(address).map(u64::from) } else { self.u64(address) }
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

/// The text at an offset of a string table.
pub(super) fn text_at(table: &[u8], offset: u64) -> Option<&str> {
    text(table.get(usize::try_from(offset).ok()?..)?)
}
