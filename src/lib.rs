//! `ftaudit` tells which compiled Python extension modules turn the GIL back on in free-threaded Python, by
//! reading the binaries as the interpreter would.
//!
//! # The way through
//!
//! [`cli`] takes the command line with `clap`, and [`plan`] resolves it. [`audit`], below, joins the stages, which
//! hand each other nouns of [`model`] and do not know of one another:
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
//! 6. [`report`]: the result becomes text ([`report::human`] with `textwrap`, [`report::json`] with `serde`), and
//!    [`deliver`] brings it where it belongs.
//!
//! [`policy`] makes an exit status of it, [`progress`] shows on a terminal how far things are, and [`interrupt`]
//! hears Ctrl-C with `ctrlc`. This file is the only one that starts parallel work, with `rayon`.

#![forbid(unsafe_op_in_unsafe_fn)]

pub mod acquire;
pub mod assess;
pub mod cli;
pub mod confirm;
pub mod deliver;
mod error;
pub mod inspect;
pub mod interrupt;
pub mod model;
pub mod plan;
pub mod policy;
pub mod progress;
pub mod report;
pub mod unpack;

pub use error::Error;

use acquire::Discovery;
use cli::Format;
use confirm::{Confirmer, Place};
use data_encoding::HEXLOWER;
use model::{
    Artifact, Beside, Confirmation, Distribution, DistributionReport, Facts, Finding, Inspection, Judgement,
    Member, ModuleName, ModuleReport, Note, OtherModule, Report, Subject, Target,
};
use plan::{InspectPlan, Plan};
use policy::Status;
use progress::Progress;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use unpack::Unpacked;

/// Audits, reports, and says how that ended.
///
/// # Errors
/// When nothing could be audited, or the report could not be delivered. What an audit finds is no error.
pub fn run(plan: &Plan) -> Result<Status, Error> {
    deliver::spare(&plan.inputs, plan.output.as_deref())?;
    let report = audit(plan)?;
    let status = policy::status(&report);
    let text = match plan.format {
        Format::Json => report::json::render(&report)?,
        Format::Human if status == Status::Nothing => return Err(Error::Nothing(report.notes)),
        Format::Human => report::human::render(&report, &plan.layout),
    };
    deliver::deliver(&text, plan.output.as_deref())?;
    if status == Status::Nothing { Err(Error::Nothing(report.notes)) } else { Ok(status) }
}

