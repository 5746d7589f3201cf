//! Packages -> records in a folder: asks the index for those packages only, one after the other, measures the wheels that
//! an installer would take, and writes each package's file when all of it is done. What was measured on this day is not
//! measured again, so that a run that was interrupted goes on where it was.

use super::replace::{self, Scope};
use super::{Measured, audited, records};
use crate::Error;
use crate::acquire::index::{Index, Release, Settings, Surroundings};
use crate::audit::known;
use crate::confirm::{self, Confirmer};
use crate::db::{self, Package};
use crate::model::{
    Basis, Context, IndexFile, KnownStatus, Named, Platform, Proof, Record, Refreshed, Source, Taken, Target,
    Want, WheelName, tags,
};
use crate::plan::RefreshPlan;
use crate::{interrupt, policy};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Measures every package; tells of each when it is done.
///
/// # Errors
/// When there is no index, the database cannot be read or written, or an interpreter that was named is of no use. What
/// cannot be read of a package is no error.
pub fn refresh(
    plan: &RefreshPlan,
    tell: &mut dyn FnMut(Refreshed) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut settings =
        Settings::resolve(&plan.index.options, plan.index.offline, &Surroundings::of_this_process())?;
    if let Some(cache) = &plan.index.cache {
        settings.cache.clone_from(cache);
    }
    let index = Index::new(settings);
    let today = policy::today().to_string();
    // Without a run of anything, Ctrl-C ends this program as it does any other.
    let stop = plan.confirm.as_ref().map(|_| interrupt::flag(confirm::clear_away));
    let confirmer = plan.confirm.clone().map(|options| Confirmer::new(options, Arc::default()));
    confirmer.as_ref().map(|confirmer| confirmer.vet(&plan.targets)).transpose()?;
    let run = Run { plan, index: &index, today: &today, confirmer, stop };
    for named in &plan.packages {
        tell(run.package(named)?)?;
    }
    Ok(())
}

struct Run<'a> {
    plan: &'a RefreshPlan,
    index: &'a Index,
    today: &'a str,
    /// None where nothing is run.
    confirmer: Option<Confirmer>,
    /// Set where the user has had enough.
    stop: Option<Arc<AtomicBool>>,
}

/// What an installer takes, each with the targets and platforms that it is taken on.
#[derive(Default)]
struct Picks {
    wheels: BTreeMap<String, (IndexFile, BTreeSet<Target>, BTreeSet<Platform>)>,
    /// Where there is none.
    none: BTreeMap<Target, BTreeSet<Platform>>,
    left_out: Vec<String>,
}

