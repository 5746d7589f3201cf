//! Records -> whether they hold: the wheels that are at hand are measured again.

use super::{audited, say};
use crate::Error;
use crate::acquire::index;
use crate::audit::known;
use crate::db::Databases;
use crate::model::{
    Basis, DistributionReport, KnownStatus, Proof, Record, Report, Target, Verdict, Verification,
};
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
        match held(one, &found) {
            Held::Agrees => verification.agreeing += 1,
            Held::OnlyAnImportTells => verification.imported += 1,
            Held::Differs(why) => verification.differing.push(why),
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

/// How a record stands beside what its wheel is found to be.
enum Held {
    Agrees,
    /// What it says was seen when the wheel was imported, and decoding alone leaves open.
    OnlyAnImportTells,
    /// A sentence.
    Differs(String),
}

/// Holds a record against its wheel, under each of its targets. That a wheel crashes shows only when it is run.
fn held(one: &AtHand, found: &BTreeMap<Target, Report>) -> Held {
    let Some(wheel) = one.record.wheel() else { return Held::Agrees };
    for target in &one.record.targets {
        let is_it = |other: &&DistributionReport| other.distribution.source == wheel.file;
        let report_of = found
            .get(target)
            .and_then(|report| report.distributions.iter().find(is_it).map(|of_wheel| (report, of_wheel)));
        let Some((report, of_wheel)) = report_of else {
            return Held::Differs(format!("{}: {} cannot be read", one.package, wheel.file));
        };
        let is_open = of_wheel.verdicts.get(target).is_some_and(|it| it.verdict == Verdict::Undetermined);
        if of_wheel.modules.len() != wheel.modules {
            let (found, said) = (of_wheel.modules.len(), wheel.modules);
            return Held::Differs(format!(
                "{}: {} has {found} modules, and its record says {said}",
                one.package, wheel.file
            ));
        }
        match say(report, of_wheel, *target) {
            Err(_) if is_open && wheel.interpreter.is_some() => return Held::OnlyAnImportTells,
            Err(why) => {
                return Held::Differs(format!("{}: {} under {target}: {why}", one.package, wheel.file));
            }
            Ok(said) if wheel.clean && !said.clean => {
                return Held::Differs(format!("{}: {} is not `clean`", one.package, wheel.file));
            }
            Ok(said) if said.status != one.record.status && one.record.status != KnownStatus::Crashes => {
                return Held::Differs(format!(
                    "{}: {} {} under {target}, and its record says that it {}",
                    one.package,
                    wheel.file,
                    said.status.words(),
                    one.record.status.words()
                ));
            }
            Ok(_) => {}
        }
    }
    Held::Agrees
}
