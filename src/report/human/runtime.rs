//! What was seen when modules were imported: under a distribution what is not as it was read, and at the end of the
//! report how many were.

use super::Detail;
use super::page::{Page, Tone};
use super::plural;
use crate::model::{
    Agreement, Confirmation, DistributionReport, ImportCause, ModuleReport, Report, Runtime, Seen, Target,
};
use std::collections::{BTreeMap, BTreeSet};

/// The runs of a distribution's modules: all of them, or those that did not come to an import, alike ones as one.
pub(super) fn write(distribution: &DistributionReport, targets: &[Target], detail: Detail, page: &mut Page) {
    for target in targets {
        let runs =
            distribution.modules.iter().filter_map(|module| Some((module, module.runtime.get(target)?)));
        if detail == Detail::Everything {
            runs.for_each(|(module, runtime)| one(module, runtime, *target, page));
            continue;
        }
        let mut groups: Vec<(String, &ModuleReport, &Runtime, usize)> = Vec::new();
        for (module, runtime) in runs.filter(|(_, runtime)| is_told(runtime)) {
            let why = like(runtime);
            match groups.iter_mut().find(|(known, ..)| *known == why) {
                Some((.., count)) => *count += 1,
                None => groups.push((why, module, runtime, 0)),
            }
        }
        for (_, module, runtime, more) in groups {
            if let (Seen::NotRun { why }, true) =
                (&runtime.confirmation.seen, more + 1 == distribution.modules.len())
            {
                with_hints(&format!("not run on {target}: {why}"), Tone::Unknown, page);
                continue;
            }
            outcome(module, runtime, *target, page);
            if more > 0 {
                let text = format!("… and {more} more, same outcome (-v lists them)");
                page.paragraph(4, Tone::Faint, &text);
            }
        }
    }
}

/// Whether a run is worth a word where not everything is told: it says nothing of the verdict, or the import failed
/// and the init function alone speaks.
fn is_told(runtime: &Runtime) -> bool {
    runtime.agreement == Agreement::Unconfirmed || is_init_alone(&runtime.confirmation)
}

/// Whether the init function has spoken and the import failed all the same.
fn is_init_alone(confirmation: &Confirmation) -> bool {
    confirmation.needs_gil.is_some() && !is_imported(confirmation)
}

fn is_imported(confirmation: &Confirmation) -> bool {
    matches!(confirmation.seen, Seen::GilFree | Seen::RequiresGil)
}

/// What makes the runs of two modules alike.
fn like(runtime: &Runtime) -> String {
    let Runtime { confirmation, agreement } = runtime;
    let told = match &confirmation.seen {
        Seen::ImportError { cause: ImportCause::Other, exception, at: None, .. } => {
            format!("{exception} {:?}", confirmation.needs_gil)
        }
        _ => confirmation.with_hint(),
    };
    [agreement.id(), &told].join(" ")
}

fn outcome(module: &ModuleReport, runtime: &Runtime, target: Target, page: &mut Page) {
    let Runtime { confirmation, agreement } = runtime;
    let name = &module.name.dotted;
    let (id, tone) = match agreement {
        Agreement::Unconfirmed => ("not confirmed", Tone::Unknown),
        agreement => (agreement.id(), Tone::Plain),
    };
    with_hints(&format!("{id} on {target}: {name} {}", confirmation.with_hint()), tone, page);
}

/// A sentence, and below it the lines that follow it: what to do.
fn with_hints(text: &str, tone: Tone, page: &mut Page) {
    let mut lines = text.lines();
    page.paragraph(4, tone, lines.next().unwrap_or_default());
    lines.for_each(|hint| page.paragraph(6, Tone::Help, hint));
}

fn one(module: &ModuleReport, runtime: &Runtime, target: Target, page: &mut Page) {
    outcome(module, runtime, target, page);
    let confirmation = &runtime.confirmation;
    if confirmation.import_chain.len() > 1 {
        page.paragraph(6, Tone::Faint, &confirmation.import_chain.join(" ← "));
    }
    confirmation.seen.stack().iter().for_each(|call| page.paragraph(6, Tone::Faint, call));
}

/// `Imported under CPython 3.14.7t: 9 of 9 modules did what was read.` Those that were imported are told from those
/// whose init function alone was run, and from those that do not load.
pub(super) fn summary(report: &Report, page: &mut Page) {
    for target in &report.targets {
        let modules = report.distributions.iter().flat_map(|report| &report.modules);
        let runs: Vec<&Runtime> = modules.filter_map(|module| module.runtime.get(target)).collect();
        if runs.is_empty() {
            continue;
        }
        let pythons: BTreeSet<&str> =
            runs.iter().filter_map(|runtime| runtime.confirmation.python.as_deref()).collect();
        if pythons.is_empty() {
            nothing_run(&runs, *target, page);
            continue;
        }
        let under = pythons.into_iter().collect::<Vec<_>>().join(", ");
        page.paragraph(0, Tone::Strong, &format!("Imported under {under}: {}.", counts(&runs)));
        protections(&runs, page);
    }
}

