//! Records that say the same twice, or of the same file or page two things: one of them is wrong, and nobody could tell
//! which.

use super::belied::overlap;
use crate::model::{Proof, Record};

/// What is wrong with having both.
pub(super) fn why(one: &Record, other: &Record) -> Option<String> {
    let is_one_proof = match (&one.proof, &other.proof) {
        // A file is its bytes: under another name it is the same.
        (Proof::Wheel(one), Proof::Wheel(other)) => one.sha256 == other.sha256 || one.file == other.file,
        (one, other) => one == other,
    };
    let meet = is_one_proof
        && one.basis == other.basis
        && one.versions == other.versions
        && overlap(&one.targets, &other.targets)
        && overlap(&one.platforms, &other.platforms);
    if !meet {
        None
    } else if one.status == other.status {
        Some("a record above says the same of these versions, targets and platforms".to_owned())
    } else {
        Some(format!("a record above has the same evidence, and says `{}`: one of them is wrong", one.status))
    }
}
