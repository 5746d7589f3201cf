//! What stands in the way, one after the other, for the formats that are lists of it.

use super::place::{Folders, Location, Owners};
use crate::model::{Finding, Level, ModuleName, Report, Severity};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// A finding that is shown, and where it is.
pub(super) struct Issue<'a> {
    pub finding: &'a Finding,
    /// Dotted name, where it is about one module.
    pub module: Option<String>,
    pub location: Location,
    /// What stays the same from one run to the next, and from one version of a distribution to the next. No two of a report
    /// have the same.
    pub fingerprint: String,
}

/// How much something weighs, where a format has three words for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// It decides the exit status.
    Error,
    /// It makes the exit status unsure, or matters without counting.
    Warning,
    /// It is good to know.
    Note,
}

impl Weight {
    pub(super) const fn of(level: Level, severity: Severity) -> Self {
        match (level, severity) {
            (Level::Deny, _) => Self::Error,
            (Level::Unsure, _) | (Level::Warn, Severity::High | Severity::Medium) => Self::Warning,
            (Level::Warn | Level::Allow, _) => Self::Note,
        }
    }
}

impl Issue<'_> {
    pub(super) const fn weight(&self) -> Weight {
        Weight::of(self.finding.level, self.finding.severity)
    }
}

/// What findings and verdicts say, without what does not count by ignores or the baseline: that which decides the exit
/// status first.
pub(super) fn issues<'a>(report: &'a Report, folders: &Folders) -> Vec<Issue<'a>> {
    let owners = Owners::new(report);
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let findings = report.findings.iter().chain(&report.untold);
    let shown = findings.filter(|finding| finding.suppressed.is_none() && finding.level > Level::Allow);
    let issue = |finding: &'a Finding| {
        let module = finding.member.as_deref().map(|path| ModuleName::of_member(path).dotted);
        let identity = identity(finding, module.as_deref());
        let count = known.entry(identity.clone()).or_default();
        *count += 1;
        let fingerprint = fingerprint(&identity, *count);
        Issue { finding, module, location: Location::of(finding, &owners, folders), fingerprint }
    };
    let mut issues: Vec<Issue<'a>> = shown.map(issue).collect();
    issues.sort_by_key(|issue| Reverse((issue.finding.level, issue.finding.severity)));
    issues
}

/// How many findings are left out of [`issues`] because they do not count.
pub(super) fn suppressed(report: &Report) -> usize {
    report.findings.iter().filter(|finding| finding.suppressed.is_some()).count()
}

/// What a baseline knows a finding by: a newer version with an old fault is nothing new.
fn identity(finding: &Finding, module: Option<&str>) -> String {
    let package = match finding.distribution.split(' ').next() {
        Some("") | None => &finding.source,
        Some(package) => package,
    };
    let platforms: Vec<&str> = finding.platforms.iter().map(|platform| platform.id()).collect();
    [finding.rule, package, module.unwrap_or_default(), &platforms.join(",")].join("\0")
}

/// Bytes of a fingerprint: no two of a million are alike by accident.
const FINGERPRINT: usize = 16;

/// `count` tells apart what is known by the same, such as a module that several wheels of a distribution hold.
fn fingerprint(identity: &str, count: usize) -> String {
    let digest = Sha256::digest(format!("{identity}\0{count}"));
    HEXLOWER.encode(&digest[..FINGERPRINT])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{SuppressedBy, Suppression, made_up};
    use crate::report::testing;

    fn report(findings: Vec<Finding>) -> Report {
        Report { findings, ..Report::default() }
    }

    #[test]
    fn what_decides_stands_first_and_what_does_not_count_is_left_out() {
        let level = |rule, level| Finding { level, ..made_up::finding(rule) };
        let suppressed = Some(Suppression { by: SuppressedBy::Ignore, reason: "known".to_owned() });
        let report = report(vec![
            level("warned", Level::Warn),
            level("allowed", Level::Allow),
            Finding { suppressed, ..made_up::finding("ignored") },
            level("denied", Level::Deny),
        ]);
        let issues = issues(&report, &testing::folders());
        assert_eq!(issues.iter().map(|issue| issue.finding.rule).collect::<Vec<_>>(), ["denied", "warned"]);
        assert_eq!(super::suppressed(&report), 1);
    }

    #[test]
    fn fingerprints_outlive_a_version_and_are_never_the_same_twice() {
        let of = |findings: Vec<Finding>| {
            let report = report(findings);
            let issues = issues(&report, &testing::folders());
            issues.into_iter().map(|issue| issue.fingerprint).collect::<Vec<String>>()
        };
        let newer = Finding { distribution: "foo 2.0".to_owned(), ..made_up::finding("gil-reenabled") };
        let one = of(vec![made_up::finding("gil-reenabled")]);
        assert_eq!(of(vec![newer.clone()]), one);
        let other = of(vec![Finding { member: Some("foo/y.so".to_owned()), ..newer.clone() }]);
        assert_ne!(other, one);
        let twice = of(vec![made_up::finding("gil-reenabled"), newer]);
        assert_eq!((twice.len(), &twice[0]), (2, &one[0]));
        assert_ne!(twice[0], twice[1]);
        insta::assert_snapshot!(one[0], @"cecbf10025bf44de694849633dcd8625");
    }
}
