//! Every size that this stage refuses to go beyond, with the reason.

/// Bytes of one file, which is about one package: the longest here has a hundredth of that.
pub(super) const FILE: u64 = 1 << 20;

/// Files of a database: there are some ten thousand packages with extension modules.
pub(super) const FILES: usize = 20_000;

/// Records of a database: a few hundred packages in five versions, each measured for three targets on seven platforms, have a
/// third of that. They are all kept in memory.
pub(super) const RECORDS: usize = 100_000;

/// Characters of a note, an address, a specifier or any other text: what is longer is read by nobody.
pub(super) const TEXT: usize = 2_000;
