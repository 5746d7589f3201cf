//! `stale-record`: what is known is old, and about older versions.

use super::{Check, Rule};
use crate::assess::statements;
use crate::model::{Audience, Bearing, DistributionReport, Finding, Known, Level, STALE, Severity};

pub(super) const RULE: Rule = Rule {
    id: "stale-record",
    severity: Severity::Info,
    level: Level::Warn,
    explain: "What the database says of it is old, and there is a newer version

Every record of this package was checked more than 180 days ago, and a version
is there that is newer than those that they are about. Nothing is wrong with the
package: what is known of it may have been overtaken.

`ftaudit db refresh NAME --db FOLDER` measures it again.",
    check: Check::Package(check),
};

fn check(reports: &[&DistributionReport], audience: Audience) -> Option<Finding> {
    // The newer version is the one that is about to be published.
    if audience == Audience::Publisher {
        return None;
    }
    let stale: Vec<&DistributionReport> = reports.iter().copied().filter(|one| is_overtaken(one)).collect();
    let first = *stale.first()?;
    let known = youngest(first)?;
    let name = first.distribution.name.as_deref()?;
    let there = match &first.newest {
        Some(newest) => format!("{name} {newest} is there"),
        None => format!("{} is newer than what it is about", first.distribution),
    };
    let message = format!("what the database says of {name} was checked {} days ago, and {there}", known.age);
    let finding = RULE.of_package(&stale, message, "measure it again: ftaudit db refresh")?;
    let met: Vec<_> = statements::met(&stale).into_iter().filter(|met| met.known == known).collect();
    Some(Finding { evidence: statements::evidence(&met), ..finding })
}

/// What was checked last of all that names versions.
fn youngest(report: &DistributionReport) -> Option<&Known> {
    let named = report.known.iter().filter(|known| known.bearing != Bearing::Unsaid);
    named.min_by_key(|known| known.age)
}

fn is_overtaken(report: &DistributionReport) -> bool {
    let mut named = report.known.iter().filter(|known| known.bearing != Bearing::Unsaid);
    let mut is_newer = || named.all(|known| known.bearing == Bearing::Earlier);
    youngest(report).is_some_and(|known| known.age > STALE) && (report.newest.is_some() || is_newer())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Basis, KnownStatus, Verdict, made_up};

    fn found(known: &[(i64, Bearing)], newest: Option<&str>) -> Option<String> {
        let mut report = made_up::report_of(&[Verdict::GilFree]).distributions.remove(0);
        report.newest = newest.map(str::to_owned);
        let record = |(age, bearing): &(i64, Bearing)| {
            let known = made_up::known(KnownStatus::GilFree, Basis::Measured, bearing.clone());
            Known { age: *age, ..known }
        };
        report.known = known.iter().map(record).collect();
        check(&[&report], Audience::User).map(|finding| finding.message)
    }

    #[test]
    fn old_and_overtaken() {
        assert_eq!(
            found(&[(181, Bearing::Earlier), (300, Bearing::Earlier)], None).unwrap(),
            "what the database says of gil-free was checked 181 days ago, and gil-free 1.0 is newer than what it is \
             about"
        );
        assert_eq!(
            found(&[(200, Bearing::This)], Some("1.1")).unwrap(),
            "what the database says of gil-free was checked 200 days ago, and gil-free 1.1 is there"
        );
    }

    #[test]
    fn who_publishes_a_version_is_not_told_that_it_is_newer() {
        let mut report = made_up::report_of(&[Verdict::GilFree]).distributions.remove(0);
        let known = made_up::known(KnownStatus::GilFree, Basis::Measured, Bearing::Earlier);
        report.known = vec![Known { age: 181, ..known }];
        assert!(check(&[&report], Audience::User).is_some());
        assert_eq!(check(&[&report], Audience::Publisher), None);
    }

    #[test]
    fn not_where_it_is_young_or_nothing_newer_is_known() {
        assert_eq!(found(&[(180, Bearing::Earlier)], None), None);
        assert_eq!(found(&[(181, Bearing::Earlier), (3, Bearing::Earlier)], None), None);
        assert_eq!(found(&[(181, Bearing::This)], None), None);
        assert_eq!(found(&[(181, Bearing::Earlier), (181, Bearing::This)], None), None);
        assert_eq!(found(&[(181, Bearing::Unsaid)], Some("1.1")), None);
        assert_eq!(found(&[], Some("1.1")), None);
    }
}
