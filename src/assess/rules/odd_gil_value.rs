//! `odd-gil-value`: a declaration that versions of Python understand differently.

use super::{Check, Rule, judged};
use crate::model::{Finding, Level, Reason, Severity, Subject};

pub(super) const RULE: Rule = Rule {
    id: "odd-gil-value",
    severity: Severity::Low,
    level: Level::Warn,
    explain: "The GIL declaration is neither 0 nor 1

`Py_MOD_GIL_USED` is 0 and `Py_MOD_GIL_NOT_USED` is 1. Any other value is taken
for \"not used\" by 3.13 and 3.14, which compare with 0, and for \"used\" by 3.15,
which compares with 1: the same binary leaves the GIL off in one version and
turns it on in the next. Mostly this is a pointer to the value where the value
itself belongs.

Ask the maintainers to write `{Py_mod_gil, Py_MOD_GIL_NOT_USED}`.",
    check: Check::Module(check),
};

fn check(subject: &Subject<'_>) -> Option<Finding> {
    let (_, judgement) = judged(subject, |judgement| {
        matches!(judgement.reason, Reason::SlotOddUsed(_) | Reason::SlotOddNotUsed(_) | Reason::CallOdd(_))
    })?;
    let message = format!(
        "{} {}: 3.13 and 3.14 leave the GIL off for it, 3.15 turns it on",
        subject.name.dotted, judgement.reason
    );
    let help = subject.audience.pick(
        "ask upstream for: {Py_mod_gil, Py_MOD_GIL_NOT_USED}",
        "write {Py_mod_gil, Py_MOD_GIL_NOT_USED}",
    );
    Some(RULE.finding(subject, message, judgement.evidence.clone(), help.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::made_up::Module;
    use crate::model::{Target, Verdict};

    #[test]
    fn neither_0_nor_1() {
        for (reason, found) in [
            (Reason::SlotOddNotUsed(0x4010), true),
            (Reason::SlotOddUsed(2), true),
            (Reason::CallOdd(7), true),
            (Reason::SlotNotUsed, false),
            (Reason::SlotUsed, false),
        ] {
            let mut module = Module::judged(Verdict::GilFree);
            if let Some(judgement) = module.verdicts.get_mut(&Target::Py314t) {
                judgement.reason = reason;
            }
            assert_eq!(check(&module.subject()).is_some(), found);
        }
    }
}
