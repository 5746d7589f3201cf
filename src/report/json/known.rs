//! What databases say of a distribution. Apart for its own fields.

use crate::model;
use crate::report::known::json::Statement;
use serde::Serialize;

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Known<'a> {
    database: &'a str,
    #[serde(flatten)]
    statement: Statement<'a>,
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
        Self {
            database,
            statement: Statement::of(record),
            evidence: record.proof.to_string(),
            note: record.note.as_deref(),
            belied: *belied,
            same_file: *same_file,
        }
    }
}
