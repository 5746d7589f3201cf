//! Which other version would do: found by reading wheels of other versions as an installer would choose them, not by
//! their tags.

use super::memory::audit_fetched;
use super::modules::Scope;
use super::narrow;
use super::wanted::Wanted;
use crate::acquire::index::{Index, Release};
use crate::assess;
use crate::model::{Context, DistributionReport, Fix, Judgement, Reason, Source, Taken, Verdict, Want};
use crate::progress::Progress;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Versions of one distribution whose wheels are read. Where more have wheels, the search halves what is left: it takes
/// this many steps for 200 versions, more than almost any distribution has with wheels for one target.
const MAX_READ: usize = 8;

/// A distribution's name and version.
type Key = (String, Option<String>);

/// Where it does not do, and whether an installer finds no file of it.
type Failing = (Vec<Context>, bool);

fn key(report: &DistributionReport) -> Key {
    (report.distribution.name.clone().unwrap_or_default(), report.distribution.version.clone())
}

/// Looks for versions that would do, for every distribution that does not, and notes them in the reports.
pub(super) fn suggest(wanted: &Wanted, reports: &mut [DistributionReport]) {
    let mut failing: BTreeMap<Key, Failing> = BTreeMap::new();
    for report in reports.iter() {
        let key = key(report);
        let contexts: Vec<Context> = failing_contexts(report).collect();
        if !contexts.is_empty() && wanted.is_from_index(&key.0) {
            let (known, is_refused) = failing.entry(key).or_default();
            known.extend(contexts);
            *is_refused |= report.verdicts.values().any(|judged| judged.verdict == Verdict::NotAvailable);
        }
    }
    let search = |(key, (contexts, is_refused)): (&Key, &Failing)| {
        let (name, version) = key;
        let search = Search { index: &wanted.index, name, contexts };
        let fix = search.run(version.as_deref(), *is_refused)?;
        Some((key.clone(), fix))
    };
    let found: BTreeMap<Key, Fix> =
        wanted.waiting.install(|| failing.par_iter().filter_map(search).collect());
    for report in reports {
        let key = key(report);
        let is_failing = failing_contexts(report).next().is_some();
        if let (Some(chosen), Some(fix), true) = (&mut report.chosen, found.get(&key), is_failing) {
            chosen.fix = Some(fix.clone());
        }
    }
}

/// The requirements that keep an installer from versions that do not do, for `--fix-to`.
#[must_use]
pub fn constraints(reports: &[DistributionReport]) -> String {
    let mut lines: BTreeMap<&str, String> = BTreeMap::new();
    for report in reports {
        let fix = report.chosen.as_ref().and_then(|chosen| chosen.fix.as_ref());
        if let (Some(name), Some(nearest)) =
            (&report.distribution.name, fix.and_then(|fix| fix.nearest.as_ref()))
        {
            lines.insert(name, format!("{name}>={nearest}  # instead of {}\n", report.distribution));
        }
    }
    lines.into_values().collect()
}

/// Where a distribution that was chosen does not do. What could not be read is no reason to look for another version.
fn failing_contexts(report: &DistributionReport) -> impl Iterator<Item = Context> {
    let fails = |judgement: &Judgement| {
        judgement.verdict > Verdict::GilFree && !matches!(judgement.reason, Reason::Unread(_))
    };
    let targets = report.verdicts.iter().filter(move |(_, judgement)| fails(judgement));
    report.platform().into_iter().flat_map(move |platform| {
        targets.clone().map(move |(target, _)| Context { target: *target, platform })
    })
}

/// The search for one distribution.
struct Search<'a> {
    index: &'a Index,
    name: &'a str,
    /// Where another version has to do.
    contexts: &'a [Context],
}

/// What has been read.
#[derive(Default)]
struct Read {
    ready: BTreeMap<usize, bool>,
    incomplete: Option<String>,
}

