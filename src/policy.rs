//! What an audit's result means for the caller: the exit status.

use crate::model::{Agreement, Report, Verdict};
use std::process::ExitCode;

/// How an audit ended, worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Nothing wrong.
    Fine,
    /// Nothing wrong seen, but something is undetermined, unread, or could not be confirmed.
    NotSure,
    /// Nothing could be audited.
    Nothing,
    /// Something requires the GIL, cannot be loaded, is not the file that `RECORD` lists, or did something else when it
    /// was imported.
    Wrong,
}

/// Rules whose findings are wrong whatever the verdicts are.
const WRONG: [&str; 3] = ["hash-mismatch", "runtime-contradicts-static", "crashes-on-import"];

/// How this audit ended. An unknown never counts as fine.
#[must_use]
pub fn status(report: &Report) -> Status {
    let verdicts = || report.distributions.iter().flat_map(|distribution| distribution.verdicts.values());
    let any = |verdict| verdicts().any(|judgement| judgement.verdict == verdict);
    let changed = report.findings.iter().any(|finding| WRONG.contains(&finding.rule));
    let runs = || {
        report
            .distributions
            .iter()
            .flat_map(|report| &report.modules)
            .flat_map(|module| module.runtime.values())
    };
    let unconfirmed = runs().any(|runtime| runtime.agreement == Agreement::Unconfirmed);
    let unread = report.notes.iter().any(|note| note.unread);
    if any(Verdict::RequiresGil) || any(Verdict::IncompatibleAbi) || changed {
        Status::Wrong
    } else if report.distributions.is_empty() {
        Status::Nothing
    } else if unread || unconfirmed || any(Verdict::Undetermined) {
        Status::NotSure
    } else {
        Status::Fine
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(match status {
            Status::Fine => 0,
            Status::Wrong => 1,
            Status::Nothing => 2,
            Status::NotSure => 3,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Note, made_up};

    fn status_of(verdicts: &[Verdict], notes: Vec<Note>) -> Status {
        status(&Report { notes, ..made_up::report_of(verdicts) })
    }

    #[test]
    fn the_worst_verdict_decides() {
        use Verdict::{GilFree, IncompatibleAbi, NotAnExtension, PurePython, RequiresGil, Undetermined};
        for (verdicts, expected) in [
            (vec![GilFree, PurePython, NotAnExtension], Status::Fine),
            (vec![GilFree, Undetermined], Status::NotSure),
            (vec![Undetermined, RequiresGil], Status::Wrong),
            (vec![GilFree, IncompatibleAbi], Status::Wrong),
            (vec![], Status::Nothing),
        ] {
            assert_eq!(status_of(&verdicts, Vec::new()), expected);
        }
    }

    #[test]
    fn what_was_not_read_is_not_fine() {
        let unread = || vec![Note::unread("foo.whl", "no zip archive")];
        let told = vec![Note::told("venv", "is a virtual environment")];
        assert_eq!(status_of(&[Verdict::GilFree], unread()), Status::NotSure);
        assert_eq!(status_of(&[Verdict::GilFree], told), Status::Fine);
        assert_eq!(status_of(&[Verdict::RequiresGil], unread()), Status::Wrong);
        assert_eq!(status_of(&[], unread()), Status::Nothing);
    }

    #[test]
    fn a_changed_file_is_wrong() {
        let mut report = made_up::report_of(&[Verdict::GilFree]);
        assert_eq!(status(&report), Status::Fine);
        report.findings.push(made_up::finding("hash-mismatch"));
        assert_eq!(status(&report), Status::Wrong);
    }
}
