//! Every size and time that this stage refuses to go beyond, with the reason.

use std::time::Duration;

/// Bytes of an index's page, inflated. The longest that are known (projects with daily releases on every platform) have some
/// 30 MB.
pub(super) const PAGE: u64 = 128 << 20;

/// Bytes of one file. The largest wheels, those with CUDA in them, have 3.5 GB.
pub(super) const FILE: u64 = 8 << 30;

/// Redirects that are followed: what browsers and installers allow lies between 10 and 30, and an index needs one.
pub(super) const REDIRECTS: usize = 10;

/// Bytes a second that an answer must come to, once the timeout has passed: a server that sends a byte now and then would
/// otherwise hold an audit for ever. Fifty requests side by side on a slow line (2 Mbit/s) get more.
pub(super) const SLOWEST: u64 = 4 << 10;

/// The longest wait before a request is repeated, whatever `Retry-After` says: longer ones are for a later run.
pub(super) const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// What is fetched of a wheel's end at first: the most that a zip archive's end record with its comment can take, and then
/// enough for the table of contents of all but the largest wheels together with the metadata before it.
pub(super) const TAIL: u64 = 128 << 10;

/// Wheels up to this size are fetched as a whole: asking for parts would take longer than the bytes that it saves.
pub(super) const SMALL: u64 = 256 << 10;

/// A gap between two needed parts that is fetched along, because a request of its own costs more.
pub(super) const GAP: u64 = 256 << 10;

/// Requests for the parts of one wheel, its end aside. Each costs a round trip; wheels have few places with binaries.
pub(super) const RANGES: usize = 3;

/// Bytes of a wheel's core metadata; the same that unpacking allows.
pub(super) const METADATA: u64 = 8 << 20;

/// Bytes of a source archive, unpacked. The largest projects' have some 300 MB.
pub(super) const SOURCES: u64 = 1 << 30;

/// Bytes of one source file: what is longer was generated.
pub(super) const SOURCE: u64 = 4 << 20;

/// Declarations that are told of one source archive.
pub(super) const HINTS: usize = 20;

/// Entries of a wheel's table of contents that are looked at; the same that unpacking allows.
pub(super) const ENTRIES: usize = 1 << 18;

/// Bytes that the cache may take before the longest unused files go: some thousand wheels.
pub(super) const CACHE: u64 = 10 << 30;
