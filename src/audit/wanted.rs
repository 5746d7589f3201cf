//! What a project asks for: which wheel an installer would take of it for each target and platform, brought here and
//! audited once, and told for each platform.

use super::Audited;
use super::modules::{Scope, audit_artifact};
use super::narrow;
use crate::acquire::index::{Index, IndexError, Settings, Surroundings};
use crate::acquire::project::{self, Builds, Project, Request, Uv};
use crate::model::{
    Artifact, ArtifactKind, Chosen, Considered, Context, Distribution, DistributionReport, IndexFile,
    Judgement, Note, Platform, Source, SourceHint, Taken, Target, Want,
};
use crate::plan::Plan;
use crate::progress::Progress;
use crate::{Error, assess};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What a want comes to on one platform: one file, or none, for the targets that it is so for.
struct Pick<'a> {
    want: &'a Want,
    platform: Platform,
    targets: Vec<Target>,
    taken: Taken,
    considered: Vec<Considered>,
    /// What the sources declare, where there is no wheel.
    hints: Vec<SourceHint>,
    /// Where the wheel lies, and whether all of it does; none where there is no wheel.
    fetched: Option<(PathBuf, bool)>,
}

/// What a project asks for, and where it is looked up.
pub(super) struct Wanted {
    project: Project,
    pub index: Index,
    /// Threads that wait for servers.
    pub waiting: rayon::ThreadPool,
}

impl Wanted {
    /// Reads what was named. Asks an installer for versions where some are not pinned, and no index yet.
    pub(super) fn of(request: &Request, plan: &Plan) -> Result<Self, Error> {
        let project = project::read(request, &Uv::default())?;
        let mut settings =
            Settings::resolve(&project.options, plan.index.offline, &Surroundings::of_this_process())?;
        if let Some(cache) = &plan.index.cache {
            settings.cache.clone_from(cache);
        }
        let threads = settings.network.parallel;
        let waiting = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        Ok(Self { project, index: Index::new(settings), waiting })
    }

    /// Whether all that is wanted of a distribution is looked up by its name: another version of it is to be had.
    pub(super) fn is_from_index(&self, name: &str) -> bool {
        let mut wants = self.project.wants.iter().filter(|want| want.name == name).peekable();
        wants.peek().is_some()
            && wants
                .all(|want| matches!(want.source, Source::Index | Source::OneIndex(_) | Source::Listed(_)))
    }

    /// Chooses, fetches and audits. Gives the wheels with what is in them, for each platform by itself, and the
    /// distributions of which there is no wheel.
    pub(super) fn audit(
        &self,
        plan: &Plan,
        progress: &Progress,
        notes: &mut Vec<Note>,
    ) -> (Vec<Audited>, Vec<DistributionReport>) {
        notes.extend(self.project.notes.iter().cloned());
        let fetching = Fetching {
            index: &self.index,
            builds: &self.project.builds,
            whole: plan.verify_hashes || plan.confirms,
            explains: plan.project.explain_wheels,
            verify_hashes: plan.verify_hashes,
        };
        let picks = self.waiting.install(|| picks(&self.project.wants, &fetching));
        let (audited, without, more) = audit_picks(&picks, &fetching, progress);
        notes.extend(more);
        (audited, without)
    }
}

/// How wheels are brought here.
struct Fetching<'a> {
    index: &'a Index,
    /// What requirements files say of wheels and source archives.
    builds: &'a Builds,
    /// Whether whole files are wanted: to be installed, or to be held against a hash.
    whole: bool,
    /// Whether files are told that were passed over.
    explains: bool,
    /// Whether every module is hashed.
    verify_hashes: bool,
}

