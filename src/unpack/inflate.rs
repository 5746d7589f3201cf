//! A wheel's member -> its bytes, held against everything that the archive says of it.
//!
//! The inflater is used directly instead of through the `zip` crate: so each way to lie has its own error, memory grows
//! with what is really there, and it takes 5 % less time (one copy less of the compressed bytes).

use super::archive::{DEFLATED, Entry, STORED};
use super::error::Cause;
use super::limits;
use flate2::{Decompress, FlushDecompress, Status};
use std::io::{self, Read, Seek, SeekFrom};

/// Compressed bytes that are read at a time: the least from which more does not make it faster.
const CHUNK: usize = 256 << 10;

/// Reads a member and checks its size and checksum.
pub(super) fn read(archive: &mut (impl Read + Seek), entry: &Entry) -> Result<Vec<u8>, Cause> {
    refuse_at_sight(entry)?;
    let method = read_header(archive, entry)?;
    let bytes = match (method, entry.method) {
        (STORED, Some(STORED)) => read_stored(archive, entry)?,
        (DEFLATED, Some(DEFLATED)) => inflate(archive, entry)?,
        (other, None) => return Err(Cause::Compression(other)),
        _ => return Err(Cause::Headers("compression")),
    };
    let found = crc32fast::hash(&bytes);
    if found != entry.crc32 {
        return Err(Cause::Checksum { declared: entry.crc32, found });
    }
    Ok(bytes)
}

/// What needs no look at the data.
fn refuse_at_sight(entry: &Entry) -> Result<(), Cause> {
    if entry.encrypted {
        Err(Cause::Encrypted)
    } else if entry.duplicate {
        Err(Cause::Duplicate)
    } else if entry.size > limits::MEMBER {
        Err(Cause::Limit { what: "its size", limit: limits::MEMBER })
    } else if entry.size > limits::BOMB_FLOOR && entry.size / limits::BOMB_RATIO > entry.compressed {
        Err(Cause::Bomb { compressed: entry.compressed, declared: entry.size })
    } else {
        Ok(())
    }
}

/// Reads the header that stands before the data, leaves the archive at the data and gives the compression method.
/// Installers that stream believe this header, others the directory: both must say the same.
fn read_header(archive: &mut (impl Read + Seek), entry: &Entry) -> Result<u16, Cause> {
    archive.seek(SeekFrom::Start(entry.header_start))?;
    let mut header = [0; 30];
    archive.read_exact(&mut header).map_err(cut_off)?;
    let short = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
    let long = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    if !header.starts_with(b"PK\x03\x04") {
        return Err(Cause::Headers("place of its data"));
    }
    let mut name = vec![0; short(26).into()];
    archive.read_exact(&mut name).map_err(cut_off)?;
    if *name != *entry.name {
        return Err(Cause::Headers("name"));
    }
    // Sizes that are not known when the header is written, and those that need 64 bits, stand elsewhere.
    let (deferred, encrypted) = (short(6) & 8 != 0, short(6) & 1 != 0);
    let differs = |found: u32, declared: u64| {
        found != u32::MAX && u64::from(found) != declared && !(deferred && found == 0)
    };
    if encrypted {
        return Err(Cause::Headers("encryption"));
    }
    if differs(long(22), entry.size) || differs(long(18), entry.compressed) {
        return Err(Cause::Headers("size"));
    }
    if differs(long(14), entry.crc32.into()) {
        return Err(Cause::Headers("checksum"));
    }
    archive.seek(SeekFrom::Current(short(28).into()))?;
    Ok(short(8))
}

fn read_stored(archive: &mut impl Read, entry: &Entry) -> Result<Vec<u8>, Cause> {
    if entry.compressed != entry.size {
        return Err(Cause::Size { declared: entry.size, found: entry.compressed.to_string() });
    }
    let mut bytes = Vec::new();
    archive.take(entry.size).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != entry.size {
        return Err(Cause::Truncated("its data end early"));
    }
    Ok(bytes)
}

