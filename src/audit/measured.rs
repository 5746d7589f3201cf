//! Wheels that need no decoding, because the very file was measured before (`--skip-measured`).
//!
//! A decoded wheel tells more than a record keeps: addresses, the tool that made a module, what it was built for. So this is
//! done only where it is asked for, and only for files whose record says that decoding them tells little but that every
//! module leaves the GIL off: no rule found anything but leads, and nothing else depends on what they show. What is skipped is
//! said in a note and in the reason of each module.

use super::known;
use super::modules::Scope;
use crate::db::Databases;
use crate::model::{
    Artifact, ArtifactKind, Evidence, EvidenceKind, Judgement, Member, ModuleName, ModuleReport, Note,
    Reason, Record, Target, Verdict, WheelName, normalise,
};
use std::collections::BTreeMap;

/// One in ten of the files that could be skipped is decoded all the same: those whose SHA-256 starts with a byte below this.
/// It is always the same files, so that two runs over the same input say the same.
const SAMPLE: u8 = 26;

/// What was measured of a wheel, for each target.
pub(super) struct Measured {
    records: BTreeMap<Target, Record>,
    /// How many modules it has.
    pub modules: usize,
}

/// What is known of a wheel, where that is as good as decoding it. The file is hashed only if a record names it.
pub(super) fn of(artifact: &Artifact, scope: &Scope<'_>) -> Option<Measured> {
    let databases =
        scope.measured.filter(|_| artifact.kind == ArtifactKind::Wheel && !scope.verify_hashes)?;
    let file = artifact.path.file_name()?.to_str()?;
    let name: WheelName = file.parse().ok()?;
    let records = usable(databases, &normalise(&name.distribution), file, scope.targets)?;
    let wheel = records.values().next()?.wheel()?;
    let is_in_sample = u8::from_str_radix(wheel.sha256.get(..2)?, 16).ok()? < SAMPLE;
    let is_same = || known::hash(&artifact.path).is_ok_and(|sha256| sha256 == wheel.sha256);
    (!is_in_sample && is_same()).then(|| Measured { modules: wheel.modules, records: records.clone() })
}

/// A record for each target, all of the same bytes and by this version of the program: another one may find more.
fn usable(
    databases: &Databases,
    package: &str,
    file: &str,
    targets: &[Target],
) -> Option<BTreeMap<Target, Record>> {
    let known = databases.measured(package, file).ok()?;
    let is_usable = |record: &&Record| {
        record.wheel().is_some_and(|wheel| wheel.clean && wheel.tool == env!("CARGO_PKG_VERSION"))
    };
    let of = |target: &Target| {
        let record = known.iter().filter(is_usable).find(|record| record.is_about(*target))?;
        Some((*target, record.clone()))
    };
    let records: BTreeMap<Target, Record> = targets.iter().map(of).collect::<Option<_>>()?;
    let mut hashes = records.values().filter_map(|record| record.wheel()).map(|wheel| &wheel.sha256);
    let first = hashes.next()?;
    hashes.all(|sha256| sha256 == first).then_some(records)
}

impl Measured {
    /// A module of such a wheel.
    pub(super) fn module(&self, member: &Member) -> ModuleReport {
        let judge = |(target, record): (&Target, &Record)| {
            let checked = record.checked.clone();
            let evidence = vec![Evidence::new(EvidenceKind::Database, record.proof.to_string())];
            let reason = Reason::Measured { checked };
            (*target, Judgement { verdict: Verdict::GilFree, reason, evidence })
        };
        ModuleReport {
            name: ModuleName::of_member(&member.path),
            member: member.clone(),
            facts: None,
            hashed: None,
            verdicts: self.records.iter().map(judge).collect(),
            runtime: BTreeMap::new(),
        }
    }

    /// That it was skipped.
    pub(super) fn note(source: &str) -> Note {
        Note::told(source, "was not decoded: the database has measured this very file (--skip-measured)")
    }
}
