//! `database-contradicts-binary`: what is said of it, and what it is.

use super::{Check, Rule, listed, on_platforms};
use crate::assess::statements::{self, Met};
use crate::model::{
    Audience, Basis, Confidence, DistributionReport, Finding, KnownStatus, Level, Severity, Verdict,
};

pub(super) const RULE: Rule = Rule {
    id: "database-contradicts-binary",
    severity: Severity::Medium,
    level: Level::Warn,
    explain: "A database says something else of it than its binary

A record about this version says that it leaves the GIL off and its binary turns
it on, or the other way round, or that there is no wheel and there is one. The
evidence names who says so: an article that is wrong, a tracker that is out of
date, or a measurement of another build of the same version.

Where the very file was measured, by its SHA-256, one of the two is a fault of
ftaudit or of its database. Such a finding has the level `unsure`.

Go by the binary, which is what Python loads.",
    check: Check::Package(check),
};

fn check(reports: &[&DistributionReport], _: Audience) -> Option<Finding> {
    let mut belied = statements::met(reports);
    belied.retain(contradicts);
    let first =
        *belied.iter().min_by_key(|met| (met.known.same_file != Some(true), met.known.record.basis))?;
    // What the others say is evidence; one sentence is about one statement.
    let of_first: Vec<Met<'_>> = belied
        .iter()
        .copied()
        .filter(|met| (&met.known.record, met.judged.verdict) == (&first.known.record, first.judged.verdict))
        .collect();
    let (about, targets) = statements::about(&of_first);
    let distribution = &first.report.distribution;
    let message = format!(
        "{distribution} {} under {}{}, and {}",
        words(first.judged.verdict),
        listed(&targets),
        on_platforms(&about),
        first.known.said(),
    );
    let is_same = first.known.same_file == Some(true);
    let help = match (first.known.record.basis, is_same) {
        (_, true) => "the very file was measured: confirm it with --confirm, and please report this",
        (Basis::Measured, _) => "another build of this version was measured: confirm this one with --confirm",
        _ => "go by the binary, and tell whoever says otherwise",
    };
    let (all, _) = statements::about(&belied);
    let finding = RULE.of_package(&all, message, help)?;
    Some(Finding {
        confidence: if is_same || first.known.record.basis > Basis::Measured {
            Confidence::High
        } else {
            Confidence::Medium
        },
        level: if is_same { Level::Unsure } else { RULE.level },
        evidence: statements::evidence(&belied),
        ..finding
    })
}

fn contradicts(met: &Met<'_>) -> bool {
    let is_wheel_of_index = || {
        let file = met.report.chosen.as_ref().and_then(|chosen| chosen.file.as_deref());
        file.is_some_and(|file| file.strip_suffix(".whl").is_some())
    };
    match (met.known.record.status, met.judged.verdict) {
        (KnownStatus::GilFree, Verdict::RequiresGil) | (KnownStatus::RequiresGil, Verdict::GilFree) => true,
        // A file of this machine may have been compiled here.
        (KnownStatus::NoWheel, Verdict::GilFree | Verdict::RequiresGil) => is_wheel_of_index(),
        _ => false,
    }
}

fn words(verdict: Verdict) -> &'static str {
    if verdict == Verdict::RequiresGil { "turns the GIL on" } else { "leaves the GIL off" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Bearing, Platform, Target, made_up};

    fn found(
        verdict: Verdict,
        status: KnownStatus,
        basis: Basis,
        same_file: Option<bool>,
    ) -> Option<Finding> {
        let mut report = made_up::chosen("foo", Platform::LinuxX86_64, verdict);
        report.known = vec![made_up::known(status, basis, Bearing::This)];
        report.known[0].same_file = same_file;
        check(&[&report], Audience::User)
    }

    #[test]
    fn a_claim_that_the_binary_belies() {
        let finding = found(Verdict::RequiresGil, KnownStatus::GilFree, Basis::Claim, None).unwrap();
        assert_eq!(
            finding.message,
            "foo 1.0 turns the GIL on under 3.14t on linux-x86_64, and a claim says that >=1.0 leaves the GIL off (an article)"
        );
        assert_eq!(finding.evidence[0].text, "foo >=1.0 leaves the GIL off (claim, 2026-11-21): an article");
        assert_eq!((finding.level, finding.confidence), (Level::Warn, Confidence::High));
    }

    #[test]
    fn only_what_a_binary_can_belie() {
        use KnownStatus::{Crashes, GilFree, NoWheel, Partial, RequiresGil, Unsafe};
        for (verdict, belied) in [
            (Verdict::GilFree, vec![RequiresGil, NoWheel]),
            (Verdict::RequiresGil, vec![GilFree, NoWheel]),
            (Verdict::Undetermined, vec![]),
            (Verdict::IncompatibleAbi, vec![]),
            (Verdict::NotAvailable, vec![]),
        ] {
            for status in [GilFree, RequiresGil, NoWheel, Crashes, Unsafe, Partial] {
                let found = found(verdict, status, Basis::Tracker, None);
                assert_eq!(found.is_some(), belied.contains(&status), "{verdict} {status}");
            }
        }
    }

    #[test]
    fn a_wheel_of_this_machine_may_have_been_made_here() {
        let mut report = made_up::report_of(&[Verdict::GilFree]).distributions.remove(0);
        report.known = vec![made_up::known(KnownStatus::NoWheel, Basis::Measured, Bearing::This)];
        assert_eq!(check(&[&report], Audience::User), None);
    }

    #[test]
    fn the_very_file_weighs_more() {
        let level = |same| {
            let found = found(Verdict::GilFree, KnownStatus::RequiresGil, Basis::Measured, same).unwrap();
            (found.level, found.confidence)
        };
        assert_eq!(level(Some(true)), (Level::Unsure, Confidence::High));
        assert_eq!(level(Some(false)), (Level::Warn, Confidence::Medium));
        assert_eq!(level(None), (Level::Warn, Confidence::Medium));
    }

    #[test]
    fn records_of_other_versions_and_targets_do_not_count() {
        let mut report = made_up::chosen("foo", Platform::LinuxX86_64, Verdict::RequiresGil);
        let known = made_up::known(KnownStatus::GilFree, Basis::Tracker, Bearing::This);
        for bearing in [Bearing::Later("1.1".to_owned()), Bearing::Earlier, Bearing::Unsaid] {
            report.known = vec![crate::model::Known { bearing, ..known.clone() }];
            assert_eq!(check(&[&report], Audience::User), None);
        }
        report.known = vec![known];
        report.known[0].record.targets = vec![Target::Py315t];
        assert_eq!(check(&[&report], Audience::User), None);
    }
}
