//! What databases say of packages, made up.

use super::super::{Basis, Bearing, Known, KnownStatus, MeasuredWheel, Platform, Proof, Record, Target};

/// What a database might say, of version 1.0 and later where it names any.
pub(crate) fn known(status: KnownStatus, basis: Basis, bearing: Bearing) -> Known {
    let versions = match &bearing {
        Bearing::This => Some(">=1.0".to_owned()),
        Bearing::Later(version) => Some(format!(">={version}")),
        Bearing::Earlier => Some("==0.9".to_owned()),
        Bearing::Unsaid => None,
    };
    let record = Record {
        versions,
        targets: Vec::new(),
        platforms: Vec::new(),
        status,
        basis,
        proof: Proof::Said("an article".to_owned()),
        checked: "2026-11-21".to_owned(),
        note: None,
    };
    let database = "embedded".to_owned();
    Known { record, database, bearing, age: 0, same_file: None, belied: false }
}

/// A wheel of `lxml` that was measured.
pub(crate) fn measured() -> Known {
    let known = known(KnownStatus::RequiresGil, Basis::Measured, Bearing::This);
    let wheel = MeasuredWheel {
        file: "lxml-1.0-cp314-cp314t-manylinux_2_28_x86_64.whl".to_owned(),
        sha256: "5e".repeat(32),
        modules: 1,
        tool: "0.1.0".to_owned(),
        interpreter: Some("CPython 3.14.7t".to_owned()),
        clean: false,
    };
    let record = Record {
        versions: Some("==1.0".to_owned()),
        targets: vec![Target::Py314t],
        platforms: vec![Platform::LinuxX86_64],
        proof: Proof::Wheel(wheel),
        ..known.record
    };
    Known { record, ..known }
}
