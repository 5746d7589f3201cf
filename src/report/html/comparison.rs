//! What was read from the binaries, held against what happened when they were imported.

use super::entry::Entry;
use super::look::Look;
use super::modules::{Module, Run};
use crate::model::{Agreement, Report, Target};
use std::collections::{BTreeMap, BTreeSet};

/// Both, for each target that something was imported under.
pub(super) struct Comparison {
    pub(super) targets: Vec<Compared>,
}

/// Those of one target.
pub(super) struct Compared {
    pub(super) target: String,
    /// The interpreters, each once.
    pub(super) pythons: String,
    /// For each verdict that was read how many came to what, in the order of [`COLUMNS`]; the worst verdict first.
    pub(super) rows: Vec<(Look, [usize; 4])>,
    /// What was kept from the code.
    pub(super) protections: String,
    /// What did not do what was read, or may not have; the worst first.
    pub(super) told: Vec<Told>,
}

/// Modules of which the same is to be told.
pub(super) struct Told {
    pub(super) look: Look,
    /// The outcome as a phrase, and behind it what to do.
    pub(super) seen: Vec<String>,
    pub(super) modules: Vec<Link>,
}

/// The place of a module in the page, and its name.
type Link = (String, String);

/// The columns of the table.
pub(super) const COLUMNS: [Agreement; 4] =
    [Agreement::Confirmed, Agreement::Settled, Agreement::Unconfirmed, Agreement::Contradicted];

impl Comparison {
    /// None where nothing was to be imported.
    pub(super) fn of(report: &Report, entries: &[Entry<'_>]) -> Option<Self> {
        let targets: Vec<Compared> =
            report.targets.iter().filter_map(|target| Compared::of(*target, entries)).collect();
        (!targets.is_empty()).then_some(Self { targets })
    }
}

impl Compared {
    fn of(target: Target, entries: &[Entry<'_>]) -> Option<Self> {
        let modules = entries.iter().flat_map(|entry| &entry.editions).flat_map(|edition| &edition.modules);
        let runs = modules.flat_map(|module| module.runs.iter().map(move |run| (module, run)));
        let runs: Vec<(&Module<'_>, &Run<'_>)> = runs.filter(|(_, run)| run.target == target).collect();
        if runs.is_empty() {
            return None;
        }
        let pythons: BTreeSet<&str> = runs.iter().filter_map(|(_, run)| run.python).collect();
        let protections: BTreeSet<String> =
            runs.iter().filter(|(_, run)| run.python.is_some()).map(|(_, run)| run.bounds()).collect();
        Some(Self {
            target: target.to_string(),
            pythons: pythons.into_iter().collect::<Vec<_>>().join(", "),
            rows: rows(&runs),
            protections: protections.into_iter().collect::<Vec<_>>().join("; or "),
            told: told(&runs),
        })
    }
}

fn rows(runs: &[(&Module<'_>, &Run<'_>)]) -> Vec<(Look, [usize; 4])> {
    let mut rows: BTreeMap<usize, (Look, [usize; 4])> = BTreeMap::new();
    for (_, run) in runs {
        let (_, counts) = rows.entry(run.read.rank).or_insert_with(|| (run.read.clone(), [0; 4]));
        for (count, _) in counts.iter_mut().zip(COLUMNS).filter(|(_, column)| *column == run.agreement) {
            *count += 1;
        }
    }
    rows.into_values().rev().collect()
}

fn told(runs: &[(&Module<'_>, &Run<'_>)]) -> Vec<Told> {
    let mut told: BTreeMap<(Agreement, &[String]), Vec<Link>> = BTreeMap::new();
    let worth_a_word = |agreement| matches!(agreement, Agreement::Unconfirmed | Agreement::Contradicted);
    for (module, run) in runs.iter().filter(|(_, run)| worth_a_word(run.agreement)) {
        told.entry((run.agreement, &run.seen)).or_default().push((module.id.clone(), module.name.to_owned()));
    }
    let told = told.into_iter().rev().map(|((agreement, seen), modules)| Told {
        look: Look::from(agreement),
        seen: seen.to_vec(),
        modules,
    });
    told.collect()
}
