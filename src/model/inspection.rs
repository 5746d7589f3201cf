//! What one module's file shows, and how the answer comes about: what `ftaudit inspect` prints.

use super::{Facts, Judgement, ModuleName, Slot, Target};
use std::collections::BTreeMap;

/// One module, looked at closely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The wheel's file name, or the folder that its dotted name starts below.
    pub source: String,
    /// Path in there, with `/` between parts.
    pub member: String,
    /// Its import name.
    pub name: ModuleName,
    /// Bytes of the file.
    pub size: usize,
    /// Hash of the file, in lower-case hexadecimal.
    pub sha256: String,
    /// The targets asked for, in the order asked.
    pub targets: Vec<Target>,
    /// What the file shows; its init functions were traced.
    pub facts: Facts,
    /// The verdict on the file for each target.
    pub verdicts: BTreeMap<Target, Judgement>,
    /// The answers for each machine, in the order of [`Facts::slices`].
    pub answers: Vec<BTreeMap<Target, Answer>>,
    /// Modules of other names that the file holds init functions for, by name.
    pub others: Vec<OtherModule>,
    /// Such modules that were not judged.
    pub others_left: usize,
}

/// What one target makes of the code for one machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The verdict.
    pub judgement: Judgement,
    /// What each slot means, in the order of the array.
    pub slots: Vec<SlotMeaning>,
}

/// A slot, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotMeaning {
    /// The slot.
    pub slot: Slot,
    /// Its macro's name.
    pub name: &'static str,
    /// Its value, with the name that CPython's headers give it.
    pub value: String,
    /// What the target makes of it.
    pub meaning: String,
}

/// A module that the file would be if it had another name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherModule {
    /// What the file would have to be named, up to the first dot.
    pub stem: String,
    /// Its init functions.
    pub hooks: Vec<String>,
    /// The verdict for each target.
    pub verdicts: BTreeMap<Target, Judgement>,
}
