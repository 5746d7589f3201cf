//! What was seen when modules were imported: under a distribution what is not as it was read, and at the end of the
//! report how many were.

use super::Detail;
use super::page::{Page, Tone};
use super::plural;
use crate::model::{
    Agreement, Confirmation, DistributionReport, ImportCause, ModuleReport, Report, Runtime, Seen, Target,
};
use std::collections::BTreeSet;

/// The runs of a distribution's modules: all of them, or those that came to nothing, alike ones as one.
pub(super) fn write(distribution: &DistributionReport, targets: &[Target], detail: Detail, page: &mut Page) {
    for target in targets {
        let runs =
            distribution.modules.iter().filter_map(|module| Some((module, module.runtime.get(target)?)));
        if detail == Detail::Everything {
            runs.for_each(|(module, runtime)| one(module, runtime, *target, page));
            continue;
        }
        let mut groups: Vec<(String, &ModuleReport, &Runtime, usize)> = Vec::new();
        for (module, runtime) in runs.filter(|(_, runtime)| runtime.agreement == Agreement::Unconfirmed) {
            let why = like(&runtime.confirmation);
            match groups.iter_mut().find(|(known, ..)| *known == why) {
                Some((.., count)) => *count += 1,
                None => groups.push((why, module, runtime, 0)),
            }
        }
        for (_, module, runtime, more) in groups {
            unconfirmed(module, &runtime.confirmation, *target, page);
            if more > 0 {
                let text = format!("… and {more} more, same outcome (-v lists them)");
                page.paragraph(4, Tone::Faint, &text);
            }
        }
    }
}

/// What makes the runs of two modules alike.
fn like(confirmation: &Confirmation) -> String {
    match &confirmation.seen {
        Seen::ImportError { cause: ImportCause::Other, exception, at: None, .. } => exception.clone(),
        seen => seen.to_string(),
    }
}

fn unconfirmed(module: &ModuleReport, confirmation: &Confirmation, target: Target, page: &mut Page) {
    let text = confirmation.seen.to_string();
    let mut lines = text.lines();
    let text = lines.next().unwrap_or_default();
    let name = &module.name.dotted;
    page.paragraph(4, Tone::Unknown, &format!("not confirmed on {target}: {name} {text}"));
    lines.for_each(|hint| page.paragraph(6, Tone::Help, hint));
}

fn one(module: &ModuleReport, runtime: &Runtime, target: Target, page: &mut Page) {
    let Runtime { confirmation, agreement } = runtime;
    if *agreement == Agreement::Unconfirmed {
        unconfirmed(module, confirmation, target, page);
    } else {
        let name = &module.name.dotted;
        page.paragraph(4, Tone::Plain, &format!("{} on {target}: {name} {confirmation}", agreement.id()));
    }
    if confirmation.import_chain.len() > 1 {
        page.paragraph(6, Tone::Faint, &confirmation.import_chain.join(" ← "));
    }
    confirmation.seen.stack().iter().for_each(|call| page.paragraph(6, Tone::Faint, call));
}

/// `Imported under CPython 3.14.7t: 9 of 9 modules did what was read.`
pub(super) fn summary(report: &Report, page: &mut Page) {
    for target in &report.targets {
        let modules = report.distributions.iter().flat_map(|report| &report.modules);
        let runs: Vec<&Runtime> = modules.filter_map(|module| module.runtime.get(target)).collect();
        if runs.is_empty() {
            continue;
        }
        let count = |agreement| runs.iter().filter(|runtime| runtime.agreement == agreement).count();
        let pythons: BTreeSet<&str> =
            runs.iter().filter_map(|runtime| runtime.confirmation.python.as_deref()).collect();
        let under = if pythons.is_empty() {
            format!("Nothing was imported under {target}")
        } else {
            format!("Imported under {}", pythons.into_iter().collect::<Vec<_>>().join(", "))
        };
        let total = runs.len();
        let mut text = format!(
            "{under}: {} of {total} {} did what was read",
            count(Agreement::Confirmed),
            plural(total, "module"),
        );
        for (agreement, what) in [
            (Agreement::Settled, "told what could not be read"),
            (Agreement::Contradicted, "did something else"),
            (Agreement::Unconfirmed, "could not be confirmed"),
        ] {
            if count(agreement) > 0 {
                text.extend([format!(", {} {what}", count(agreement))]);
            }
        }
        page.paragraph(0, Tone::Strong, &format!("{text}."));
        protections(&runs, page);
    }
}

/// What kept the code in bounds.
fn protections(runs: &[&Runtime], page: &mut Page) {
    let sets: BTreeSet<Vec<&str>> = runs
        .iter()
        .filter(|runtime| runtime.confirmation.python.is_some())
        .map(|runtime| runtime.confirmation.protections.iter().map(|protection| protection.id()).collect())
        .collect();
    for set in sets {
        page.paragraph(0, Tone::Faint, &format!("Protections in force: {}.", set.join(", ")));
    }
}
