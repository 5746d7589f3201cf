//! What is imported where: batches of modules, each with an interpreter and the folders to import from.

use super::choice::Interpreters;
use super::install::install;
use super::interpreter::Interpreter;
use super::lacking::Present;
use super::leftovers::Folder;
use super::outcome::Wanted;
use super::process::Processes;
use super::session::Session;
use super::{Options, batch, candidates, environment_of, platform, stress};
use crate::model::{
    Artifact, ArtifactKind, Confirmation, DistributionReport, ModuleReport, Reason, Seen, Target, Verdict,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Modules of one process: few enough that several processors have work, many enough that the start of an
/// interpreter, and the packages that all of them need, weigh little.
const BATCH: usize = 64;

/// Which module of the audit is meant, and under which target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Index of the artifact.
    pub artifact: usize,
    /// Index of the distribution in it.
    pub distribution: usize,
    /// Index of the module in that.
    pub module: usize,
    /// The target.
    pub target: Target,
}

/// Everything there is to import, and what is known already.
#[derive(Debug, Default)]
pub struct Work {
    /// What can be done side by side.
    pub batches: Vec<Batch>,
    /// What is not run, with the reason.
    pub decided: Vec<(Place, Confirmation)>,
    /// Environments of wheels: they are gone when this is.
    environments: Vec<Folder>,
}

/// Modules that share an interpreter and an environment.
#[derive(Debug)]
pub struct Batch {
    session: Session,
    modules: Vec<(Place, Wanted)>,
    present: Arc<Present>,
    /// The distribution of each module.
    owners: Vec<Option<String>>,
}

impl Batch {
    /// How many modules.
    #[must_use]
    pub fn len(&self) -> usize {
        self.modules.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.modules.is_empty()
    }
}

type Audited = [(Artifact, Vec<DistributionReport>)];

pub(super) fn prepare(
    audited: &Audited,
    targets: &[Target],
    options: &Options,
    interpreters: &mut Interpreters<'_>,
    processes: &dyn Processes,
) -> Work {
    let mut planner = Planner { audited, options, interpreters, processes, work: Work::default() };
    for target in targets {
        planner.wheels(*target);
        for (index, (artifact, _)) in audited.iter().enumerate() {
            if artifact.kind != ArtifactKind::Wheel {
                planner.folder(index, artifact, *target);
            }
        }
    }
    planner.work
}

struct Planner<'a, 'b> {
    audited: &'a Audited,
    options: &'a Options,
    interpreters: &'a mut Interpreters<'b>,
    processes: &'a dyn Processes,
    work: Work,
}

