//! Runs `ftaudit` and reads as much of the report as these tests are about.

use crate::interpreters::Interpreter;
use crate::schema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A report (`ftaudit/report/1`).
#[derive(Debug, Deserialize)]
pub struct Report {
    distributions: Vec<Distribution>,
    /// What rules say.
    pub findings: Vec<Finding>,
    /// What could not be done.
    pub notes: Vec<Note>,
}

#[derive(Debug, Deserialize)]
struct Distribution {
    name: Option<String>,
    modules: Vec<Module>,
}

#[derive(Debug, Deserialize)]
struct Module {
    name: String,
    verdicts: BTreeMap<String, Judgement>,
    runtime: BTreeMap<String, Runtime>,
}

#[derive(Debug, Deserialize)]
struct Judgement {
    verdict: String,
}

/// What came of a module.
#[derive(Debug, Clone, Deserialize)]
pub struct Runtime {
    /// `gil-free`, `crashed` …
    pub outcome: String,
    /// `confirmed`, `contradicted` …
    pub agreement: String,
    /// The same in words.
    pub message: String,
    /// Who imported it.
    pub import_chain: Vec<String>,
    /// What was seen when many threads imported its package.
    pub under_threads: Option<String>,
    /// Where it was.
    pub stack: Vec<String>,
    /// What was in force.
    pub protections: Vec<String>,
}

/// What a rule says.
#[derive(Debug, Deserialize)]
pub struct Finding {
    /// The rule.
    pub rule: String,
    /// The module.
    pub module: Option<String>,
}

/// Something that was not done.
#[derive(Debug, Deserialize)]
pub struct Note {
    /// Of what.
    pub about: String,
    /// What.
    pub why: String,
    /// Whether that leaves the report incomplete.
    pub unread: bool,
}

/// `ftaudit`, without what the tests' own environment would tell it.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ftaudit"));
    command.stdin(Stdio::null());
    command.env_remove("XDG_CACHE_HOME").env_remove("LD_LIBRARY_PATH");
    command
}

/// `ftaudit check --confirm` with an interpreter, ready for more arguments.
pub fn confirming(interpreter: &Interpreter, input: &Path) -> Command {
    let mut command = program();
    command.args(["check", "--confirm", "--format", "json", "--target", &interpreter.target()]);
    command.args(["--python", &interpreter.executable]).arg(input);
    command
}

/// Runs it, and reads the report. Exit statuses 0, 1 and 3 come with one.
pub fn report(command: &mut Command) -> (Report, i32) {
    let output = command.output().expect("ftaudit starts");
    let status = output.status.code().unwrap_or(-1);
    assert!(matches!(status, 0 | 1 | 3), "ftaudit ended with {}: {}", output.status, errors(&output));
    let report = schema::valid(&String::from_utf8_lossy(&output.stdout));
    (serde_json::from_value(report).expect("it has the fields that are asked about"), status)
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

impl Report {
    /// What came of every module, by distribution and name; with the verdict.
    pub fn runs(&self) -> BTreeMap<(String, String), (String, Runtime)> {
        let mut runs = BTreeMap::new();
        for distribution in &self.distributions {
            for module in &distribution.modules {
                for (target, runtime) in &module.runtime {
                    let key = (distribution.name.clone().unwrap_or_default(), module.name.clone());
                    runs.insert(key, (module.verdicts[target].verdict.clone(), runtime.clone()));
                }
            }
        }
        runs
    }

    /// What came of a module that no distribution owns.
    pub fn run(&self, module: &str) -> Runtime {
        let found = self.runs().remove(&(String::new(), module.to_owned()));
        found.unwrap_or_else(|| panic!("{module} was not confirmed: {self:?}")).1
    }

    /// The verdict on a module, whichever the target is.
    pub fn verdict(&self, module: &str) -> &str {
        let mut modules = self.distributions.iter().flat_map(|distribution| &distribution.modules);
        let found = modules.find(|found| found.name == module);
        let judgement = found.and_then(|found| found.verdicts.values().next());
        &judgement.unwrap_or_else(|| panic!("{module} is not in the report")).verdict
    }

    /// Whether a rule says something of a module.
    pub fn finds(&self, rule: &str, module: &str) -> bool {
        self.findings.iter().any(|finding| finding.rule == rule && finding.module.as_deref() == Some(module))
    }
}
