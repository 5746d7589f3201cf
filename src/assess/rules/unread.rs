//! `unread`: a file that had to be audited and could not be read.

use super::{Check, Rule, judged};
use crate::model::{Finding, Level, Reason, Severity, Subject};

pub(super) const RULE: Rule = Rule {
    id: "unread",
    severity: Severity::Medium,
    level: Level::Unsure,
    explain: "The file could not be read as a binary

It has the name of an extension module, and is empty, truncated, damaged, larger
than the limits of this program, or something else altogether (a linker script,
a text). Nothing is known of it, so the audit does not end as if all was well.

Where the file is what its author meant it to be, tell the maintainers of this
program; otherwise install the distribution again.",
    check: Check::Module(check),
};

fn check(subject: &Subject<'_>) -> Option<Finding> {
    let (_, judgement) = judged(subject, |judgement| matches!(judgement.reason, Reason::Unread(_)))?;
    let message = format!("{} {}", subject.member.path, judgement.reason);
    let help = subject
        .audience
        .pick("look at the file, or install the distribution again", "look at what the build put there");
    Some(RULE.finding(subject, message, judgement.evidence.clone(), help.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::made_up::Module;
    use crate::model::{Judgement, Target, Verdict};

    #[test]
    fn says_why_it_could_not_be_read() {
        let mut module = Module::judged(Verdict::Undetermined);
        assert_eq!(check(&module.subject()), None);
        let unread = Judgement {
            verdict: Verdict::Undetermined,
            reason: Reason::Unread("it is empty".to_owned()),
            evidence: Vec::new(),
        };
        module.verdicts.insert(Target::Py314t, unread);
        let finding = check(&module.subject()).unwrap();
        assert_eq!(finding.message, "foo/x.cpython-314t-x86_64-linux-gnu.so could not be read: it is empty");
    }
}
