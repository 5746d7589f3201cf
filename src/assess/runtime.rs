//! The verdict that was read from a binary beside what an interpreter did with it.

use crate::model::{
    Agreement, Confirmation, Evidence, EvidenceKind, ImportCause, Judgement, Reason, Runtime, Seen, Verdict,
};

/// Lays the two side by side. Where there was no verdict and the run gives one, that is the verdict.
#[must_use]
pub fn compare(judgement: Judgement, confirmation: Confirmation) -> (Judgement, Runtime) {
    let agreement = agreement(judgement.verdict, &confirmation);
    let judgement = match (agreement, verdict(&confirmation)) {
        (Agreement::Settled, Some(verdict)) => settled(judgement, verdict, &confirmation),
        _ => judgement,
    };
    (judgement, Runtime { confirmation, agreement })
}

/// What a run says of a verdict.
fn agreement(said: Verdict, confirmation: &Confirmation) -> Agreement {
    use Agreement::{Confirmed, Contradicted, Settled, Unconfirmed};
    use Verdict::{
        GilFree, IncompatibleAbi, NotAnExtension, NotAvailable, PurePython, RequiresGil, SourceOnly,
        Undetermined,
    };
    match (said, verdict(confirmation)) {
        // What the target refuses for what it is built for, it may refuse with any error; but what another file lacks
        // says nothing of this one.
        (IncompatibleAbi | NotAnExtension, None | Some(NotAnExtension))
            if was_refused(&confirmation.seen) =>
        {
            Confirmed
        }
        (_, None) | (PurePython | SourceOnly | NotAvailable, _) => Unconfirmed,
        (Undetermined, Some(_)) => Settled,
        (one, Some(other)) if one == other => Confirmed,
        // That it crashes is a finding of its own: the declaration may be what was read all the same.
        (GilFree | RequiresGil, Some(IncompatibleAbi)) => Unconfirmed,
        (GilFree | RequiresGil | IncompatibleAbi | NotAnExtension, Some(_)) => Contradicted,
    }
}

/// The verdict that a run comes to, if any.
fn verdict(confirmation: &Confirmation) -> Option<Verdict> {
    let declared = || {
        let verdict = |needs| if needs { Verdict::RequiresGil } else { Verdict::GilFree };
        confirmation.needs_gil.map(verdict)
    };
    match &confirmation.seen {
        Seen::GilFree => Some(Verdict::GilFree),
        Seen::RequiresGil => Some(Verdict::RequiresGil),
        Seen::ImportError { cause: ImportCause::NoInitFunction, .. } => Some(Verdict::NotAnExtension),
        Seen::ImportError { .. } => declared(),
        Seen::Crashed { .. } if declared().is_none() => Some(Verdict::IncompatibleAbi),
        Seen::Crashed { .. } | Seen::TimedOut { .. } | Seen::NotRun { .. } => None,
    }
}

fn was_refused(seen: &Seen) -> bool {
    match seen {
        Seen::ImportError { cause: ImportCause::NotFound | ImportCause::NoInitFunction, .. } => true,
        Seen::ImportError { cause: ImportCause::Other, at, .. } => at.is_none(),
        _ => false,
    }
}

