//! The findings of a report, as far as a comparison needs them: those that no verdict shows are compared, those that tell
//! of a verdict say whether it counts.

use super::entry::Key;
use crate::model::{ChangeWeight, Found};
use crate::saved::{SavedFinding, SavedReport};
use std::collections::BTreeMap;

/// Rules that tell of a verdict, which is compared itself.
const ABOUT_VERDICTS: [&str; 7] = [
    "gil-reenabled",
    "abi-mismatch",
    "undetermined",
    "unread",
    "no-free-threaded-wheel",
    "source-only",
    "platform-gap",
];

/// How findings call what has no name.
const UNNAMED: &str = "unowned";

/// Those of a report, by the name of the distribution.
#[derive(Default)]
pub(super) struct Findings<'a>(BTreeMap<&'a str, Vec<&'a SavedFinding>>);

impl<'a> Findings<'a> {
    pub(super) fn of(report: &'a SavedReport) -> Self {
        let mut by_name: BTreeMap<&'a str, Vec<&'a SavedFinding>> = BTreeMap::new();
        for finding in &report.findings {
            let name = finding.distribution.split(' ').next().unwrap_or_default();
            by_name.entry(name).or_default().push(finding);
        }
        Self(by_name)
    }

    /// Those about one distribution on its platform.
    pub(super) fn about(&self, key: &Key) -> About<'a> {
        let name = if key.is_named { key.name.as_str() } else { UNNAMED };
        let all = self.0.get(name).map_or(&[][..], Vec::as_slice).iter().copied();
        About(all.filter(|one| one.platforms.is_empty() || key.is_in(&one.platforms)).collect())
    }
}

/// Findings about one distribution.
pub(super) struct About<'a>(Vec<&'a SavedFinding>);

impl About<'_> {
    /// What the policy says of the verdict of a module, or of all of it; none where no rule told of it.
    pub(super) fn weight(&self, module: Option<&str>) -> Option<ChangeWeight> {
        let about = |one: &&&SavedFinding| {
            ABOUT_VERDICTS.contains(&&*one.rule)
                && one.rule != "platform-gap"
                && (module.is_none() || one.module.as_deref() == module)
        };
        self.0.iter().filter(about).map(|one| weight(one)).max()
    }

    /// Those that count or are told here, that no verdict shows, and that another report does not have; and what they do.
    pub(super) fn not_in(&self, other: &Self) -> (Vec<Found>, ChangeWeight) {
        let mine = self.0.iter().filter(|one| !ABOUT_VERDICTS.contains(&&*one.rule));
        // What is told for information (a later version would do, a record is old) says nothing against this one.
        let shown =
            mine.filter(|one| one.suppressed.is_none() && one.level != "allow" && one.severity != "info");
        let new: Vec<&&SavedFinding> =
            shown.filter(|one| !other.0.iter().any(|old| same(old, one))).collect();
        let weight = new.iter().map(|one| weight(one)).max().unwrap_or(ChangeWeight::Nothing);
        let found = new.iter().map(|one| Found { rule: one.rule.clone(), message: one.message.clone() });
        (found.collect(), weight)
    }
}

fn same(one: &SavedFinding, other: &SavedFinding) -> bool {
    (&one.rule, &one.module) == (&other.rule, &other.module)
}

fn weight(finding: &SavedFinding) -> ChangeWeight {
    match finding.level.as_str() {
        _ if finding.suppressed.is_some() => ChangeWeight::Nothing,
        "warn" | "allow" => ChangeWeight::Nothing,
        "unsure" => ChangeWeight::Unsure,
        // A level of tomorrow is taken for the gravest.
        _ => ChangeWeight::Worse,
    }
}