impl Planner<'_, '_> {
    /// Environments of wheels. Two wheels of one distribution cannot be in one: each has its turn, with the first
    /// of every other distribution.
    fn wheels(&mut self, target: Target) {
        if self.audited.iter().all(|(artifact, _)| artifact.kind != ArtifactKind::Wheel) {
            return;
        }
        let interpreter = self.interpreters.of(target);
        let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, (artifact, distributions)) in self.audited.iter().enumerate() {
            let Some(report) = distributions.first().filter(|_| artifact.kind == ArtifactKind::Wheel) else {
                continue;
            };
            // What was chosen for another target has no verdict for this one.
            let Some(judgement) = report.verdicts.get(&target) else { continue };
            let refused = match &judgement.reason {
                reason @ Reason::TagNotInstallable { .. } => Some(format!("it {reason}")),
                _ => interpreter.as_ref().and_then(|python| {
                    platform::foreign(&artifact.path.file_name()?.to_string_lossy(), python)
                }),
            };
            match refused {
                Some(why) => self.not_run(index, target, &why),
                None => by_name
                    .entry(report.distribution.name.clone().unwrap_or_default())
                    .or_default()
                    .push(index),
            }
        }
        let has_modules =
            |index: &usize| self.audited[*index].1.iter().any(|report| !report.modules.is_empty());
        let turns = by_name.values().map(Vec::len).max().unwrap_or(0);
        for turn in 0..turns {
            let chosen: Vec<(usize, bool)> = by_name
                .values()
                .filter_map(|wheels| match wheels.get(turn) {
                    Some(wheel) => Some((*wheel, true)),
                    None => wheels.first().map(|wheel| (*wheel, false)),
                })
                .collect();
            if chosen.iter().any(|(index, own)| *own && has_modules(index)) {
                self.environment(&chosen, interpreter.as_ref(), target);
            }
        }
    }

    /// One environment of wheels, of which those that have their turn are confirmed.
    fn environment(&mut self, chosen: &[(usize, bool)], interpreter: Option<&Interpreter>, target: Target) {
        let turns = || chosen.iter().filter(|(_, own)| *own).map(|(index, _)| *index);
        let Some(interpreter) = interpreter else {
            turns().for_each(|index| self.not_run(index, target, &none_found(target)));
            return;
        };
        let (folder, site) = match new_environment() {
            Ok(made) => made,
            Err(error) => {
                let why = format!("there is no temporary folder to be had: {error}");
                turns().for_each(|index| self.not_run(index, target, &why));
                return;
            }
        };
        let wheels: Vec<PathBuf> =
            chosen.iter().map(|(index, _)| absolute(&self.audited[*index].0.path)).collect();
        let refused = install(&wheels, interpreter, target, &site, self.processes);
        let place = absolute(&site);
        let session = self.session(interpreter.clone(), vec![place.clone()], false, Vec::new());
        let session = Session { environment: Some(place), ..session };
        let (mut places, mut present) = (Vec::new(), Vec::new());
        for ((index, own), refused) in chosen.iter().zip(refused) {
            if refused.is_none() {
                present.extend(self.audited[*index].1.iter().map(|report| &report.distribution));
            }
            match refused {
                Some(why) if *own => self.not_run(*index, target, &why),
                None if *own => places.push(*index),
                _ => {}
            }
        }
        self.batches(&places, target, &session, Present::new(present.into_iter(), true));
        self.work.environments.push(folder);
    }

    /// What is installed, or lies about: imported from where it is.
    fn folder(&mut self, index: usize, artifact: &Artifact, target: Target) {
        let path = absolute(&artifact.path);
        let folder = match artifact.kind {
            ArtifactKind::Module => path.parent().map_or_else(|| path.clone(), Path::to_owned),
            _ => path,
        };
        let mut read = Vec::new();
        if let ArtifactKind::SitePackages { editables, .. } = &artifact.kind {
            for editable in editables {
                let path = absolute(&editable.path);
                read.push(if path.is_dir() {
                    path
                } else {
                    path.parent().map_or(path.clone(), Path::to_owned)
                });
            }
        }
        let session = match self.python_of(&folder, target) {
            Ok((interpreter, true)) => {
                self.session(interpreter, Vec::new(), true, [read, vec![folder]].concat())
            }
            Ok((interpreter, false)) => self.session(interpreter, vec![folder], false, read),
            Err(why) => {
                self.not_run(index, target, &why);
                return;
            }
        };
        let present = self.audited[index].1.iter().map(|report| &report.distribution);
        self.batches(&[index], target, &session, Present::new(present, false));
    }

    /// The interpreter for a folder, and whether the folder is that interpreter's own.
    fn python_of(&mut self, folder: &Path, target: Target) -> Result<(Interpreter, bool), String> {
        let root = environment_of(folder);
        let own = root.as_deref().and_then(candidates::of_environment);
        let Some(own) = own.filter(|_| self.interpreters.named(target).is_none()) else {
            return self
                .interpreters
                .of(target)
                .map(|found| (found, false))
                .ok_or_else(|| none_found(target));
        };
        let interpreter = self.interpreters.at(&own).map_err(|error| error.to_string())?;
        let is_own = interpreter.folders.iter().any(|known| folder.starts_with(known));
        if interpreter.target() == Some(target) {
            return Ok((interpreter, is_own));
        }
        Err(format!(
            "this is an environment of {interpreter}\n\
                 hint: confirm an environment of {target}, or name an interpreter with --python"
        ))
    }

    fn session(
        &self,
        interpreter: Interpreter,
        folders: Vec<PathBuf>,
        own_packages: bool,
        read: Vec<PathBuf>,
    ) -> Session {
        let Options { sandboxed, patience, .. } = *self.options;
        Session { interpreter, folders, own_packages, read, environment: None, sandboxed, patience }
    }

    /// Divides the modules of artifacts. The division hangs on what is audited alone, so that the same audit gives
    /// the same import chains on every machine.
    fn batches(&mut self, artifacts: &[usize], target: Target, session: &Session, present: Present) {
        let present = Arc::new(present);
        let mut modules = Vec::new();
        for artifact in artifacts {
            for (distribution, report) in self.audited[*artifact].1.iter().enumerate() {
                // They come in whatever order they were audited.
                let mut sorted: Vec<(usize, &ModuleReport)> = report.modules.iter().enumerate().collect();
                sorted.sort_by(|(_, one), (_, other)| one.member.cmp(&other.member));
                for (module, found) in sorted {
                    let place = Place { artifact: *artifact, distribution, module, target };
                    modules.push((place, wanted(found, target)));
                }
            }
        }
        for part in modules.chunks(BATCH) {
            let owner = |(place, _): &(Place, Wanted)| {
                let report = &self.audited[place.artifact].1[place.distribution];
                report.distribution.name.clone()
            };
            let owners = part.iter().map(owner).collect();
            let (session, present) = (session.clone(), Arc::clone(&present));
            self.work.batches.push(Batch { session, modules: part.to_vec(), present, owners });
        }
    }

    fn not_run(&mut self, artifact: usize, target: Target, why: &str) {
        for (distribution, report) in self.audited[artifact].1.iter().enumerate() {
            for module in 0..report.modules.len() {
                let place = Place { artifact, distribution, module, target };
                self.work.decided.push((place, Confirmation::not_run(why)));
            }
        }
    }
}

