//! `source-only`: what is not built yet cannot be read.

use super::{Check, Rule, listed, on_platforms, with_verdict};
use crate::model::{Audience, DistributionReport, Finding, Level, Severity, Verdict};

pub(super) const RULE: Rule = Rule {
    id: "source-only",
    severity: Severity::Medium,
    level: Level::Unsure,
    explain: "The target has no wheel of it: installers would compile the source archive

An installer that finds no wheel for the target takes the source archive, and
builds it on the spot: with whatever compiler, binding tool and flags are there.
What comes of that cannot be told from here; it may fail, or turn the GIL on. A
source archive without compiled code is fine, and nothing but building it shows
that there is none.

Move to a version with a wheel, or build the wheel and audit that.",
    check: Check::Package(check),
};

fn check(reports: &[&DistributionReport], _: Audience) -> Option<Finding> {
    let (compiled, targets) = with_verdict(reports, |verdict| verdict == Verdict::SourceOnly);
    let first = compiled.first()?;
    let message = format!(
        "{} has no wheel that {} can install{}: its source archive would be compiled",
        first.distribution,
        listed(&targets),
        on_platforms(&compiled)
    );
    let evidence = first.verdicts.values().flat_map(|judged| &judged.evidence).cloned().collect();
    let finding =
        RULE.of_package(&compiled, message, "move to a version with a wheel, or build one and audit that")?;
    Some(Finding { evidence, ..finding })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Platform, made_up};

    #[test]
    fn only_where_there_is_no_wheel() {
        let on = |verdict| made_up::chosen("foo", Platform::LinuxX86_64, verdict);
        let finding = check(&[&on(Verdict::SourceOnly)], Audience::User).unwrap();
        assert_eq!(
            finding.message,
            "foo 1.0 has no wheel that 3.14t can install on linux-x86_64: its source archive would be compiled"
        );
        for verdict in [Verdict::GilFree, Verdict::NotAvailable, Verdict::Undetermined] {
            assert_eq!(check(&[&on(verdict)], Audience::User), None);
        }
    }
}
