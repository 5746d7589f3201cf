//! How a verdict looks, or what a run says of it: a sign, words, and the name of a colour, which only repeats what the
//! words say.

use crate::model::{Agreement, Judgement, Verdict};
use crate::report::human::alone;
use crate::report::human::group::Group;
use crate::report::human::table;

/// How one thing looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look {
    /// The identifier; the style has a class of this name.
    pub(super) id: &'static str,
    pub(super) sign: &'static str,
    pub(super) words: &'static str,
    /// The greater, the worse.
    pub(super) rank: usize,
}

impl Look {
    pub(super) fn of(verdict: Verdict) -> Self {
        let (_, sign, _) = table::look(verdict);
        let rank = Verdict::ALL.iter().position(|known| *known == verdict).unwrap_or(Verdict::ALL.len());
        Self { id: verdict.id(), sign, words: alone(verdict), rank }
    }

    /// The same for so many distributions.
    pub(super) fn of_several(verdict: Verdict, count: usize) -> Self {
        let words = match (verdict, count) {
            (Verdict::PurePython, _) => "pure Python",
            (Verdict::NotAnExtension, _) => "no extension modules",
            (Verdict::Undetermined, _) => "undetermined",
            (_, 1) => alone(verdict),
            (Verdict::GilFree, _) => "leave the GIL off",
            (Verdict::SourceOnly, _) => "have no wheel, and would be compiled",
            (Verdict::RequiresGil, _) => "turn the GIL on",
            (Verdict::NotAvailable, _) => "cannot be installed",
            (Verdict::IncompatibleAbi, _) => "do not load",
        };
        Self { words, ..Self::of(verdict) }
    }

    /// The same for one module, with words for the reason.
    pub(super) fn of_module(judgement: &Judgement) -> Self {
        match judgement.verdict {
            Verdict::NotAnExtension => Self { words: "no init function", ..Self::of(judgement.verdict) },
            _ => Self::of_judgement(judgement),
        }
    }

    /// The same with words for the reason, where that has some of its own.
    pub(super) fn of_judgement(judgement: &Judgement) -> Self {
        Self { words: table::words(judgement), ..Self::of(judgement.verdict) }
    }
}

impl From<Agreement> for Look {
    fn from(agreement: Agreement) -> Self {
        let (sign, words, rank) = match agreement {
            Agreement::Confirmed => ("✓", "confirmed", 0),
            Agreement::Settled => ("✓", "settled by the run", 1),
            Agreement::Unconfirmed => ("?", "not confirmed", 2),
            Agreement::Contradicted => ("✗", "contradicted", 3),
        };
        Self { id: agreement.id(), sign, words, rank }
    }
}

/// Every verdict with what it means, best first.
pub(super) fn meanings() -> Vec<(Look, &'static str)> {
    let meaning = |verdict: Verdict| match verdict {
        Verdict::PurePython => "It has no compiled files.",
        Verdict::NotAnExtension => {
            "Its compiled files have no init function of their names: no import statement loads them."
        }
        Verdict::GilFree => {
            "It declares that it does not need the GIL. That it is free of races is not said by that."
        }
        Verdict::Undetermined => "It could not be told. That is no good news: it may turn the GIL on.",
        Verdict::SourceOnly => {
            "Installers would compile the source archive. What comes of that is not known."
        }
        Verdict::RequiresGil => "Importing it turns the GIL on, for the rest of the process.",
        Verdict::NotAvailable => "Installers find no file of it for the target.",
        Verdict::IncompatibleAbi => {
            "The import fails, or crashes: it was built for another Python, or is not even installed on this one."
        }
    };
    Verdict::ALL.into_iter().map(|verdict| (Look::of(verdict), meaning(verdict))).collect()
}

/// The verdicts that there are among these, worst first.
pub(super) fn present(groups: &[Group<'_>]) -> Vec<Look> {
    let verdicts = |group: &Group<'_>| -> Vec<Verdict> {
        group
            .reports
            .iter()
            .flat_map(|report| report.verdicts.values())
            .map(|judged| judged.verdict)
            .collect()
    };
    let mut present: Vec<Verdict> = groups.iter().flat_map(verdicts).collect();
    present.sort_unstable_by(|one, other| other.cmp(one));
    present.dedup();
    present.into_iter().map(Look::of).collect()
}
