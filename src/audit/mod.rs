//! The flow of an audit: the stages, one after the other. Nothing else joins them, and nothing else starts parallel
//! work.

mod inspection;
mod modules;

pub use inspection::inspection;

use crate::acquire::{self, Discovery};
use crate::confirm::{self, Confirmer, Place};
use crate::model::{
    Artifact, Confirmation, Distribution, DistributionReport, Finding, Judgement, ModuleReport, Note, Report,
    Subject, Target,
};
use crate::plan::Plan;
use crate::progress::Progress;
use crate::{Error, assess, interrupt};
use modules::{BUG, Scope, audit_artifact, guarded};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

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
    let scope = Scope { targets: &plan.targets, verify_hashes: plan.verify_hashes };
    let audit_one = |artifact: Artifact| {
        let (distributions, notes) = audit_artifact(&artifact, &scope, &progress);
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
    for DistributionReport { distribution, verdicts, modules, .. } in &mut report.distributions {
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

/// What all rules say of a distribution's modules.
fn check_distribution(report: &DistributionReport) -> (Vec<Finding>, Vec<Note>) {
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
        };
        match guarded(|| assess::check(&subject)) {
            Some(found) => findings.extend(found),
            None => notes
                .push(Note::unread(format!("{}: {}", report.distribution.source, module.member.path), BUG)),
        }
    }
    (findings, notes)
}