fn inflate(archive: &mut impl Read, entry: &Entry) -> Result<Vec<u8>, Cause> {
    let mut input = Input::new(archive, entry.compressed);
    let mut output = Output::new(entry)?;
    let mut inflater = Decompress::new(false);
    loop {
        input.refill().map_err(cut_off)?;
        output.make_room()?;
        let before = (inflater.total_in(), inflater.total_out());
        let status = inflater
            .decompress(input.rest(), output.room(), FlushDecompress::None)
            .map_err(|_| Cause::Corrupt("they are no DEFLATE stream"))?;
        input.advance(inflater.total_in() - before.0);
        output.advance(inflater.total_out() - before.1);
        if status == Status::StreamEnd {
            break;
        }
        let stuck = before == (inflater.total_in(), inflater.total_out());
        if stuck && input.is_spent() {
            return Err(Cause::Corrupt("they end early"));
        }
    }
    if !input.is_spent() {
        return Err(Cause::Corrupt("something follows their end"));
    }
    output.finish()
}

/// The compressed bytes, a chunk at a time.
struct Input<'a, R> {
    archive: &'a mut R,
    chunk: Vec<u8>,
    used: usize,
    left: u64,
}

impl<'a, R: Read> Input<'a, R> {
    fn new(archive: &'a mut R, compressed: u64) -> Self {
        let chunk = usize::try_from(compressed).map_or(CHUNK, |compressed| compressed.min(CHUNK));
        Self { archive, chunk: vec![0; chunk], used: chunk, left: compressed }
    }

    fn refill(&mut self) -> io::Result<()> {
        if self.used < self.chunk.len() || self.left == 0 {
            return Ok(());
        }
        let next = usize::try_from(self.left).map_or(CHUNK, |left| left.min(CHUNK));
        self.chunk.truncate(next);
        self.archive.read_exact(&mut self.chunk)?;
        self.left -= next as u64;
        self.used = 0;
        Ok(())
    }

    fn rest(&self) -> &[u8] {
        self.chunk.get(self.used..).unwrap_or_default()
    }

    fn advance(&mut self, bytes: u64) {
        self.used =
            self.used.saturating_add(usize::try_from(bytes).unwrap_or(usize::MAX)).min(self.chunk.len());
    }

    fn is_spent(&self) -> bool {
        self.left == 0 && self.used == self.chunk.len()
    }
}

/// The inflated bytes. One more than declared is asked for at most, so that a lie is seen.
///
/// All of `bytes` is initialized, once: `flate2` would otherwise do so with all the room there is at each call
/// (`decompress_vec`), which is a quadratic amount of work.
struct Output {
    bytes: Vec<u8>,
    filled: usize,
    declared: u64,
}

impl Output {
    /// What is reserved first is enough for any honest module (they inflate to less than 8 times), and not what a
    /// header claims: a liar has to bring an eighth of it along.
    fn new(entry: &Entry) -> Result<Self, Cause> {
        let mut output = Self { bytes: Vec::new(), filled: 0, declared: entry.size };
        let first = output.allowed(entry.compressed.saturating_mul(8).max(1 << 16));
        // Memory that is asked for as zeros is mostly free of cost. Asking for it so cannot fail, so it is asked
        // for and given back first.
        output.bytes.try_reserve_exact(first).map_err(out_of_memory)?;
        output.bytes = Vec::new();
        output.bytes = vec![0; first];
        Ok(output)
    }

    /// How many of so many bytes more may be asked for.
    fn allowed(&self, more: u64) -> usize {
        let left = (self.declared + 1).saturating_sub(self.bytes.len() as u64);
        usize::try_from(more.min(left)).unwrap_or(usize::MAX)
    }

    fn make_room(&mut self) -> Result<(), Cause> {
        if self.filled < self.bytes.len() {
            return Ok(());
        }
        if self.filled as u64 > self.declared {
            return Err(Cause::Size { declared: self.declared, found: "more".to_owned() });
        }
        let more = self.allowed(self.filled as u64);
        self.bytes.try_reserve_exact(more).map_err(out_of_memory)?;
        self.bytes.resize(self.filled + more, 0);
        Ok(())
    }

