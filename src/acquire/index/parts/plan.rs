//! Which bytes of a wheel are asked for, given its table of contents. Pure but for reading that table.

use super::super::limits;
use super::is_audited;
use std::io::{BufReader, Read, Seek};
use std::ops::Range;

/// One member.
pub(super) struct Entry {
    /// As it stands in the header before its data.
    pub name: Box<[u8]>,
    /// Where that header starts.
    pub start: u64,
    /// Where the next member, or the table of contents, starts at the latest.
    pub end: u64,
    /// Whether an audit reads it.
    pub needed: bool,
}

impl Entry {
    pub(super) fn range(&self) -> Range<u64> {
        self.start..self.end
    }
}

/// The members in the order in which they lie; none where there is no table of contents that makes sense, or one whose
/// sizes need 64 bits, which is left to those who have the whole file.
pub(super) fn entries(file: &mut (impl Read + Seek), total: u64) -> Option<Vec<Entry>> {
    let mut reader = BufReader::new(file);
    if has_zip64(&mut reader, total)? {
        return None;
    }
    let archive = zip::ZipArchive::new(reader).ok()?;
    let (metadata, directory) = (archive.metadata(), archive.central_directory_start());
    if metadata.len() > limits::ENTRIES {
        return None;
    }
    let mut entries: Vec<Entry> = Vec::with_capacity(metadata.len());
    for index in 0..metadata.len() {
        let entry = metadata.entry(index).ok()?;
        let name = entry.name_raw();
        // What the header before the data adds to its name: it may be longer than here, by 64 KiB at most.
        let length = entry.compressed_size().checked_add(30 + name.len() as u64 + (1 << 16) + 24)?;
        let start = entry.header_start();
        let end = start.checked_add(length)?.min(directory);
        if start >= end {
            return None;
        }
        let needed = is_audited(&String::from_utf8_lossy(name));
        entries.push(Entry { name: name.into(), start, end, needed });
    }
    entries.sort_unstable_by_key(|entry| entry.start);
    for index in 1..entries.len() {
        let next = entries[index].start;
        let before = &mut entries[index - 1];
        before.end = before.end.min(next);
    }
    Some(entries)
}

/// Whether there is a record of 64 bits where it belongs, near the end.
fn has_zip64(reader: &mut BufReader<&mut (impl Read + Seek)>, total: u64) -> Option<bool> {
    let start = total.saturating_sub((1 << 16) + 1024);
    reader.seek(std::io::SeekFrom::Start(start)).ok()?;
    let mut tail = Vec::new();
    reader.take((1 << 16) + 1024).read_to_end(&mut tail).ok()?;
    Some(tail.windows(4).any(|window| window == b"PK\x06\x07"))
}

/// As few ranges as allowed for what is needed below `known_from`: those with a small gap between them become one, and
/// then those with the smallest.
pub(super) fn merge(mut needed: Vec<Range<u64>>, known_from: u64, gap: u64, most: usize) -> Vec<Range<u64>> {
    needed.sort_unstable_by_key(|range| range.start);
    let mut merged: Vec<Range<u64>> = Vec::new();
    for range in needed {
        let range = range.start..range.end.min(known_from);
        if range.is_empty() {
            continue;
        }
        match merged.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(gap) => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    while merged.len() > most {
        let gap = |at: &usize| merged[at + 1].start.saturating_sub(merged[*at].end);
        let Some(smallest) = (0..merged.len() - 1).min_by_key(gap) else { break };
        merged[smallest].end = merged.remove(smallest + 1).end;
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_ranges_become_one() {
        assert_eq!(merge(vec![50..60, 0..10, 15..20], 1000, 5, 9), [0..20, 50..60]);
        assert_eq!(merge(vec![0..10, 5..7, 100..300], 200, 5, 9), [0..10, 100..200]);
        assert!(merge(vec![200..300, 250..400], 200, 5, 9).is_empty());
    }

    #[test]
    fn the_smallest_gaps_go_first() {
        assert_eq!(merge(vec![0..1, 10..11, 30..31, 32..33], 100, 0, 2), [0..11, 30..33]);
        assert_eq!(merge(vec![0..1, 10..11, 30..31], 100, 0, 1).first(), Some(&(0..31)));
    }
}
