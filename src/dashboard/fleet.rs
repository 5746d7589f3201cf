//! All reports together: which services there are, how ready they were when, and what holds back most of them.

use super::read::{Audit, Held};
use super::status::{Status, Tally};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};

/// The services of a folder, by name.
#[derive(Debug, Default)]
pub(super) struct Fleet {
    services: BTreeMap<String, Service>,
}

/// One service and its reports.
#[derive(Debug, Default)]
pub(super) struct Service {
    /// By time; of reports of the same time the one of the later file name counts for more.
    pub(super) audits: BTreeMap<Key, Summary>,
    /// For each target what the newest report that was made for it holds against it; of older ones that is not kept, since
    /// there may be years of them.
    newest: BTreeMap<String, Newest>,
}

/// When a report was made, and its file.
pub(super) type Key = (Timestamp, String);

/// What is kept of the newest report for a target.
#[derive(Debug)]
struct Newest {
    key: Key,
    held: Vec<Held>,
}

/// What is kept of every report.
#[derive(Debug, Clone)]
pub(super) struct Summary {
    pub(super) targets: BTreeMap<String, (Status, Tally)>,
    pub(super) unread: usize,
}

/// How many were how ready on a day.
pub(super) type Day = (Date, Tally);

/// A distribution that holds back services on one target, by their newest reports.
#[derive(Debug, Default)]
pub(super) struct Blocker {
    /// Of each service what its report says.
    pub(super) services: BTreeMap<String, Held>,
    /// Services that nothing else keeps from being ready.
    pub(super) alone: usize,
}

impl Fleet {
    pub(super) fn is_empty(&self) -> bool {
        self.services.is_empty()
    }

    /// By name.
    pub(super) fn services(&self) -> impl Iterator<Item = (&str, &Service)> {
        self.services.iter().map(|(name, service)| (name.as_str(), service))
    }

    pub(super) fn add(&mut self, service: String, file: String, audit: Audit) {
        let service = self.services.entry(service).or_default();
        let key = (audit.at, file);
        let told =
            |target: &String| Some((target.clone(), (audit.status(target)?, *audit.targets.get(target)?)));
        let targets: BTreeMap<_, _> = audit.targets.keys().filter_map(told).collect();
        let mut held: BTreeMap<String, Vec<Held>> = BTreeMap::new();
        for one in audit.held {
            held.entry(one.target.clone()).or_default().push(one);
        }
        for target in targets.keys() {
            if service.newest.get(target).is_none_or(|newest| newest.key <= key) {
                let held = held.remove(target).unwrap_or_default();
                service.newest.insert(target.clone(), Newest { key: key.clone(), held });
            }
        }
        service.audits.insert(key, Summary { targets, unread: audit.unread });
    }

    /// Every target that a report was made for.
    pub(super) fn targets(&self) -> Vec<String> {
        let summaries = self.services.values().flat_map(|service| service.audits.values());
        let targets: BTreeSet<&String> = summaries.flat_map(|summary| summary.targets.keys()).collect();
        targets.into_iter().cloned().collect()
    }

    /// How many reports there are.
    pub(super) fn reports(&self) -> usize {
        self.services.values().map(|service| service.audits.len()).sum()
    }

    /// When the newest report was made.
    pub(super) fn newest(&self) -> Option<Timestamp> {
        self.services.values().filter_map(Service::newest).max()
    }

    /// How ready the services were at the end of each day that there is a report of: each service by its newest report
    /// until then, and not at all before its first.
    pub(super) fn days(&self, target: &str) -> Vec<Day> {
        let mut events: Vec<(&Key, &str, Status)> = Vec::new();
        for (name, service) in self.services() {
            for (key, summary) in &service.audits {
                events.extend(summary.targets.get(target).map(|(status, _)| (key, name, *status)));
            }
        }
        events.sort_unstable();
        let mut now: BTreeMap<&str, Status> = BTreeMap::new();
        let mut tally = Tally::default();
        let mut days: Vec<Day> = Vec::new();
        for ((at, _), name, status) in events {
            if let Some(before) = now.insert(name, status) {
                tally.remove(before);
            }
            tally.add(status);
            on_day(&mut days, *at, tally);
        }
        days
    }

    /// What holds back services on a target, by name; by the newest report of each service that was made for it.
    pub(super) fn blockers(&self, target: &str) -> BTreeMap<&str, Blocker> {
        let mut blockers: BTreeMap<&str, Blocker> = BTreeMap::new();
        for (name, service) in self.services() {
            let held = service.newest.get(target).map_or(&[][..], |newest| &newest.held);
            let is_alone = held.len() == 1 && service.unread(target) == 0;
            for one in held {
                let blocker = blockers.entry(&one.name).or_default();
                blocker.services.insert(name.to_owned(), one.clone());
                blocker.alone += usize::from(is_alone);
            }
        }
        blockers
    }
}

