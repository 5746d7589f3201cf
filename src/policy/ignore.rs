//! What does not count, for a stated reason and until a stated end.

use super::suppress;
use crate::model::{DistributionReport, Finding, ModuleName, Note, Platform, Report, SuppressedBy};
use globset::GlobMatcher;
use jiff::civil::Date;
use pep440_rs::{Version, VersionSpecifiers};
use std::fmt;
use std::str::FromStr;

/// Findings that do not count.
#[derive(Debug, Clone)]
pub struct Ignore {
    /// Normalised name of the distribution; any where there is none.
    pub package: Option<String>,
    /// Its versions; any where there are none.
    pub versions: Option<VersionSpecifiers>,
    /// The module's dotted name, as a pattern (`lxml.*`); any where there is none.
    pub module: Option<GlobMatcher>,
    /// Identifier of the rule; any where there is none.
    pub rule: Option<String>,
    /// The platforms that it is about; any where there are none.
    pub platforms: Vec<Platform>,
    /// Why.
    pub reason: String,
    /// When it ends; never where nothing is said.
    pub end: Option<End>,
    /// Where it is written: the file, and which of its ignores.
    pub place: String,
}

/// When an ignore ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With this day: it holds on the day itself.
    Day(Date),
    /// As soon as there is a version that does without it.
    Fixed,
}

impl Ignore {
    /// Marks what it is about, and tells where it has ended or is about nothing.
    pub(super) fn apply(&self, report: &mut Report, today: Date) -> Option<Note> {
        if let Some(End::Day(last)) = self.end
            && last < today
        {
            return Some(self.note(&format!("ended on {last}: what it is about counts again")));
        }
        let newer = fixes(&report.distributions);
        let (mut hidden, mut fixed) = (0_usize, None);
        for finding in report.findings.iter_mut().filter(|finding| self.is_about(finding)) {
            let fix = newer.iter().find(|(label, _)| *label == finding.distribution);
            if let Some((label, version)) = fix.filter(|_| self.end == Some(End::Fixed)) {
                fixed = Some(format!("{label} is fixed in {version}"));
            } else {
                suppress(finding, SuppressedBy::Ignore, &self.reason);
                hidden += 1;
            }
        }
        match (fixed, hidden) {
            (Some(fixed), _) => Some(self.note(&format!("has ended: {fixed}"))),
            (None, 0) => Some(self.note("hides nothing\nhint: remove it")),
            (None, _) => None,
        }
    }

    fn is_about(&self, finding: &Finding) -> bool {
        let (name, version) = finding.distribution.split_once(' ').unwrap_or((&finding.distribution, ""));
        let module = finding.member.as_deref().map(|member| ModuleName::of_member(member).dotted);
        self.package.as_ref().is_none_or(|package| package == name)
            && self.versions.as_ref().is_none_or(|versions| {
                // A version that is none is in no range.
                Version::from_str(version).is_ok_and(|version| versions.contains(&version))
            })
            && self.rule.as_ref().is_none_or(|rule| rule == finding.rule)
            && self
                .module
                .as_ref()
                .is_none_or(|pattern| module.is_some_and(|module| pattern.is_match(module)))
            && (self.platforms.is_empty()
                // What is wrong on a platform that is not named counts.
                || !finding.platforms.is_empty()
                    && finding.platforms.iter().all(|platform| self.platforms.contains(platform)))
    }

    fn note(&self, why: &str) -> Note {
        Note::told(&self.place, format!("the ignore of {self} {why}"))
    }
}

impl fmt::Display for Ignore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        parts.extend(self.rule.clone());
        parts.extend(self.module.as_ref().map(|pattern| format!("module {}", pattern.glob())));
        parts.extend(self.package.as_ref().map(|package| match &self.versions {
            Some(versions) => format!("{package} {versions}"),
            None => package.clone(),
        }));
        parts.extend(self.platforms.iter().map(ToString::to_string));
        f.write_str(&parts.join(", "))
    }
}

