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
//! 5. [`report`]: the result becomes text ([`report::human`] with `textwrap`, [`report::json`] with `serde`), and
//!    [`deliver`] brings it where it belongs.
//!
//! [`policy`] makes an exit status of it, and [`progress`] shows on a terminal how far things are. This file is
//! the only one that starts parallel work, with `rayon`.

#![forbid(unsafe_op_in_unsafe_fn)]

pub mod acquire;
pub mod assess;
pub mod cli;
pub mod deliver;
pub mod inspect;
pub mod model;
pub mod plan;
pub mod policy;
pub mod progress;
pub mod report;
pub mod unpack;

use acquire::Discovery;
use cli::Format;
use data_encoding::HEXLOWER;
use model::{
    Artifact, Beside, Distribution, DistributionReport, Facts, Finding, Inspection, Judgement, Member,
    ModuleName, ModuleReport, Note, OtherModule, Report, Subject, Target,
};
use plan::{InspectPlan, Plan};
use policy::Status;
use progress::Progress;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use unpack::Unpacked;

/// What ends the program before its job is done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// None of the inputs holds anything to audit, or none can be read. The notes say which and why.
    #[error("nothing could be audited{}", causes(.0))]
    Nothing(Vec<Note>),
    /// The report could not be written.
    #[error(transparent)]
    Deliver(#[from] deliver::DeliverError),
    /// The report could not be made: a fault of this program.
    #[error("cannot write the report as JSON: {0}\nhint: this is a bug; please report it")]
    Json(#[from] serde_json::Error),
    /// It is not clear which module is to be inspected.
    #[error(transparent)]
    Choose(#[from] unpack::ChooseError),
    /// The one module that was to be inspected could not be read.
    #[error("{0}")]
    Unread(Note),
    /// The system refuses threads.
    #[error("cannot start threads: {0}\nhint: try a small number with --jobs")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

/// The notes, and what to do where none of them says it.
fn causes(notes: &[Note]) -> String {
    let mut text: String =
        notes.iter().map(ToString::to_string).flat_map(|note| ["\n".to_owned(), note]).collect();
    if !text.contains("\nhint: ") {
        text += "\nhint: name a wheel, an extension module, or a folder that holds some (a virtual environment, a \
                 site-packages)";
    }
    text.replace('\n', "\n  ")
}

/// Audits, reports, and says how that ended.
///
/// # Errors
/// When nothing could be audited, or the report could not be delivered. What an audit finds is no error.
pub fn run(plan: &Plan) -> Result<Status, Error> {
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
/// When the system refuses threads.
pub fn audit(plan: &Plan) -> Result<Report, Error> {
    let threads = plan.jobs.map_or(0, std::num::NonZeroUsize::get);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let Discovery { artifacts, notes } = acquire::discover(&plan.inputs);
    let progress = Progress::new(plan.progress);
    let audit_one = |artifact| audit_artifact(artifact, plan, &progress);
    let audited: Vec<Report> = pool.install(|| artifacts.par_iter().with_max_len(1).map(audit_one).collect());
    let mut report = Report { targets: plan.targets.clone(), notes, ..Report::default() };
    for part in audited {
        report.distributions.extend(part.distributions);
        report.notes.extend(part.notes);
    }
    assess::settle(&mut report.distributions);
    for distribution in &mut report.distributions {
        let (findings, notes) = conclude_distribution(distribution, &plan.targets);
        report.findings.extend(findings);
        report.notes.extend(notes);
    }
    report.environments = assess::environments(&report.distributions);
    Ok(report.sorted())
}

/// Unpacks one artifact, and gives each of its modules to whichever thread is free, the largest first.
fn audit_artifact(artifact: &Artifact, plan: &Plan, progress: &Progress) -> Report {
    let opened = guarded(|| unpack::open(artifact).map_err(|error| error.note()))
        .unwrap_or_else(|| Err(Note::unread(model::shown(&artifact.path), BUG)));
    let unpacked = match opened {
        Ok(unpacked) => unpacked,
        Err(note) => return Report { notes: vec![note], ..Report::default() },
    };
    let mut members: Vec<(usize, &Member)> = Vec::new();
    for (index, distribution) in unpacked.distributions.iter().enumerate() {
        members.extend(distribution.members.iter().map(|member| (index, member)));
    }
    members.sort_by_key(|(_, member)| std::cmp::Reverse(member.size));
    progress.expect(members.len());
    let audit_one = |(index, member): &(usize, &Member)| {
        let audited = audit_module(&unpacked, &unpacked.distributions[*index], member, plan);
        progress.one_done();
        (*index, audited)
    };
    let audited: Vec<(usize, Audited)> = members.par_iter().with_max_len(1).map(audit_one).collect();
    let mut report = Report { notes: unpacked.notes, ..Report::default() };
    let mut modules: BTreeMap<usize, Vec<ModuleReport>> = BTreeMap::new();
    for (index, (module, note)) in audited {
        modules.entry(index).or_default().push(module);
        report.notes.extend(note);
    }
    let with_modules = |(index, distribution)| {
        let modules = modules.remove(&index).unwrap_or_default();
        DistributionReport { distribution, verdicts: BTreeMap::new(), modules }
    };
    report.distributions = unpacked.distributions.into_iter().enumerate().map(with_modules).collect();
    report
}

/// What one module gives.
type Audited = (ModuleReport, Option<Note>);

/// What a file shows, or why it could not be read; and its hash, where that was asked for.
type Read = (Result<Facts, Note>, Option<String>);

/// Reads, inspects and judges one module. A panic in any of that says nothing of the next module.
fn audit_module(unpacked: &Unpacked, distribution: &Distribution, member: &Member, plan: &Plan) -> Audited {
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

fn judge_module(member: &Member, name: &ModuleName, (facts, sha256): Read, plan: &Plan) -> Audited {
    // A hint is for the note; the verdict's reason is the line before it.
    let shown = facts.as_ref().map_err(|note| note.why.lines().next().unwrap_or_default());
    let judge = |target: &Target| (*target, assess::judge(name, shown, *target));
    let verdicts = plan.targets.iter().map(judge).collect();
    let (facts, note) = match facts {
        Ok(facts) => (Some(facts), None),
        Err(note) => (None, Some(note)),
    };
    (ModuleReport { name: name.clone(), member: member.clone(), facts, verdicts, sha256 }, note)
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

/// Gives a distribution its verdicts, and says what is to be found about its modules.
fn conclude_distribution(report: &mut DistributionReport, targets: &[Target]) -> (Vec<Finding>, Vec<Note>) {
    let DistributionReport { distribution, verdicts, modules } = report;
    let judge = |target| {
        let judged: Vec<&Judgement> =
            modules.iter().filter_map(|module| module.verdicts.get(&target)).collect();
        (target, assess::distribution(distribution, &judged, target))
    };
    *verdicts = targets.iter().copied().map(judge).collect();
    let (mut findings, mut notes) = (Vec::new(), Vec::new());
    for ModuleReport { name, member, facts, verdicts, sha256 } in modules {
        let subject = Subject {
            distribution,
            member,
            name,
            facts: facts.as_ref(),
            verdicts,
            sha256: sha256.as_deref(),
        };
        match guarded(|| assess::check(&subject)) {
            Some(found) => findings.extend(found),
            None => notes.push(Note::unread(format!("{}: {}", distribution.source, member.path), BUG)),
        }
    }
    (findings, notes)
}