impl Search<'_> {
    /// None where another version is no way out: the one that is wanted does not exist, or only its hash does not fit.
    fn run(&self, version: Option<&str>, is_refused: bool) -> Option<Fix> {
        let fix = Fix { nearest: None, lowest: None, newest: None, looked_at: 0, incomplete: None };
        let releases = match self.index.versions(self.name) {
            Ok(releases) => releases,
            Err(error) => {
                let why = error.note().why;
                let why = why.lines().next().unwrap_or_default();
                return Some(Fix { incomplete: Some(format!("the index could not be read: {why}")), ..fix });
            }
        };
        let position = releases.iter().position(|release| Some(release.version.as_str()) == version);
        if version.is_some()
            && position.is_none_or(|position| is_refused && self.has_wheels(&releases[position]))
        {
            return None;
        }
        let asks_early = position.is_some_and(|position| releases[position].is_prerelease);
        let newest = releases.iter().rev().find(|release| asks_early || !release.is_prerelease);
        let fix = Fix { newest: newest.map(|release| release.version.clone()), ..fix };
        // Where no version was named, any may do.
        let start = position.map_or(0, |position| position + 1);
        let is_candidate = |(_, release): &(usize, &Release)| {
            !release.is_yanked && (asks_early || !release.is_prerelease) && self.has_wheels(release)
        };
        let candidates: Vec<usize> =
            releases.iter().enumerate().filter(is_candidate).map(|(index, _)| index).collect();
        let (older, newer): (Vec<usize>, Vec<usize>) =
            candidates.into_iter().partition(|index| *index < start);
        let mut read = Read::default();
        let nearest = self.first_ready(&newer, &releases, &mut read);
        let older: Vec<usize> = older.into_iter().filter(|index| Some(*index) != position).collect();
        let lowest = self.first_ready(&older, &releases, &mut read).or(nearest);
        let named = |index: Option<usize>| index.map(|index| releases[index].version.clone());
        Some(Fix {
            nearest: named(nearest),
            lowest: named(lowest),
            looked_at: read.ready.len(),
            incomplete: read.incomplete,
            ..fix
        })
    }

    /// The first of some versions that is ready: each is read where they are few. Where they are many, the last is read
    /// first, and between a version that is not ready and one that is the middle, until they are neighbours.
    fn first_ready(&self, versions: &[usize], releases: &[Release], read: &mut Read) -> Option<usize> {
        if versions.len() <= MAX_READ {
            return versions.iter().copied().find(|index| self.is_ready(*index, releases, read));
        }
        let (mut low, mut high) = (0, versions.len() - 1);
        read.incomplete.get_or_insert_with(|| "not every version was read".to_owned());
        if !self.is_ready(versions[high], releases, read) {
            return versions[..MAX_READ].iter().copied().find(|index| self.is_ready(*index, releases, read));
        }
        if self.is_ready(versions[low], releases, read) {
            return Some(versions[low]);
        }
        while high - low > 1 {
            let middle = low.midpoint(high);
            if self.is_ready(versions[middle], releases, read) {
                high = middle;
            } else {
                low = middle;
            }
        }
        Some(versions[high])
    }

    fn want(&self, release: &Release) -> Want {
        Want {
            name: self.name.to_owned(),
            version: Some(release.version.clone()),
            source: Source::Index,
            hashes: Vec::new(),
            contexts: self.contexts.to_vec(),
            said_by: String::new(),
            chain: Vec::new(),
        }
    }

    /// Whether an installer would take a wheel everywhere: told without reading any.
    fn has_wheels(&self, release: &Release) -> bool {
        let want = self.want(release);
        let is_wheel =
            |context: &Context| matches!(self.index.choose(&want, *context).taken, Taken::Wheel(_));
        self.contexts.iter().all(is_wheel)
    }

    /// Whether its wheels leave the GIL off everywhere.
    fn is_ready(&self, index: usize, releases: &[Release], read: &mut Read) -> bool {
        if let Some(known) = read.ready.get(&index) {
            return *known;
        }
        let want = self.want(&releases[index]);
        let is_ready = |context: &Context| self.is_ready_on(&want, *context).unwrap_or(false);
        let is_ready = self.contexts.iter().all(is_ready);
        read.ready.insert(index, is_ready);
        is_ready
    }

    /// None where that cannot be told, which is not ready either.
    fn is_ready_on(&self, want: &Want, context: Context) -> Option<bool> {
        let Taken::Wheel(file) = self.index.choose(want, context).taken else { return None };
        let fetched = self.index.fetch(&file, &[], false).ok()?;
        let scope = Scope { targets: &[context.target], verify_hashes: false, measured: None, memory: None };
        let unseen = Progress::new(false);
        let (_, mut reports, notes) = audit_fetched(self.index, &fetched.path, scope, &unseen);
        for report in &mut reports {
            narrow::to_platform(report, context.platform);
        }
        let mut all: Vec<&mut DistributionReport> = reports.iter_mut().collect();
        assess::settle(&mut all);
        reports.iter_mut().for_each(super::judge);
        let verdicts = reports.iter().flat_map(|report| report.verdicts.values());
        let worst = verdicts.map(|judgement| judgement.verdict).max()?;
        Some(worst <= Verdict::GilFree && !notes.iter().any(|note| note.unread))
    }
}
