//! `ftaudit` tells which compiled Python extension modules turn the GIL back on in free-threaded Python, by
//! reading the binaries as the interpreter would.
//!
//! # The way through
//!
//! [`cli`] takes the command line with `clap` (completions and the manual are made of it), and [`plan`] resolves it. [`audit()`] joins the stages, and starts
//! what runs in parallel with `rayon`; they hand each other nouns of [`model`] and do not know of one another:
//!
//! 1. [`acquire`]: what the user named becomes artifacts (wheels, environments, trees, modules).
//! 2. [`unpack`]: an artifact becomes distributions and their members. `walkdir` lists folders, `zip` reads
//!    wheels, `memmap2` maps what is installed.
//! 3. [`inspect`]: bytes become facts. [`inspect::image`] reads the formats: `goblin` the import and export
//!    tables, `object` what relocates them; `iced-x86` decodes instructions.
//! 4. [`assess`]: facts become verdicts ([`assess::judge`], [`assess::distribution`]) and findings
//!    ([`assess::rules`], one file each).
//! 5. [`confirm`], where it was asked for: modules are imported, and what an interpreter does with them is laid
//!    beside the verdicts. `rustix`, `landlock` and `seccompiler` keep that code in bounds.
//! 6. [`report`]: the result becomes text, a file a format ([`report::human`] with `textwrap`, [`report::json`] and what
//!    is JSON with `serde`, [`report::html`] with `askama`, [`report::junit`] with `quick-xml`, [`report::csv`] with
//!    `csv`), and [`deliver`] brings it where it belongs.
//!
//! [`db`] holds what is known of packages besides, compressed with `flate2`: an audit lays it beside what it finds, and
//! [`knowledge`] shows it, and measures wheels to renew it.
//!
//! [`policy`] makes an exit status of it, [`progress`] shows on a terminal how far things are, and [`interrupt`]
//! hears Ctrl-C with `ctrlc`. [`log`] writes down what the stages tell of themselves with `tracing`.
//!
//! Reports that were written before are read back by [`saved`]: [`diff()`] compares two of them, and [`dashboard()`] makes a
//! site of many.

#![forbid(unsafe_op_in_unsafe_fn)]

pub mod acquire;
pub mod assess;
mod audit;
pub mod cli;
pub mod config;
pub mod confirm;
pub mod dashboard;
pub mod db;
pub mod deliver;
pub mod diff;
mod error;
pub mod inspect;
pub mod interrupt;
pub mod log;
pub mod model;
pub mod plan;
pub mod policy;
pub mod progress;
pub mod report;
pub mod saved;
pub mod unpack;

pub use audit::{audit, inspection};
pub use error::Error;

use cli::{DiffFormat, Format, InspectFormat};
use confirm::Confirmer;
use db::Databases;
use model::{ChangeWeight, Known, Named, Record};
use plan::{DatabasePlan, DiffPlan, InspectPlan, KnowledgePlan, Output, Plan};
use policy::{Baseline, Policy, Status};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Audits, reports, and says how that ended.
///
/// # Errors
/// When nothing could be audited, or a report could not be delivered. What an audit finds is no error.
pub fn run(plan: &Plan) -> Result<Status, Error> {
    let files = plan.outputs.iter().map(|output| &output.file);
    for file in files.chain([&plan.write_baseline, &plan.project.fix_to]).flatten() {
        deliver::spare(&plan.inputs, Some(file))?;
        deliver::spare(&plan.project.requirements, Some(file))?;
    }
    let mut report = audit(plan)?;
    report.created = Some(policy::now());
    plan.policy.apply(&mut report, policy::today());
    if let Some(file) = &plan.write_baseline {
        let baseline = Baseline::of(&report.findings);
        deliver::deliver(&baseline.text()?, Some(file))?;
        // What has just been written is what the next run goes by.
        Policy { baseline: Some(baseline), ..Policy::default() }.apply(&mut report, policy::today());
    }
    if let Some(file) = &plan.project.fix_to {
        deliver::deliver(&audit::constraints(&report.distributions), Some(file))?;
    }
    let status = policy::status(&report, &plan.policy);
    // Where nothing could be audited, the error says so to people.
    let wanted = |output: &&Output| status != Status::Nothing || output.format != Format::Human;
    let outputs: Vec<&Output> = plan.outputs.iter().filter(wanted).collect();
    // All are made before the first is written: a failure leaves no report that the others do not belong to.
    let texts: Vec<String> =
        outputs.iter().map(|output| render(&report, output, &plan.folders)).collect::<Result<_, Error>>()?;
    for (output, text) in outputs.iter().zip(texts) {
        deliver::deliver(&text, output.file.as_deref())?;
    }
    if status == Status::Nothing { Err(Error::Nothing(report.notes)) } else { Ok(status) }
}

