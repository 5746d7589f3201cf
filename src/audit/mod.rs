//! The flow of an audit: the stages, one after the other. Nothing else joins them, and nothing else starts parallel
//! work.

mod by_tags;
mod inputs;
mod inspection;
mod known;
mod measure;
mod measured;
mod memory;
mod modules;
mod narrow;
mod suggest;
mod wanted;

pub use inspection::inspection;
pub use measure::{refresh, verify};
pub use suggest::constraints;

use crate::confirm::{self, Confirmer, Place};
use crate::db::Databases;
use crate::model::{
    Artifact, Audience, Confirmation, DistributionReport, Finding, Judgement, Note, Platform, Report,
    Subject, Target,
};
use crate::plan::Plan;
use crate::progress::Progress;
use crate::{Error, assess, interrupt};
use inputs::Inputs;
use modules::{BUG, Scope, audit_artifact, guarded};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The stages, one after the other; artifacts and their modules side by side.
///
/// # Errors
/// When the system refuses threads, an interpreter that the user named is of no use, or what a project asks for cannot
/// be read.
pub fn audit(plan: &Plan) -> Result<Report, Error> {
    if plan.confirms {
        let targets = if plan.by_tags { &Target::ALL[..] } else { &plan.targets };
        Confirmer::new(plan.confirm.clone(), Arc::default()).vet(targets)?;
    }
    let threads = plan.jobs.map_or(0, std::num::NonZeroUsize::get);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let Inputs { artifacts, request, notes } = inputs::inputs(plan)?;
    let progress = Progress::new(plan.progress);
    let databases = Databases::open(&plan.database.paths, plan.database.embedded)?;
    // What is confirmed is decoded: otherwise there would be nothing to hold the run against.
    let measured = Some(&databases).filter(|_| plan.database.skip_measured && !plan.confirms);
    let mut report = Report {
        audience: plan.audience,
        targets: plan.targets.clone(),
        databases: databases.about(),
        notes,
        ..Report::default()
    };
    let mut audited = pool.install(|| audit_local(artifacts, plan, measured, &progress, &mut report.notes));
    let wanted = request.map(|request| wanted::Wanted::of(&request, plan)).transpose()?;
    if let Some(wanted) = &wanted {
        report.platforms.clone_from(&plan.project.platforms);
        let (wheels, without) = pool.install(|| wanted.audit(plan, measured, &progress, &mut report.notes));
        audited.extend(wheels);
        report.distributions = without;
    }
    if plan.by_tags {
        report.targets = judged_for(audited.iter().flat_map(|(_, reports)| reports));
    }
    settle(&mut audited, plan);
    if plan.confirms {
        // Of what was chosen for several platforms, that of this one can be run here.
        let is_here = |(_, reports): &Audited| {
            reports.iter().all(|report| report.platform().is_none_or(|one| Platform::host() == Some(one)))
        };
        let (mut here, mut elsewhere): (Vec<Audited>, Vec<Audited>) = audited.into_iter().partition(is_here);
        report.notes.extend(pool.install(|| confirm_all(&mut here, &report.targets, plan, &progress))?);
        elsewhere.iter_mut().flat_map(|(_, reports)| reports).for_each(not_run_here);
        audited = [here, elsewhere].into_iter().flatten().collect();
    }
    audited.iter_mut().flat_map(|(_, reports)| reports).for_each(judge);
    let all = audited.iter_mut().flat_map(|(_, reports)| reports).chain(&mut report.distributions);
    known::join(&databases, all, wanted.as_ref().filter(|_| plan.project.suggest))?;
    known::identify(&mut audited);
    report.distributions.extend(audited.into_iter().flat_map(|(_, reports)| reports));
    if let Some(wanted) = wanted.filter(|_| plan.project.suggest) {
        suggest::suggest(&wanted, &mut report.distributions);
    }
    let (findings, notes) = pool.install(|| findings(&report.distributions, plan.audience));
    report.findings = findings;
    report.notes.extend(notes);
    report.environments = assess::environments(&report.distributions);
    Ok(report.sorted())
}

/// An artifact and what is in it.
type Audited = (Artifact, Vec<DistributionReport>);