fn settled(judgement: Judgement, verdict: Verdict, confirmation: &Confirmation) -> Judgement {
    let python = confirmation.python.clone().unwrap_or_default();
    let text = format!("{python}: it {confirmation}");
    let mut evidence = vec![Evidence::new(EvidenceKind::Run, text)];
    evidence.extend(judgement.evidence);
    let reason = Reason::SeenAtRunTime { seen: confirmation.to_string(), python };
    Judgement { verdict, reason, evidence }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::made_up::{self, confirmation};
    use std::time::Duration;

    fn error(cause: ImportCause, at: Option<&str>) -> Seen {
        let at = at.map(str::to_owned);
        Seen::ImportError { cause, exception: "ImportError".to_owned(), message: "no".to_owned(), at }
    }

    /// Every verdict against everything that can be seen.
    #[test]
    fn side_by_side() {
        use Verdict::{GilFree, IncompatibleAbi, NotAnExtension, RequiresGil, Undetermined};
        let said = [GilFree, RequiresGil, IncompatibleAbi, NotAnExtension, Undetermined];
        let crash = || Seen::Crashed { how: "signal 11".to_owned(), stack: Vec::new() };
        let missing = || error(ImportCause::MissingModule("numpy".to_owned()), None);
        let rows = [
            ("imported, GIL off", confirmation(Seen::GilFree)),
            ("imported, GIL on", confirmation(Seen::RequiresGil)),
            ("no init function", confirmation(error(ImportCause::NoInitFunction, None))),
            ("no such file", confirmation(error(ImportCause::NotFound, None))),
            ("raises", confirmation(error(ImportCause::Other, None))),
            ("its package raises", confirmation(error(ImportCause::Other, Some("foo")))),
            ("misses a module", confirmation(missing())),
            ("misses a module, GIL on", Confirmation { needs_gil: Some(true), ..confirmation(missing()) }),
            ("crashes", confirmation(crash())),
            ("crashes, GIL off", Confirmation { needs_gil: Some(false), ..confirmation(crash()) }),
            ("hangs", confirmation(Seen::TimedOut { after: Duration::from_secs(1), stack: Vec::new() })),
            ("not run", Confirmation::not_run("why")),
        ];
        let mut table = format!("{:24}", "");
        table.extend(said.map(|verdict| format!(" {:16}", verdict.id())));
        for (what, confirmation) in rows {
            table.extend([format!("\n{what:24}")]);
            table.extend(said.map(|verdict| format!(" {:16}", agreement(verdict, &confirmation).id())));
        }
        let table: Vec<&str> = table.lines().map(str::trim_end).collect();
        insta::assert_snapshot!(table.join("\n"), @"
                                 gil-free         requires-gil     incompatible-abi not-an-extension undetermined
        imported, GIL off        confirmed        contradicted     contradicted     contradicted     settled
        imported, GIL on         contradicted     confirmed        contradicted     contradicted     settled
        no init function         contradicted     contradicted     confirmed        confirmed        settled
        no such file             unconfirmed      unconfirmed      confirmed        confirmed        unconfirmed
        raises                   unconfirmed      unconfirmed      confirmed        confirmed        unconfirmed
        its package raises       unconfirmed      unconfirmed      unconfirmed      unconfirmed      unconfirmed
        misses a module          unconfirmed      unconfirmed      unconfirmed      unconfirmed      unconfirmed
        misses a module, GIL on  contradicted     confirmed        contradicted     contradicted     settled
        crashes                  unconfirmed      unconfirmed      confirmed        contradicted     settled
        crashes, GIL off         unconfirmed      unconfirmed      unconfirmed      unconfirmed      unconfirmed
        hangs                    unconfirmed      unconfirmed      unconfirmed      unconfirmed      unconfirmed
        not run                  unconfirmed      unconfirmed      unconfirmed      unconfirmed      unconfirmed
        ");
    }

    #[test]
    fn a_run_settles_what_was_undetermined() {
        let said = made_up::judgement(Verdict::Undetermined);
        let (judgement, runtime) = compare(said, confirmation(Seen::RequiresGil));
        assert_eq!(runtime.agreement, Agreement::Settled);
        assert_eq!(judgement.verdict, Verdict::RequiresGil);
        assert_eq!(judgement.reason.to_string(), "was imported and turned the GIL on, by CPython 3.14.7t");
        assert_eq!(judgement.evidence[0].kind, EvidenceKind::Run);
        assert_eq!(judgement.evidence.len(), 2);
    }

    #[test]
    fn nothing_else_changes_a_verdict() {
        let said = made_up::judgement(Verdict::GilFree);
        let (judgement, runtime) = compare(said.clone(), confirmation(Seen::RequiresGil));
        assert_eq!((judgement, runtime.agreement), (said, Agreement::Contradicted));
    }
}