/// Distributions of which a newer version is known to do, with that version.
fn fixes(reports: &[DistributionReport]) -> Vec<(String, String)> {
    let fix = |report: &DistributionReport| {
        let nearest = report.chosen.as_ref()?.fix.as_ref()?.nearest.clone()?;
        Some((report.distribution.to_string(), nearest))
    };
    reports.iter().filter_map(fix).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Fix, Verdict, made_up};
    use globset::Glob;

    const TODAY: Date = Date::constant(2026, 11, 21);

    fn ignore() -> Ignore {
        Ignore {
            package: Some("foo".to_owned()),
            versions: None,
            module: None,
            rule: Some("gil-reenabled".to_owned()),
            platforms: Vec::new(),
            reason: "our workers are single-threaded".to_owned(),
            end: None,
            place: "ftaudit.toml".to_owned(),
        }
    }

    /// Whether it hides what is found in `foo.x` of `foo 1.0`, and what it tells.
    fn applied(ignore: &Ignore) -> (bool, Option<String>) {
        let mut report = Report {
            findings: vec![made_up::finding("gil-reenabled")],
            ..made_up::report_of(&[Verdict::RequiresGil])
        };
        let told = ignore.apply(&mut report, TODAY).map(|note| note.why);
        (report.findings[0].suppressed.is_some(), told)
    }

    #[test]
    fn every_condition_has_to_hold() {
        let versions = |text: &str| Some(text.parse().unwrap());
        let module = |text: &str| Some(Glob::new(text).unwrap().compile_matcher());
        for (ignore, hides) in [
            (ignore(), true),
            (Ignore { package: None, rule: None, ..ignore() }, true),
            (Ignore { package: Some("bar".to_owned()), ..ignore() }, false),
            (Ignore { rule: Some("abi-mismatch".to_owned()), ..ignore() }, false),
            (Ignore { versions: versions("<2"), ..ignore() }, true),
            (Ignore { versions: versions(">=2"), ..ignore() }, false),
            (Ignore { module: module("foo.*"), ..ignore() }, true),
            (Ignore { module: module("bar*"), ..ignore() }, false),
            (Ignore { platforms: vec![Platform::MacosArm64], ..ignore() }, false),
        ] {
            let (hidden, told) = applied(&ignore);
            assert_eq!(hidden, hides, "{ignore}");
            assert_eq!(told.is_some(), !hides, "{ignore}");
        }
    }

    #[test]
    fn a_day_is_the_last_one() {
        let until = |day| Ignore { end: Some(End::Day(day)), ..ignore() };
        assert!(applied(&until(TODAY)).0);
        let (hidden, told) = applied(&until(Date::constant(2026, 11, 20)));
        assert!(!hidden);
        assert_eq!(
            told.unwrap(),
            "the ignore of gil-reenabled, foo ended on 2026-11-20: what it is about counts again"
        );
    }

    #[test]
    fn until_fixed_ends_by_itself() {
        let ignore = Ignore { end: Some(End::Fixed), ..ignore() };
        assert!(applied(&ignore).0);
        let mut report = Report {
            findings: vec![made_up::finding("gil-reenabled")],
            ..made_up::report_of(&[Verdict::RequiresGil])
        };
        let mut fixed = made_up::chosen("foo", Platform::LinuxX86_64, Verdict::RequiresGil);
        if let Some(chosen) = &mut fixed.chosen {
            let nearest = Some("1.2".to_owned());
            chosen.fix =
                Some(Fix { lowest: nearest.clone(), nearest, newest: None, looked_at: 1, incomplete: None });
        }
        report.distributions = vec![fixed];
        let note = ignore.apply(&mut report, TODAY).unwrap();
        assert_eq!(note.why, "the ignore of gil-reenabled, foo has ended: foo 1.0 is fixed in 1.2");
        assert_eq!(report.findings[0].suppressed, None);
    }
}
