//! Stage 1: what the user named -> artifacts. Finds out what each path is, says so, and follows editable
//! installs. Reads names and the few small text files that decide; never opens a wheel or a module.

use crate::model::{Artifact, Note};
use std::path::PathBuf;

/// What the inputs turned out to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Discovery {
    /// Everything to audit, sorted, each once.
    pub artifacts: Vec<Artifact>,
    /// What each input was taken for, and what could not be used.
    pub notes: Vec<Note>,
}

/// Finds out what each input is.
#[must_use]
pub fn discover(inputs: &[PathBuf]) -> Discovery {
    let _ = inputs;
    Discovery::default()
}
