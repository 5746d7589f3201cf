//! What an audit's result means for the caller: which findings count, and the exit status.
//!
//! Findings come with the level that their rule has. [`Policy::apply`] gives them the levels that a team wants, and
//! marks those that it ignores or knew before; nothing is taken away, so that every report can tell what was
//! suppressed and why. [`status`] sums up.

mod baseline;
mod ignore;
mod untold;

pub use baseline::{Baseline, BaselineError};
pub use ignore::{End, Ignore};

use crate::model::{Agreement, Finding, Level, Note, Report, SuppressedBy, Suppression};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::process::ExitCode;

/// What counts, to a team.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Levels of rules that are not the rules' own, by identifier.
    pub levels: BTreeMap<String, Level>,
    /// What does not count, and why.
    pub ignores: Vec<Ignore>,
    /// What was known before.
    pub baseline: Option<Baseline>,
}

/// The levels of rules about what a wheel says of itself, where they are not the rules' own: to who is about to publish
/// it, that is not for somebody else to mend.
pub const PUBLISHER: [(&str, Level); 4] = [
    ("classifier-contradicts-binary", Level::Deny),
    ("gil-binary-under-none-tag", Level::Deny),
    ("mislabelled-binary", Level::Deny),
    ("tags-disagree", Level::Deny),
];

/// How an audit ended, worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Nothing wrong.
    Fine,
    /// Nothing wrong seen, but something is undetermined, unread, or could not be confirmed.
    NotSure,
    /// Nothing could be audited.
    Nothing,
    /// Something counts that is denied: it requires the GIL, cannot be loaded, …
    Wrong,
}

impl Policy {
    /// Gives findings their levels, marks what does not count, and tells of ignores that ended or hide nothing.
    pub fn apply(&self, report: &mut Report, today: Date) {
        for finding in &mut report.findings {
            if let Some(level) = self.levels.get(finding.rule) {
                finding.level = *level;
            }
        }
        let mut notes: Vec<Note> = Vec::new();
        for ignore in &self.ignores {
            notes.extend(ignore.apply(report, today));
        }
        if let Some(baseline) = &self.baseline {
            baseline.apply(&mut report.findings);
        }
        report.notes.extend(notes);
        report.notes.sort();
        report.untold = self.untold(report);
    }

    /// What something that was not read does.
    fn unread(&self) -> Level {
        self.levels.get("unread").copied().unwrap_or(Level::Unsure)
    }
}

/// The day that ignores are held against: today in UTC, or that of `SOURCE_DATE_EPOCH`, which reproducible runs set
/// ([specification](https://reproducible-builds.org/docs/source-date-epoch/)).
#[must_use]
pub fn today() -> Date {
    instant().to_zoned(TimeZone::UTC).date()
}

/// What reports say of when they were made: now, or the time of `SOURCE_DATE_EPOCH`, by the second.
#[must_use]
pub fn now() -> String {
    let by_second = Timestamp::from_second(instant().as_second());
    by_second.unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

fn instant() -> Timestamp {
    let fixed = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse().ok());
    let fixed = fixed.and_then(|seconds| Timestamp::from_second(seconds).ok());
    fixed.unwrap_or_else(Timestamp::now)
}

/// Marks a finding, unless it is marked already.
fn suppress(finding: &mut Finding, by: SuppressedBy, reason: &str) {
    finding.suppressed.get_or_insert_with(|| Suppression { by, reason: reason.to_owned() });
}