    fn room(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.filled..).unwrap_or_default()
    }

    fn advance(&mut self, bytes: u64) {
        self.filled =
            self.filled.saturating_add(usize::try_from(bytes).unwrap_or(usize::MAX)).min(self.bytes.len());
    }

    fn finish(mut self) -> Result<Vec<u8>, Cause> {
        if self.filled as u64 != self.declared {
            return Err(Cause::Size { declared: self.declared, found: self.filled.to_string() });
        }
        self.bytes.truncate(self.filled);
        Ok(self.bytes)
    }
}

fn out_of_memory(_: std::collections::TryReserveError) -> io::Error {
    io::ErrorKind::OutOfMemory.into()
}

/// The archive's file ends where it says that there is more.
fn cut_off(error: io::Error) -> Cause {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        Cause::Truncated("its data end early")
    } else {
        error.into()
    }
}

#[cfg(test)]
mod tests {
    use super::super::archive::Directory;
    use super::super::samples::{self, COMPRESSED, CRC, FLAGS, METHOD, Places, SIZE};
    use super::*;
    use std::io::Cursor;
    use zip::CompressionMethod;
    use zip::write::SimpleFileOptions;

    const NAME: &str = "a.so";

    /// Reads the archive's first member.
    fn first(archive: &[u8]) -> Result<Vec<u8>, Cause> {
        let mut archive = Cursor::new(archive);
        let directory = Directory::read(&mut archive)?;
        read(&mut archive, &directory.files[0].1)
    }

    /// Bytes that compress to about a third.
    fn sample(length: usize) -> Vec<u8> {
        (0..length as u64).map(|index| (index.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 60) as u8).collect()
    }

    fn patched(offset: usize, bytes: &[u8], places: Places) -> Result<Vec<u8>, Cause> {
        let mut archive = samples::archive(&[(NAME, &sample(1000)), ("padding", &sample(9000))]);
        samples::patch(&mut archive, NAME, offset, bytes, places);
        first(&archive)
    }

    #[test]
    fn members_of_every_size_and_kind() {
        for length in [0, 1, 1000, 65_536, 65_537, 3 << 20] {
            let bytes = sample(length);
            assert_eq!(first(&samples::archive(&[(NAME, &bytes)])).unwrap(), bytes, "{length}");
            let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
            assert_eq!(first(&samples::archive_with(&[(NAME, &bytes)], stored)).unwrap(), bytes);
            let zip64 = SimpleFileOptions::default().large_file(true);
            assert_eq!(first(&samples::archive_with(&[(NAME, &bytes)], zip64)).unwrap(), bytes);
        }
    }

    #[test]
    fn members_that_compress_well_are_read() {
        let bytes = vec![0; 5 << 20];
        assert_eq!(first(&samples::archive(&[(NAME, &bytes)])).unwrap(), bytes);
    }

    #[test]
    fn sizes_may_follow_the_data() {
        let bytes = sample(1000);
        let mut writer = zip::ZipWriter::new_stream(Vec::new());
        writer.start_file(NAME, SimpleFileOptions::default()).unwrap();
        io::Write::write_all(&mut writer, &bytes).unwrap();
        let archive = writer.finish().unwrap().into_inner();
        assert_eq!(archive[FLAGS] & 8, 8);
        assert_eq!(first(&archive).unwrap(), bytes);
    }

    #[test]
    fn prepended_bytes_do_no_harm() {
        let mut archive = b"#!/bin/sh\n".to_vec();
        archive.extend(samples::archive(&[(NAME, &sample(1000))]));
        assert_eq!(first(&archive).unwrap(), sample(1000));
    }