fn counts(runs: &[&Runtime]) -> String {
    let count = |fits: &dyn Fn(&Runtime) -> bool| runs.iter().filter(|runtime| fits(runtime)).count();
    let total = runs.len();
    let confirmed = |runtime: &Runtime| runtime.agreement == Agreement::Confirmed;
    let imported = count(&|runtime| confirmed(runtime) && is_imported(&runtime.confirmation));
    let mut text = format!("{imported} of {total} {} did what was read", plural(total, "module"));
    let init_alone = count(&|runtime| confirmed(runtime) && is_init_alone(&runtime.confirmation));
    let confirmed = count(&confirmed);
    let with = |agreement| count(&|runtime: &Runtime| runtime.agreement == agreement);
    let could = if init_alone == 1 { "its init function" } else { "their init functions" };
    for (count, what) in [
        (init_alone, format!("could not be imported, but {could} did what was read")),
        (confirmed - imported - init_alone, "did not load, as was read".to_owned()),
        (with(Agreement::Settled), "told what could not be read".to_owned()),
        (with(Agreement::Contradicted), "did something else".to_owned()),
        (with(Agreement::Unconfirmed), "could not be confirmed".to_owned()),
    ] {
        if count > 0 {
            text.extend([format!(", {count} {what}")]);
        }
    }
    text
}

/// Why nothing was run: each reason once, with the number of modules where there are several reasons.
fn nothing_run(runs: &[&Runtime], target: Target, page: &mut Page) {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for runtime in runs {
        if let Seen::NotRun { why } = &runtime.confirmation.seen {
            *reasons.entry(why).or_default() += 1;
        }
    }
    let several = reasons.len() > 1;
    for (why, count) in reasons {
        let of = if several { format!(" ({count} {})", plural(count, "module")) } else { String::new() };
        let mut lines = why.lines();
        let why = lines.next().unwrap_or_default();
        page.paragraph(0, Tone::Strong, &format!("Nothing was imported under {target}{of}: {why}."));
        lines.for_each(|hint| page.paragraph(4, Tone::Help, hint));
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

#[cfg(test)]
mod tests {
    use super::super::{Layout, render};
    use super::*;
    use crate::model::Verdict;
    use crate::model::made_up::{self, confirmation};

    fn runtime(confirmation: Confirmation, agreement: Agreement) -> Runtime {
        Runtime { confirmation, agreement }
    }

    /// The report on a distribution whose modules leave the GIL off, and ran like this.
    fn rendered(runs: Vec<Runtime>, detail: Detail) -> String {
        let mut report = made_up::report_of(&[Verdict::GilFree]);
        let distribution = &mut report.distributions[0];
        let module = distribution.modules[0].clone();
        distribution.modules = runs
            .into_iter()
            .map(|run| ModuleReport { runtime: [(Target::Py314t, run)].into(), ..module.clone() })
            .collect();
        render(&report, &Layout { detail, width: 100, ..Layout::plain() }, &[])
    }

    #[test]
    fn what_was_imported_is_told_from_what_was_not() {
        let missing = |needs_gil| Confirmation {
            needs_gil,
            hint: Some("name the wheel that rich comes from too".to_owned()),
            ..confirmation(Seen::ImportError {
                cause: ImportCause::MissingModule("rich".to_owned()),
                exception: "ModuleNotFoundError".to_owned(),
                message: String::new(),
                at: None,
            })
        };
        let runs = vec![
            runtime(confirmation(Seen::GilFree), Agreement::Confirmed),
            runtime(missing(Some(false)), Agreement::Confirmed),
            runtime(missing(Some(false)), Agreement::Confirmed),
            runtime(missing(None), Agreement::Unconfirmed),
            runtime(missing(None), Agreement::Confirmed),
            runtime(confirmation(Seen::GilFree), Agreement::Settled),
            runtime(confirmation(Seen::RequiresGil), Agreement::Contradicted),
        ];
        let text = rendered(runs, Detail::Normal);
        insta::assert_snapshot!(text, @r"
        target 3.14t · 1 distribution · 7 extension modules

        ✓ gil-free 1.0  leaves the GIL off   1 module
            confirmed on 3.14t: foo.x was not imported: it needs rich, which is not installed; its init
              function left the GIL off
              hint: name the wheel that rich comes from too
            … and 1 more, same outcome (-v lists them)
            not confirmed on 3.14t: foo.x was not imported: it needs rich, which is not installed
              hint: name the wheel that rich comes from too

        On 3.14t, gil-free 1.0 leaves the GIL off.
        Imported under CPython 3.14.7t: 1 of 7 modules did what was read, 2 could not be imported, but their
          init functions did what was read, 1 did not load, as was read, 1 told what could not be read, 1
          did something else, 1 could not be confirmed.
        Protections in force: files, network.
        ");
    }

    #[test]
    fn why_nothing_was_imported_is_always_told() {
        let not_run = |why: &str| runtime(Confirmation::not_run(why), Agreement::Unconfirmed);
        let none = "no free-threaded Python 3.14 found\nhint: uv python install 3.14t";
        insta::assert_snapshot!(rendered(vec![not_run(none), not_run(none)], Detail::Normal), @r"
        target 3.14t · 1 distribution · 2 extension modules

        ✓ gil-free 1.0  leaves the GIL off   1 module
            not run on 3.14t: no free-threaded Python 3.14 found
              hint: uv python install 3.14t

        On 3.14t, gil-free 1.0 leaves the GIL off.
        Nothing was imported under 3.14t: no free-threaded Python 3.14 found.
            hint: uv python install 3.14t
        ");
        let runs = vec![not_run(none), not_run("it is for another platform"), not_run(none)];
        insta::assert_snapshot!(rendered(runs, Detail::Summary), @r"
        On 3.14t, gil-free 1.0 leaves the GIL off.
        Nothing was imported under 3.14t (1 module): it is for another platform.
        Nothing was imported under 3.14t (2 modules): no free-threaded Python 3.14 found.
            hint: uv python install 3.14t
        ");
    }
}
