//! Every size that this stage refuses to go beyond, with the reason. Each is far above what real wheels and
//! environments have, so that meeting one means a mistake or an attack. "Seen" is what the 56 wheels of the truth
//! and an environment of 160 distributions (torch with CUDA among them, 49,000 files) hold.

/// Bytes that are read in search of, and from, a wheel's central directory. An entry takes some 150 bytes; the most
/// entries seen are torch's 12,419, 2 MB.
pub(super) const DIRECTORY: u64 = 48 << 20;

/// Entries of a wheel whose count does not fit the 16 bits of a plain zip archive. Only the claim is held against
/// it, before memory is reserved for that many. Twenty times what is seen.
pub(super) const ENTRIES: u64 = 1 << 18;

/// Bytes of one member or installed file. Code and data of a shared library lie within 2 GiB of each other unless it is
/// built for a larger code model than compilers choose by themselves. The largest seen is torch's CUDA library: 520 MB.
pub(super) const MEMBER: u64 = 2 << 30;

/// Bytes that all members of a wheel that could be read come to. The most seen is torch's 1.1 GB; each is read by
/// itself, so this bounds time, not memory.
pub(super) const WHEEL: u64 = 16 << 30;

/// Members below this size are inflated whatever their ratio: they do no harm.
pub(super) const BOMB_FLOOR: u64 = 16 << 20;

/// Inflated bytes for each compressed one, above [`BOMB_FLOOR`]. Of the 597 modules seen in wheels none comes to 8;
/// DEFLATE itself ends at 1032.
pub(super) const BOMB_RATIO: u64 = 100;

/// Bytes of `METADATA`, `WHEEL` or `top_level.txt`. The longest seen has 140 kB, most of it a change log.
pub(super) const METADATA: u64 = 8 << 20;

/// Bytes of `RECORD`, at some 120 a line for as many files as [`ENTRIES`] allows. The longest seen has 1.3 MB.
pub(super) const RECORD: u64 = 32 << 20;

/// Files and folders visited below one folder: sixty times what is seen. A whole disk can have more, and naming one
/// is more likely a slip.
pub(super) const VISITED: usize = 3_000_000;

/// Notes of one kind for one artifact. A hostile archive could otherwise fill the report.
pub(super) const NOTES: usize = 20;
