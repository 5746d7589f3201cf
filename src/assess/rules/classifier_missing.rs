//! `classifier-missing`: what is true of the binary, and the metadata keep to themselves.

use super::{Check, Rule, listed, with_verdict};
use crate::model::{Audience, DistributionReport, Finding, Level, Severity, Verdict, tags};

pub(super) const RULE: Rule = Rule {
    id: "classifier-missing",
    severity: Severity::Low,
    level: Level::Warn,
    explain: "Its wheels leave the GIL off, and no classifier says that free threading is supported

Said to those who publish a wheel only (`--as-publisher`). All modules of a
wheel for free-threaded Python declare that they do not need the GIL, and
`METADATA` has no `Programming Language :: Python :: Free Threading` classifier.
Indexes and trackers go by classifiers, and list the package as one that says
nothing.

Add the one that fits: `1 - Unstable`, `2 - Beta`, `3 - Stable` or
`4 - Resilient`.",
    check: Check::Package(check),
};

fn check(reports: &[&DistributionReport], audience: Audience) -> Option<Finding> {
    if audience != Audience::Publisher {
        return None;
    }
    let says_nothing = |report: &&&DistributionReport| {
        let distribution = &report.distribution;
        distribution.free_threading.is_none()
            && distribution.tags.iter().any(|tag| tags::is_free_threaded(tag))
    };
    let silent: Vec<&DistributionReport> = reports.iter().filter(says_nothing).copied().collect();
    let (_, worse) = with_verdict(&silent, |verdict| verdict > Verdict::GilFree);
    let (free, targets) = with_verdict(&silent, |verdict| verdict == Verdict::GilFree);
    if !worse.is_empty() {
        return None;
    }
    let message = format!(
        "{} leaves the GIL off under {}, and its metadata have no Free Threading classifier",
        free.first()?.distribution,
        listed(&targets)
    );
    let help =
        "add the classifier that fits: Programming Language :: Python :: Free Threading :: 2 - Beta, …";
    RULE.of_package(&free, message, help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::made_up;

    #[test]
    fn only_who_publishes_what_is_ready_is_told() {
        use Verdict::{GilFree, PurePython, RequiresGil};
        for (verdict, classifier, tag, audience, found) in [
            (GilFree, None, "cp314-cp314t-a", Audience::Publisher, true),
            (GilFree, None, "cp314-cp314t-a", Audience::User, false),
            (GilFree, Some("2 - Beta"), "cp314-cp314t-a", Audience::Publisher, false),
            (RequiresGil, None, "cp314-cp314t-a", Audience::Publisher, false),
            (PurePython, None, "py3-none-any", Audience::Publisher, false),
        ] {
            let mut report = made_up::report_of(&[verdict]).distributions.remove(0);
            report.distribution.free_threading = classifier.map(str::to_owned);
            report.distribution.tags = vec![tag.to_owned()];
            assert_eq!(check(&[&report], audience).is_some(), found, "{verdict} {classifier:?} {audience:?}");
        }
    }
}