/// What `ftaudit explain` prints; empty for a rule that there is none of.
#[must_use]
pub fn explain(rule: &str) -> String {
    let found = assess::rules::RULES.into_iter().find(|known| known.id == rule);
    found.map_or(String::new(), |rule| format!("{} ({})\n\n{}\n", rule.id, rule.severity, rule.explain))
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

/// Shows one module step by step.
///
/// # Errors
/// When there is no such module, it cannot be read, or the report could not be delivered.
pub fn inspect_module(plan: &InspectPlan) -> Result<(), Error> {
    let inspection = inspection(plan)?;
    let text = match plan.format {
        Format::Json => report::inspection::json::render(&inspection)?,
        Format::Human => report::inspection::human::render(&inspection),
    };
    Ok(deliver::deliver(&text, None)?)
}

/// The stages for one module, with every step.
///
/// # Errors
/// When there is no such module, or it cannot be read.
pub fn inspection(plan: &InspectPlan) -> Result<Inspection, Error> {
    if plan.file.is_dir() {
        let why = "is a folder, and one module is inspected at a time\nhint: name a module or a wheel in it";
        return Err(Error::Unread(Note::unread(model::shown(&plan.file), why)));
    }
    let Discovery { artifacts, notes } = acquire::discover(std::slice::from_ref(&plan.file));
    let Some(artifact) = artifacts.first() else { return Err(Error::Nothing(notes)) };
    let unpacked = unpack::open(artifact).map_err(|error| Error::Unread(error.note()))?;
    let (distribution, member) = unpacked.choose(plan.member.as_deref())?;
    let bytes = unpacked.read(distribution, member).map_err(|error| Error::Unread(error.note()))?;
    let name = ModuleName::of_member(&member.path);
    let beside = Wheelmates { unpacked: &unpacked, distribution };
    let about = || format!("{}: {}", distribution.source, member.path);
    let unread = |why: String| Error::Unread(Note::unread(about(), why));
    let facts = guarded(|| inspect::trace(&bytes, &name, &plan.targets, &beside))
        .ok_or_else(|| unread(BUG.to_owned()))?
        .map_err(|error| unread(error.to_string()))?;
    let judge = |target: &Target| (*target, assess::judge(&name, Ok(&facts), *target));
    let verdicts = plan.targets.iter().map(judge).collect();
    let answers = facts.slices.iter().map(|slice| {
        plan.targets.iter().map(|target| (*target, assess::answer(&name, slice, *target))).collect()
    });
    let answers = answers.collect();
    let (others, others_left) = other_modules(&bytes, &name, &facts, plan, &beside);
    Ok(Inspection {
        source: distribution.source.clone(),
        member: member.path.clone(),
        size: bytes.len(),
        sha256: HEXLOWER.encode(&Sha256::digest(&*bytes)),
        targets: plan.targets.clone(),
        verdicts,
        answers,
        others,
        others_left,
        name,
        facts,
    })
}

/// Modules of other names that are judged besides the one that is inspected: no real file has more than some
/// thirty, and each costs as much as the one asked for.
const MAX_OTHERS: usize = 64;

/// What the file would be if it had another name, and how many of these were not looked at.
fn other_modules(
    bytes: &[u8],
    name: &ModuleName,
    facts: &Facts,
    plan: &InspectPlan,
    beside: &Wheelmates<'_>,
) -> (Vec<OtherModule>, usize) {
    let inits = facts.slices.iter().flat_map(|slice| slice.init.values());
    let mut hooks: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for hook in inits.flat_map(|init| &init.other_hooks) {
        let Some(stem) = inspect::stem_of(hook).filter(|stem| *stem != name.stem.replace('-', "_")) else {
            continue;
        };
        let known = hooks.entry(stem).or_default();
        if !known.contains(hook) {
            known.push(hook.clone());
        }
    }
    let left = hooks.len().saturating_sub(MAX_OTHERS);
    let judge_one = |(stem, hooks): (String, Vec<String>)| {
        let other = ModuleName { stem: stem.clone(), ..name.clone() };
        let facts = guarded(|| inspect::inspect(bytes, &other, &plan.targets, beside))?.ok()?;
        let judge = |target: &Target| (*target, assess::judge(&other, Ok(&facts), *target));
        Some(OtherModule { stem, hooks, verdicts: plan.targets.iter().map(judge).collect() })
    };
    (hooks.into_iter().take(MAX_OTHERS).filter_map(judge_one).collect(), left)
}

/// The stages, one after the other; artifacts and their modules side by side.
///
/// # Errors
/// When the system refuses threads, or an interpreter that the user named is of no use.
pub fn audit(plan: &Plan) -> Result<Report, Error> {
    if plan.confirms {
        Confirmer::new(plan.confirm.clone(), Arc::default()).vet(&plan.targets)?;
    }
    let threads = plan.jobs.map_or(0, std::num::NonZeroUsize::get);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let Discovery { artifacts, notes } = acquire::discover(&plan.inputs);
    let progress = Progress::new(plan.progress);
    let audit_one = |artifact: Artifact| {
        let (distributions, notes) = audit_artifact(&artifact, plan, &progress);
        ((artifact, distributions), notes)
    };
    let audited = pool.install(|| artifacts.into_par_iter().with_max_len(1).map(audit_one).collect());
    let (mut audited, more): (Vec<Audited>, Vec<Vec<Note>>) = audited;
    let mut report = Report { targets: plan.targets.clone(), notes, ..Report::default() };
    report.notes.extend(more.into_iter().flatten());
    let mut all: Vec<&mut DistributionReport> = audited.iter_mut().flat_map(|(_, all)| all).collect();
    assess::settle(&mut all);
    if plan.confirms {
        report.notes.extend(pool.install(|| confirm_all(&mut audited, plan, &progress))?);
    }
    report.distributions = audited.into_iter().flat_map(|(_, distributions)| distributions).collect();
    for DistributionReport { distribution, verdicts, modules } in &mut report.distributions {
        *verdicts = distribution_verdicts(distribution, modules, plan);
    }
    let findings = pool.install(|| report.distributions.par_iter().map(check_distribution).collect());
    let findings: Vec<(Vec<Finding>, Vec<Note>)> = findings;
    for (findings, notes) in findings {
        report.findings.extend(findings);
        report.notes.extend(notes);
    }
    report.environments = assess::environments(&report.distributions);
    Ok(report.sorted())
}

/// An artifact and what is in it.
type Audited = (Artifact, Vec<DistributionReport>);

/// Unpacks one artifact, and gives each of its modules to whichever thread is free, the largest first.
fn audit_artifact(
    artifact: &Artifact,
    plan: &Plan,
    progress: &Progress,
) -> (Vec<DistributionReport>, Vec<Note>) {
    let opened = guarded(|| unpack::open(artifact).map_err(|error| error.note()))
        .unwrap_or_else(|| Err(Note::unread(model::shown(&artifact.path), BUG)));
    let unpacked = match opened {
        Ok(unpacked) => unpacked,
        Err(note) => return (Vec::new(), vec![note]),
    };
    let mut members: Vec<(usize, &Member)> = Vec::new();
    for (index, distribution) in unpacked.distributions.iter().enumerate() {
        members.extend(distribution.members.iter().map(|member| (index, member)));
    }
    members.sort_by_key(|(_, member)| std::cmp::Reverse(member.size));
    progress.expect(members.len());
    let audit_one = |(index, member): &(usize, &Member)| {
        let audited = audit_module(&unpacked, &unpacked.distributions[*index], member, plan);
        progress.done(1);
        (*index, audited)
    };
    let audited: Vec<(usize, (ModuleReport, Option<Note>))> =
        members.par_iter().with_max_len(1).map(audit_one).collect();
    let mut notes = unpacked.notes;
    let mut modules: BTreeMap<usize, Vec<ModuleReport>> = BTreeMap::new();
    for (index, (module, note)) in audited {
        modules.entry(index).or_default().push(module);
        notes.extend(note);
    }
    let with_modules = |(index, distribution)| {
        let modules = modules.remove(&index).unwrap_or_default();
        DistributionReport { distribution, verdicts: BTreeMap::new(), modules }
    };
    (unpacked.distributions.into_iter().enumerate().map(with_modules).collect(), notes)
}

/// Imports every module, batches side by side, and lays what comes of it beside the verdicts.
fn confirm_all(audited: &mut [Audited], plan: &Plan, progress: &Progress) -> Result<Vec<Note>, Error> {
    let confirmer = Confirmer::new(plan.confirm.clone(), interrupt::flag(confirm::clear_away));
    let work = confirmer.prepare(audited, &plan.targets)?;
    progress.expect(work.batches.iter().map(confirm::Batch::len).sum());
    let confirm_one = |batch| confirmer.confirm(batch, &|count| progress.done(count));
    let imported = work.batches.par_iter().with_max_len(1).flat_map_iter(confirm_one);
    let mut outcomes: Vec<(Place, Confirmation)> = imported.collect();
    outcomes.extend(work.decided.iter().cloned());
    for (Place { artifact, distribution, module, target }, confirmation) in outcomes {
        let Some((_, distributions)) = audited.get_mut(artifact) else { continue };
        let Some(report) = distributions.get_mut(distribution) else { continue };
        let Some(module) = report.modules.get_mut(module) else { continue };
        if let Some(judgement) = module.verdicts.remove(&target) {
            let (judgement, runtime) = assess::compare(judgement, confirmation);
            module.verdicts.insert(target, judgement);
            module.runtime.insert(target, runtime);
        }
    }
    Ok(confirmer.notes())
}

/// What a file shows, or why it could not be read; and its hash, where that was asked for.
type Read = (Result<Facts, Note>, Option<String>);

/// Reads, inspects and judges one module. A panic in any of that says nothing of the next module.
fn audit_module(
    unpacked: &Unpacked,
    distribution: &Distribution,
    member: &Member,
    plan: &Plan,
) -> (ModuleReport, Option<Note>) {
    let name = ModuleName::of_member(&member.path);
    let bug = || (Err(Note::unread(format!("{}: {}", distribution.source, member.path), BUG)), None);
    let read = guarded(|| read_module(unpacked, distribution, member, plan)).unwrap_or_else(bug);
    let judge = |read| judge_module(member, &name, read, plan);
    guarded(|| judge(read)).unwrap_or_else(|| judge(bug()))
}

/// The bytes are gone when this returns.
fn read_module(unpacked: &Unpacked, distribution: &Distribution, member: &Member, plan: &Plan) -> Read {
    let bytes = match unpacked.read(distribution, member) {
        Ok(bytes) => bytes,
        Err(error) => return (Err(error.note()), None),
    };
    let sha256 = plan.verify_hashes.then(|| HEXLOWER.encode(&Sha256::digest(&*bytes)));
    let beside = Wheelmates { unpacked, distribution };
    let facts = inspect::inspect(&bytes, &ModuleName::of_member(&member.path), &plan.targets, &beside);
    let about = || format!("{}: {}", distribution.source, member.path);
    (facts.map_err(|error| Note::unread(about(), error.to_string())), sha256)
}

fn judge_module(
    member: &Member,
    name: &ModuleName,
    (facts, hashed): Read,
    plan: &Plan,
) -> (ModuleReport, Option<Note>) {
    // A hint is for the note; the verdict's reason is the line before it.
    let shown = facts.as_ref().map_err(|note| note.why.lines().next().unwrap_or_default());
    let judge = |target: &Target| (*target, assess::judge(name, shown, *target));
    let verdicts = plan.targets.iter().map(judge).collect();
    let (facts, note) = match facts {
        Ok(facts) => (Some(facts), None),
        Err(note) => (None, Some(note)),
    };
    let (name, member) = (name.clone(), member.clone());
    (ModuleReport { name, member, facts, hashed, verdicts, runtime: BTreeMap::new() }, note)
}

/// What all rules say of a distribution's modules.
fn check_distribution(report: &DistributionReport) -> (Vec<Finding>, Vec<Note>) {
    let (mut findings, mut notes) = (Vec::new(), Vec::new());
    for module in &report.modules {
        let subject = Subject {
            distribution: &report.distribution,
            member: &module.member,
            name: &module.name,
            facts: module.facts.as_ref(),
            verdicts: &module.verdicts,
            runtime: &module.runtime,
            sha256: module.hashed.as_deref(),
        };
        match guarded(|| assess::check(&subject)) {
            Some(found) => findings.extend(found),
            None => notes
                .push(Note::unread(format!("{}: {}", report.distribution.source, module.member.path), BUG)),
        }
    }
    (findings, notes)
}

/// The libraries that a module may need: those of its own distribution first, then those of the others in the
/// same wheel or environment.
struct Wheelmates<'a> {
    unpacked: &'a Unpacked,
    distribution: &'a Distribution,
}

impl Beside for Wheelmates<'_> {
    fn library(&self, file: &str) -> Option<model::Bytes> {
        let distributions = std::iter::once(self.distribution).chain(&self.unpacked.distributions);
        let files = distributions.flat_map(|owner| {
            owner.libraries.iter().chain(&owner.members).map(move |member| (owner, member))
        });
        let (owner, member) =
            files.into_iter().find(|(_, member)| member.path.rsplit('/').next() == Some(file))?;
        let bytes = self.unpacked.read(owner, member).ok()?;
        Some(Box::new(bytes))
    }
}

/// What is said of a file that this program itself fails on: one such file never ends the audit.
const BUG: &str = "the auditor itself failed on this file\nhint: this is a bug; please report it";

/// Keeps a panic to the file that it happens on.
fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

fn distribution_verdicts(
    distribution: &Distribution,
    modules: &[ModuleReport],
    plan: &Plan,
) -> BTreeMap<Target, Judgement> {
    let judge = |target| {
        let judged: Vec<&Judgement> =
            modules.iter().filter_map(|module| module.verdicts.get(&target)).collect();
        (target, assess::distribution(distribution, &judged, target))
    };
    plan.targets.iter().copied().map(judge).collect()
}
