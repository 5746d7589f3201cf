//! The fixtures under every interpreter at hand: built for it, imported by it, and audited.

use crate::comparison::{Comparison, Truth};
use crate::interpreters::Interpreter;
use crate::probe::Outcome;
use crate::undetermined::{Knowable, line_of};
use crate::{audit, interpreters, probe, scripts};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// What `fixtures/build.py` writes.
#[derive(Deserialize)]
pub struct Manifest {
    /// What was built.
    pub modules: Vec<Built>,
    missing: Vec<String>,
}

/// A module that was built.
#[derive(Deserialize)]
pub struct Built {
    /// Folder and stem of its source.
    pub fixture: String,
    /// The way in which it was built.
    pub way: String,
    /// Its name.
    pub module: String,
    folder: String,
    /// Its path.
    pub file: String,
}

#[test]
fn under_every_interpreter_at_hand() {
    let mut failures = String::new();
    let mut excuses = BTreeMap::new();
    for (interpreter, folder, manifest) in BUILT.iter() {
        failures += &compare(interpreter, folder, manifest, &mut excuses);
    }
    for (line, _) in excuses.into_iter().filter(|(_, needed)| !needed) {
        crate::tell(&format!(
            "undetermined.rs excuses {line:?}, which is told all the same: the line can go"
        ));
    }
    assert!(failures.is_empty(), "{failures}");
}

