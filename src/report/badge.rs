//! What a badge says, for the endpoint that shields.io asks: <https://shields.io/badges/endpoint-badge>.

use super::human::group::{Group, groups};
use super::human::table::look;
use super::summary::unread;
use crate::model::{Report, Target, Verdict};
use serde::Serialize;

/// Writes it.
///
/// # Errors
/// Never with the struct as it is.
pub fn render(report: &Report) -> serde_json::Result<String> {
    serde_json::to_string_pretty(&Badge::of(report)).map(|text| text + "\n")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Badge {
    schema_version: u8,
    label: &'static str,
    message: String,
    color: &'static str,
    is_error: bool,
}

impl Badge {
    fn of(report: &Report) -> Self {
        let groups = groups(report.distributions.iter());
        let incomplete = unread(report) > 0;
        let mut parts: Vec<(String, Vec<String>)> = Vec::new();
        for target in &report.targets {
            let words = words(&groups, *target);
            match parts.iter_mut().find(|(known, _)| *known == words) {
                Some((_, targets)) => targets.push(target.to_string()),
                None => parts.push((words, vec![target.to_string()])),
            }
        }
        let parts: Vec<String> =
            parts.iter().map(|(words, targets)| format!("{}: {words}", targets.join(", "))).collect();
        let message = if groups.is_empty() { "nothing audited".to_owned() } else { parts.join("; ") };
        let worst = groups.iter().map(Group::worst).max();
        Self {
            schema_version: 1,
            label: "free-threaded Python",
            message: if incomplete { message + " (incomplete)" } else { message },
            color: match worst {
                Some(Verdict::RequiresGil) => "orange",
                Some(Verdict::NotAvailable | Verdict::IncompatibleAbi) => "red",
                Some(Verdict::GilFree | Verdict::NotAnExtension | Verdict::PurePython) if !incomplete => {
                    "brightgreen"
                }
                _ => "lightgrey",
            },
            is_error: groups.is_empty(),
        }
    }
}

/// `ready`, `GIL on`, `12 of 14 ready`
fn words(groups: &[Group<'_>], target: Target) -> String {
    let verdicts: Vec<Verdict> = groups.iter().filter_map(|group| group.worst_for(target)).collect();
    let ready = verdicts.iter().filter(|verdict| **verdict <= Verdict::GilFree).count();
    match verdicts.as_slice() {
        all if ready == all.len() => "ready".to_owned(),
        [only] => look(*only).2.to_owned(),
        all => format!("{ready} of {} ready", all.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Note, made_up};
    use crate::report::testing;

    #[test]
    fn the_shared_report() {
        testing::assert_written("report.badge.json", &render(&testing::report()).unwrap());
    }

    #[test]
    fn a_badge_is_green_only_where_all_is_known_to_be_ready() {
        use Verdict::{GilFree, IncompatibleAbi, PurePython, RequiresGil, Undetermined};
        let badge = |verdicts: &[Verdict]| {
            let Badge { message, color, .. } = Badge::of(&made_up::report_of(verdicts));
            format!("{message}, {color}")
        };
        assert_eq!(badge(&[GilFree, PurePython]), "3.14t: ready, brightgreen");
        assert_eq!(badge(&[RequiresGil]), "3.14t: GIL on, orange");
        assert_eq!(badge(&[GilFree, IncompatibleAbi]), "3.14t: 1 of 2 ready, red");
        assert_eq!(badge(&[GilFree, Undetermined]), "3.14t: 1 of 2 ready, lightgrey");
        assert_eq!(badge(&[]), "nothing audited, lightgrey");
        let mut report = made_up::report_of(&[GilFree]);
        report.notes.push(Note::unread("foo.whl", "is cut off"));
        let Badge { message, color, .. } = Badge::of(&report);
        assert_eq!((message.as_str(), color), ("3.14t: ready (incomplete)", "lightgrey"));
    }
}
