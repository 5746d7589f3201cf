//! `undetermined`: what the analysis could not tell.

use super::{Check, Rule, judged, listed};
use crate::model::{Finding, Level, Reason, Severity, Subject, Verdict};

pub(super) const RULE: Rule = Rule {
    id: "undetermined",
    severity: Severity::Medium,
    level: Level::Unsure,
    explain: r#"What importing the module does could not be told from the binary

The init function was followed as far as its code alone decides what happens;
the message says what stopped that, and the evidence where. Nothing is guessed:
such a module may leave the GIL off, turn it on, or not load.

To find out, import it in a free-threaded Python of the target, with PYTHON_GIL
unset and no -X gil, and look whether the GIL went on:
`python3.14t -c "import sys, the_module; print(sys._is_gil_enabled())"`."#,
    check: Check::Module(check),
};

fn check(subject: &Subject<'_>) -> Option<Finding> {
    let (targets, judgement) = judged(subject, |judgement| {
        judgement.verdict == Verdict::Undetermined && !matches!(judgement.reason, Reason::Unread(_))
    })?;
    let message =
        format!("what importing {} does on {} {}", subject.name.dotted, listed(&targets), judgement.reason);
    let help = format!("to find out under {}: --confirm imports it, in a sandbox", listed(&targets));
    Some(RULE.finding(subject, message, judgement.evidence.clone(), help))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::made_up::Module;
    use crate::model::{Judgement, Target};

    #[test]
    fn says_what_stopped_the_analysis() {
        let finding = check(&Module::judged(Verdict::Undetermined).subject()).unwrap();
        assert_eq!(
            finding.message,
            "what importing foo.x does on 3.14t cannot be told: a loop that depends on an unknown value"
        );
        assert_eq!(finding.evidence[0].address, Some(0x1180));
    }

    #[test]
    fn what_could_not_be_read_has_a_rule_of_its_own() {
        let mut module = Module::judged(Verdict::Undetermined);
        let unread = Judgement {
            verdict: Verdict::Undetermined,
            reason: Reason::Unread("0 bytes".to_owned()),
            evidence: Vec::new(),
        };
        module.verdicts.insert(Target::Py314t, unread);
        assert_eq!(check(&module.subject()), None);
    }
}
