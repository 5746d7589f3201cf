//! Records -> whether they hold: the wheels that are at hand are measured again.

use super::{audited, say};
use crate::Error;
use crate::acquire::index;
use crate::audit::known;
use crate::db::Databases;
use crate::model::{Basis, KnownStatus, Proof, Record, Report, Target, Verification};
use crate::plan::VerifyPlan;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// A measured record, and where its wheel lies.
struct AtHand {
    package: String,
    record: Record,
    path: PathBuf,
}

/// Walks all records.
///
/// # Errors
/// When a database cannot be read, or the system refuses threads.
pub fn verify(plan: &VerifyPlan) -> Result<Verification, Error> {
    let databases = Databases::open(&plan.database.paths, plan.database.embedded)?;
    let mut verification = Verification::default();
    let mut at_hand: Vec<AtHand> = Vec::new();
    for package in databases.packages() {
        for (_, record) in databases.records(&package)? {
            verification.records += 1;
            match (&record.proof, record.basis, path(&record, plan)) {
                (Proof::Listing(_), ..) => verification.listed += 1,
                (_, Basis::Measured, Some(path)) => {
                    at_hand.push(AtHand { package: package.clone(), record, path });
                }
                (_, Basis::Measured, None) => verification.absent += 1,
                _ => {}
            }
        }
    }
    let threads = plan.jobs.map_or(0, std::num::NonZeroUsize::get);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let changed: BTreeSet<PathBuf> = pool
        .install(|| at_hand.par_iter().filter(|one| is_another(one)).map(|one| one.path.clone()).collect());
    let found = found(&at_hand, plan)?;
    for one in &at_hand {
        if changed.contains(&one.path) {
            let why = format!("{} has another SHA-256 than its record", one.path.display());
            verification.differing.push(why);
            continue;
        }
        match differs(one, &found) {
            None => verification.agreeing += 1,
            Some(why) => verification.differing.push(why),
        }
    }
    Ok(verification)
}

/// Where a record's wheel lies: in a folder that was named, or in the cache.
fn path(record: &Record, plan: &VerifyPlan) -> Option<PathBuf> {
    let wheel = record.wheel()?;
    let named = plan.wheels.iter().map(|folder| folder.join(&wheel.file)).find(|path| path.is_file());
    named.or_else(|| index::kept(plan.cache.as_deref(), &wheel.file, &wheel.sha256))
}

fn is_another(one: &AtHand) -> bool {
    let measured = one.record.wheel().map(|wheel| &wheel.sha256);
    known::hash(&one.path).ok().as_ref() != measured
}

/// What each target makes of the wheels that have a record for it.
fn found(at_hand: &[AtHand], plan: &VerifyPlan) -> Result<BTreeMap<Target, Report>, Error> {
    let mut found = BTreeMap::new();
    for target in Target::ALL {
        let wheels: BTreeSet<PathBuf> =
            at_hand.iter().filter(|one| one.record.is_about(target)).map(|one| one.path.clone()).collect();
        if !wheels.is_empty() {
            found.insert(target, audited(wheels.into_iter().collect(), vec![target], None, plan.jobs)?);
        }
    }
    Ok(found)
}

/// What is wrong with a record; none where all that it says is found again. That a wheel crashes shows only when it is run.
fn differs(one: &AtHand, found: &BTreeMap<Target, Report>) -> Option<String> {
    let wheel = one.record.wheel()?;
    for target in &one.record.targets {
        let is_it = |report: &&Report| {
            report.distributions.iter().any(|other| other.distribution.source == wheel.file)
        };
        let Some(report) = found.get(target).filter(is_it) else {
            return Some(format!("{}: {} cannot be read", one.package, wheel.file));
        };
        let of_wheel = report.distributions.iter().find(|other| other.distribution.source == wheel.file)?;
        let status = match say(report, of_wheel, *target) {
            Ok(said) if wheel.clean && !said.clean => {
                return Some(format!("{}: {} is not `clean`", one.package, wheel.file));
            }
            Ok(said) => said.status,
            Err(why) => return Some(format!("{}: {} under {target}: {why}", one.package, wheel.file)),
        };
        if status != one.record.status && one.record.status != KnownStatus::Crashes {
            return Some(format!(
                "{}: {} {} under {target}, and its record says that it {}",
                one.package,
                wheel.file,
                status.words(),
                one.record.status.words()
            ));
        }
        if of_wheel.modules.len() != wheel.modules {
            let (found, said) = (of_wheel.modules.len(), wheel.modules);
            return Some(format!(
                "{}: {} has {found} modules, and its record says {said}",
                one.package, wheel.file
            ));
        }
    }
    None
}
