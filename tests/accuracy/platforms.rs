//! Verdicts on the wheels of other platforms. What a module declares does not hang on the system that it is built
//! for, so the record of Linux on x86-64 is the truth of all of them, but for the differences explained here.

use crate::audit;
use crate::comparison::{Comparison, Truth};
use crate::truth::{self, Row};
use crate::wheels::{self, Wheel};
use ftaudit::model::ModuleName;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// A platform, with the start and the possible ends of the tags of its wheels.
struct Platform {
    name: &'static str,
    start: &'static str,
    ends: &'static [&'static str],
}

const PLATFORMS: [Platform; 7] = [
    Platform { name: "windows-x86_64", start: "win_", ends: &["amd64"] },
    Platform { name: "windows-i686", start: "win", ends: &["32"] },
    Platform { name: "windows-arm64", start: "win_", ends: &["arm64"] },
    Platform { name: "macos-arm64", start: "macosx_", ends: &["_arm64", "_universal2"] },
    Platform { name: "macos-x86_64", start: "macosx_", ends: &["_x86_64", "_universal2"] },
    Platform { name: "linux-aarch64", start: "manylinux", ends: &["_aarch64"] },
    Platform { name: "musl-x86_64", start: "musllinux", ends: &["_x86_64"] },
];

impl Platform {
    /// Whether a wheel installs there, by its name.
    fn takes(&self, file: &str) -> bool {
        let tags = file.trim_end_matches(".whl").rsplit('-').next().unwrap_or_default();
        tags.split('.')
            .any(|tag| tag.starts_with(self.start) && self.ends.iter().any(|end| tag.ends_with(end)))
    }
}

/// A module that is not said of what it does on Linux on x86-64.
struct Explained {
    target: &'static str,
    /// Distribution and module.
    module: (&'static str, &'static str),
    /// Start of the name of the platform; empty for all.
    platform: &'static str,
    /// What is said instead.
    verdict: &'static str,
    why: &'static str,
}

impl Explained {
    fn is_about(&self, target: &str, platform: &str, (distribution, module): &(String, String)) -> bool {
        self.target == target
            && self.module == (&**distribution, &**module)
            && platform.starts_with(self.platform)
    }
}

/// The differences, each looked into: the reason is an effort that nobody has made yet, or the disassembly that shows
/// that the module is another one there.
const EXPLAINED: &[Explained] = &[Explained {
    target: "3.14t",
    module: ("pynacl", "nacl._sodium"),
    platform: "",
    verdict: "undetermined",
    why: "_cffi_backend makes the module: for 32-bit Windows its method is not followed to the end, and of the \
          universal file one half meets no backend among the wheels of one kind of Mac",
}];

/// Distributions that there have to be for each platform.
const AT_LEAST_OF_3_14: usize = 40;
/// The same, of the 21 on record: some have none yet for some platforms.
const AT_LEAST_OF_3_15: usize = 18;

#[test]
fn of_3_14() {
    agree(truth::OF_3_14, "3.14t", &["-cp314t-"], AT_LEAST_OF_3_14);
}

#[test]
fn of_3_15() {
    agree(truth::OF_3_15, "3.15t", &["-cp315t-", "abi3t-"], AT_LEAST_OF_3_15);
}

/// Audits each platform's wheels, and compares module by module.
fn agree(record: &str, target: &str, tags: &[&str], at_least: usize) {
    let Some(cached) = wheels::locked("platforms") else { return };
    let rows = truth::rows(record);
    let mut agreement = Agreement::default();
    for platform in PLATFORMS {
        let fits =
            |wheel: &&Wheel| tags.iter().any(|tag| wheel.file.contains(tag)) && platform.takes(&wheel.file);
        let wheels: Vec<&Wheel> = cached.iter().filter(fits).collect();
        let versions: BTreeSet<_> = wheels.iter().map(|wheel| (&*wheel.project, &*wheel.version)).collect();
        let recorded = rows.iter().map(|row| (&*row.distribution, &*row.version)).collect();
        assert!(versions.is_subset(&recorded), "{record} is about every wheel of platforms.lock");
        let (name, count) = (platform.name, versions.len());
        assert!(count >= at_least, "{count} wheels of {name} for {target}, and not {at_least}");
        agreement.enter(name, target, &wheels, &rows);
    }
    for (index, explained) in EXPLAINED.iter().enumerate().filter(|(_, line)| line.target == target) {
        if !agreement.needed.contains(&index) {
            let (distribution, module) = explained.module;
            crate::tell(&format!(
                "platforms.rs explains {distribution}: {module}, which is as on Linux: it may go"
            ));
        }
    }
    let (platforms, explained) = (PLATFORMS.len(), agreement.explained);
    let about = format!("{target} on {platforms} platforms ({explained} of them explained differences)");
    let failures = agreement.comparison.failures(&about) + &agreement.others.failures(target);
    assert!(failures.is_empty(), "{failures}");
}

/// What comes of comparing platforms with the record.
#[derive(Default)]
struct Agreement {
    comparison: Comparison,
    others: Others,
    /// Lines of [`EXPLAINED`] without which there would be a difference, and for how many verdicts.
    needed: BTreeSet<usize>,
    explained: usize,
}

impl Agreement {
    fn enter(&mut self, platform: &str, target: &str, wheels: &[&Wheel], rows: &[Row]) {
        let rows: BTreeMap<(String, String), &Row> =
            rows.iter().map(|row| ((row.distribution.clone(), dotted(&row.member)), row)).collect();
        let report = audit::check(target, wheels.iter().map(|wheel| &wheel.path));
        for ((distribution, member), (_, said)) in report.modules(target) {
            let key = (distribution, dotted(&member));
            let Some(row) = rows.get(&key) else {
                self.others.enter(key, &said.verdict, platform);
                continue;
            };
            let (verdict, seen) = row.right();
            let mut truth = Truth { verdict, seen, excused: false };
            let explained =
                EXPLAINED.iter().enumerate().find(|(_, line)| line.is_about(target, platform, &key));
            if let Some((index, line)) = explained
                && said.verdict != verdict
            {
                self.needed.insert(index);
                self.explained += 1;
                truth = Truth { verdict: line.verdict, seen: line.why, excused: false };
            }
            self.comparison.enter(&format!("{}: {}", key.0, key.1), platform, said, truth);
        }
    }
}

/// Modules that the record does not have: of another platform only, or not to be imported alone.
#[derive(Default)]
struct Others {
    /// The platforms of each verdict on a module.
    verdicts: BTreeMap<(String, String), BTreeMap<String, Vec<String>>>,
}

impl Others {
    fn enter(&mut self, module: (String, String), verdict: &str, platform: &str) {
        let platforms = self.verdicts.entry(module).or_default().entry(verdict.to_owned()).or_default();
        platforms.push(platform.to_owned());
    }

    /// The platforms agree on those as well, and all are decided.
    fn failures(&self, target: &str) -> String {
        let decided =
            |verdict: &String| ["gil-free", "requires-gil", "not-an-extension"].contains(&&**verdict);
        let mut failures = String::new();
        for ((distribution, module), verdicts) in &self.verdicts {
            if verdicts.len() > 1 || !verdicts.keys().all(decided) {
                writeln!(failures, "not on record: {distribution}: {module}: {verdicts:?}")
                    .expect("it is text");
            }
        }
        crate::tell(&format!(
            "{target}: {} modules of other platforms are not on record",
            self.verdicts.len()
        ));
        failures
    }
}

/// The import name of a member.
fn dotted(member: &str) -> String {
    ModuleName::of_member(member).dotted
}
