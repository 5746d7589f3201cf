//! The pinned wheels, and their modules under the interpreters at hand.

use crate::comparison::{Comparison, Truth};
use crate::probe::Outcome;
use crate::{audit, interpreters, probe, scripts};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Distributions with more modules than this are not imported one by one: it takes minutes, and their truth is on
/// record. `FTAUDIT_TEST_EVERY_MODULE=1` has them imported all the same.
const MODULES_TO_IMPORT: usize = 25;

/// A wheel of a lock file.
pub struct Wheel {
    /// Where it lies.
    pub path: PathBuf,
    /// Its file name.
    pub file: String,
    /// Normalised name.
    pub project: String,
    /// Version.
    pub version: String,
}

/// Every wheel of `wheels.lock`, downloaded if need be; none if the environment says to do without.
pub fn cached() -> Option<Vec<Wheel>> {
    locked("wheels")
}

/// The same for another lock file, whose wheels lie in a folder of their own.
pub fn locked(name: &str) -> Option<Vec<Wheel>> {
    let skip = "FTAUDIT_TEST_SKIP_WHEELS";
    if scripts::told_to_skip(skip) {
        crate::tell(&format!("SKIPPED: no wheel is audited, because {skip}=1"));
        return None;
    }
    let lock = scripts::in_repository("tests").join(name).with_extension("lock");
    let text = fs::read_to_string(&lock).expect("the lock file is there");
    let lock = lock.to_str().expect("the repository's path is UTF-8");
    let folder = scripts::run("tests/support/wheels.py", &[lock, name]);
    let names = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once("  "));
    Some(names.map(|(_, file)| wheel(Path::new(folder.trim()), file)).collect())
}

/// A wheel by its file name.
fn wheel(folder: &Path, file: &str) -> Wheel {
    let name: ftaudit::model::WheelName = file.parse().expect("lock files hold names of wheels");
    Wheel {
        path: folder.join(file),
        file: file.to_owned(),
        project: ftaudit::model::normalise(&name.distribution),
        version: name.version,
    }
}

#[test]
fn under_every_interpreter_at_hand() {
    let Some(wheels) = cached() else { return };
    let mut failures = String::new();
    for interpreter in interpreters::found() {
        let tag = format!("-cp3{}t-", interpreter.minor);
        let rounds = rounds(wheels.iter().filter(|wheel| wheel.file.contains(&tag)));
        if rounds.is_empty() {
            crate::tell(&format!("SKIPPED: wheels.lock has no wheel for {}", interpreter.target()));
        }
        for fitting in rounds {
            failures += &compare(&interpreter, &fitting);
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

/// Wheels of the stable ABI of Python with the GIL: 3.13 and 3.14 find their modules and crash, 3.15 does not find
/// them.
#[test]
fn of_the_stable_abi_under_every_interpreter_at_hand() {
    let Some(wheels) = cached() else { return };
    let mut failures = String::new();
    for interpreter in interpreters::found() {
        for wheel in wheels.iter().filter(|wheel| wheel.file.contains("-abi3-")) {
            let target = interpreter.target();
            let report = audit::check(&target, [&wheel.path]);
            let verdicts = report.by_member(&target);
            let site = unpacked(&[wheel]);
            let names: Vec<String> = verdicts.keys().map(|(_, member)| dotted(member)).collect();
            let modules: Vec<_> = names.iter().map(|name| (site.path(), name.as_str())).collect();
            let mut comparison = Comparison::default();
            for ((_, said), outcome) in verdicts.values().zip(probe::import_all(&interpreter, &modules)) {
                let truth = Truth { verdict: outcome.verdict(), seen: &outcome.to_string(), excused: false };
                comparison.enter(&wheel.project, &interpreter.version, said, truth);
            }
            failures += &comparison.failures(&format!("{} under {}", wheel.file, interpreter.version));
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

/// In each round each project once, since all of them are put into one folder.
fn rounds<'a>(wheels: impl Iterator<Item = &'a Wheel>) -> Vec<Vec<&'a Wheel>> {
    let mut rounds: Vec<BTreeMap<&str, &Wheel>> = Vec::new();
    for wheel in wheels {
        let free = rounds.iter_mut().find(|round| !round.contains_key(wheel.project.as_str()));
        match free {
            Some(round) => {
                round.insert(&wheel.project, wheel);
            }
            None => rounds.push(BTreeMap::from([(wheel.project.as_str(), wheel)])),
        }
    }
    rounds.into_iter().map(|round| round.into_values().collect()).collect()
}

/// A folder with what wheels hold.
fn unpacked(wheels: &[&Wheel]) -> tempfile::TempDir {
    let site = tempfile::tempdir().expect("a folder can be made");
    for wheel in wheels {
        let file = fs::File::open(&wheel.path).expect("the wheel is in the cache");
        let mut archive = zip::ZipArchive::new(file).expect("the wheel is an archive");
        archive.extract(site.path()).expect("the wheel can be unpacked");
    }
    site
}

/// Imports the wheels' modules, and holds the verdicts against that; returns what must not be.
fn compare(interpreter: &interpreters::Interpreter, wheels: &[&Wheel]) -> String {
    let target = interpreter.target();
    let report = audit::check(&target, wheels.iter().map(|wheel| &wheel.path));
    let site = unpacked(wheels);
    let every = scripts::told_to_skip("FTAUDIT_TEST_EVERY_MODULE");
    let counts = report.distributions.iter().map(|found| (found.name.as_deref(), found.modules.len()));
    let counts: BTreeMap<_, _> = counts.collect();
    let verdicts = report.by_member(&target);
    let chosen: Vec<_> = verdicts
        .iter()
        .filter(|((project, _), _)| every || counts[&Some(project.as_str())] <= MODULES_TO_IMPORT)
        .filter(|((_, member), _)| site.path().join(member).exists())
        .collect();
    let names: Vec<String> = chosen.iter().map(|((_, member), _)| dotted(member)).collect();
    let modules: Vec<_> = names.iter().map(|name| (site.path(), name.as_str())).collect();

    let mut comparison = Comparison::default();
    let mut unknown = 0;
    for (((project, member), (_, said)), outcome) in
        chosen.into_iter().zip(probe::import_all(interpreter, &modules))
    {
        // A module that wants what its wheel does not bring along says nothing by that.
        if matches!(&outcome, Outcome::Raised(_)) && said.verdict != "incompatible-abi" {
            println!("not imported: {project}: {member}: {outcome}");
            unknown += 1;
            continue;
        }
        let truth = Truth { verdict: outcome.verdict(), seen: &outcome.to_string(), excused: true };
        comparison.enter(&format!("{project}: {member}"), &interpreter.version, said, truth);
    }
    comparison.failures(&format!(
        "wheels under {}: {} distributions, {unknown} modules need what is not there",
        interpreter.version,
        wheels.len()
    ))
}

/// The import name of a member.
fn dotted(member: &str) -> String {
    ftaudit::model::ModuleName::of_member(member).dotted
}
