//! What this very program read in a wheel of the cache before. Facts follow from a file's bytes, from what is judged for
//! and from the code alone, so they need not be found again; verdicts are, every time.

use super::modules::{Scope, audit_artifact};
use crate::acquire::index::Index;
use crate::model::{Artifact, ArtifactKind, DistributionReport, Facts, Note, Target};
use crate::progress::Progress;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Audits a wheel that was fetched, with what an earlier run read of it.
pub(super) fn audit_fetched(
    index: &Index,
    wheel: &Path,
    scope: Scope<'_>,
    progress: &Progress,
) -> (Artifact, Vec<DistributionReport>, Vec<Note>) {
    let artifact = Artifact { path: wheel.to_owned(), kind: ArtifactKind::Wheel };
    let memory = Memory::of(index, wheel, scope.targets);
    let scope = Scope { memory: Some(&memory), ..scope };
    let (reports, notes) = audit_artifact(&artifact, &scope, progress);
    memory.keep();
    (artifact, reports, notes)
}

/// The facts of a wheel's modules, by member.
pub(super) struct Memory<'a> {
    index: &'a Index,
    wheel: &'a Path,
    /// Under which it is kept beside the wheel.
    name: String,
    known: BTreeMap<String, Remembered>,
    learnt: Mutex<BTreeMap<String, Remembered>>,
}

/// What was read of one module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Remembered {
    pub facts: Facts,
    /// The SHA-256 of its bytes, where that was asked for.
    pub hashed: Option<String>,
}

impl<'a> Memory<'a> {
    /// What is remembered of a wheel, for these targets.
    pub(super) fn of(index: &'a Index, wheel: &'a Path, targets: &[Target]) -> Self {
        let targets: Vec<String> = targets.iter().map(Target::to_string).collect();
        let name = format!("facts-{}.json", targets.join("-"));
        let known = index.made_of(wheel, &name).and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Self { index, wheel, name, known: known.unwrap_or_default(), learnt: Mutex::default() }
    }

    /// What was read of a member, with its hash where that is asked for.
    pub(super) fn recall(&self, member: &str, hashes: bool) -> Option<Remembered> {
        self.known.get(member).filter(|known| !hashes || known.hashed.is_some()).cloned()
    }

    pub(super) fn learn(&self, member: &str, read: Remembered) {
        self.learnt.lock().unwrap_or_else(PoisonError::into_inner).insert(member.to_owned(), read);
    }

    /// Keeps what was learnt for the next run.
    pub(super) fn keep(mut self) {
        let learnt = self.learnt.into_inner().unwrap_or_else(PoisonError::into_inner);
        if learnt.is_empty() {
            return;
        }
        self.known.extend(learnt);
        if let Ok(bytes) = serde_json::to_vec(&self.known) {
            self.index.keep_made_of(self.wheel, &self.name, &bytes);
        }
    }
}
