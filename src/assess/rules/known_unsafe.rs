//! `known-unsafe`: it declares that it needs no GIL, and is known to race.

use super::{Check, Rule, listed, on_platforms};
use crate::assess::statements::{self, Met};
use crate::model::{Audience, Basis, DistributionReport, Finding, KnownStatus, Level, Severity, Verdict};

pub(super) const RULE: Rule = Rule {
    id: "known-unsafe",
    severity: Severity::High,
    level: Level::Unsure,
    explain: "It leaves the GIL off, and is known not to be safe without

A record about this version says that it races without the GIL. What a module
declares is what its author believes; the binary cannot tell. The evidence says
where it is written down. What nobody but an article claims has the level `warn`
and a low confidence.

Read what the evidence says, and keep threads away from it until it is mended.",
    check: Check::Package(check),
};

fn check(reports: &[&DistributionReport], audience: Audience) -> Option<Finding> {
    let is_meant = |met: &Met<'_>| {
        met.known.record.status == KnownStatus::Unsafe
            && matches!(met.judged.verdict, Verdict::GilFree | Verdict::PurePython)
    };
    RULE.told_by(
        &statements::met(reports).into_iter().filter(is_meant).collect::<Vec<_>>(),
        |about, targets, first| {
            format!(
                "{} leaves the GIL off under {}{}, and {}",
                first.report.distribution,
                listed(targets),
                on_platforms(about),
                first.known.said()
            )
        },
        audience.pick(
            "read what the evidence says, and keep threads away from it until it is mended",
            "read what the evidence says, and mend it or take the declaration back",
        ),
    )
}

impl Rule {
    /// What it says of a package because databases say so: the most trusted of them first. What is only claimed never
    /// counts.
    pub(super) fn told_by(
        &self,
        all: &[Met<'_>],
        message: impl Fn(&[&DistributionReport], &[crate::model::Target], &Met<'_>) -> String,
        help: &str,
    ) -> Option<Finding> {
        let first = all.iter().min_by_key(|met| met.known.record.basis)?;
        let of_first: Vec<Met<'_>> =
            all.iter().copied().filter(|met| met.known.record == first.known.record).collect();
        let (about, targets) = statements::about(&of_first);
        let (reports, _) = statements::about(all);
        let finding = self.of_package(&reports, message(&about, &targets, first), help)?;
        let is_claim = first.known.record.basis >= Basis::Classifier;
        Some(Finding {
            confidence: statements::confidence(first.known.record.basis),
            level: if is_claim { Level::Warn } else { self.level },
            evidence: statements::evidence(all),
            ..finding
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Bearing, Confidence, made_up};

    fn found(verdict: Verdict, status: KnownStatus, basis: Basis, bearing: Bearing) -> Option<Finding> {
        let mut report = made_up::report_of(&[verdict]).distributions.remove(0);
        report.known = vec![made_up::known(status, basis, bearing)];
        check(&[&report], Audience::User)
    }

    #[test]
    fn what_declares_itself_ready_and_is_not() {
        let finding = found(Verdict::GilFree, KnownStatus::Unsafe, Basis::Tracker, Bearing::This).unwrap();
        assert_eq!(
            finding.message,
            "gil-free 1.0 leaves the GIL off under 3.14t, and a tracker says that >=1.0 is not safe without the GIL (an article)"
        );
        assert_eq!((finding.level, finding.confidence), (Level::Unsure, Confidence::Medium));
        let claimed = found(Verdict::GilFree, KnownStatus::Unsafe, Basis::Claim, Bearing::This).unwrap();
        assert_eq!((claimed.level, claimed.confidence), (Level::Warn, Confidence::Low));
    }

    #[test]
    fn only_of_this_version_and_only_where_the_gil_stays_off() {
        for (verdict, status, bearing) in [
            (Verdict::RequiresGil, KnownStatus::Unsafe, Bearing::This),
            (Verdict::GilFree, KnownStatus::Partial, Bearing::This),
            (Verdict::GilFree, KnownStatus::Unsafe, Bearing::Earlier),
            (Verdict::GilFree, KnownStatus::Unsafe, Bearing::Unsaid),
        ] {
            assert_eq!(found(verdict, status, Basis::Tracker, bearing), None);
        }
    }
}
