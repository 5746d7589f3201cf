//! `platform-gap`: ready here, not there.

use super::{Check, Rule, listed, on_platforms, with_verdict};
use crate::model::{Audience, DistributionReport, Finding, Level, Severity, Verdict};

pub(super) const RULE: Rule = Rule {
    id: "platform-gap",
    severity: Severity::Low,
    level: Level::Warn,
    explain: "It is ready on one platform, and not on another

The same version leaves the GIL off on one of the platforms that were asked for,
and on another it turns the GIL on, has no wheel, or could not be told. Tests on
the first say nothing of the second.

Move to a version that is ready on all of them, or leave the platform out.",
    check: Check::Package(check),
};

fn check(reports: &[&DistributionReport], _: Audience) -> Option<Finding> {
    let is_ready = |verdict| matches!(verdict, Verdict::GilFree | Verdict::PurePython);
    let lags = |verdict| verdict > Verdict::GilFree;
    let (behind, targets) = with_verdict(reports, lags);
    let ready_for = |report: &&DistributionReport| {
        targets
            .iter()
            .any(|target| report.verdicts.get(target).is_some_and(|judged| is_ready(judged.verdict)))
    };
    let ready: Vec<&DistributionReport> = reports.iter().copied().filter(ready_for).collect();
    let mut platforms: Vec<_> = ready.iter().filter_map(|report| report.platform()).collect();
    platforms.dedup();
    let behind_on = on_platforms(&behind);
    if platforms.is_empty() || behind_on.is_empty() || behind_on == on_platforms(&ready) {
        return None;
    }
    let distribution = &ready.first()?.distribution;
    let (targets, ready_on) = (listed(&targets), listed(&platforms));
    let message = format!("{distribution} is ready for {targets} on {ready_on}, and not{behind_on}");
    RULE.of_package(&behind, message, "move to a version that is ready on all platforms you need")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Platform, made_up};

    fn message(reports: &[(Platform, Verdict)]) -> Option<String> {
        let reports: Vec<_> =
            reports.iter().map(|(platform, verdict)| made_up::chosen("foo", *platform, *verdict)).collect();
        check(&reports.iter().collect::<Vec<_>>(), Audience::User).map(|finding| finding.message)
    }

    #[test]
    fn only_where_platforms_differ() {
        use Platform::{LinuxX86_64, MacosArm64, WindowsArm64};
        use Verdict::{GilFree, NotAvailable, RequiresGil};
        assert_eq!(
            message(&[(LinuxX86_64, GilFree), (MacosArm64, GilFree), (WindowsArm64, NotAvailable)]).unwrap(),
            "foo 1.0 is ready for 3.14t on linux-x86_64 and macos-arm64, and not on windows-arm64"
        );
        assert_eq!(message(&[(LinuxX86_64, GilFree), (MacosArm64, GilFree)]), None);
        assert_eq!(message(&[(LinuxX86_64, RequiresGil), (MacosArm64, NotAvailable)]), None);
    }
}