/// What lies on this machine, for every target.
fn audit_local(
    artifacts: Vec<Artifact>,
    plan: &Plan,
    measured: Option<&Databases>,
    progress: &Progress,
    notes: &mut Vec<Note>,
) -> Vec<Audited> {
    let audit_one = |artifact: Artifact| {
        let (targets, note) = by_tags::targets(&artifact, plan);
        let scope = Scope { targets: &targets, verify_hashes: plan.verify_hashes, measured, memory: None };
        let (distributions, mut notes) = audit_artifact(&artifact, &scope, progress);
        notes.extend(note);
        ((artifact, distributions), notes)
    };
    let audited: Vec<(Audited, Vec<Note>)> =
        artifacts.into_par_iter().with_max_len(1).map(audit_one).collect();
    let (audited, more): (Vec<Audited>, Vec<Vec<Note>>) = audited.into_iter().unzip();
    notes.extend(more.into_iter().flatten());
    audited
}

/// What anything was judged for, oldest first.
fn judged_for<'a>(reports: impl Iterator<Item = &'a DistributionReport>) -> Vec<Target> {
    reports.flat_map(|report| report.verdicts.keys().copied()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Judges what another module makes, once that one has been: what was chosen for one platform does not make anything on
/// another.
fn settle(audited: &mut [Audited], plan: &Plan) {
    let platforms = plan.project.platforms.iter().copied().map(Some).chain([None]);
    for platform in platforms {
        let all = audited.iter_mut().flat_map(|(_, distributions)| distributions);
        let mut all: Vec<&mut DistributionReport> = all.filter(|one| one.platform() == platform).collect();
        assess::settle(&mut all);
    }
}

/// Imports every module, batches side by side, and lays what comes of it beside the verdicts.
fn confirm_all(
    audited: &mut [Audited],
    targets: &[Target],
    plan: &Plan,
    progress: &Progress,
) -> Result<Vec<Note>, Error> {
    let confirmer = Confirmer::new(plan.confirm.clone(), interrupt::flag(confirm::clear_away));
    let work = confirmer.prepare(audited, targets)?;
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

/// What is for another platform than this machine's is not imported, which is no confirmation.
fn not_run_here(report: &mut DistributionReport) {
    let Some(platform) = report.platform() else { return };
    for module in &mut report.modules {
        for (target, judgement) in std::mem::take(&mut module.verdicts) {
            let why = format!("its wheel is for {platform}, which this machine is not");
            let (judgement, runtime) = assess::compare(judgement, Confirmation::not_run(why));
            module.verdicts.insert(target, judgement);
            module.runtime.insert(target, runtime);
        }
    }
}

/// What each target does with a distribution, now that nothing more changes what it does with its modules.
fn judge(report: &mut DistributionReport) {
    for (target, judgement) in &mut report.verdicts {
        let judged: Vec<&Judgement> =
            report.modules.iter().filter_map(|module| module.verdicts.get(target)).collect();
        *judgement = assess::distribution(&report.distribution, &judged, *target);
    }
}

/// What all rules say.
fn findings(reports: &[DistributionReport], audience: Audience) -> (Vec<Finding>, Vec<Note>) {
    let of_modules: Vec<(Vec<Finding>, Vec<Note>)> =
        reports.par_iter().map(|report| check_distribution(report, audience)).collect();
    let (findings, notes): (Vec<Vec<Finding>>, Vec<Vec<Note>>) = of_modules.into_iter().unzip();
    let (mut findings, mut notes) = (findings.concat(), notes.concat());
    let mut packages: BTreeMap<String, Vec<&DistributionReport>> = BTreeMap::new();
    for report in reports {
        packages.entry(report.distribution.to_string()).or_default().push(report);
    }
    for (name, reports) in packages {
        match guarded(|| assess::check_package(&reports, audience)) {
            Some(found) => findings.extend(found),
            None => notes.push(Note::unread(name, BUG)),
        }
    }
    (findings, notes)
}

/// What all rules say of a distribution's modules.
fn check_distribution(report: &DistributionReport, audience: Audience) -> (Vec<Finding>, Vec<Note>) {
    let (mut findings, mut notes) = (Vec::new(), Vec::new());
    for module in &report.modules {
        let subject = Subject {
            distribution: &report.distribution,
            member: &module.member,
            platform: report.platform(),
            name: &module.name,
            facts: module.facts.as_ref(),
            verdicts: &module.verdicts,
            runtime: &module.runtime,
            sha256: module.hashed.as_deref(),
            audience,
        };
        match guarded(|| assess::check(&subject)) {
            Some(found) => findings.extend(found),
            None => notes
                .push(Note::unread(format!("{}: {}", report.distribution.source, module.member.path), BUG)),
        }
    }
    (findings, notes)
}
