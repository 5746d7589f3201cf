//! One report, down to what a dashboard shows of it.

use super::status::{Status, Tally};
use crate::saved::{self, Cause, SavedDistribution, SavedReport};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::path::Path;

/// Why a file is of no use.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    /// It is no report.
    #[error(transparent)]
    Saved(#[from] Cause),
    /// Reports of older versions have no date of their own.
    #[error("does not say when it was made\nhint: put the date into its name: NAME-2026-11-20.json")]
    Undated,
    /// Written by hand.
    #[error("says that it was made at `{0}`, which is no point in time")]
    Date(String),
}

/// What one report says.
#[derive(Debug, Clone)]
pub(super) struct Audit {
    pub(super) at: Timestamp,
    /// For each target how many distributions are how ready.
    pub(super) targets: BTreeMap<String, Tally>,
    /// How many things could not be read.
    pub(super) unread: usize,
    /// What is not ready.
    pub(super) held: Vec<Held>,
}

/// A distribution that is not ready, on one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) target: String,
    pub(super) name: String,
    pub(super) version: Option<String>,
    pub(super) verdict: String,
    pub(super) reason: String,
    /// The nearest version that would do, where the report tells one.
    pub(super) fix: Option<String>,
}

impl Audit {
    /// Whether the service is ready on a target; none where that was not asked.
    pub(super) fn status(&self, target: &str) -> Option<Status> {
        let status = self.targets.get(target)?.status();
        Some(if self.unread > 0 { status.max(Status::Unknown) } else { status })
    }
}

/// Reads a report; `named` is the date that its name has.
pub(super) fn read(path: &Path, named: Option<Date>) -> Result<Audit, ReadError> {
    let report = saved::read(path).map_err(|error| error.cause)?;
    let at = match (&report.created, named) {
        (Some(created), _) => created.parse().map_err(|_| ReadError::Date(created.clone()))?,
        (None, Some(date)) => start_of(date).ok_or(ReadError::Undated)?,
        (None, None) => return Err(ReadError::Undated),
    };
    Ok(audit(report, at))
}

fn start_of(date: Date) -> Option<Timestamp> {
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// A distribution stands in a report once for each platform: its worst counts.
fn audit(report: SavedReport, at: Timestamp) -> Audit {
    let mut worst: BTreeMap<(String, String), Held> = BTreeMap::new();
    for distribution in report.distributions {
        let SavedDistribution { name, version, source, fix, verdicts, reasons, .. } = distribution;
        let name = name.unwrap_or(source);
        let fix = fix.and_then(|fix| fix.nearest);
        for (target, verdict) in verdicts {
            let reason = reasons.get(&target).cloned().unwrap_or_default();
            let held = Held {
                target: target.clone(),
                name: name.clone(),
                version: version.clone(),
                verdict,
                reason,
                fix: fix.clone(),
            };
            let key = (target, name.clone());
            let status = |held: &Held| Status::of_verdict(&held.verdict);
            if worst.get(&key).is_none_or(|known| status(known) < status(&held)) {
                worst.insert(key, held);
            }
        }
    }
    let mut targets: BTreeMap<String, Tally> =
        report.targets.into_iter().map(|target| (target, Tally::default())).collect();
    for ((target, _), held) in &worst {
        targets.entry(target.clone()).or_default().add(Status::of_verdict(&held.verdict));
    }
    let held = worst.into_values().filter(|held| Status::of_verdict(&held.verdict) > Status::Ready);
    Audit {
        at,
        targets,
        unread: report.notes.iter().filter(|note| note.unread).count(),
        held: held.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"{
        "schema": "ftaudit/report/1", "tool": {"name": "ftaudit", "version": "9"}, "targets": ["3.14t"],
        "platforms": [], "findings": [], "distributions": [
            {"name": "lxml", "version": "6.1", "source": "a.whl", "fix": null,
             "verdicts": {"3.14t": "gil-free"}, "reasons": {"3.14t": "2 of 2 modules"}, "modules": []},
            {"name": "lxml", "version": "6.1", "source": "b.whl", "fix": {"nearest": "6.2", "lowest": "6.2"},
             "verdicts": {"3.14t": "requires-gil"}, "reasons": {"3.14t": "1 of 2 modules"}, "modules": []},
            {"name": null, "version": null, "source": "site-packages", "fix": null,
             "verdicts": {"3.14t": "invented"}, "reasons": {}, "modules": []}
        ],
        "notes": [{"about": "x.whl", "why": "is cut off", "unread": true}]
    }"#;

    fn read_text(text: &str, named: Option<Date>) -> Result<Audit, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        std::fs::write(&path, text).unwrap();
        read(&path, named).map_err(|why| why.to_string())
    }

    const NAMED: Option<Date> = Some(Date::constant(2026, 11, 20));

    #[test]
    fn of_several_platforms_the_worst_counts_and_an_unknown_verdict_is_no_good_news() {
        let audit = read_text(REPORT, NAMED).unwrap();
        assert_eq!(audit.at.to_string(), "2026-11-20T00:00:00Z");
        let tally = audit.targets["3.14t"];
        assert_eq!(Status::ALL.map(|status| tally.count(status)), [0, 1, 1]);
        assert_eq!(audit.status("3.14t"), Some(Status::HeldBack));
        assert_eq!(audit.status("3.15t"), None);
        let held: Vec<_> = audit.held.iter().map(|held| (held.name.as_str(), held.fix.as_deref())).collect();
        assert_eq!(held, [("lxml", Some("6.2")), ("site-packages", None)]);
    }

    #[test]
    fn what_was_not_read_is_not_ready() {
        let ready = r#"{"schema": "ftaudit/report/1", "created": "2026-11-20T10:00:00Z", "targets": ["3.14t"],
            "platforms": [], "findings": [], "distributions": [{"name": "a", "version": "1", "source": "a", "fix": null,
            "verdicts": {"3.14t": "gil-free"}, "reasons": {"3.14t": "1 module"}, "modules": []}],
            "notes": [UNREAD]}"#;
        let status = |note: &str| read_text(&ready.replace("UNREAD", note), None).unwrap().status("3.14t");
        assert_eq!(status(""), Some(Status::Ready));
        assert_eq!(status(r#"{"about": "x", "why": "y", "unread": false}"#), Some(Status::Ready));
        assert_eq!(status(r#"{"about": "x", "why": "y", "unread": true}"#), Some(Status::Unknown));
    }

    #[test]
    fn its_own_date_comes_before_that_of_its_name() {
        let dated = REPORT.replacen('{', r#"{"created": "2026-11-21T18:00:00Z","#, 1);
        assert_eq!(read_text(&dated, NAMED).unwrap().at.to_string(), "2026-11-21T18:00:00Z");
        assert!(read_text(REPORT, None).unwrap_err().contains("does not say when"));
        let wrong = REPORT.replacen('{', r#"{"created": "yesterday","#, 1);
        assert!(read_text(&wrong, NAMED).unwrap_err().contains("`yesterday`"));
    }
}
