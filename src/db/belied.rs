//! Claims and measurements side by side: whether what somebody says is measured otherwise.

use super::versions;
use crate::model::{Basis, Bearing, KnownStatus, Record};

/// Whether one of the records measures what another one says, and comes to something else.
pub(super) fn is_belied(said: &Record, records: &[(&str, Record)]) -> bool {
    said.basis != Basis::Measured && records.iter().any(|(_, measured)| belies(measured, said))
}

fn belies(measured: &Record, said: &Record) -> bool {
    use KnownStatus::{Crashes, GilFree, NoWheel, RequiresGil};
    let is_other = match said.status {
        GilFree => matches!(measured.status, RequiresGil | Crashes),
        RequiresGil => measured.status == GilFree,
        NoWheel => matches!(measured.status, GilFree | RequiresGil | Crashes),
        // That a wheel left the GIL off, or was imported without a crash, does not show that it never races or crashes.
        _ => false,
    };
    let version = measured.versions.as_deref().and_then(|text| text.strip_prefix("=="));
    measured.basis == Basis::Measured
        && is_other
        && versions::bearing(said.versions.as_deref(), version) == Bearing::This
        && overlap(&measured.targets, &said.targets)
        && overlap(&measured.platforms, &said.platforms)
}

/// No names stand for all.
pub(super) fn overlap<T: PartialEq>(one: &[T], other: &[T]) -> bool {
    one.is_empty() || other.is_empty() || one.iter().any(|name| other.contains(name))
}
