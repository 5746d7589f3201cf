//! Runs `ftaudit check --format json` and reads as much of the report as these tests are about.

use crate::schema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::process::{Command, Output, Stdio};

/// A report (`ftaudit/report/1`).
#[derive(Debug, Deserialize)]
pub struct Report {
    /// What was audited.
    pub distributions: Vec<Distribution>,
    /// What is worth attention.
    pub findings: Vec<Finding>,
    /// What could not be done.
    pub notes: Vec<Note>,
}

/// A wheel, an installed distribution, or a folder's files.
#[derive(Debug, Deserialize)]
pub struct Distribution {
    /// Normalised name.
    pub name: Option<String>,
    /// Its modules.
    pub modules: Vec<Module>,
}

/// A module.
#[derive(Debug, Deserialize)]
pub struct Module {
    /// Path in the wheel or below the folder.
    pub member: String,
    /// What RECORD says of the file.
    pub sha256: Option<String>,
    /// Machines that it holds code for.
    pub arch: Vec<String>,
    /// By target.
    pub verdicts: BTreeMap<String, Judgement>,
}

/// A verdict with its reason.
#[derive(Debug, Clone, Deserialize)]
pub struct Judgement {
    /// `gil-free`, `requires-gil` …
    pub verdict: String,
    /// Why, as a sentence about the module.
    pub message: String,
}

/// What a rule says.
#[derive(Debug, Deserialize)]
pub struct Finding {
    /// Which rule.
    pub rule: String,
    /// What shows it.
    pub evidence: Vec<Evidence>,
}

/// An observation.
#[derive(Debug, Deserialize)]
pub struct Evidence {
    /// A sentence.
    pub text: String,
}

/// Something that was not audited.
#[derive(Debug, Deserialize)]
pub struct Note {
    /// Which file.
    pub about: String,
    /// Why.
    pub why: String,
}

/// Runs `ftaudit check` with JSON output.
pub fn run(target: &str, inputs: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ftaudit"))
        .args(["check", "--format", "json", "--target", target])
        .args(inputs)
        .stdin(Stdio::null())
        .output()
        .expect("ftaudit starts")
}

/// Audits, and reads the report. Exit statuses 0, 1 and 3 come with one.
pub fn check(target: &str, inputs: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Report {
    let output = run(target, inputs);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        matches!(output.status.code(), Some(0 | 1 | 3)),
        "ftaudit ended with {}:\n{errors}",
        output.status
    );
    let report = schema::valid(&String::from_utf8_lossy(&output.stdout));
    serde_json::from_value(report).expect("it has the fields that are asked about")
}

impl Report {
    /// The verdict on each module, by distribution and path in `site-packages`. Of several wheels of one
    /// distribution the last one counts.
    pub fn by_member(&self, target: &str) -> BTreeMap<(String, String), (&Module, &Judgement)> {
        self.modules(target).collect()
    }

    /// The same for every wheel.
    pub fn modules(&self, target: &str) -> impl Iterator<Item = ((String, String), (&Module, &Judgement))> {
        self.distributions.iter().flat_map(move |distribution| {
            let name = distribution.name.clone().unwrap_or_default();
            distribution.modules.iter().map(move |module| {
                let judgement =
                    module.verdicts.get(target).expect("every module has a verdict for the target");
                ((name.clone(), installed(&module.member)), (module, judgement))
            })
        })
    }
}

/// Where a wheel's member ends up: files below `{name}.data/platlib` and `purelib` go to the top.
fn installed(member: &str) -> String {
    let moved = member
        .split_once(".data/")
        .and_then(|(_, rest)| rest.strip_prefix("platlib/").or_else(|| rest.strip_prefix("purelib/")));
    moved.unwrap_or(member).to_owned()
}
