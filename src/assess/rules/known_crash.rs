//! `known-crash`: it is known to end the interpreter.

use super::{Check, Rule, listed, on_platforms};
use crate::assess::statements::{self, Met};
use crate::model::{Audience, DistributionReport, Finding, KnownStatus, Level, Severity};

pub(super) const RULE: Rule = Rule {
    id: "known-crash",
    severity: Severity::High,
    level: Level::Deny,
    explain: "This version is known to end a free-threaded interpreter

A record about this version says that importing or using it crashes, whatever
its binary declares. The evidence says who saw that, and where. What nobody but
an article claims has the level `warn` and a low confidence.

Move to a version without that record, or read what the evidence says.",
    check: Check::Package(check),
};

fn check(reports: &[&DistributionReport], audience: Audience) -> Option<Finding> {
    let is_meant = |met: &Met<'_>| met.known.record.status == KnownStatus::Crashes;
    let all: Vec<Met<'_>> = statements::met(reports).into_iter().filter(is_meant).collect();
    let message = |about: &[&DistributionReport], targets: &[crate::model::Target], first: &Met<'_>| {
        format!(
            "{} is known to crash under {}{}: {}",
            first.report.distribution,
            listed(targets),
            on_platforms(about),
            first.known.said()
        )
    };
    let help = audience.pick(
        "move to another version, or read what the evidence says",
        "read what the evidence says before you publish it",
    );
    RULE.told_by(&all, message, help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Basis, Bearing, Confidence, Verdict, made_up};

    fn found(verdict: Verdict, basis: Basis, bearing: Bearing) -> Option<Finding> {
        let mut report = made_up::report_of(&[verdict]).distributions.remove(0);
        report.known = vec![made_up::known(KnownStatus::Crashes, basis, bearing)];
        check(&[&report], Audience::User)
    }

    #[test]
    fn whatever_the_binary_declares() {
        for verdict in [Verdict::GilFree, Verdict::RequiresGil, Verdict::SourceOnly, Verdict::PurePython] {
            let finding = found(verdict, Basis::Measured, Bearing::This).unwrap();
            assert_eq!((finding.level, finding.confidence), (Level::Deny, Confidence::High), "{verdict}");
        }
        let finding = found(Verdict::GilFree, Basis::Claim, Bearing::This).unwrap();
        assert_eq!((finding.level, finding.confidence), (Level::Warn, Confidence::Low));
        assert_eq!(
            finding.message,
            "gil-free 1.0 is known to crash under 3.14t: a claim says that >=1.0 crashes (an article)"
        );
    }

    #[test]
    fn other_versions_do_not_count() {
        assert_eq!(found(Verdict::GilFree, Basis::Measured, Bearing::Earlier), None);
        assert_eq!(found(Verdict::GilFree, Basis::Measured, Bearing::Later("2".to_owned())), None);
    }

    #[test]
    fn who_publishes_it_is_not_sent_to_another_version() {
        let mut report = made_up::report_of(&[Verdict::GilFree]).distributions.remove(0);
        report.known = vec![made_up::known(KnownStatus::Crashes, Basis::Measured, Bearing::This)];
        let help = |audience| check(&[&report], audience).unwrap().help;
        assert_eq!(help(Audience::User), "move to another version, or read what the evidence says");
        assert_eq!(help(Audience::Publisher), "read what the evidence says before you publish it");
    }
}
