//! `crashes-on-import`: the process ended while the module was being imported.

use super::{Check, Rule, ran};
use crate::model::{Evidence, EvidenceKind, Finding, Level, Seen, Severity, Subject};

pub(super) const RULE: Rule = Rule {
    id: "crashes-on-import",
    severity: Severity::High,
    level: Level::Deny,
    explain: "Importing the module ended the interpreter

`--confirm` imported the module in a process of its own, and the process ended
before the import did: by a signal, or because the module ends the process
itself. The Python stack at that moment is in the evidence, as far as it could
be written.

A module that was built for another Python crashes in this way. So does one that
lacks something of the machine, and one that tries what the sandbox does not
allow and does not look whether that went well: `--no-sandbox` shows which.",
    check: Check::Module(check),
};

fn check(subject: &Subject<'_>) -> Option<Finding> {
    let (_, runtime) = ran(subject, |runtime| matches!(runtime.confirmation.seen, Seen::Crashed { .. }))?;
    let confirmation = &runtime.confirmation;
    let python = confirmation.python.as_deref().unwrap_or("the interpreter");
    let message = format!("{} {} under {python}", subject.name.dotted, confirmation.seen);
    let stack = confirmation.seen.stack().iter();
    let evidence = stack.map(|call| Evidence::new(EvidenceKind::Run, call.clone())).collect();
    let help = format!("import it in {python} under a debugger, or ask upstream");
    Some(RULE.finding(subject, message, evidence, help))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::made_up::{Module, confirmation};
    use crate::model::{Agreement, Verdict};

    #[test]
    fn the_stack_is_evidence() {
        let call = "File \"/env/foo/__init__.py\", line 3 in <module>".to_owned();
        let crash = Seen::Crashed { how: "signal 11 (SIGSEGV)".to_owned(), stack: vec![call.clone()] };
        let module = Module::judged(Verdict::GilFree).ran(confirmation(crash), Agreement::Unconfirmed);
        let finding = check(&module.subject()).unwrap();
        assert_eq!(
            finding.message,
            "foo.x crashed while it was imported: signal 11 (SIGSEGV) under CPython 3.14.7t"
        );
        assert_eq!(finding.evidence[0].text, call);
    }

    #[test]
    fn an_error_is_no_crash() {
        let module = Module::judged(Verdict::GilFree).ran(confirmation(Seen::GilFree), Agreement::Confirmed);
        assert_eq!(check(&module.subject()), None);
    }
}
