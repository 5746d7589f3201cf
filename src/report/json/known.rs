//! What databases say of a distribution. Apart for its own fields.

use crate::model;
use serde::Serialize;

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Known<'a> {
    database: &'a str,
    versions: Option<&'a str>,
    targets: Vec<String>,
    platforms: Vec<&'static str>,
    status: &'static str,
    basis: &'static str,
    checked: &'a str,
    evidence: String,
    note: Option<&'a str>,
    belied: bool,
    same_file: Option<bool>,
}

/// Whether a statement may be about the version that was audited.
pub(super) fn is_told(known: &model::Known) -> bool {
    matches!(known.bearing, model::Bearing::This | model::Bearing::Unsaid)
}

impl<'a> Known<'a> {
    pub(super) fn of(known: &'a model::Known) -> Self {
        let model::Known { record, database, same_file, belied, .. } = known;
        let model::Record { versions, targets, platforms, status, basis, proof, checked, note } = record;
        Self {
            database,
            versions: versions.as_deref(),
            targets: targets.iter().map(ToString::to_string).collect(),
            platforms: platforms.iter().map(|platform| platform.id()).collect(),
            status: status.id(),
            basis: basis.id(),
            checked,
            evidence: proof.to_string(),
            note: note.as_deref(),
            belied: *belied,
            same_file: *same_file,
        }
    }
}
