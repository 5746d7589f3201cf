//! `classifier-contradicts-binary`: the metadata promise what the binary does not keep.

use super::{Check, Rule, listed, on_platforms, with_verdict};
use crate::model::{Audience, DistributionReport, Evidence, EvidenceKind, Finding, Level, Severity, Verdict};

pub(super) const RULE: Rule = Rule {
    id: "classifier-contradicts-binary",
    severity: Severity::Medium,
    level: Level::Warn,
    explain: "Its classifier says that it supports free threading, and its binary turns the GIL on

`METADATA` has a `Programming Language :: Python :: Free Threading` classifier
of `2 - Beta` or better, and importing a module of the same wheel turns the GIL
on. Tools that go by classifiers or by wheel tags call it ready.

Go by the binary. Ask the maintainers to declare what they promise.",
    check: Check::Package(check),
};

/// `1 - Unstable` promises nothing.
fn promises(classifier: &str) -> bool {
    ["2", "3", "4"].iter().any(|level| classifier.starts_with(level))
}

fn check(reports: &[&DistributionReport], audience: Audience) -> Option<Finding> {
    let promised =
        |report: &&&DistributionReport| report.distribution.free_threading.as_deref().is_some_and(promises);
    let promised: Vec<&DistributionReport> = reports.iter().filter(promised).copied().collect();
    let (belied, targets) = with_verdict(&promised, |verdict| verdict == Verdict::RequiresGil);
    let distribution = &belied.first()?.distribution;
    let classifier = distribution.free_threading.as_deref()?;
    let message = format!(
        "{distribution} has the Free Threading classifier {classifier}, and turns the GIL on under {}{}",
        listed(&targets),
        on_platforms(&belied)
    );
    let text = format!("METADATA has the classifier Free Threading :: {classifier}");
    let help = audience.pick(
        "ask upstream to declare what the classifier promises",
        "declare in the modules what the classifier promises, or take the classifier back",
    );
    let finding = RULE.of_package(&belied, message, help)?;
    Some(Finding { evidence: vec![Evidence::new(EvidenceKind::Metadata, text)], ..finding })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::made_up;

    #[test]
    fn only_a_promise_can_be_broken() {
        for (classifier, verdict, found) in [
            (Some("3 - Stable"), Verdict::RequiresGil, true),
            (Some("2 - Beta"), Verdict::RequiresGil, true),
            (Some("1 - Unstable"), Verdict::RequiresGil, false),
            (None, Verdict::RequiresGil, false),
            (Some("3 - Stable"), Verdict::GilFree, false),
            (Some("3 - Stable"), Verdict::NotAvailable, false),
        ] {
            let mut report = made_up::report_of(&[verdict]).distributions.remove(0);
            report.distribution.free_threading = classifier.map(str::to_owned);
            assert_eq!(check(&[&report], Audience::User).is_some(), found, "{classifier:?} {verdict}");
        }
    }
}