    #[test]
    fn lies_about_the_size_are_seen() {
        for declared in [0_u32, 1, 999, 1001, 500_000] {
            let result = patched(SIZE, &declared.to_le_bytes(), Places::Both);
            assert!(matches!(result, Err(Cause::Size { .. })), "{declared}: {result:?}");
        }
        assert!(matches!(patched(SIZE, &[1], Places::Entry), Err(Cause::Headers("size"))));
        assert!(matches!(patched(COMPRESSED, &[1], Places::Header), Err(Cause::Headers("size"))));
        assert!(matches!(patched(COMPRESSED, &[1, 0], Places::Both), Err(Cause::Corrupt(_))));
        let mut archive = samples::archive(&[(NAME, &sample(1000))]);
        let (header, _) = samples::headers(&archive, NAME);
        let longer = archive[header + COMPRESSED] + 1;
        samples::patch(&mut archive, NAME, COMPRESSED, &[longer], Places::Both);
        assert!(matches!(first(&archive), Err(Cause::Corrupt("something follows their end"))));
    }

    #[test]
    fn stored_members_have_one_size() {
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        let mut archive = samples::archive_with(&[(NAME, b"12345")], stored);
        samples::patch(&mut archive, NAME, SIZE, &[4], Places::Both);
        assert!(matches!(first(&archive), Err(Cause::Size { declared: 4, .. })));
    }

    #[test]
    fn the_two_headers_must_agree() {
        let (header, _) = samples::headers(&samples::archive(&[(NAME, b"")]), NAME);
        let mut archive = samples::archive(&[(NAME, &sample(1000))]);
        archive[header + 30] = b'b';
        assert!(matches!(first(&archive), Err(Cause::Headers("name"))));
        assert!(matches!(patched(0, b"XX", Places::Header), Err(Cause::Headers("place of its data"))));
        assert!(matches!(patched(CRC, &[1, 2, 3, 4], Places::Header), Err(Cause::Headers("checksum"))));
        assert!(matches!(patched(METHOD, &[0], Places::Header), Err(Cause::Headers("compression"))));
        assert!(matches!(patched(FLAGS, &[1], Places::Header), Err(Cause::Headers("encryption"))));
    }

    #[test]
    fn what_installers_cannot_unpack_is_refused() {
        assert!(matches!(patched(FLAGS, &[1], Places::Both), Err(Cause::Encrypted)));
        assert!(matches!(patched(METHOD, &[12], Places::Both), Err(Cause::Compression(12))));
        assert!(matches!(patched(METHOD, &[14], Places::Entry), Err(Cause::Compression(8))));
    }

    #[test]
    fn damage_is_seen() {
        assert!(matches!(patched(CRC, &[1, 2, 3, 4], Places::Both), Err(Cause::Checksum { .. })));
        let archive = samples::archive(&[(NAME, &sample(1000))]);
        for at in 34..archive.len() - 90 {
            let mut damaged = archive.clone();
            damaged[at] ^= 0x55;
            let result = first(&damaged);
            assert!(
                matches!(result, Err(Cause::Corrupt(_) | Cause::Checksum { .. } | Cause::Size { .. })),
                "{at}: {result:?}"
            );
        }
    }

    #[test]
    fn bombs_are_not_lit() {
        let bomb = samples::archive(&[(NAME, &vec![0; 17 << 20])]);
        assert!(matches!(first(&bomb), Err(Cause::Bomb { .. })));
        let huge = patched(SIZE, &(3_u32 << 30).to_le_bytes(), Places::Both);
        assert!(matches!(huge, Err(Cause::Limit { .. })));
    }

    #[test]
    fn memory_grows_with_what_is_there() {
        let entry = |compressed, size| Entry {
            name: Box::default(),
            header_start: 0,
            compressed,
            size,
            crc32: 0,
            method: Some(DEFLATED),
            encrypted: false,
            duplicate: false,
        };
        assert_eq!(Output::new(&entry(10, 2 << 30)).unwrap().bytes.len(), 1 << 16);
        assert_eq!(Output::new(&entry(1000, 3000)).unwrap().bytes.len(), 3001);
        assert_eq!(Output::new(&entry(1 << 20, 2 << 30)).unwrap().bytes.len(), 8 << 20);
    }
}