/// A bare `.so` is found by every version, whatever it was built for.
#[test]
fn of_each_version_under_the_others() {
    let mut failures = String::new();
    for (built_for, folder, manifest) in BUILT.iter() {
        let renamed = tempfile::tempdir().expect("a folder can be made");
        let mut names = Vec::new();
        for built in manifest.modules.iter().filter(|built| built.way == "gcc-O2" && telling(&built.fixture))
        {
            let place = renamed.path().join(format!("{}.so", built.module));
            fs::copy(folder.join(&built.file), place).expect("a fixture can be copied");
            names.push(built.module.as_str());
        }
        let others = BUILT.iter().map(|(other, ..)| other).filter(|other| other.minor != built_for.minor);
        for interpreter in others {
            let report = audit::check(&interpreter.target(), [renamed.path()]);
            let verdicts = report.by_member(&interpreter.target());
            let modules: Vec<_> = names.iter().map(|name| (renamed.path(), *name)).collect();
            let mut comparison = Comparison::default();
            for (name, outcome) in names.iter().zip(probe::import_all(interpreter, &modules)) {
                let (_, said) = &verdicts[&(String::new(), format!("{name}.so"))];
                // Each is an extension module for the version that it was built for.
                let verdict = if outcome == Outcome::NoHook { "incompatible-abi" } else { outcome.verdict() };
                let truth = Truth { verdict, seen: &outcome.to_string(), excused: false };
                comparison.enter(name, "gcc-O2", said, truth);
            }
            let about = format!("fixtures built for {} under {}", built_for.version, interpreter.version);
            failures += &comparison.failures(&about);
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

/// Fixtures with which versions may do different things.
fn telling(fixture: &str) -> bool {
    const GROUPS: [&str; 3] = ["slots/", "export/", "single/single_none"];
    const SINGLE: [&str; 6] = [
        "single/single_not_used",
        "single/single_definition_on_heap",
        "changed/filled_in_bss",
        "changed/filled_on_heap",
        "changed/headless_on_heap",
        "abi/zero_head",
    ];
    GROUPS.iter().any(|group| fixture.starts_with(group)) || SINGLE.contains(&fixture)
}

/// Which lines of `undetermined.rs` stand for an effort that nobody has made, and whether they were needed.
type Excuses = BTreeMap<(&'static str, &'static str), bool>;

/// Imports, audits, compares; returns what must not be.
fn compare(interpreter: &Interpreter, folder: &Path, manifest: &Manifest, excuses: &mut Excuses) -> String {
    let report = audit::check(&interpreter.target(), [folder]);
    let verdicts = report.by_member(&interpreter.target());
    let modules: Vec<_> =
        manifest.modules.iter().map(|found| (folder.join(&found.folder), found.module.as_str())).collect();

    let mut comparison = Comparison::default();
    for (built, outcome) in manifest.modules.iter().zip(probe::import_all(interpreter, &modules)) {
        let key = (String::new(), built.file.clone());
        let (_, said) = verdicts.get(&key).unwrap_or_else(|| panic!("{} is not in the report", built.file));
        let (verdict, seen) = (outcome.verdict(), outcome.to_string());
        let truth = match line_of(&built.fixture, &built.way) {
            None => Truth { verdict, seen: &seen, excused: false },
            Some((fixture, way, Knowable::WithEffort(_))) => {
                *excuses.entry((*fixture, *way)).or_default() |= said.verdict == "undetermined";
                Truth { verdict, seen: &seen, excused: true }
            }
            Some((.., Knowable::No(why))) => Truth { verdict: "undetermined", seen: why, excused: true },
            Some((.., Knowable::NotWhetherItLoads(_))) if matches!(outcome, Outcome::Raised(_)) => continue,
            Some((.., Knowable::NotWhetherItLoads(_))) => Truth { verdict, seen: &seen, excused: true },
        };
        comparison.enter(&built.fixture, &built.way, said, truth);
    }
    comparison.failures(&format!("fixtures under {}", interpreter.version))
}

/// Every interpreter at hand, and its fixtures: built once, whatever test is first.
pub static BUILT: LazyLock<Vec<(Interpreter, PathBuf, Manifest)>> = LazyLock::new(|| {
    let with_fixtures = |interpreter| {
        let (folder, manifest) = build(&interpreter);
        (interpreter, folder, manifest)
    };
    interpreters::found().into_iter().map(with_fixtures).collect()
});

/// Builds every fixture for an interpreter, as far as that has not been done before.
fn build(interpreter: &Interpreter) -> (PathBuf, Manifest) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fixtures-{}", interpreter.version));
    let place = folder.to_str().expect("the repository's path is UTF-8");
    scripts::run("fixtures/build.py", &[&interpreter.executable, place]);
    let text = fs::read_to_string(folder.join("manifest.json")).expect("build.py writes a manifest");
    let manifest: Manifest = serde_json::from_str(&text).expect("the manifest is JSON");
    let skip = "FTAUDIT_TEST_SKIP_FIXTURES";
    for why in &manifest.missing {
        crate::tell(&format!("SKIPPED: fixtures are left out: {why}"));
    }
    assert!(
        manifest.missing.is_empty() || scripts::told_to_skip(skip),
        "fixtures cannot be built ({}); {skip}=1 does without them",
        manifest.missing.join("; ")
    );
    (folder, manifest)
}

#[test]
fn readme_lists_each_source() {
    let root = scripts::in_repository("fixtures");
    let readme = fs::read_to_string(root.join("README.md")).expect("it is there");
    let listed: BTreeSet<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` |"))
        .map(|(name, _)| name)
        .collect();
    let mut sources = BTreeSet::new();
    for folder in [
        "c/slots",
        "c/changed",
        "c/single",
        "c/create",
        "c/hooks",
        "c/flow",
        "c/abi",
        "c/export",
        "cpp",
        "macho",
    ] {
        for entry in fs::read_dir(root.join(folder)).expect("the folder is there") {
            let path = entry.expect("it can be read").path();
            sources.insert(path.file_stem().expect("a file has a name").to_string_lossy().into_owned());
        }
    }
    let sources: BTreeSet<&str> = sources.iter().map(String::as_str).collect();
    assert_eq!(listed, sources, "fixtures/README.md has a row for each source");
}

/// What the README says stands for a way to declare is there.
#[test]
fn readme_names_what_is_there() {
    let readme = fs::read_to_string(scripts::in_repository("fixtures/README.md")).expect("it is there");
    let (_, rest) = readme.split_once("| way | stands for it |").expect("the README has this table");
    let (table, _) = rest.split_once("\n## ").expect("a section follows");
    let locks: String = ["fixtures/tools.lock", "tests/wheels.lock"]
        .map(|lock| fs::read_to_string(scripts::in_repository(lock)).expect("the lock file is there"))
        .concat();
    let is_there = |name: &str| {
        let root = scripts::in_repository("fixtures");
        let source = root.join(name.strip_prefix("fixtures/").unwrap_or(name));
        source.is_dir() || source.with_extension("c").is_file() || locks.contains(&format!("  {name}-"))
    };
    let named: Vec<&str> = table.split('`').skip(1).step_by(2).collect();
    let absent: Vec<_> = named.iter().filter(|name| name.contains(['/', '-']) && !is_there(name)).collect();
    assert!(named.len() > 40 && absent.is_empty(), "{} are named, not there: {absent:?}", named.len());
}
