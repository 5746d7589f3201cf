//! `fixed-in`: a later version is known to do.

use super::{Check, Rule, listed};
use crate::assess::statements;
use crate::model::{
    Audience, Basis, DistributionReport, Evidence, EvidenceKind, Finding, Known, KnownStatus, Level, Reason,
    Severity, Target, Verdict,
};

pub(super) const RULE: Rule = Rule {
    id: "fixed-in",
    severity: Severity::Info,
    level: Level::Warn,
    explain: "A later version is known to leave the GIL off

This version does not do: it turns the GIL on, has no wheel, or is known not to
be safe. A record says that a later one leaves the GIL off: measured, or told by
the project or a tracker. Where an index was asked, what its wheels show counts,
and this rule is silent.

Move to that version, and audit it.",
    check: Check::Package(check),
};

fn check(reports: &[&DistributionReport], audience: Audience) -> Option<Finding> {
    // Who publishes a wheel does not move to another version of it.
    if audience == Audience::Publisher {
        return None;
    }
    let mut found: Vec<(&DistributionReport, Target, &str, &Known)> = Vec::new();
    for report in reports.iter().filter(|report| !is_searched(report)) {
        let failing = report.verdicts.keys().filter(|target| fails(report, **target));
        let later = |target: &Target| {
            statements::later(report, *target).map(|(version, known)| (*report, *target, version, known))
        };
        found.extend(failing.filter_map(later));
    }
    let (first, _, version, known) = *found.first()?;
    found.retain(|(_, _, other, _)| *other == version);
    let mut targets: Vec<Target> = found.iter().map(|(_, target, ..)| *target).collect();
    targets.sort_unstable();
    targets.dedup();
    let name = first.distribution.name.as_deref()?;
    let message = format!(
        "{name} {version} is known to leave the GIL off under {}: {}",
        listed(&targets),
        known.said()
    );
    let about: Vec<&DistributionReport> = found.iter().map(|(report, ..)| *report).collect();
    let help = format!("move to {name} {version} or later, and audit it");
    let finding = RULE.of_package(&about, message, &help)?;
    let evidence = vec![Evidence::new(EvidenceKind::Database, known.sentence(name))];
    Some(Finding { confidence: statements::confidence(known.record.basis), evidence, ..finding })
}

/// Whether an index was asked for other versions to the end.
fn is_searched(report: &DistributionReport) -> bool {
    let fix = report.chosen.as_ref().and_then(|chosen| chosen.fix.as_ref());
    fix.is_some_and(|fix| fix.nearest.is_some() || fix.incomplete.is_none())
}

/// Whether this version does not do. What could not be read is no reason to move.
fn fails(report: &DistributionReport, target: Target) -> bool {
    let is_known_bad = report.known.iter().any(|known| {
        matches!(known.record.status, KnownStatus::Unsafe | KnownStatus::Crashes)
            && known.record.basis < Basis::Classifier
            && known.applies(target)
    });
    let is_bad = report.verdicts.get(&target).is_some_and(|judged| {
        judged.verdict > Verdict::GilFree && !matches!(judged.reason, Reason::Unread(_))
    });
    is_known_bad || is_bad
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Bearing, Confidence, Fix, Platform, made_up};

    fn later() -> Bearing {
        Bearing::Later("1.2".to_owned())
    }

    fn found(verdict: Verdict, known: Vec<Known>) -> Option<Finding> {
        let mut report = made_up::chosen("foo", Platform::LinuxX86_64, verdict);
        report.known = known;
        check(&[&report], Audience::User)
    }

    #[test]
    fn the_later_version_is_named() {
        for verdict in
            [Verdict::RequiresGil, Verdict::SourceOnly, Verdict::NotAvailable, Verdict::Undetermined]
        {
            let finding = found(verdict, vec![made_up::known(KnownStatus::GilFree, Basis::Tracker, later())]);
            let finding = finding.unwrap();
            assert_eq!(
                finding.message,
                "foo 1.2 is known to leave the GIL off under 3.14t: a tracker says that >=1.2 leaves the GIL off (an article)"
            );
            assert_eq!(finding.confidence, Confidence::Medium);
        }
        let known = made_up::known(KnownStatus::GilFree, Basis::Measured, later());
        let race = made_up::known(KnownStatus::Unsafe, Basis::Upstream, Bearing::This);
        assert!(found(Verdict::GilFree, vec![race, known.clone()]).is_some());
        assert_eq!(found(Verdict::GilFree, vec![known]), None);
    }

    #[test]
    fn claims_and_what_is_belied_make_nothing_known() {
        let known = |basis| made_up::known(KnownStatus::GilFree, basis, later());
        assert_eq!(found(Verdict::RequiresGil, vec![known(Basis::Claim)]), None);
        assert_eq!(found(Verdict::RequiresGil, vec![Known { belied: true, ..known(Basis::Tracker) }]), None);
        let earlier = made_up::known(KnownStatus::GilFree, Basis::Measured, Bearing::Earlier);
        assert_eq!(found(Verdict::RequiresGil, vec![earlier]), None);
    }

    #[test]
    fn what_an_index_shows_counts_instead() {
        let fix = Fix { nearest: None, lowest: None, newest: None, looked_at: 3, incomplete: None };
        for (fix, is_told) in [
            (fix.clone(), false),
            (
                Fix { nearest: Some("1.3".to_owned()), incomplete: Some("many".to_owned()), ..fix.clone() },
                false,
            ),
            (Fix { incomplete: Some("the index could not be read".to_owned()), ..fix }, true),
        ] {
            let mut report = made_up::chosen("foo", Platform::LinuxX86_64, Verdict::RequiresGil);
            report.known = vec![made_up::known(KnownStatus::GilFree, Basis::Measured, later())];
            report.chosen.as_mut().unwrap().fix = Some(fix);
            assert_eq!(check(&[&report], Audience::User).is_some(), is_told);
        }
    }

    #[test]
    fn who_publishes_a_version_is_not_sent_to_another() {
        let mut report = made_up::chosen("foo", Platform::LinuxX86_64, Verdict::RequiresGil);
        report.known = vec![made_up::known(KnownStatus::GilFree, Basis::Measured, later())];
        assert!(check(&[&report], Audience::User).is_some());
        assert_eq!(check(&[&report], Audience::Publisher), None);
    }
}