impl Run<'_> {
    fn package(&self, named: &Named) -> Result<Refreshed, Error> {
        let old = db::read(&self.plan.folder, &named.name)?;
        // Which version is the newest, only the index can tell.
        if named.version.as_ref().is_some_and(|version| self.is_done(version, &old)) {
            return Ok(Refreshed { package: named.to_string(), records: None, left_out: Vec::new() });
        }
        let release = match self.release(named) {
            Ok(release) if named.version.is_none() && self.is_done(&release.version, &old) => {
                let package = Named { version: Some(release.version), ..named.clone() }.to_string();
                return Ok(Refreshed { package, records: None, left_out: Vec::new() });
            }
            Ok(release) => release,
            Err(why) => {
                let left_out = vec![why];
                return Ok(Refreshed { package: named.to_string(), records: Some(0), left_out });
            }
        };
        let Picks { wheels, none, mut left_out } = self.picks(&named.name, &release.version);
        let mut found = Vec::new();
        for (file, targets, platforms) in wheels.values() {
            let (records, more) = self.measure(file, targets, platforms, &release.version)?;
            found.extend(records);
            left_out.extend(more);
        }
        found.extend(self.without_wheel(&release, none, &mut left_out));
        let count = found.len();
        if count > 0 {
            let (version, targets, platforms) =
                (release.version.as_str(), &self.plan.targets, &self.plan.platforms);
            let old = replace::without(old, &Scope { version, targets, platforms });
            let package = Package { name: named.name.clone(), records: [old, found].concat() };
            db::write(&self.plan.folder, &package)?;
        }
        let package = Named { version: Some(release.version), ..named.clone() }.to_string();
        Ok(Refreshed { package, records: Some(count), left_out })
    }

    /// Whether a version was measured on this day for every target and platform that is asked for.
    fn is_done(&self, version: &str, old: &[Record]) -> bool {
        if self.plan.again {
            return false;
        }
        let versions = format!("=={version}");
        let is_meant = |record: &&Record| {
            record.basis == Basis::Measured
                && record.checked == self.today
                && record.versions.as_ref() == Some(&versions)
        };
        let done: Vec<&Record> = old.iter().filter(is_meant).collect();
        let covers = |target: Target, platform: Platform| {
            done.iter().any(|record| record.targets.contains(&target) && record.platforms.contains(&platform))
        };
        let platforms = &self.plan.platforms;
        self.plan.targets.iter().all(|target| platforms.iter().all(|platform| covers(*target, *platform)))
    }

    /// The one that is named, or the newest that an installer takes unasked.
    fn release(&self, named: &Named) -> Result<Release, String> {
        let releases = self.index.versions(&named.name).map_err(|error| error.note().to_string())?;
        let found = if let Some(version) = &named.version {
            releases.iter().find(|release| release.version == *version)
        } else {
            let usual = |release: &&Release| !release.is_prerelease && !release.is_yanked;
            releases.iter().rev().find(usual).or(releases.last())
        };
        found.cloned().ok_or_else(|| format!("{named} is not there"))
    }

    fn picks(&self, name: &str, version: &str) -> Picks {
        let contexts = self.plan.targets.iter().flat_map(|target| {
            self.plan.platforms.iter().map(|platform| Context { target: *target, platform: *platform })
        });
        let want = Want {
            name: name.to_owned(),
            version: Some(version.to_owned()),
            source: Source::Index,
            hashes: Vec::new(),
            contexts: contexts.clone().collect(),
            said_by: String::new(),
            chain: Vec::new(),
        };
        let mut picks = Picks::default();
        for context in contexts {
            let Context { target, platform } = context;
            match self.index.choose(&want, context).taken {
                Taken::Wheel(file) => {
                    let known = picks.wheels.entry(file.name.clone());
                    let (_, targets, platforms) =
                        known.or_insert_with(|| (file, BTreeSet::new(), BTreeSet::new()));
                    targets.insert(target);
                    platforms.insert(platform);
                }
                Taken::SourceArchive(_) | Taken::Nothing(_) => {
                    picks.none.entry(target).or_default().insert(platform);
                }
                Taken::Project(place) => picks.left_out.push(format!("{place} would be compiled")),
                Taken::Unread(note) => picks.left_out.push(note.to_string()),
            }
        }
        picks
    }

    fn measure(
        &self,
        file: &IndexFile,
        targets: &BTreeSet<Target>,
        platforms: &BTreeSet<Platform>,
        version: &str,
    ) -> Result<(Vec<Record>, Vec<String>), Error> {
        let fetched = match self.index.fetch(file, &[], true) {
            Ok(fetched) => fetched,
            Err(error) => return Ok((Vec::new(), vec![error.note().to_string()])),
        };
        let sha256 = match known::hash(&fetched.path) {
            Ok(sha256) => sha256,
            Err(error) => return Ok((Vec::new(), vec![format!("{}: {error}", file.name)])),
        };
        let is_here = Platform::host().is_some_and(|host| platforms.contains(&host));
        let targets: Vec<Target> = targets.iter().copied().collect();
        let confirmer = self.confirmer.as_ref().filter(|_| is_here);
        let confirm = confirmer.map(|confirmer| confirmer.fitting(&targets)).transpose()?;
        let report = audited(vec![fetched.path], targets, confirm, None)?;
        // What was not run to its end says less than it would have.
        if self.stop.as_ref().is_some_and(|stop| stop.load(Ordering::Relaxed)) {
            return Err(Error::Interrupted);
        }
        let platforms = platforms.iter().copied().collect();
        let measured = Measured { file: &file.name, sha256, platforms, checked: self.today.to_owned() };
        Ok(records(&report, &measured, version))
    }

    /// Records that there is no wheel: shown by the names of all files, where they do show it.
    fn without_wheel(
        &self,
        release: &Release,
        none: BTreeMap<Target, BTreeSet<Platform>>,
        left_out: &mut Vec<String>,
    ) -> Vec<Record> {
        // A folder that somebody keeps does not hold all files of a version.
        if self.plan.index.options.no_index {
            return Vec::new();
        }
        let names: BTreeSet<&str> = release.files.iter().map(|file| file.name.as_str()).collect();
        let wheels: Vec<WheelName> = names.iter().filter_map(|name| name.parse().ok()).collect();
        let mut by_platforms: BTreeMap<Vec<Platform>, Vec<Target>> = BTreeMap::new();
        for (target, mut platforms) in none {
            platforms.retain(|platform| {
                let context = Context { target, platform: *platform };
                let fitting = wheels.iter().find(|name| tags::best(name, context).is_some());
                if let Some(fitting) = fitting {
                    left_out
                        .push(format!("{fitting} fits {context} by its tags, and is not for that Python"));
                }
                fitting.is_none()
            });
            if !platforms.is_empty() {
                by_platforms.entry(platforms.into_iter().collect()).or_default().push(target);
            }
        }
        let record = |(platforms, targets): (Vec<Platform>, Vec<Target>)| Record {
            versions: Some(format!("=={}", release.version)),
            targets,
            platforms,
            status: KnownStatus::NoWheel,
            basis: Basis::Measured,
            proof: Proof::Listing(names.iter().map(|name| (*name).to_owned()).collect()),
            checked: self.today.to_owned(),
            note: None,
        };
        by_platforms.into_iter().map(record).collect()
    }
}