/// A report in one format. To add one: its file in [`report`], a [`Format`], and a line here.
fn render(report: &model::Report, output: &Output, folders: &report::Folders) -> Result<String, Error> {
    let rules = assess::rules::RULES.map(|rule| rule.text());
    Ok(match output.format {
        Format::Human => report::human::render(report, &output.layout, &rules),
        Format::Json => report::json::render(report)?,
        Format::Html => report::html::render(report, &rules)?,
        Format::Ndjson => report::ndjson::render(report)?,
        Format::Sarif => report::sarif::render(report, &rules, folders)?,
        Format::Junit => report::junit::render(report).map_err(Error::Render)?,
        Format::Markdown => report::markdown::render(report),
        Format::Github => report::github::render(report, folders),
        Format::Gitlab => report::gitlab::render(report, folders)?,
        Format::Csv => report::csv::render(report).map_err(Error::Render)?,
        Format::Badge => report::badge::render(report)?,
    })
}

/// Makes a site of a folder of reports, and says whether all of them could be read.
///
/// # Errors
/// When none can be read, or the site cannot be written.
pub fn dashboard(folder: &Path, site: &Path) -> Result<Status, Error> {
    let unread = dashboard::build(folder, site)?;
    Ok(if unread > 0 { Status::NotSure } else { Status::Fine })
}

/// Compares two reports, writes what changed, and says whether something is worse.
///
/// # Errors
/// When one of them cannot be read, they have nothing in common, or what changed could not be delivered.
pub fn diff(plan: &DiffPlan) -> Result<Status, Error> {
    let inputs = [plan.old.clone(), plan.new.clone()];
    for output in &plan.outputs {
        deliver::spare(&inputs, output.file.as_deref())?;
    }
    let difference = diff::compare(&saved::read(&plan.old)?, &saved::read(&plan.new)?)?;
    let render = |output: &Output<DiffFormat>| -> Result<String, Error> {
        Ok(match output.format {
            DiffFormat::Human => report::difference::human::render(&difference, &output.layout),
            DiffFormat::Json => report::difference::json::render(&difference)?,
            DiffFormat::Markdown => report::difference::markdown::render(&difference),
            DiffFormat::Github => report::difference::github::render(&difference),
        })
    };
    let texts: Vec<String> = plan.outputs.iter().map(render).collect::<Result<_, Error>>()?;
    for (output, text) in plan.outputs.iter().zip(texts) {
        deliver::deliver(&text, output.file.as_deref())?;
    }
    Ok(match difference.weight() {
        ChangeWeight::Nothing => Status::Fine,
        ChangeWeight::Unsure => Status::NotSure,
        ChangeWeight::Worse => Status::Wrong,
    })
}

/// Writes a commented configuration into the current folder.
///
/// # Errors
/// When there is one already, or it cannot be written.
pub fn init() -> Result<(), Error> {
    let file = Path::new(config::FILE);
    if file.exists() {
        return Err(config::ConfigError::Exists { path: file.to_owned() }.into());
    }
    Ok(deliver::deliver(config::TEMPLATE, Some(file))?)
}

/// What `ftaudit explain` prints; empty for a rule that there is none of.
#[must_use]
pub fn explain(rule: &str) -> String {
    let found = assess::rules::RULES.into_iter().find(|known| known.id == rule);
    found.map_or(String::new(), |rule| {
        format!("{} ({}, {})\n\n{}\n", rule.id, rule.severity, rule.level, rule.explain)
    })
}

