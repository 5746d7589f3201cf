//! How a verdict looks: a sign, words, and the name of a colour, which only repeats what the words say.

use crate::model::{Judgement, Verdict};
use crate::report::human::alone;
use crate::report::human::group::Group;
use crate::report::human::table;

/// One verdict.
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

    /// The same with words for the reason, where that has some of its own.
    pub(super) fn of_judgement(judgement: &Judgement) -> Self {
        Self { words: table::words(judgement), ..Self::of(judgement.verdict) }
    }
}

/// The verdicts that there are among these, worst first.
pub(super) fn present(groups: &[Group<'_>]) -> Vec<Look> {
    let verdicts = |group: &Group<'_>| -> Vec<Verdict> {
        group.reports.iter().flat_map(|report| report.verdicts.values()).map(|judged| judged.verdict).collect()
    };
    let mut present: Vec<Verdict> = groups.iter().flat_map(verdicts).collect();
    present.sort_unstable_by(|one, other| other.cmp(one));
    present.dedup();
    present.into_iter().map(Look::of).collect()
}