fn audit_picks(
    picks: &[Pick<'_>],
    fetching: &Fetching<'_>,
    progress: &Progress,
) -> (Vec<Audited>, Vec<DistributionReport>, Vec<Note>) {
    let mut by_file: BTreeMap<&PathBuf, Vec<&Pick<'_>>> = BTreeMap::new();
    for pick in picks {
        if let Some((path, _)) = &pick.fetched {
            by_file.entry(path).or_default().push(pick);
        }
    }
    let audit_one =
        |(path, picks): (&&PathBuf, &Vec<&Pick<'_>>)| audit_wheel(path, picks, fetching, progress);
    let all: Vec<(Vec<Audited>, Vec<Note>)> =
        by_file.iter().collect::<Vec<_>>().into_par_iter().with_max_len(1).map(audit_one).collect();
    let mut notes: Vec<Note> = picks.iter().filter_map(yanked).collect();
    let (mut audited, mut without) = (Vec::new(), Vec::new());
    for (picks, (wheels, found)) in by_file.values().zip(all) {
        // A wheel that is none is still what was asked for.
        if wheels.iter().all(|(_, reports)| reports.is_empty()) {
            without.extend(picks.iter().filter_map(|pick| unread_wheel(pick, &found)));
        }
        audited.extend(wheels);
        notes.extend(found);
    }
    for pick in picks.iter().filter(|pick| pick.fetched.is_none()) {
        if let Taken::Unread(note) = &pick.taken {
            notes.push(note.clone());
        }
        without.extend(without_wheel(pick));
    }
    (audited, without, notes)
}

/// A file that its maintainers took back (PEP 592), and that is installed all the same because it is pinned.
fn yanked(pick: &Pick<'_>) -> Option<Note> {
    let Taken::Wheel(file) = &pick.taken else { return None };
    let reason = match file.yanked.as_deref()?.trim() {
        "" => String::new(),
        reason => format!(": {reason}"),
    };
    Some(Note::told(format!("{}: {}", pick.want.said_by, file.name), format!("was yanked{reason}")))
}

/// Chooses and fetches. Wants of one context come together, so that no two threads begin by waiting for one page.
fn picks<'a>(wants: &'a [Want], fetching: &Fetching<'_>) -> Vec<Pick<'a>> {
    let mut asked: Vec<(Context, usize)> = wants
        .iter()
        .enumerate()
        .flat_map(|(index, want)| want.contexts.iter().map(move |context| (*context, index)))
        .collect();
    asked.sort_unstable();
    let pick_one = |(context, index): (Context, usize)| (index, pick(&wants[index], context, fetching));
    let mut picked: Vec<(usize, Pick<'a>)> = asked.into_par_iter().with_max_len(1).map(pick_one).collect();
    picked.sort_by_key(|(index, pick)| (*index, pick.platform));
    let mut picks: Vec<Pick<'a>> = Vec::new();
    for (_, pick) in picked {
        // Several targets may take one file.
        let same = |known: &&mut Pick<'a>| {
            std::ptr::eq(known.want, pick.want)
                && known.platform == pick.platform
                && (&known.taken, &known.considered) == (&pick.taken, &pick.considered)
        };
        match picks.last_mut().filter(same) {
            Some(known) => known.targets.extend(pick.targets),
            None => picks.push(pick),
        }
    }
    picks
}

fn pick<'a>(want: &'a Want, context: Context, fetching: &Fetching<'_>) -> Pick<'a> {
    let choice = fetching.index.choose(want, context);
    let (taken, fetched) = match controlled(choice.taken, want, fetching.builds) {
        Taken::Wheel(file) => match fetch(fetching.index, &file, want, fetching.whole) {
            Ok(fetched) => (Taken::Wheel(file), Some(fetched)),
            Err(error) => (Taken::Unread(error.note()), None),
        },
        other => (other, None),
    };
    // A source archive that cannot be read hints at nothing, and is told as what it is all the same.
    let hints = match &taken {
        Taken::SourceArchive(file) => fetching.index.source_hints(file, &want.hashes).unwrap_or_default(),
        _ => Vec::new(),
    };
    let considered = if fetching.explains { choice.considered } else { Vec::new() };
    Pick {
        want,
        platform: context.platform,
        targets: vec![context.target],
        taken,
        considered,
        hints,
        fetched,
    }
}

/// What `--no-binary` and `--only-binary` make of a choice.
fn controlled(taken: Taken, want: &Want, builds: &Builds) -> Taken {
    match taken {
        Taken::Wheel(_) if builds.is_compiled(&want.name) => {
            Taken::Project("what --no-binary asks for instead of the wheel".to_owned())
        }
        Taken::SourceArchive(_) | Taken::Project(_) if builds.is_never_compiled(&want.name) => {
            Taken::Nothing("no wheel fits, and --only-binary leaves source archives out".to_owned())
        }
        other => other,
    }
}

fn fetch(index: &Index, file: &IndexFile, want: &Want, whole: bool) -> Result<(PathBuf, bool), IndexError> {
    let fetched = index.fetch(file, &want.hashes, whole)?;
    Ok((fetched.path, fetched.whole))
}

/// Audits a wheel once for all that take it, and tells it for each of them.
fn audit_wheel(
    path: &PathBuf,
    picks: &[&Pick<'_>],
    fetching: &Fetching<'_>,
    progress: &Progress,
) -> (Vec<Audited>, Vec<Note>) {
    let mut targets: Vec<Target> = picks.iter().flat_map(|pick| &pick.targets).copied().collect();
    targets.sort_unstable();
    targets.dedup();
    // What came in parts was held against no hash: its modules are held against RECORD.
    let in_parts = picks.iter().any(|pick| matches!(pick.fetched, Some((_, false))));
    let scope = Scope { targets: &targets, verify_hashes: fetching.verify_hashes || in_parts };
    let artifact = |path: &PathBuf| Artifact { path: path.clone(), kind: ArtifactKind::Wheel };
    let mut artifact_here = artifact(path);
    let (mut reports, mut notes) = audit_artifact(&artifact_here, &scope, progress);
    // Where only parts were fetched, a fault may be that of the parts.
    if notes.iter().any(|note| note.unread)
        && let Some((whole, true)) = whole_of(picks, fetching)
    {
        artifact_here = artifact(&whole);
        (reports, notes) = audit_artifact(&artifact_here, &scope, progress);
    }
    let tell = |pick: &&Pick<'_>| {
        let reports = reports.iter().map(|report| told_for(report, pick)).collect();
        (artifact_here.clone(), reports)
    };
    (picks.iter().map(tell).collect(), notes)
}

/// The whole of a wheel of which parts are here.
fn whole_of(picks: &[&Pick<'_>], fetching: &Fetching<'_>) -> Option<(PathBuf, bool)> {
    let pick = picks.first()?;
    match (&pick.taken, &pick.fetched) {
        (Taken::Wheel(file), Some((_, false))) => fetch(fetching.index, file, pick.want, true).ok(),
        _ => None,
    }
}

/// What was audited for several platforms, for one of them.
fn told_for(report: &DistributionReport, pick: &Pick<'_>) -> DistributionReport {
    let mut told = report.clone();
    (told.chosen, told.path) = (Some(chosen(pick)), None);
    narrow::to_platform(&mut told, pick.platform);
    told.verdicts.retain(|target, _| pick.targets.contains(target));
    for module in &mut told.modules {
        module.verdicts.retain(|target, _| pick.targets.contains(target));
    }
    told
}

fn without_wheel(pick: &Pick<'_>) -> Option<DistributionReport> {
    Some(without_modules(pick, &assess::availability(&pick.taken, &pick.hints)?))
}

/// One whose wheel is here and cannot be read at all.
fn unread_wheel(pick: &Pick<'_>, notes: &[Note]) -> Option<DistributionReport> {
    let note = notes.iter().find(|note| note.unread)?;
    Some(without_modules(pick, &assess::availability(&Taken::Unread(note.clone()), &[])?))
}

fn without_modules(pick: &Pick<'_>, judgement: &Judgement) -> DistributionReport {
    let Want { name, version, said_by, .. } = pick.want;
    DistributionReport {
        distribution: Distribution {
            name: Some(name.clone()),
            version: version.clone(),
            source: said_by.clone(),
            tags: Vec::new(),
            free_threading: None,
            requires: Vec::new(),
            members: Vec::new(),
            libraries: Vec::new(),
        },
        chosen: Some(chosen(pick)),
        path: None,
        verdicts: pick.targets.iter().map(|target| (*target, judgement.clone())).collect(),
        modules: Vec::new(),
    }
}

fn chosen(pick: &Pick<'_>) -> Chosen {
    let file = match &pick.taken {
        Taken::Wheel(file) | Taken::SourceArchive(file) => Some(file.name.clone()),
        Taken::Project(_) | Taken::Nothing(_) | Taken::Unread(_) => None,
    };
    Chosen {
        platform: pick.platform,
        file,
        said_by: pick.want.said_by.clone(),
        chain: pick.want.chain.clone(),
        considered: pick.considered.clone(),
        fix: None,
    }
}