/// What `ftaudit python list` prints.
#[must_use]
pub fn pythons() -> String {
    let confirmer = Confirmer::new(confirm::Options::default(), Arc::default());
    let found = confirmer.interpreters();
    if found.is_empty() {
        return "no free-threaded Python is found\nhint: uv python install 3.14t\n".to_owned();
    }
    let line = |found: &confirm::Interpreter| [found.to_string(), model::shown(&found.executable)].join("  ");
    found.iter().map(line).flat_map(|line| [line, "\n".to_owned()]).collect()
}

/// Prints a page of the manual, or writes all of them into a folder.
///
/// # Errors
/// When there is no such command, or the folder cannot be written.
pub fn manual(man: &cli::Man) -> Result<(), Error> {
    let Some(folder) = &man.out else {
        return Ok(deliver::deliver(&cli::page(&man.command)?.text, None)?);
    };
    for page in cli::pages()? {
        deliver::deliver_into(folder, &page.file, &page.text)?;
    }
    Ok(())
}

/// Shows one module step by step.
///
/// # Errors
/// When there is no such module, it cannot be read, or the report could not be delivered.
pub fn inspect_module(plan: &InspectPlan) -> Result<(), Error> {
    let inspection = inspection(plan)?;
    let text = match plan.format {
        InspectFormat::Json => report::inspection::json::render(&inspection)?,
        InspectFormat::Human => report::inspection::human::render(&inspection),
    };
    Ok(deliver::deliver(&text, None)?)
}

/// Shows, lists, checks, renews or hands out what is known of packages.
///
/// # Errors
/// When a database cannot be read or written, or what came of it could not be delivered.
pub fn knowledge(plan: &KnowledgePlan) -> Result<Status, Error> {
    match plan {
        KnowledgePlan::Show(named, database) => show(named, database),
        KnowledgePlan::List(status, database) => {
            let all = all_records(&opened(database)?)?;
            let records =
                all.iter().flat_map(|(name, records)| records.iter().map(|one| (name.as_str(), one)));
            deliver::deliver(&report::known::human::list(records, *status), None)?;
            Ok(Status::Fine)
        }
        KnowledgePlan::Verify(plan) => {
            let verification = audit::verify(plan)?;
            deliver::deliver(&report::known::human::verified(&verification), None)?;
            Ok(if verification.differing.is_empty() { Status::Fine } else { Status::Wrong })
        }
        KnowledgePlan::Refresh(plan) => {
            let mut status = Status::Fine;
            audit::refresh(plan, &mut |refreshed| {
                if !refreshed.left_out.is_empty() {
                    status = Status::NotSure;
                }
                Ok(deliver::deliver(&report::known::human::refreshed(&refreshed), None)?)
            })?;
            Ok(status)
        }
        KnowledgePlan::Export(output, database) => {
            let databases = opened(database)?;
            let text = report::known::json::render(&databases.about(), &all_records(&databases)?)?;
            deliver::deliver(&text, output.as_deref())?;
            Ok(Status::Fine)
        }
    }
}

fn opened(plan: &DatabasePlan) -> Result<Databases, Error> {
    Ok(Databases::open(&plan.paths, plan.embedded)?)
}

fn all_records(databases: &Databases) -> Result<BTreeMap<String, Vec<Record>>, Error> {
    let of_package = |name: String| {
        let records = databases.records(&name)?.into_iter().map(|(_, record)| record).collect();
        Ok((name, records))
    };
    databases.packages().into_iter().map(of_package).collect()
}

/// Where nothing is known, that is no success.
fn show(Named { name, version }: &Named, plan: &DatabasePlan) -> Result<Status, Error> {
    let databases = opened(plan)?;
    let known: Vec<Known> = databases.known(name, version.as_deref(), policy::today())?;
    let text = report::known::human::show(name, version.as_deref(), &known, &databases.about());
    deliver::deliver(&text, None)?;
    Ok(if known.is_empty() { Status::NotSure } else { Status::Fine })
}
