//! `no-free-threaded-wheel`: an installer finds nothing.

use super::{Check, Rule, listed, on_platforms, with_verdict};
use crate::model::{Audience, DistributionReport, Finding, Level, Severity, Verdict};

pub(super) const RULE: Rule = Rule {
    id: "no-free-threaded-wheel",
    severity: Severity::High,
    level: Level::Deny,
    explain: "Nothing of this version can be installed on the target

There is no wheel with a tag that the target takes, and no source archive
either. Free-threaded Pythons take wheels of their own ABI (`cp314t`), of the
free-threaded stable ABI (`abi3t`, from 3.15 on) and those without compiled code
(`none`); those of the GIL build (`cp314`) and of the plain stable ABI (`abi3`)
are not for them. `--explain-wheels` lists each file and why it was passed over.

Move to a version with such a wheel, or ask the maintainers for one.",
    check: Check::Package(check),
};

fn check(reports: &[&DistributionReport], _: Audience) -> Option<Finding> {
    let (missing, targets) = with_verdict(reports, |verdict| verdict == Verdict::NotAvailable);
    let distribution = &missing.first()?.distribution;
    let message =
        format!("{distribution} has no file that {} can install{}", listed(&targets), on_platforms(&missing));
    RULE.of_package(&missing, message, "move to a version with a wheel for it, or ask upstream for one")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Platform, made_up};

    #[test]
    fn all_platforms_are_told_in_one() {
        let on = |platform, verdict| made_up::chosen("foo", platform, verdict);
        let reports = [
            on(Platform::LinuxX86_64, Verdict::GilFree),
            on(Platform::MacosArm64, Verdict::NotAvailable),
            on(Platform::WindowsArm64, Verdict::NotAvailable),
        ];
        let finding = check(&reports.iter().collect::<Vec<_>>(), Audience::User).unwrap();
        assert_eq!(
            finding.message,
            "foo 1.0 has no file that 3.14t can install on macos-arm64 and windows-arm64"
        );
        assert_eq!(finding.platforms, [Platform::MacosArm64, Platform::WindowsArm64]);
        assert_eq!(check(&[&reports[0]], Audience::User), None);
    }
}
