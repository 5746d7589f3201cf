//! `fails-under-threads`: a crash or a hang when many threads import a package at the same moment.

use super::{Check, Rule, ran};
use crate::model::{Confidence, Evidence, EvidenceKind, Finding, Level, Severity, Subject};

pub(super) const RULE: Rule = Rule {
    id: "fails-under-threads",
    severity: Severity::Medium,
    level: Level::Warn,
    explain: "Many threads imported the package at the same moment, and the interpreter failed

`--confirm=stress` lets several threads of a fresh interpreter import a package
at the same moment, some times over. The interpreter crashed or did not come
back, which it does not do when one thread imports it.

This is a lead and no proof: the machine may have run out of something. And that
no other package failed proves nothing: most races do not show in a few tries,
and importing is the least that a package does.",
    check: Check::Module(check),
};

fn check(subject: &Subject<'_>) -> Option<Finding> {
    let (_, runtime) = ran(subject, |runtime| runtime.confirmation.under_threads.is_some())?;
    let seen = runtime.confirmation.under_threads.as_ref()?;
    let package = subject.name.dotted.split('.').next().unwrap_or_default();
    let python = runtime.confirmation.python.as_deref().unwrap_or("the interpreter");
    let message = format!("{package} {seen}, by many threads at the same moment, under {python}");
    let stack = seen.stack().iter();
    let evidence = stack.map(|call| Evidence::new(EvidenceKind::Run, call.clone())).collect();
    let help = "a lead, no proof: look for what its import does once only".to_owned();
    Some(Finding { confidence: Confidence::Low, ..RULE.finding(subject, message, evidence, help) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::made_up::{Module, confirmation};
    use crate::model::{Agreement, Confirmation, Seen, Verdict};

    #[test]
    fn a_lead_has_low_confidence() {
        let crash = Seen::Crashed { how: "signal 11 (SIGSEGV)".to_owned(), stack: Vec::new() };
        let confirmation = Confirmation { under_threads: Some(crash), ..confirmation(Seen::GilFree) };
        let module = Module::judged(Verdict::GilFree).ran(confirmation, Agreement::Confirmed);
        let finding = check(&module.subject()).unwrap();
        assert_eq!(finding.confidence, Confidence::Low);
        assert_eq!(
            finding.message,
            "foo crashed while it was imported: signal 11 (SIGSEGV), by many threads at the same moment, under \
             CPython 3.14.7t"
        );
    }

    #[test]
    fn silent_where_nothing_was_seen() {
        let module = Module::judged(Verdict::GilFree).ran(confirmation(Seen::GilFree), Agreement::Confirmed);
        assert_eq!(check(&module.subject()), None);
    }
}
