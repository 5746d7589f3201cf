//! The version of a lock file's format, read before all else: what follows it may have another shape.

use serde::Deserialize;

/// `version = 1` at the top, as in uv.lock.
#[derive(Deserialize)]
pub(super) struct Number {
    pub version: u64,
}

/// `lock-version = "1.0"` at the top, as in pylock.toml.
#[derive(Deserialize)]
pub(super) struct Dashed {
    #[serde(rename = "lock-version")]
    pub lock_version: String,
}

/// In a `[metadata]` table, as in poetry.lock and pdm.lock.
#[derive(Deserialize)]
pub(super) struct InMetadata {
    #[serde(default)]
    pub metadata: Metadata,
}

/// What tells the version there; none in the oldest.
#[derive(Deserialize, Default)]
pub(super) struct Metadata {
    #[serde(alias = "lock-version", alias = "lock_version")]
    pub version: Option<String>,
}
