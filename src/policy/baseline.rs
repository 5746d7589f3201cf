//! What was known when a team began to look: findings that are in the baseline do not count, new ones do.

use super::suppress;
use crate::model::{Finding, ModuleName, SuppressedBy};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The name of the file format.
const SCHEMA: &str = "ftaudit/baseline/1";

/// Bytes of a baseline file: some 150 an entry, for a thousand times the findings of a large environment.
const LIMIT: u64 = 64 << 20;

/// Findings that were known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    schema: String,
    findings: BTreeSet<Known>,
}

/// What stays the same of a finding from one run to the next, and from one version to the next: a newer version with
/// an old fault is nothing new.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    package: String,
    rule: String,
    module: Option<String>,
    platforms: Vec<String>,
}

/// Why a baseline is of no use.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// The system says no.
    #[error("cannot read the baseline {}: {error}\nhint: --write-baseline makes one", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// It is no baseline: written by hand, or something else.
    #[error("{} is no baseline: {why}\nhint: --write-baseline makes one", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

impl Baseline {
    /// One that knows these findings, but for those that do not count anyway.
    #[must_use]
    pub fn of(findings: &[Finding]) -> Self {
        let ignored = |finding: &&Finding| {
            finding.suppressed.as_ref().is_none_or(|suppressed| suppressed.by == SuppressedBy::Baseline)
        };
        Self { schema: SCHEMA.to_owned(), findings: findings.iter().filter(ignored).map(Known::of).collect() }
    }

    /// Reads one.
    ///
    /// # Errors
    /// When it cannot be read, or is none.
    pub fn read(path: &Path) -> Result<Self, BaselineError> {
        let form = |why: String| BaselineError::Form { path: path.to_owned(), why };
        let read = |error| BaselineError::Read { path: path.to_owned(), error };
        let size = fs::metadata(path).map_err(read)?.len();
        if size > LIMIT {
            return Err(form(format!("it has {size} bytes, more than {LIMIT}")));
        }
        let text = fs::read_to_string(path).map_err(read)?;
        let baseline: Self = serde_json::from_str(&text).map_err(|error| form(error.to_string()))?;
        if baseline.schema == SCHEMA {
            Ok(baseline)
        } else {
            Err(form(format!("its schema is {}, and this program knows {SCHEMA}", baseline.schema)))
        }
    }

    /// What [`Self::read`] reads: sorted, a line for each value, so that two can be compared.
    ///
    /// # Errors
    /// Never with the structs as they are.
    pub fn text(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    pub(super) fn apply(&self, findings: &mut [Finding]) {
        for finding in findings.iter_mut() {
            if self.findings.contains(&Known::of(finding)) {
                suppress(finding, SuppressedBy::Baseline, "it is in the baseline");
            }
        }
    }
}

impl Known {
    fn of(finding: &Finding) -> Self {
        let package = finding.distribution.split(' ').next().unwrap_or_default();
        Self {
            package: package.to_owned(),
            rule: finding.rule.to_owned(),
            module: finding.member.as_deref().map(|member| ModuleName::of_member(member).dotted),
            platforms: finding.platforms.iter().map(ToString::to_string).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Platform, made_up};

    #[test]
    fn only_what_is_new_counts() {
        let mut known = made_up::finding("gil-reenabled");
        let baseline = Baseline::of(std::slice::from_ref(&known));
        "foo 1.1".clone_into(&mut known.distribution);
        let mut elsewhere = known.clone();
        elsewhere.platforms = vec![Platform::MacosArm64];
        let mut findings = [known, elsewhere, made_up::finding("abi-mismatch")];
        baseline.apply(&mut findings);
        let suppressed = findings.map(|finding| finding.suppressed.is_some());
        assert_eq!(suppressed, [true, false, false]);
    }

    #[test]
    fn what_is_written_can_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("baseline.json");
        let baseline = Baseline::of(&[made_up::finding("gil-reenabled")]);
        fs::write(&path, baseline.text().unwrap()).unwrap();
        assert_eq!(Baseline::read(&path).unwrap(), baseline);
    }

    #[test]
    fn anything_else_is_refused_with_a_hint() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("baseline.json");
        for (text, expected) in [
            ("", "EOF"),
            ("{}", "missing field"),
            (r#"{"schema": "ftaudit/baseline/9", "findings": []}"#, "ftaudit/baseline/9"),
            (r#"{"schema": "ftaudit/baseline/1", "findings": [], "more": 1}"#, "unknown field"),
        ] {
            fs::write(&path, text).unwrap();
            let error = Baseline::read(&path).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("hint: "), "{text}: {error}");
        }
        assert!(Baseline::read(&folder.path().join("none.json")).is_err());
    }
}