impl Service {
    /// When its newest report was made.
    pub(super) fn newest(&self) -> Option<Timestamp> {
        self.audits.last_key_value().map(|((at, _), _)| *at)
    }

    /// How ready it is on a target, by the newest report that was made for that.
    pub(super) fn now(&self, target: &str) -> Option<(Status, Tally)> {
        self.audits.get(&self.newest.get(target)?.key)?.targets.get(target).copied()
    }

    /// How many things the newest report for a target could not read.
    pub(super) fn unread(&self, target: &str) -> usize {
        let newest = self.newest.get(target).and_then(|newest| self.audits.get(&newest.key));
        newest.map_or(0, |summary| summary.unread)
    }

    /// What is not ready, target by target.
    pub(super) fn held(&self) -> impl Iterator<Item = &Held> {
        self.newest.values().flat_map(|newest| &newest.held)
    }

    /// How many distributions were how ready on each day that there is a report of.
    pub(super) fn days(&self, target: &str) -> Vec<Day> {
        let mut days: Vec<Day> = Vec::new();
        for ((at, _), summary) in &self.audits {
            if let Some((_, tally)) = summary.targets.get(target) {
                on_day(&mut days, *at, *tally);
            }
        }
        days
    }
}

/// What is known last of a day is what counts.
fn on_day(days: &mut Vec<Day>, at: Timestamp, tally: Tally) {
    let date = at.to_zoned(TimeZone::UTC).date();
    match days.last_mut() {
        Some(last) if last.0 == date => last.1 = tally,
        _ => days.push((date, tally)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: &str = "3.14t";

    fn audit(at: &str, verdicts: &[(&str, &str)]) -> Audit {
        let mut tally = Tally::default();
        let mut held = Vec::new();
        for (name, verdict) in verdicts {
            let status = Status::of_verdict(verdict);
            tally.add(status);
            if status > Status::Ready {
                held.push(Held {
                    target: TARGET.to_owned(),
                    name: (*name).to_owned(),
                    version: None,
                    verdict: (*verdict).to_owned(),
                    reason: String::new(),
                    fix: None,
                });
            }
        }
        let targets = BTreeMap::from([(TARGET.to_owned(), tally)]);
        Audit { at: at.parse().unwrap(), targets, unread: 0, held }
    }

    fn fleet() -> Fleet {
        let mut fleet = Fleet::default();
        let mut add = |service: &str, at: &str, verdicts: &[(&str, &str)]| {
            fleet.add(service.to_owned(), format!("{service}-{at}"), audit(at, verdicts));
        };
        // Not in the order of time.
        add("a", "2026-11-03T08:00:00Z", &[("lxml", "gil-free")]);
        add("a", "2026-11-01T08:00:00Z", &[("lxml", "requires-gil"), ("x", "undetermined")]);
        add("b", "2026-11-02T08:00:00Z", &[("lxml", "requires-gil")]);
        add("b", "2026-11-03T09:00:00Z", &[("lxml", "requires-gil"), ("x", "gil-free")]);
        add("c", "2026-11-03T23:00:00Z", &[("lxml", "requires-gil"), ("x", "undetermined")]);
        fleet
    }

    #[test]
    fn a_day_counts_what_was_known_at_its_end() {
        let days = fleet().days(TARGET);
        let told: Vec<_> = days
            .iter()
            .map(|(date, tally)| (date.day(), Status::ALL.map(|status| tally.count(status))))
            .collect();
        assert_eq!(told, [(1, [0, 0, 1]), (2, [0, 0, 2]), (3, [1, 0, 2])]);
        assert_eq!(fleet().days("3.15t"), []);
    }

    #[test]
    fn a_newer_report_for_another_target_does_not_make_one_ready() {
        let mut fleet = fleet();
        let mut other = audit("2026-11-20T08:00:00Z", &[]);
        other.targets = BTreeMap::from([("3.15t".to_owned(), Tally::default())]);
        fleet.add("c".to_owned(), "c-3.15t".to_owned(), other);
        let service = &fleet.services["c"];
        assert_eq!(service.now(TARGET).map(|(status, _)| status), Some(Status::HeldBack));
        assert_eq!(service.now("3.15t").map(|(status, _)| status), Some(Status::Unknown));
        assert_eq!(service.held().count(), 2);
        assert!(fleet.blockers(TARGET)["lxml"].services.contains_key("c"));
    }

    #[test]
    fn only_the_newest_reports_tell_what_holds_back() {
        let fleet = fleet();
        let blockers = fleet.blockers(TARGET);
        let told: Vec<_> = blockers
            .iter()
            .map(|(name, blocker)| {
                (*name, blocker.services.keys().map(String::as_str).collect::<Vec<_>>(), blocker.alone)
            })
            .collect();
        assert_eq!(told, [("lxml", vec!["b", "c"], 1), ("x", vec!["c"], 0)]);
    }
}