/// How this audit ended. An unknown never counts as fine, unless the policy says so in so many words.
#[must_use]
pub fn status(report: &Report, policy: &Policy) -> Status {
    let counting = report.findings.iter().filter(|finding| finding.suppressed.is_none());
    let unread = report.notes.iter().any(|note| note.unread).then(|| policy.unread());
    let levels = counting.map(|finding| finding.level).chain(unread);
    let untold = policy.untold(report);
    let levels = levels.chain(untold.iter().map(|finding| finding.level));
    let worst = levels.max().unwrap_or(Level::Allow);
    let mut runs = report
        .distributions
        .iter()
        .flat_map(|report| &report.modules)
        .flat_map(|module| module.runtime.values());
    if worst == Level::Deny {
        Status::Wrong
    } else if report.distributions.is_empty() {
        Status::Nothing
    } else if worst == Level::Unsure || runs.any(|runtime| runtime.agreement == Agreement::Unconfirmed) {
        Status::NotSure
    } else {
        Status::Fine
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(match status {
            Status::Fine => 0,
            Status::Wrong => 1,
            Status::Nothing => 2,
            Status::NotSure => 3,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Verdict, made_up};

    fn status_of(verdicts: &[Verdict], notes: Vec<Note>) -> Status {
        status(&Report { notes, ..made_up::report_of(verdicts) }, &Policy::default())
    }

    #[test]
    fn the_worst_verdict_decides() {
        use Verdict::{
            GilFree, IncompatibleAbi, NotAnExtension, NotAvailable, PurePython, RequiresGil, SourceOnly,
            Undetermined,
        };
        for (verdicts, expected) in [
            (vec![GilFree, PurePython, NotAnExtension], Status::Fine),
            (vec![GilFree, Undetermined], Status::NotSure),
            (vec![GilFree, SourceOnly], Status::NotSure),
            (vec![Undetermined, RequiresGil], Status::Wrong),
            (vec![GilFree, IncompatibleAbi], Status::Wrong),
            (vec![GilFree, NotAvailable], Status::Wrong),
            (vec![], Status::Nothing),
        ] {
            assert_eq!(status_of(&verdicts, Vec::new()), expected);
        }
    }

    #[test]
    fn what_was_not_read_is_not_fine() {
        let unread = || vec![Note::unread("foo.whl", "no zip archive")];
        let told = vec![Note::told("venv", "is a virtual environment")];
        assert_eq!(status_of(&[Verdict::GilFree], unread()), Status::NotSure);
        assert_eq!(status_of(&[Verdict::GilFree], told), Status::Fine);
        assert_eq!(status_of(&[Verdict::RequiresGil], unread()), Status::Wrong);
        assert_eq!(status_of(&[], unread()), Status::Nothing);
    }

    #[test]
    fn a_denied_finding_is_wrong_unless_it_is_suppressed() {
        let mut report = made_up::report_of(&[Verdict::GilFree]);
        let policy = Policy::default();
        assert_eq!(status(&report, &policy), Status::Fine);
        report.findings.push(made_up::finding("hash-mismatch"));
        assert_eq!(status(&report, &policy), Status::Wrong);
        suppress(&mut report.findings[0], SuppressedBy::Ignore, "signed in place");
        assert_eq!(status(&report, &policy), Status::Fine);
    }

    #[test]
    fn a_level_of_the_policy_is_that_of_the_finding() {
        let today = Date::constant(2026, 11, 21);
        for (level, expected) in [
            (Level::Allow, Status::Fine),
            (Level::Warn, Status::Fine),
            (Level::Unsure, Status::NotSure),
            (Level::Deny, Status::Wrong),
        ] {
            let mut report = made_up::report_of(&[Verdict::GilFree]);
            report.findings.push(made_up::finding("platform-gap"));
            let levels = BTreeMap::from([("platform-gap".to_owned(), level)]);
            let policy = Policy { levels, ..Policy::default() };
            policy.apply(&mut report, today);
            assert_eq!(status(&report, &policy), expected, "{level}");
        }
    }

    #[test]
    fn only_the_policy_lets_what_was_not_read_pass() {
        let report = Report {
            notes: vec![Note::unread("foo.whl", "no zip archive")],
            ..made_up::report_of(&[Verdict::GilFree])
        };
        for (level, expected) in [(Level::Deny, Status::Wrong), (Level::Warn, Status::Fine)] {
            let levels = BTreeMap::from([("unread".to_owned(), level)]);
            assert_eq!(status(&report, &Policy { levels, ..Policy::default() }), expected);
        }
    }

    #[test]
    fn a_finding_of_another_distribution_does_not_speak_for_this_one() {
        let mut report = made_up::report_of(&[Verdict::RequiresGil]);
        let mut finding = made_up::finding("gil-reenabled");
        suppress(&mut finding, SuppressedBy::Baseline, "known");
        report.findings.push(finding.clone());
        assert_eq!(status(&report, &Policy::default()), Status::Wrong);
        let distribution = &report.distributions[0].distribution;
        (finding.distribution, finding.source) = (distribution.to_string(), distribution.source.clone());
        report.findings.push(finding);
        assert_eq!(status(&report, &Policy::default()), Status::Fine);
    }
}
