//! Every size that this stage refuses to go beyond, with the reason. Each is far above what real wheels and
//! environments have, so that meeting one means a mistake or an attack.

/// Bytes that are read in search of, and from, a wheel's central directory. An entry takes some 150 bytes; the
/// richest wheels known have 60,000 entries, 9 MB.
pub(super) const DIRECTORY: u64 = 48 << 20;

/// Entries of a wheel whose count does not fit the 16 bits of a plain zip archive. Only the claim is held against
/// it, before memory is reserved for that many.
pub(super) const ENTRIES: u64 = 1 << 18;

/// Bytes of one member or installed file. Code and data of a shared library lie within 2 GiB of each other unless it is
/// built for the large code model, which no wheel on record is; the largest real ones (CUDA libraries of
/// torch and paddlepaddle) come to 1.6 GB.
pub(super) const MEMBER: u64 = 2 << 30;

/// Bytes that all members of a wheel that could be read come to. The largest real wheels inflate to 5 GB.
pub(super) const WHEEL: u64 = 16 << 30;

/// Members below this size are inflated whatever their ratio: they do no harm.
pub(super) const BOMB_FLOOR: u64 = 16 << 20;

/// Inflated bytes for each compressed one, above [`BOMB_FLOOR`]. Machine code and its tables come to 2 to 8;
/// DEFLATE itself ends at 1032.
pub(super) const BOMB_RATIO: u64 = 100;

/// Bytes of `METADATA`, `WHEEL` or `top_level.txt`. Descriptions of hundreds of kilobytes exist.
pub(super) const METADATA: u64 = 8 << 20;

/// Bytes of `RECORD`, at some 120 a line for as many files as [`ENTRIES`] allows.
pub(super) const RECORD: u64 = 32 << 20;

/// Files and folders visited below one folder. Environments of 200,000 files are known; a whole disk has millions, and
/// naming one is more likely a slip.
pub(super) const VISITED: usize = 3_000_000;

/// Notes of one kind for one artifact. A hostile archive could otherwise fill the report.
pub(super) const NOTES: usize = 20;
