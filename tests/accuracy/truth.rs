//! Verdicts on real wheels against recorded truth: what CPython was once seen to do with each of their modules.

use crate::comparison::{Comparison, Truth};
use crate::{audit, scripts, wheels};
use serde::Deserialize;
use std::collections::BTreeSet;

/// A line of `tests/truth/*.jsonl`.
#[derive(Deserialize)]
pub struct Row {
    /// Name of the distribution.
    pub distribution: String,
    /// Its version.
    pub version: String,
    /// Path in `site-packages`.
    pub member: String,
    sha256: String,
    requires_gil: bool,
}

/// What CPython 3.14 did.
pub const OF_3_14: &str = "cpython-3.14.7t-linux-x86_64.jsonl";
/// What CPython 3.15 did.
pub const OF_3_15: &str = "cpython-3.15.0rc1t-linux-x86_64.jsonl";

/// The lines of a record.
pub fn rows(record: &str) -> Vec<Row> {
    let path = scripts::in_repository("tests/truth").join(record);
    let text = std::fs::read_to_string(path).expect("it is there");
    text.lines().map(|line| serde_json::from_str(line).expect("a line is a row")).collect()
}

impl Row {
    /// The verdict that is right, and what was seen, as a predicate.
    pub const fn right(&self) -> (&'static str, &'static str) {
        if self.requires_gil {
            ("requires-gil", "turns the GIL on")
        } else {
            ("gil-free", "leaves the GIL off")
        }
    }
}

#[test]
fn of_3_14() {
    holds(OF_3_14, "3.14t", &["-cp314t-"]);
}

#[test]
fn of_3_15() {
    holds(OF_3_15, "3.15t", &["-cp315t-", "abi3t-"]);
}

/// Audits the wheels that a record is about, and compares module by module.
fn holds(record: &str, target: &str, tags: &[&str]) {
    let Some(cached) = wheels::cached() else { return };
    let rows = rows(record);
    let wanted: BTreeSet<_> =
        rows.iter().map(|row| (row.distribution.as_str(), row.version.as_str())).collect();
    let inputs: Vec<_> = cached
        .iter()
        .filter(|wheel| tags.iter().any(|tag| wheel.file.contains(tag)))
        .filter(|wheel| wanted.contains(&(wheel.project.as_str(), wheel.version.as_str())))
        .map(|wheel| &wheel.path)
        .collect();
    assert_eq!(inputs.len(), wanted.len(), "each distribution of the record has one wheel in wheels.lock");

    let report = audit::check(target, inputs);
    let verdicts = report.by_member(target);
    let mut comparison = Comparison::default();
    for row in &rows {
        let module = format!("{} {}: {}", row.distribution, row.version, row.member);
        let key = (row.distribution.clone(), row.member.clone());
        let (found, said) = verdicts.get(&key).unwrap_or_else(|| panic!("{module} is not in the report"));
        if let Some(sha256) = &found.sha256 {
            assert_eq!(*sha256, row.sha256, "{module} is another file than the record is about");
        }
        let (verdict, seen) = row.right();
        comparison.enter(&module, target, said, Truth { verdict, seen, excused: true });
    }
    let decided = comparison.decided();
    let about = format!("{record}: {} modules, {:.1} % decided", rows.len(), decided * 100.0);
    let failures = comparison.failures(&about);
    assert!(failures.is_empty(), "{failures}");
    assert!(decided >= 0.98, "{about}: at least 98 % have to be");
}
