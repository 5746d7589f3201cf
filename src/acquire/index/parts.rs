//! Only those parts of a wheel that an audit reads: the table of contents at its end first, then a few merged ranges, put
//! into a file with holes that has the wheel's size. A member that was not fetched starts with zeros where its header
//! belongs, so whoever reads it gets an error and never zeros.

mod plan;

use super::cache::Cache;
use super::error::{Cause, IndexError};
use super::http::{Client, Head, Part, Request, copy};
use super::limits;
use crate::model::is_audited;
use plan::Entry;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use tempfile::NamedTempFile;
use url::Url;

/// What came of it.
pub(super) enum Got {
    /// All bytes, as it turned out.
    Whole(NamedTempFile),
    /// What an audit needs.
    Parts(NamedTempFile),
    /// The server cannot, or what it sends does not fit together: the whole has to be fetched.
    Unable,
}

/// Fetches a wheel's parts. The size is what the index says, if it does.
pub(super) fn fetch(
    client: &Client,
    cache: &Cache,
    url: &Url,
    size: Option<u64>,
    largest: u64,
) -> Result<Got, IndexError> {
    let file = cache.begin().map_err(|error| Cause::from(error).of(url.path()))?;
    let mut wheel = Wheel { client, url, file, etag: None, total: 0, known_from: 0, largest };
    match wheel.fetch(size) {
        Ok(Some(true)) => Ok(Got::Whole(wheel.file)),
        Ok(Some(false)) => Ok(Got::Parts(wheel.file)),
        // Some servers answer requests for a range with an error, and those for the whole as they should.
        Ok(None) | Err(IndexError { cause: Cause::Status(_) | Cause::Io(_), .. }) => Ok(Got::Unable),
        Err(error) => Err(error),
    }
}

/// A wheel while it is fetched: everything from `known_from` to its end is there.
struct Wheel<'a> {
    client: &'a Client,
    url: &'a Url,
    file: NamedTempFile,
    etag: Option<String>,
    total: u64,
    known_from: u64,
    largest: u64,
}

/// A part that came.
struct Came {
    range: Range<u64>,
    total: u64,
    etag: Option<String>,
}

impl Wheel<'_> {
    /// Whether all of it is there in the end; none where the server cannot.
    fn fetch(&mut self, size: Option<u64>) -> Result<Option<bool>, IndexError> {
        if !self.tail(size)? {
            return Ok(None);
        }
        if self.total <= limits::SMALL {
            return self.rest();
        }
        let Some(entries) = self.entries()? else { return Ok(None) };
        let needed: Vec<Range<u64>> = entries.iter().filter(|entry| entry.needed).map(Entry::range).collect();
        let ranges = plan::merge(needed, self.known_from, limits::GAP, limits::RANGES);
        let bytes: u64 = ranges.iter().map(|range| range.end - range.start).sum();
        // With little to save the whole is better: its hash can be checked.
        if bytes >= self.known_from / 10 * 9 {
            return self.rest();
        }
        for range in ranges {
            if !self.range(range)? {
                return Ok(None);
            }
        }
        let all_there = entries.iter().filter(|entry| entry.needed).all(|entry| self.has_header(entry));
        Ok(all_there.then_some(false))
    }

    /// Everything before what is known.
    fn rest(&mut self) -> Result<Option<bool>, IndexError> {
        let there = self.known_from == 0 || self.range(0..self.known_from)?;
        Ok(there.then_some(true))
    }

    /// The end, and with it the size.
    fn tail(&mut self, size: Option<u64>) -> Result<bool, IndexError> {
        let part = match size {
            Some(size) => Part::Range(size.saturating_sub(limits::TAIL)..size),
            None => Part::Last(limits::TAIL),
        };
        let largest = self.largest;
        let fits = |range: &Range<u64>, total: u64| {
            range.end == total
                && range.start == total.saturating_sub(limits::TAIL)
                && size.is_none_or(|size| size == total)
                && total <= largest
        };
        let Some(came) = self.ask(part, fits)? else { return Ok(false) };
        (self.total, self.known_from, self.etag) = (came.total, came.range.start, came.etag);
        Ok(true)
    }

    fn range(&mut self, range: Range<u64>) -> Result<bool, IndexError> {
        let (total, asked) = (self.total, range.clone());
        let fits = |range: &Range<u64>, found: u64| *range == asked && found == total;
        let came = self.ask(Part::Range(range), fits)?;
        // Another tag means that the file was replaced meanwhile.
        Ok(came.is_some_and(|came| came.etag == self.etag))
    }

    /// Asks for a part and writes it where it belongs; none where something else came.
    fn ask(
        &mut self,
        part: Part,
        fits: impl Fn(&Range<u64>, u64) -> bool,
    ) -> Result<Option<Came>, IndexError> {
        let file = self.file.as_file_mut();
        let request = Request { part, ..Request::of(self.url) };
        self.client.get(&request, |head, body| {
            let answered = part_of(head)?.filter(|(range, total)| fits(range, *total));
            let Some((range, total)) = answered else { return Ok(None) };
            file.set_len(total)?;
            file.seek(SeekFrom::Start(range.start))?;
            let length = range.end - range.start;
            let copied = copy(&mut body.take(length), file)?;
            let more = body.read(&mut [0])?;
            file.flush()?;
            let whole = copied == length && more == 0;
            Ok(whole.then(|| Came { range, total, etag: head.etag().map(str::to_owned) }))
        })
    }

    /// The table of contents; none where it makes no sense here. That is told by who reads the whole.
    fn entries(&mut self) -> Result<Option<Vec<Entry>>, IndexError> {
        for _ in 0..2 {
            let mut known = Known { file: self.file.as_file(), from: self.known_from, missed: None };
            match plan::entries(&mut known, self.total) {
                Some(entries) => return Ok(Some(entries)),
                None => match known.missed {
                    Some(missed) => {
                        if !self.range(missed..self.known_from)? {
                            return Ok(None);
                        }
                        self.known_from = missed;
                    }
                    None => return Ok(None),
                },
            }
        }
        Ok(None)
    }

    /// Whether the header of a member stands where it should: a server that sends other bytes than it says is noticed
    /// by that.
    fn has_header(&self, entry: &Entry) -> bool {
        let mut header = vec![0; 30 + entry.name.len()];
        let mut file = self.file.as_file();
        let read = file.seek(SeekFrom::Start(entry.start)).and_then(|_| file.read_exact(&mut header));
        read.is_ok() && header.starts_with(b"PK\x03\x04") && header.ends_with(&entry.name)
    }
}

/// Which part an answer is; none where it is the whole, or something that cannot be used.
fn part_of(head: &Head) -> Result<Option<(Range<u64>, u64)>, Cause> {
    match head.status {
        206 if !head.is_encoded() => Ok(head.range()),
        404 | 410 => Err(Cause::Status(head.status)),
        _ => Ok(None),
    }
}

/// A file of which only the end is there: reading before it is an error, and where is remembered.
struct Known<'a> {
    file: &'a File,
    from: u64,
    missed: Option<u64>,
}

impl Read for Known<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let at = self.file.stream_position()?;
        if at < self.from {
            self.missed = Some(self.missed.map_or(at, |missed| missed.min(at)));
            return Err(io::Error::other("not fetched yet"));
        }
        self.file.read(buffer)
    }
}

impl Seek for Known<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}
