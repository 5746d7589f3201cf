//! What was chosen for a project: why there is no wheel, who asks for the distribution, and which version would do.

use super::Detail;
use super::group::Group;
use super::page::{Page, Tone};
use crate::model::{Chosen, Considered, DistributionReport, Fix, Reason, Verdict};
use std::collections::BTreeSet;

/// Under a distribution's lines.
pub(super) fn write(group: &Group<'_>, names_platforms: bool, detail: Detail, page: &mut Page) {
    let mut told = BTreeSet::new();
    let mut once = |text: String, tone: Tone, page: &mut Page| {
        if told.insert(text.clone()) {
            page.paragraph(4, tone, &text);
        }
    };
    for report in &group.reports {
        for judged in report.verdicts.values() {
            if let Some(reason) = told_here(&judged.reason) {
                once(reason, Tone::Plain, page);
                let shown = if detail == Detail::Everything { judged.evidence.len() } else { 1 };
                judged
                    .evidence
                    .iter()
                    .take(shown)
                    .for_each(|hint| once(hint.text.clone(), Tone::Faint, page));
            }
        }
        let Some(chosen) = &report.chosen else { continue };
        if is_fine(report) && detail < Detail::Everything {
            continue;
        }
        once(asked_by(chosen), Tone::Plain, page);
        if let Some(fix) = &chosen.fix {
            once(fixed_by(fix), Tone::Help, page);
        }
    }
    for report in &group.reports {
        considered(report, names_platforms, page);
    }
}

fn is_fine(report: &DistributionReport) -> bool {
    report.verdicts.values().all(|judged| judged.verdict <= Verdict::GilFree)
}

/// Reasons of which no module tells.
fn told_here(reason: &Reason) -> Option<String> {
    matches!(reason, Reason::SourceArchive(_) | Reason::NoFile(_) | Reason::Unread(_))
        .then(|| reason.to_string())
}

/// `pulled in by app → docx (requirements.txt:3)`
pub(in crate::report) fn asked_by(chosen: &Chosen) -> String {
    match chosen.chain.split_last() {
        Some((_, above)) if !above.is_empty() => {
            format!("pulled in by {} ({})", above.join(" → "), chosen.said_by)
        }
        _ => format!("asked for by {}", chosen.said_by),
    }
}

pub(in crate::report) fn fixed_by(fix: &Fix) -> String {
    let unsure = fix.incomplete.as_ref().map_or(String::new(), |why| format!("; {why}"));
    // A lower one than was asked for is told only where there is no other.
    match (&fix.nearest, &fix.lowest, &fix.newest) {
        (Some(nearest), ..) => format!("fixed in {nearest}{unsure}"),
        (None, Some(lowest), _) => format!("no newer version is ready, but {lowest} is{unsure}"),
        (None, None, Some(newest)) => format!("no version up to {newest} is ready{unsure}"),
        (None, None, None) => format!("no other version is known{unsure}"),
    }
}

/// With `--explain-wheels`: every file, the taken one first.
fn considered(report: &DistributionReport, names_platforms: bool, page: &mut Page) {
    let Some(Chosen { platform, considered, .. }) = &report.chosen else { return };
    if names_platforms && !considered.is_empty() {
        page.paragraph(4, Tone::Faint, &format!("files for {platform}:"));
    }
    for Considered { file, why } in considered {
        page.paragraph(4, Tone::Faint, &format!("{file}: {why}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Platform, made_up};

    #[test]
    fn who_asks_for_it_is_told_as_a_chain() {
        let mut chosen = made_up::chosen("foo", Platform::LinuxX86_64, Verdict::RequiresGil).chosen.unwrap();
        assert_eq!(asked_by(&chosen), "pulled in by app (requirements.txt:3)");
        chosen.chain = vec!["app".to_owned(), "docx".to_owned(), "foo".to_owned()];
        assert_eq!(asked_by(&chosen), "pulled in by app → docx (requirements.txt:3)");
        chosen.chain = vec!["foo".to_owned()];
        assert_eq!(asked_by(&chosen), "asked for by requirements.txt:3");
    }

    #[test]
    fn what_would_do_is_told_with_what_is_not_known() {
        let version = |version: &str| Some(version.to_owned());
        let fix = |nearest, lowest, newest| Fix { nearest, lowest, newest, looked_at: 3, incomplete: None };
        assert_eq!(fixed_by(&fix(version("3.2"), version("3.2"), version("3.5"))), "fixed in 3.2");
        assert_eq!(fixed_by(&fix(version("3.2"), version("3.0"), version("3.5"))), "fixed in 3.2");
        assert_eq!(
            fixed_by(&fix(None, version("3.0"), version("3.5"))),
            "no newer version is ready, but 3.0 is"
        );
        let none = Fix { incomplete: version("2 could not be read"), ..fix(None, None, version("3.5")) };
        assert_eq!(fixed_by(&none), "no version up to 3.5 is ready; 2 could not be read");
    }
}
