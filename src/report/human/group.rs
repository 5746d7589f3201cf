//! What is told in one place: a distribution, on every platform that it was chosen for.

use crate::model::{DistributionReport, Judgement, Target, Verdict};
use std::collections::BTreeSet;

/// One version of one distribution.
pub(in crate::report) struct Group<'a> {
    pub(in crate::report) label: String,
    /// One for each platform and wheel; what was named itself stands alone. Never empty.
    pub(in crate::report) reports: Vec<&'a DistributionReport>,
}

/// Puts together what was chosen for different platforms, in the order that it comes in.
pub(in crate::report) fn groups<'a>(reports: impl Iterator<Item = &'a DistributionReport>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for report in reports {
        let label = label(report);
        let same = |group: &&mut Group<'a>| {
            report.chosen.is_some() && group.label == label && group.reports[0].chosen.is_some()
        };
        match groups.last_mut().filter(same) {
            Some(group) => group.reports.push(report),
            None => groups.push(Group { label, reports: vec![report] }),
        }
    }
    groups
}

impl Group<'_> {
    /// The worst verdict over all targets and platforms.
    pub(in crate::report) fn worst(&self) -> Verdict {
        self.reports.iter().map(|report| worst(report)).max().unwrap_or(Verdict::PurePython)
    }

    /// Whether there is a target that it was judged for.
    pub(super) fn is_judged(&self) -> bool {
        self.reports.iter().any(|report| !report.verdicts.is_empty())
    }

    /// The worst verdict for a target.
    pub(in crate::report) fn worst_for(&self, target: Target) -> Option<Verdict> {
        self.judged(target).map(|(_, judgement)| judgement.verdict).max()
    }

    /// What each report that has a verdict for the target says.
    pub(in crate::report) fn judged(
        &self,
        target: Target,
    ) -> impl Iterator<Item = (&DistributionReport, &Judgement)> {
        self.reports.iter().filter_map(move |report| Some((*report, report.verdicts.get(&target)?)))
    }

    /// How many extension modules it has; those of different platforms are the same.
    pub(in crate::report) fn extensions(&self) -> usize {
        let modules = self.reports.iter().flat_map(|report| &report.modules).filter(|module| {
            module.verdicts.values().any(|judgement| judgement.verdict != Verdict::NotAnExtension)
        });
        match self.reports.as_slice() {
            [_] => modules.count(),
            _ => modules.map(|module| &module.name.dotted).collect::<BTreeSet<_>>().len(),
        }
    }
}

/// The name of a distribution; that of its file where it is a single file that nobody owns.
fn label(report: &DistributionReport) -> String {
    match (&report.distribution.name, report.modules.as_slice()) {
        (None, [module]) => module.member.path.clone(),
        _ => report.distribution.to_string(),
    }
}

/// The worst verdict over all targets.
pub(in crate::report) fn worst(report: &DistributionReport) -> Verdict {
    let verdicts = report.verdicts.values().map(|judgement| judgement.verdict);
    verdicts.max().unwrap_or(Verdict::PurePython)
}
