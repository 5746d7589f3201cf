//! The version of a database: a checksum of its files. Apart because `build.rs` computes that of the embedded one with
//! the same lines.

use flate2::Crc;

/// The checksum of files that are given by name, in the order of their names.
pub(crate) fn checksum<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut sum = Crc::new();
    for (name, text) in files {
        for part in [name, text] {
            sum.update(part.as_bytes());
            // So that no text can pass for a part of another.
            sum.update(&[0]);
        }
    }
    format!("{:08x}", sum.sum())
}
