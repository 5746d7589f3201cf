//! That many modules in one process have the outcomes that each has alone.

use crate::environments::wheels;
use crate::interpreters::{self, Interpreter};
use crate::run::{confirming, report};
use crate::scripts;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Ways to build fixtures that are taken: some three hundred modules that do everything a module can do.
const WAYS: [&str; 4] = ["gcc-O2", "gcc-O0", "clang-O2", "clang-O0"];

#[test]
fn fixtures_have_the_outcomes_of_one_by_one() {
    for interpreter in interpreters::found() {
        let built = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fixtures-{}", interpreter.version));
        let place = built.to_str().expect("the repository's path is UTF-8");
        scripts::run("fixtures/build.py", &[&interpreter.executable, place]);
        let inputs: Vec<PathBuf> = WAYS.map(|way| built.join(way)).to_vec();
        let compared = compare(&interpreter, &inputs);
        assert!(compared >= 300, "{compared} modules");
    }
}

#[test]
fn wheels_have_the_outcomes_of_one_by_one() {
    for interpreter in interpreters::found() {
        let wheels = wheels(&interpreter);
        if !wheels.is_empty() {
            compare(&interpreter, &wheels);
        }
    }
}

/// Confirms both ways, and counts the modules.
fn compare(interpreter: &Interpreter, inputs: &[PathBuf]) -> usize {
    let (together, quick) = outcomes(interpreter, inputs, &[]);
    let (alone, slow) = outcomes(interpreter, inputs, &["--one-by-one"]);
    crate::tell(&format!(
        "{} modules under {}: {quick:.1} s in batches, {slow:.1} s one by one",
        alone.len(),
        interpreter.version
    ));
    let different: Vec<_> =
        alone.iter().filter(|(key, outcome)| together.get(*key) != Some(*outcome)).collect();
    let other = different.iter().map(|(key, _)| (key, together.get(*key)));
    assert!(different.is_empty(), "{different:#?}\n{:#?}", other.collect::<Vec<_>>());
    assert_eq!(alone.len(), together.len());
    alone.len()
}

/// Outcome and message, by the folder's number, the project and the module.
type Outcomes = BTreeMap<(usize, String, String), (String, String)>;

/// What came of every module, and how many seconds that took.
fn outcomes(interpreter: &Interpreter, inputs: &[PathBuf], way: &[&str]) -> (Outcomes, f64) {
    let mut found = BTreeMap::new();
    let started = Instant::now();
    // Folders of fixtures have the same names in them: each is a run of its own.
    let folders = inputs.iter().all(|input| input.is_dir());
    let runs: Vec<&[PathBuf]> = if folders { inputs.chunks(1).collect() } else { vec![inputs] };
    for (index, inputs) in runs.into_iter().enumerate() {
        let mut command = confirming(interpreter, &inputs[0]);
        command.args(&inputs[1..]).args(["--import-timeout", "5"]).args(way);
        for ((project, module), (_, run)) in report(&mut command).0.runs() {
            found.insert((index, project, module), (run.outcome, run.message));
        }
    }
    (found, started.elapsed().as_secs_f64())
}
