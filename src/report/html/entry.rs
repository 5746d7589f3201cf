//! What one line of the table is about, and what stands under it further down.

use super::details::{Edition, Findings, Found};
use super::look::Look;
use super::modules::Run;
use crate::model::{Agreement, Report, Target};
use crate::report::human::choice::{asked_by, fixed_by};
use crate::report::human::group::Group;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// One version of one distribution, on every platform that it was chosen for.
pub(super) struct Entry<'a> {
    /// Its place in the page's order, which links to it name.
    pub(super) index: usize,
    pub(super) label: String,
    /// Where it comes from, if another line has the same label.
    pub(super) source: Option<&'a str>,
    /// One for each target, in the order asked.
    pub(super) cells: Vec<Cell>,
    pub(super) extensions: usize,
    /// How many runs came to what; empty where nothing was to be confirmed.
    pub(super) runs: Vec<Runs>,
    pub(super) asked_by: BTreeSet<String>,
    /// Which other version would do, where one was looked for.
    pub(super) fixes: BTreeSet<String>,
    pub(super) editions: Vec<Edition<'a>>,
    pub(super) found: Vec<Found<'a>>,
}

/// What one target does with it.
pub(super) struct Cell {
    /// None where it was not judged for this target.
    pub(super) look: Option<Look>,
    /// Where it does that, if not everywhere.
    pub(super) whereabouts: Option<String>,
}

/// How many runs came to one thing.
pub(super) struct Runs {
    pub(super) look: Look,
    pub(super) count: usize,
}

/// In the order of groups.
pub(super) fn entries<'a>(report: &'a Report, groups: &[Group<'a>]) -> Vec<Entry<'a>> {
    let findings = Findings::of(report);
    let mut labels: HashMap<&str, usize> = HashMap::new();
    for group in groups {
        *labels.entry(&group.label).or_default() += 1;
    }
    let entries = groups.iter().enumerate().map(|(index, group)| {
        let is_ambiguous = labels.get(group.label.as_str()).is_some_and(|count| *count > 1);
        let source = group.reports[0].distribution.source.as_str();
        Entry {
            source: is_ambiguous.then_some(source),
            ..Entry::of(index, group, &report.targets, &findings)
        }
    });
    entries.collect()
}

impl<'a> Entry<'a> {
    fn of(index: usize, group: &Group<'a>, targets: &[Target], findings: &Findings<'a>) -> Self {
        let chosen = || group.reports.iter().filter_map(|report| report.chosen.as_ref());
        let mut editions: Vec<Edition<'a>> = Vec::new();
        let mut start = 0;
        for report in &group.reports {
            editions.push(Edition::of(report, targets, index, start));
            start += report.modules.len();
        }
        Self {
            index,
            label: group.label.clone(),
            source: None,
            cells: targets.iter().map(|target| Cell::of(group, *target)).collect(),
            extensions: group.extensions(),
            runs: runs(editions.iter().flat_map(|edition| &edition.modules).flat_map(|module| &module.runs)),
            asked_by: chosen().map(asked_by).collect(),
            fixes: chosen().filter_map(|chosen| chosen.fix.as_ref()).map(fixed_by).collect(),
            editions,
            found: findings.about(&group.reports),
        }
    }

    /// The worst of all targets.
    pub(super) fn look(&self) -> Option<&Look> {
        self.cells.iter().filter_map(|cell| cell.look.as_ref()).max_by_key(|look| look.rank)
    }
}

impl Cell {
    fn of(group: &Group<'_>, target: Target) -> Self {
        let judged: Vec<_> = group.judged(target).map(|(_, judgement)| judgement).collect();
        let worst = judged.iter().max_by_key(|judgement| judgement.verdict);
        let count = judged.iter().filter(|one| Some(one.verdict) == worst.map(|worst| worst.verdict)).count();
        Self {
            look: worst.map(|judgement| Look::of_judgement(judgement)),
            whereabouts: (count < judged.len()).then(|| format!("on {count} of {} platforms", judged.len())),
        }
    }
}

fn runs<'a, 'b: 'a>(runs: impl Iterator<Item = &'a Run<'b>>) -> Vec<Runs> {
    let mut counts: BTreeMap<Agreement, usize> = BTreeMap::new();
    for run in runs {
        *counts.entry(run.agreement).or_default() += 1;
    }
    let worst_first = counts.into_iter().rev();
    worst_first.map(|(agreement, count)| Runs { look: Look::from(agreement), count }).collect()
}
