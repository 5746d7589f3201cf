//! What came of measuring wheels for a database.

/// What a walk over records came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    /// Records in all.
    pub records: usize,
    /// Records whose wheel was at hand, and is what they say.
    pub agreeing: usize,
    /// Records of wheels that were imported, where the binaries at hand do not tell what was seen then.
    pub imported: usize,
    /// Records whose wheel was not at hand.
    pub absent: usize,
    /// Records that their own list of files shows, which was held against them when they were read.
    pub listed: usize,
    /// What is wrong, a sentence for each record.
    pub differing: Vec<String>,
}

/// What came of measuring one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refreshed {
    /// The package, with the version that was measured.
    pub package: String,
    /// How many records were written; none where it was measured on this day, and nothing was done.
    pub records: Option<usize>,
    /// What could not be read or told, a sentence each.
    pub left_out: Vec<String>,
}
