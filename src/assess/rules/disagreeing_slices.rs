//! `disagreeing-slices`: a universal file that does not do the same on all its machines.

use super::{Check, Rule};
use crate::assess::verdict::judge_slices;
use crate::model::{Facts, Finding, Judgement, Level, Severity, Slice, Subject, Target, Verdict};

pub(super) const RULE: Rule = Rule {
    id: "disagreeing-slices",
    severity: Severity::Medium,
    level: Level::Warn,
    explain: "The parts of a universal file differ in what they do to the GIL

A universal binary of macOS holds the same module once for each machine, and the
loader takes the part that fits. They are compiled one by one: where one was
left over from another build, or its flags differ, importing the module does on
one Mac what it does not do on another. The verdict is that of the worst part.

Ask the maintainers to build all parts from the same sources in the same way. A
part that could not be decided is never reported here.",
    check: Check::Module(check),
};

fn check(subject: &Subject<'_>) -> Option<Finding> {
    let facts = subject.facts?;
    let (target, judged) =
        subject.verdicts.keys().find_map(|target| Some((target, disagreeing(subject, facts, *target)?)))?;
    let told: Vec<String> =
        judged.iter().map(|(slice, judged)| format!("{} on {}", judged.verdict, slice.arch)).collect();
    let message = format!(
        "{} is not the same on every machine under {target}: {}",
        subject.name.dotted,
        told.join(", ")
    );
    let strongest = judged.into_iter().filter_map(|(_, judged)| judged.evidence.into_iter().next());
    let help = subject.audience.pick(
        "ask upstream how its parts were built",
        "build its parts from the same sources in the same way",
    );
    Some(RULE.finding(subject, message, strongest.collect(), help.to_owned()))
}

/// What the parts come to, if two that are decided differ.
fn disagreeing<'a>(
    subject: &Subject<'_>,
    facts: &'a Facts,
    target: Target,
) -> Option<Vec<(&'a Slice, Judgement)>> {
    let mut judged: Vec<_> = judge_slices(subject.name, facts, target).collect();
    judged.retain(|(_, judged)| judged.verdict != Verdict::Undetermined);
    let (_, first) = judged.first()?;
    let differ = judged.iter().any(|(_, other)| other.verdict != first.verdict);
    differ.then_some(judged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::made_up::{Module, multi_phase, slot};
    use crate::model::{Arch, Outcome};

    /// A universal file whose part for arm64 declares `NOT_USED`.
    fn universal(other: &Outcome) -> Module {
        let mut module = Module::judged(Verdict::RequiresGil).at("foo/x.cpython-314t-darwin.so");
        let parts = [(Arch::Aarch64, multi_phase(&[slot(4, 1)])), (Arch::X86_64, other.clone())];
        let first = module.facts.slices.remove(0);
        module.facts.slices = parts
            .into_iter()
            .map(|(arch, outcome)| {
                let mut slice = Slice { arch, ..first.clone() };
                slice.init.values_mut().for_each(|init| init.outcome = outcome.clone());
                slice
            })
            .collect();
        module
    }

    #[test]
    fn parts_that_differ_are_told_apart() {
        let finding = check(&universal(&multi_phase(&[slot(4, 0)])).subject()).unwrap();
        assert_eq!(
            finding.message,
            "foo.x is not the same on every machine under 3.14t: gil-free on aarch64, requires-gil on x86_64"
        );
        let shown: Vec<&str> =
            finding.evidence.iter().filter_map(|shown| shown.text.split(" at ").next()).collect();
        assert_eq!(
            shown,
            [
                "aarch64: Py_mod_gil (slot 4) = 1 (Py_MOD_GIL_NOT_USED)",
                "x86_64: Py_mod_gil (slot 4) = 0 (Py_MOD_GIL_USED)"
            ]
        );
    }

    #[test]
    fn parts_that_agree_or_are_not_decided_are_not() {
        let unknown = Outcome::Undetermined { why: "a loop".to_owned(), address: None };
        for other in [multi_phase(&[slot(4, 1)]), multi_phase(&[slot(2, 0x10), slot(4, 1)]), unknown] {
            assert_eq!(check(&universal(&other).subject()), None, "{other:?}");
        }
    }
}