fn wanted(module: &ModuleReport, target: Target) -> Wanted {
    let verdict = module.verdicts.get(&target).map(|judgement| judgement.verdict);
    let path = &module.member.path;
    Wanted {
        name: module.name.dotted.clone(),
        file: path.rsplit('/').next().unwrap_or(path).to_owned(),
        suspect: !matches!(verdict, Some(Verdict::GilFree | Verdict::RequiresGil | Verdict::Undetermined)),
    }
}

/// A temporary folder, and in it the one that wheels go to: installers have files of their own beside it.
fn new_environment() -> std::io::Result<(Folder, PathBuf)> {
    let folder = Folder::new("ftaudit-environment-")?;
    let site = folder.path().join("site");
    std::fs::create_dir(&site)?;
    Ok((folder, site))
}

fn none_found(target: Target) -> String {
    format!("no free-threaded Python 3.{} found\nhint: uv python install {target}", target.minor())
}

/// The sandbox knows folders by their real paths.
fn absolute(path: &Path) -> PathBuf {
    path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
}

/// Imports the modules of a batch, and its packages by many threads where that was asked for.
pub(super) fn confirm(
    batch: &Batch,
    options: &Options,
    processes: &dyn Processes,
    on_done: &dyn Fn(usize),
) -> Vec<(Place, Confirmation)> {
    let wanted: Vec<Wanted> = batch.modules.iter().map(|(_, wanted)| wanted.clone()).collect();
    let mut found = batch::confirm(&batch.session, &wanted, options.batching, processes, on_done);
    if options.stress {
        let mut packages: Vec<&str> = Vec::new();
        for (wanted, confirmation) in wanted.iter().zip(&mut found) {
            let package = wanted.name.split('.').next().unwrap_or(&wanted.name);
            let imports = matches!(confirmation.seen, Seen::GilFree | Seen::RequiresGil);
            if imports && !packages.contains(&package) {
                packages.push(package);
                confirmation.under_threads = stress::stress(&batch.session, package, processes);
            }
        }
    }
    for (owner, confirmation) in batch.owners.iter().zip(&mut found) {
        confirmation.hint = batch.present.hint(owner.as_deref(), &confirmation.seen);
    }
    batch.modules.iter().map(|(place, _)| *place).zip(found).collect()
}
