//! `hash-mismatch`: the file is not the one that `RECORD` lists.

use super::{Check, Rule};
use crate::model::{Evidence, EvidenceKind, Finding, Level, Severity, Subject};

pub(super) const RULE: Rule = Rule {
    id: "hash-mismatch",
    severity: Severity::High,
    level: Level::Deny,
    explain: "The file's SHA-256 is not the one that RECORD lists

Found with --verify-hashes only. The file was changed after the wheel was built
or installed: by a tool that repairs or signs binaries without updating RECORD,
by hand, or by somebody who should not have. What this audit says of it is true
of the file as it is now.

Install the distribution again, from a source that you trust.",
    check: Check::Module(check),
};

fn check(subject: &Subject<'_>) -> Option<Finding> {
    let (recorded, found) = (subject.member.sha256.as_deref()?, subject.sha256?);
    if recorded.eq_ignore_ascii_case(found) {
        return None;
    }
    let message = format!("{} is not the file that RECORD lists", subject.member.path);
    let evidence = [("RECORD says", recorded), ("the file has", found)]
        .map(|(who, hash)| Evidence::new(EvidenceKind::Hash, format!("{who} sha256 {hash}")));
    let help = subject.audience.pick(
        "install the distribution again, from a source that you trust",
        "write RECORD anew after the last tool that changes files of the wheel",
    );
    Some(RULE.finding(subject, message, evidence.to_vec(), help.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Verdict;
    use crate::model::made_up::Module;

    #[test]
    fn only_where_both_are_known_and_differ() {
        for (recorded, found, expected) in [
            (Some("ab"), Some("ab"), false),
            (Some("AB"), Some("ab"), false),
            (Some("ab"), Some("cd"), true),
            (Some("ab"), None, false),
            (None, Some("cd"), false),
        ] {
            let mut module = Module::judged(Verdict::GilFree);
            module.member.sha256 = recorded.map(str::to_owned);
            module.sha256 = found.map(str::to_owned);
            assert_eq!(check(&module.subject()).is_some(), expected, "{recorded:?} {found:?}");
        }
    }
}
