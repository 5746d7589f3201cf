//! `gil-reenabled`: the one that this program exists for.

use super::{Check, Rule, judged, listed};
use crate::model::{Audience, Finding, Level, Reason, Severity, Subject, Verdict};

pub(super) const RULE: Rule = Rule {
    id: "gil-reenabled",
    severity: Severity::High,
    level: Level::Deny,
    explain: "Importing the module turns the GIL on, for the rest of the process

A free-threaded Python starts without the GIL. Each time it imports an
extension module it asks whether that module declares that it can run without
it: with a `Py_mod_gil` slot of `Py_MOD_GIL_NOT_USED` in its definition, or by
`PyUnstable_Module_SetGIL` before its init function returns. One module that
does not turns the GIL on for all threads, with one RuntimeWarning, and nothing
turns it off again.

Ask the maintainers for the declaration, which they can give once the code has
been made ready: declaring it changes nothing in how the module behaves. Until
then `PYTHON_GIL=0` or `-X gil=0` keeps the GIL off in spite of the module, at
your own risk.

https://docs.python.org/3/howto/free-threading-extensions.html",
    check: Check::Module(check),
};

fn check(subject: &Subject<'_>) -> Option<Finding> {
    let (targets, judgement) = judged(subject, |judgement| judgement.verdict == Verdict::RequiresGil)?;
    let message = format!(
        "importing {} turns the GIL on under {}: it {}",
        subject.name.dotted,
        listed(&targets),
        judgement.reason
    );
    Some(RULE.finding(subject, message, judgement.evidence.clone(), help(subject, &judgement.reason)))
}

fn help(subject: &Subject<'_>, reason: &Reason) -> String {
    let tool = subject.facts.and_then(|facts| facts.slices.iter().find_map(|slice| slice.origin.as_ref()));
    let how = match (reason, tool) {
        (Reason::CreatesNoModule, _) => {
            "a module object from Py_mod_create: no declaration counts for others"
        }
        (_, Some(tool)) => &tool.declare_with,
        (Reason::SinglePhase | Reason::CallUsed | Reason::CallOdd(_), None) => {
            "PyUnstable_Module_SetGIL(module, Py_MOD_GIL_NOT_USED)"
        }
        (_, None) => "a {Py_mod_gil, Py_MOD_GIL_NOT_USED} slot",
    };
    match subject.audience {
        Audience::User => format!("ask upstream for: {how}"),
        Audience::Publisher => {
            format!("declare it once the code is ready, or stop shipping the wheel; what is missing: {how}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::made_up;

    #[test]
    fn says_who_why_and_what_to_ask_for() {
        let made_up = made_up::Module::judged(Verdict::RequiresGil);
        let finding = check(&made_up.subject()).unwrap();
        assert_eq!(
            finding.message,
            "importing foo.x turns the GIL on under 3.14t: it declares Py_MOD_GIL_USED in its Py_mod_gil slot"
        );
        assert_eq!(finding.help, "ask upstream for: # cython: freethreading_compatible = True");
        assert_eq!(finding.distribution, "foo 1.0");
    }

    #[test]
    fn who_publishes_the_wheel_is_told_what_it_says() {
        let mut made_up =
            made_up::Module::judged(Verdict::RequiresGil).tagged(&["cp314-cp314t-linux_x86_64"]);
        made_up.audience = Audience::Publisher;
        let finding = check(&made_up.subject()).unwrap();
        assert_eq!(
            finding.message,
            "your wheel says cp314-cp314t: importing foo.x turns the GIL on under 3.14t: it declares \
             Py_MOD_GIL_USED in its Py_mod_gil slot"
        );
        assert_eq!(
            finding.help,
            "declare it once the code is ready, or stop shipping the wheel; what is missing: # cython: \
             freethreading_compatible = True"
        );
    }

    #[test]
    fn silent_where_the_gil_stays_off_or_nothing_is_known() {
        for verdict in [Verdict::GilFree, Verdict::Undetermined, Verdict::IncompatibleAbi] {
            assert_eq!(check(&made_up::Module::judged(verdict).subject()), None);
        }
    }

    #[test]
    fn a_declaration_does_not_help_what_is_no_module() {
        let made_up = made_up::Module::judged(Verdict::RequiresGil);
        assert!(
            help(&made_up.subject(), &Reason::CreatesNoModule).contains("a module object from Py_mod_create")
        );
    }
}
