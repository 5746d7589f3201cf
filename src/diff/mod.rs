//! What changed from one report to the next: two JSON reports are put side by side
//! (`entry`), and compared. Apart from the flow of an audit, which knows nothing of reports that were written before.

mod entry;
mod findings;
mod steps;

use crate::model::{Change, ChangeWeight, Difference, Direction, VerdictId};
use crate::saved::SavedReport;
use entry::{Entry, Key};
use findings::Findings;
use std::collections::BTreeSet;
use steps::{Move, steps};

/// Nothing can be compared: the two are about different things.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the reports have no target in common: the older one is about {}, the newer one about {}\n\
     hint: audit for the same --target both times",
    listed(.old),
    listed(.new)
)]
pub struct NoCommonTarget {
    old: Vec<String>,
    new: Vec<String>,
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// Compares two reports, for the targets and platforms that both are about.
///
/// # Errors
/// When there is no such target.
pub fn compare(old: &SavedReport, new: &SavedReport) -> Result<Difference, NoCommonTarget> {
    let targets: Vec<String> = new.targets.iter().filter(|one| old.targets.contains(one)).cloned().collect();
    if targets.is_empty() {
        return Err(NoCommonTarget { old: old.targets.clone(), new: new.targets.clone() });
    }
    let compared = |key: &Key| {
        let known = |report: &SavedReport| report.platforms.is_empty() || key.is_in(&report.platforms);
        known(old) && known(new)
    };
    let (before, after) = (Entry::all(old, &targets), Entry::all(new, &targets));
    let keys: BTreeSet<&Key> = before.keys().chain(after.keys()).filter(|key| compared(key)).collect();
    let (old_findings, new_findings) = (Findings::of(old), Findings::of(new));
    let mut difference =
        Difference { remarks: remarks(old, new), unread: unread(old, new), ..Difference::default() };
    for key in keys {
        let change = match (before.get(key), after.get(key)) {
            (Some(old), Some(new)) => changed(key, (old, &old_findings), (new, &new_findings), &targets),
            (None, Some(new)) => Some(came(key, new, &new_findings)),
            (Some(old), None) => Some(went(key, old)),
            (None, None) => None,
        };
        match change {
            Some(change) => difference.changes.push(change),
            None => difference.unchanged += 1,
        }
    }
    difference.changes.sort_by_key(|change| change.direction);
    difference.targets = targets;
    Ok(difference)
}

/// None where it is as it was.
fn changed(
    key: &Key,
    (old, old_findings): (&Entry<'_>, &Findings<'_>),
    (new, new_findings): (&Entry<'_>, &Findings<'_>),
    targets: &[String],
) -> Option<Change> {
    let compared = steps(old, new, targets);
    let about = new_findings.about(key);
    let weight_of = |module: Option<&str>| about.weight(module).unwrap_or(ChangeWeight::Worse);
    let (found, found_weight) = about.not_in(&old_findings.about(key));
    let (settled, _) = old_findings.about(key).not_in(&about);
    let mut moves: Vec<Move> = compared.moves().collect();
    moves.extend(found.iter().map(|_| Move::Worse));
    moves.extend(settled.iter().map(|_| Move::Better));
    let is_unclear = moves.contains(&Move::Unclear);
    let direction = match moves.into_iter().max()? {
        Move::Worse => Direction::Worse,
        Move::Unclear => Direction::Unclear,
        Move::Better => Direction::Better,
        Move::Same => return None,
    };
    let worse_modules: Vec<&str> = compared.worse_modules().collect();
    // Modules tell more exactly than their distribution whether somebody said that they do not count.
    let of_verdicts = match (compared.is_worse(), worse_modules.as_slice()) {
        (false, _) => ChangeWeight::Nothing,
        (true, []) => weight_of(None),
        (true, modules) => {
            modules.iter().map(|module| weight_of(Some(module))).max().unwrap_or(ChangeWeight::Nothing)
        }
    };
    // Worse than it was is worse, also where a policy only wants to be told that it is unsure.
    let of_verdicts = if of_verdicts == ChangeWeight::Nothing { of_verdicts } else { ChangeWeight::Worse };
    let unclear = if is_unclear { ChangeWeight::Unsure } else { ChangeWeight::Nothing };
    let weight = of_verdicts.max(found_weight).max(unclear);
    let steps::Steps { verdicts, modules } = compared;
    let verdicts = verdicts.into_iter().map(|(step, _)| step).collect();
    let modules = modules.into_iter().map(|(step, _)| step).collect();
    Some(Change { verdicts, modules, found, settled, ..blank(key, direction, weight, Some(old), Some(new)) })
}

/// What is new counts as far as it is not ready.
fn came(key: &Key, new: &Entry<'_>, findings: &Findings<'_>) -> Change {
    let ready = new.verdicts.values().all(VerdictId::is_fine);
    let unknown = new.verdicts.values().all(|known| known.is_fine() || known.is_unknown());
    let about = findings.about(key);
    let by_verdict = if unknown { ChangeWeight::Unsure } else { ChangeWeight::Worse };
    let weight = if ready { ChangeWeight::Nothing } else { about.weight(None).unwrap_or(by_verdict) };
    let (found, found_weight) = about.not_in(&Findings::default().about(key));
    let verdicts =
        new.verdicts.iter().map(|(target, known)| steps::step(target, None, Some(known))).collect();
    let weight = weight.max(found_weight);
    Change { verdicts, found, ..blank(key, Direction::New, weight, None, Some(new)) }
}

fn went(key: &Key, old: &Entry<'_>) -> Change {
    let verdicts =
        old.verdicts.iter().map(|(target, known)| steps::step(target, Some(known), None)).collect();
    Change { verdicts, ..blank(key, Direction::Gone, ChangeWeight::Nothing, Some(old), None) }
}

fn blank(
    key: &Key,
    direction: Direction,
    weight: ChangeWeight,
    old: Option<&Entry<'_>>,
    new: Option<&Entry<'_>>,
) -> Change {
    let versions = |entry: Option<&Entry<'_>>| {
        entry.map_or_else(Vec::new, |entry| entry.versions.iter().map(|one| (*one).to_owned()).collect())
    };
    Change {
        direction,
        weight,
        distribution: key.name.clone(),
        platform: key.platform.clone(),
        old_versions: versions(old),
        new_versions: versions(new),
        verdicts: Vec::new(),
        modules: Vec::new(),
        found: Vec::new(),
        settled: Vec::new(),
    }
}

