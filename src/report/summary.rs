//! How many of what: the figures that every format ends with.

use crate::model::{Report, Target, Verdict};
use std::collections::BTreeMap;

/// Counts for one target. Every verdict is in each map, also with 0.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Summary {
    /// Distributions by verdict.
    pub distributions: BTreeMap<Verdict, usize>,
    /// Modules by verdict.
    pub modules: BTreeMap<Verdict, usize>,
}

impl Summary {
    pub(super) fn of(report: &Report, target: Target) -> Self {
        let distributions = report.distributions.iter();
        let modules = report.distributions.iter().flat_map(|distribution| &distribution.modules);
        Self {
            distributions: count(distributions.filter_map(|report| report.verdicts.get(&target))),
            modules: count(modules.filter_map(|report| report.verdicts.get(&target))),
        }
    }
}

fn count<'a>(judgements: impl Iterator<Item = &'a crate::model::Judgement>) -> BTreeMap<Verdict, usize> {
    let mut counts: BTreeMap<Verdict, usize> = Verdict::ALL.into_iter().map(|verdict| (verdict, 0)).collect();
    for judgement in judgements {
        *counts.entry(judgement.verdict).or_default() += 1;
    }
    counts
}

/// How many notes are about something that had to be audited and was not.
pub(super) fn unread(report: &Report) -> usize {
    report.notes.iter().filter(|note| note.unread).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::made_up::report_of;

    #[test]
    fn every_verdict_is_counted() {
        let report = report_of(&[Verdict::GilFree, Verdict::GilFree, Verdict::PurePython]);
        let summary = Summary::of(&report, Target::Py314t);
        assert_eq!(summary.distributions[&Verdict::GilFree], 2);
        assert_eq!(summary.distributions[&Verdict::PurePython], 1);
        assert_eq!(summary.distributions[&Verdict::RequiresGil], 0);
        assert_eq!(summary.modules[&Verdict::GilFree], 2);
        assert_eq!(summary.modules.len(), Verdict::ALL.len());
    }
}
