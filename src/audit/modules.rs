//! One artifact after the other, its modules side by side: unpacking, inspecting and judging.

use super::measured::{self, Measured};
use super::memory::{Memory, Remembered};
use crate::db::Databases;
use crate::model::{
    self, Artifact, ArtifactKind, Beside, Distribution, DistributionReport, Facts, Member, ModuleName,
    ModuleReport, Note, Target,
};
use crate::progress::Progress;
use crate::unpack::{self, Unpacked};
use crate::{assess, inspect};
use data_encoding::HEXLOWER;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;
use tracing::debug;

/// What is asked of an artifact.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    /// What to judge for.
    pub targets: &'a [Target],
    /// Whether every module is hashed.
    pub verify_hashes: bool,
    /// What an earlier run read of it.
    pub memory: Option<&'a Memory<'a>>,
    /// Where to look for measurements of a wheel instead of decoding it; none where each is decoded.
    pub measured: Option<&'a Databases>,
}

/// Unpacks one artifact, and gives each of its modules to whichever thread is free, the largest first.
pub(super) fn audit_artifact(
    artifact: &Artifact,
    scope: &Scope<'_>,
    progress: &Progress,
) -> (Vec<DistributionReport>, Vec<Note>) {
    let opened = guarded(|| unpack::open(artifact).map_err(|error| error.note()))
        .unwrap_or_else(|| Err(Note::unread(model::shown(&artifact.path), BUG)));
    let unpacked = match opened {
        Ok(unpacked) => unpacked,
        Err(note) => return (Vec::new(), vec![note]),
    };
    debug!(artifact = model::shown(&artifact.path), modules = members_of(&unpacked), "opened");
    let measured = measured::of(artifact, scope);
    let measured = measured.filter(|measured| measured.modules == members_of(&unpacked));
    let mut members: Vec<(usize, &Member)> = Vec::new();
    for (index, distribution) in unpacked.distributions.iter().enumerate() {
        members.extend(distribution.members.iter().map(|member| (index, member)));
    }
    members.sort_by_key(|(_, member)| std::cmp::Reverse(member.size));
    progress.expect(members.len());
    let audit_one = |(index, member): &(usize, &Member)| {
        let audited = match &measured {
            Some(measured) => (measured.module(member), None),
            None => audit_module(&unpacked, &unpacked.distributions[*index], member, scope),
        };
        progress.done(1);
        (*index, audited)
    };
    let audited: Vec<(usize, (ModuleReport, Option<Note>))> =
        members.par_iter().with_max_len(1).map(audit_one).collect();
    let mut notes = unpacked.notes;
    if measured.is_some() {
        notes.extend(unpacked.distributions.iter().map(|one| Measured::note(&one.source)));
    }
    let mut modules: BTreeMap<usize, Vec<ModuleReport>> = BTreeMap::new();
    for (index, (module, note)) in audited {
        modules.entry(index).or_default().push(module);
        notes.extend(note);
    }
    let path = (artifact.kind == ArtifactKind::Wheel).then(|| model::shown(&artifact.path));
    let with_modules = |(index, distribution): (usize, Distribution)| {
        let modules: Vec<ModuleReport> = modules.remove(&index).unwrap_or_default();
        let judge = |target: &Target| (*target, assess::distribution(&distribution, &[], *target));
        let verdicts = scope.targets.iter().map(judge).collect();
        let path = path.clone();
        DistributionReport {
            distribution,
            chosen: None,
            path,
            verdicts,
            modules,
            known: Vec::new(),
            newest: None,
        }
    };
    (unpacked.distributions.into_iter().enumerate().map(with_modules).collect(), notes)
}

fn members_of(unpacked: &Unpacked) -> usize {
    unpacked.distributions.iter().map(|distribution| distribution.members.len()).sum()
}

/// What a file shows, or why it could not be read; and its hash, where that was asked for.
type Read = (Result<Facts, Note>, Option<String>);

/// Reads, inspects and judges one module. A panic in any of that says nothing of the next module.
fn audit_module(
    unpacked: &Unpacked,
    distribution: &Distribution,
    member: &Member,
    scope: &Scope<'_>,
) -> (ModuleReport, Option<Note>) {
    let (name, start) = (ModuleName::of_member(&member.path), Instant::now());
    let bug = || (Err(Note::unread(format!("{}: {}", distribution.source, member.path), BUG)), None);
    let read = guarded(|| read_module(unpacked, distribution, member, scope)).unwrap_or_else(bug);
    let judge = |read| judge_module(member, &name, read, scope);
    let (module, note) = guarded(|| judge(read)).unwrap_or_else(|| judge(bug()));
    let ms = start.elapsed().as_millis();
    for (target, judged) in &module.verdicts {
        debug!(source = distribution.source, path = member.path, %target, verdict = %judged.verdict, ms, "judged");
    }
    (module, note)
}

/// The bytes are gone when this returns.
fn read_module(unpacked: &Unpacked, distribution: &Distribution, member: &Member, scope: &Scope<'_>) -> Read {
    let known = scope.memory.and_then(|memory| memory.recall(&member.path, scope.verify_hashes));
    if let Some(Remembered { facts, hashed }) = known {
        debug!(source = distribution.source, path = member.path, "was decoded by an earlier run");
        return (Ok(facts), hashed.filter(|_| scope.verify_hashes));
    }
    let bytes = match unpacked.read(distribution, member) {
        Ok(bytes) => bytes,
        Err(error) => return (Err(error.note()), None),
    };
    let hashed = scope.verify_hashes.then(|| HEXLOWER.encode(&Sha256::digest(&*bytes)));
    let beside = Wheelmates { unpacked, distribution };
    let facts = inspect::inspect(&bytes, &ModuleName::of_member(&member.path), scope.targets, &beside);
    if let (Some(memory), Ok(facts)) = (scope.memory, &facts) {
        memory.learn(&member.path, Remembered { facts: facts.clone(), hashed: hashed.clone() });
    }
    let about = || format!("{}: {}", distribution.source, member.path);
    (facts.map_err(|error| Note::unread(about(), error.to_string())), hashed)
}

fn judge_module(
    member: &Member,
    name: &ModuleName,
    (facts, hashed): Read,
    scope: &Scope<'_>,
) -> (ModuleReport, Option<Note>) {
    // A hint is for the note; the verdict's reason is the line before it.
    let shown = facts.as_ref().map_err(|note| note.why.lines().next().unwrap_or_default());
    let judge = |target: &Target| (*target, assess::judge(name, shown, *target));
    let verdicts = scope.targets.iter().map(judge).collect();
    let (facts, note) = match facts {
        Ok(facts) => (Some(facts), None),
        Err(note) => (None, Some(note)),
    };
    let (name, member) = (name.clone(), member.clone());
    (ModuleReport { name, member, facts, hashed, verdicts, runtime: BTreeMap::new() }, note)
}

/// The libraries that a module may need: those of its own distribution first, then those of the others in the
/// same wheel or environment.
pub(super) struct Wheelmates<'a> {
    pub unpacked: &'a Unpacked,
    pub distribution: &'a Distribution,
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
pub(super) const BUG: &str = "the auditor itself failed on this file\nhint: this is a bug; please report it";

/// Keeps a panic to the file that it happens on.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}
