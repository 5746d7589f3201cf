//! `runtime-contradicts-static`: a run that shows something else than the binary.

use super::{Check, Rule, ran};
use crate::model::{Agreement, Evidence, EvidenceKind, Finding, Level, Severity, Subject};

pub(super) const RULE: Rule = Rule {
    id: "runtime-contradicts-static",
    severity: Severity::High,
    level: Level::Deny,
    explain: "An interpreter did something else with the module than the binary says

`--confirm` imports every module and lays what happened beside the verdict that
was read from the binary. Here they differ, and both sides are given. Either the
module decides by something that is not in it, such as an environment variable,
a file or the machine; or another file is loaded in its place; or the analysis
is wrong.

What was seen is what this interpreter does on this machine. A difference that
the module does not explain is a fault of this program: please report it.",
    check: Check::Module(check),
};

fn check(subject: &Subject<'_>) -> Option<Finding> {
    let (target, runtime) = ran(subject, |runtime| runtime.agreement == Agreement::Contradicted)?;
    let judgement = subject.verdicts.get(&target)?;
    let python = runtime.confirmation.python.as_deref().unwrap_or("the interpreter");
    let message = format!(
        "the binary says of {} that it {}; under {python} it {}",
        subject.name.dotted, judgement.reason, runtime.confirmation
    );
    let mut evidence =
        vec![Evidence::new(EvidenceKind::Run, format!("{python}: it {}", runtime.confirmation))];
    evidence.extend(judgement.evidence.iter().cloned());
    Some(RULE.finding(subject, message, evidence, "look at what the module decides by".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::made_up::{Module, confirmation};
    use crate::model::{Seen, Verdict};

    #[test]
    fn both_sides_are_told() {
        let module =
            Module::judged(Verdict::GilFree).ran(confirmation(Seen::RequiresGil), Agreement::Contradicted);
        let finding = check(&module.subject()).unwrap();
        assert_eq!(
            finding.message,
            "the binary says of foo.x that it declares Py_MOD_GIL_NOT_USED in its Py_mod_gil slot; under CPython \
             3.14.7t it was imported and turned the GIL on"
        );
        assert_eq!(finding.evidence[0].kind, EvidenceKind::Run);
        assert_eq!(finding.evidence.len(), 2);
    }

    #[test]
    fn silent_where_they_agree() {
        let module = Module::judged(Verdict::GilFree).ran(confirmation(Seen::GilFree), Agreement::Confirmed);
        assert_eq!(check(&module.subject()), None);
        assert_eq!(check(&Module::judged(Verdict::GilFree).subject()), None);
    }
}
