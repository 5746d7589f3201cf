//! What databases say, laid beside what was audited.

use super::Audited;
use super::wanted::Wanted;
use crate::Error;
use crate::acquire::index::Release;
use crate::db::{self, Databases};
use crate::model::{
    Artifact, ArtifactKind, Basis, Bearing, Distribution, DistributionReport, Known, KnownStatus, Platform,
    Record, STALE, Verdict, tags,
};
use crate::policy;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Notes in each report what is known of it for its targets and its platform.
///
/// # Errors
/// When a record of the embedded database cannot be read.
pub(super) fn join<'a>(
    databases: &Databases,
    reports: impl Iterator<Item = &'a mut DistributionReport>,
    wanted: Option<&Wanted>,
) -> Result<(), Error> {
    let today = policy::today();
    for report in reports {
        let Distribution { name: Some(name), version, .. } = &report.distribution else { continue };
        let mut known = databases.known(name, version.as_deref(), today)?;
        let platforms = platforms(report);
        known.retain(|known| is_about(&known.record, report, &platforms));
        report.newest = newest(name, version.as_deref(), &known, wanted);
        report.known = known;
    }
    Ok(())
}

/// Tells of the wheels that a measurement belies whether they are the very files that were measured.
pub(super) fn identify(audited: &mut [Audited]) {
    for (artifact, reports) in audited {
        for report in reports {
            let mut own = None;
            for index in 0..report.known.len() {
                let Some(known) = report.known.get(index).filter(|known| is_belied(known, report)) else {
                    continue;
                };
                let Some(wheel) =
                    known.record.wheel().filter(|wheel| is_named(artifact, report, &wheel.file))
                else {
                    continue;
                };
                let own: &Option<String> = own.get_or_insert_with(|| sha256(artifact, report));
                let is_same = own.as_ref().map(|sha256| *sha256 == wheel.sha256);
                if let Some(known) = report.known.get_mut(index) {
                    known.same_file = is_same;
                }
            }
        }
    }
}

/// Whether a measurement says something else than what was found.
fn is_belied(known: &Known, report: &DistributionReport) -> bool {
    known.record.basis == Basis::Measured
        && report.verdicts.iter().any(|(target, judged)| {
            let pair = (known.record.status, judged.verdict);
            known.applies(*target)
                && matches!(
                    pair,
                    (KnownStatus::GilFree, Verdict::RequiresGil)
                        | (KnownStatus::RequiresGil, Verdict::GilFree)
                )
        })
}

fn is_named(artifact: &Artifact, report: &DistributionReport, file: &str) -> bool {
    match &report.chosen {
        Some(chosen) => chosen.file.as_deref() == Some(file),
        None => {
            artifact.kind == ArtifactKind::Wheel && artifact.path.file_name().is_some_and(|name| name == file)
        }
    }
}

/// Of a wheel that came from an index, and maybe in parts, what the index says.
fn sha256(artifact: &Artifact, report: &DistributionReport) -> Option<String> {
    match &report.chosen {
        Some(chosen) => chosen.sha256.clone(),
        None => hash(&artifact.path).ok(),
    }
}

/// Bytes that are read and hashed at a time.
const PART: usize = 1 << 16;

/// The SHA-256 of a file in lower-case hexadecimal.
pub(super) fn hash(path: &Path) -> io::Result<String> {
    let (mut file, mut hasher) = (File::open(path)?, Sha256::new());
    let mut part = vec![0; PART];
    loop {
        match file.read(&mut part)? {
            0 => return Ok(HEXLOWER.encode(&hasher.finalize())),
            length => hasher.update(part.get(..length).unwrap_or_default()),
        }
    }
}

fn is_about(record: &Record, report: &DistributionReport, platforms: &[Platform]) -> bool {
    let about_platform =
        record.platforms.is_empty() || record.platforms.iter().any(|one| platforms.contains(one));
    about_platform && report.verdicts.keys().any(|target| record.is_about(*target))
}

/// What it was chosen for, or else what its tags name.
fn platforms(report: &DistributionReport) -> Vec<Platform> {
    if let Some(platform) = report.platform() {
        return vec![platform];
    }
    let tags = &report.distribution.tags;
    let is_for = |platform: &Platform| tags.iter().any(|tag| tags::is_for(tag, *platform));
    Platform::ALL.into_iter().filter(is_for).collect()
}

/// The newest release, where all that is known is old and that one is later than the audited version. An index is asked
/// only where it is for suggestions too.
fn newest(name: &str, version: Option<&str>, known: &[Known], wanted: Option<&Wanted>) -> Option<String> {
    let mut named = known.iter().filter(|known| known.bearing != Bearing::Unsaid).peekable();
    named.peek()?;
    let (wanted, version) = (wanted.filter(|wanted| wanted.is_from_index(name))?, version?);
    if named.any(|known| known.age <= STALE) {
        return None;
    }
    let releases = wanted.index.versions(name).ok()?;
    let usual = |release: &&Release| !release.is_prerelease && !release.is_yanked;
    let newest = releases.iter().rev().find(usual)?;
    db::is_later(&newest.version, version).then(|| newest.version.clone())
}
