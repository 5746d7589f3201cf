//! Old records that new ones take the place of.

use crate::model::{Basis, Platform, Record, Target};

/// What was measured: a version, for every pair of these.
pub(super) struct Scope<'a> {
    pub version: &'a str,
    pub targets: &'a [Target],
    pub platforms: &'a [Platform],
}

/// The old records without what was measured again. What others say stays.
pub(super) fn without(old: Vec<Record>, scope: &Scope<'_>) -> Vec<Record> {
    let versions = format!("=={}", scope.version);
    let left = |record: Record| {
        if record.basis == Basis::Measured && record.versions.as_deref() == Some(&versions) {
            rest(&record, scope)
        } else {
            vec![record]
        }
    };
    old.into_iter().flat_map(left).collect()
}

/// A record without the targets that were measured on all of its platforms; of the others those platforms that were not.
fn rest(record: &Record, scope: &Scope<'_>) -> Vec<Record> {
    let platforms = if record.platforms.is_empty() { &Platform::ALL[..] } else { &record.platforms };
    let elsewhere: Vec<Platform> =
        platforms.iter().copied().filter(|platform| !scope.platforms.contains(platform)).collect();
    let (again, others): (Vec<Target>, Vec<Target>) =
        record.targets.iter().copied().partition(|target| scope.targets.contains(target));
    let mut left = Vec::new();
    if !others.is_empty() {
        left.push(Record { targets: others, ..record.clone() });
    }
    if !again.is_empty() && !elsewhere.is_empty() {
        left.push(Record { targets: again, platforms: elsewhere, ..record.clone() });
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Bearing, KnownStatus, made_up};
    use Platform::{LinuxX86_64, MacosArm64};
    use Target::{Py314t, Py315t};

    fn record(targets: &[Target], platforms: &[Platform]) -> Record {
        let known = made_up::known(KnownStatus::GilFree, Basis::Measured, Bearing::This);
        let versions = Some("==1.0".to_owned());
        Record { versions, targets: targets.to_vec(), platforms: platforms.to_vec(), ..known.record }
    }

    #[test]
    fn only_what_was_measured_again_goes() {
        let scope = Scope { version: "1.0", targets: &[Py314t], platforms: &[LinuxX86_64] };
        let left = |record: Record| {
            let left = without(vec![record], &scope);
            left.into_iter().map(|record| (record.targets, record.platforms)).collect::<Vec<_>>()
        };
        assert_eq!(left(record(&[Py314t], &[LinuxX86_64])), []);
        assert_eq!(left(record(&[Py315t], &[LinuxX86_64])), [(vec![Py315t], vec![LinuxX86_64])]);
        assert_eq!(
            left(record(&[Py314t, Py315t], &[LinuxX86_64, MacosArm64])),
            [(vec![Py315t], vec![LinuxX86_64, MacosArm64]), (vec![Py314t], vec![MacosArm64])]
        );
        let all_but_one = Platform::ALL[1..].to_vec();
        assert_eq!(left(record(&[Py314t], &[])), [(vec![Py314t], all_but_one)]);
        let other = Record { versions: Some("==0.9".to_owned()), ..record(&[Py314t], &[LinuxX86_64]) };
        assert_eq!(left(other).len(), 1);
        let claim = Record { basis: Basis::Claim, ..record(&[Py314t], &[LinuxX86_64]) };
        assert_eq!(left(claim).len(), 1);
    }
}