/// What only one of the two is about.
fn remarks(old: &SavedReport, new: &SavedReport) -> Vec<String> {
    let mut remarks = Vec::new();
    for (what, old, new) in
        [("targets", &old.targets, &new.targets), ("platforms", &old.platforms, &new.platforms)]
    {
        for (which, here, there) in [("older", old, new), ("newer", new, old)] {
            let alone: Vec<&str> =
                here.iter().filter(|one| !there.contains(one)).map(String::as_str).collect();
            // Without platforms, a report is about whatever files it was given.
            let is_about_all = what == "platforms" && there.is_empty();
            if !alone.is_empty() && !is_about_all {
                remarks
                    .push(format!("not compared: {what} of the {which} report alone: {}", alone.join(", ")));
            }
        }
    }
    remarks
}

/// What was not read now, and was not among what was not read before.
fn unread(old: &SavedReport, new: &SavedReport) -> Vec<String> {
    let known: BTreeSet<&str> =
        old.notes.iter().filter(|note| note.unread).map(|note| note.about.as_str()).collect();
    let unread = new.notes.iter().filter(|note| note.unread && !known.contains(note.about.as_str()));
    unread.map(|note| format!("{}: {}", note.about, note.why.lines().next().unwrap_or_default())).collect()
}

#[cfg(test)]
mod tests;
