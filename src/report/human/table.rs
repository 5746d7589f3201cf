//! The lines of distributions: one target in words, several in a column each.

use super::label;
use super::page::{Page, Tone, width};
use crate::model::{DistributionReport, Judgement, Reason, Report, Target, Verdict};
use std::collections::BTreeSet;

/// The widest name that the other columns still wait for.
const NAME_WIDTH: usize = 34;
const WORDS_WIDTH: usize = 19;
const TARGET_WIDTH: usize = 9;

/// The columns, sized for what they hold.
pub(super) struct Table<'a> {
    targets: &'a [Target],
    name_width: usize,
    ambiguous: BTreeSet<String>,
}

impl<'a> Table<'a> {
    pub(super) fn new(report: &'a Report, listed: &[&DistributionReport]) -> Self {
        let widths = listed.iter().map(|report| width(&label(report)));
        let name_width = widths.max().unwrap_or(0).min(NAME_WIDTH);
        let (mut known, mut ambiguous) = (BTreeSet::new(), BTreeSet::new());
        for name in report.distributions.iter().map(label) {
            if !known.insert(name.clone()) {
                ambiguous.insert(name);
            }
        }
        Self { targets: &report.targets, name_width, ambiguous }
    }

    /// The targets above their columns, where there are several.
    pub(super) fn head(&self, page: &mut Page) {
        if self.targets.len() > 1 {
            let names: Vec<String> = self.targets.iter().map(ToString::to_string).collect();
            let mut cells = vec![(Tone::Plain, "", self.name_width)];
            cells.extend(names.iter().map(|name| (Tone::Strong, name.as_str(), TARGET_WIDTH)));
            page.cells(&cells);
        }
    }

    /// Whether its name and version do not tell which one is meant.
    pub(super) fn is_ambiguous(&self, report: &DistributionReport) -> bool {
        report.distribution.name.is_none() || self.ambiguous.contains(&label(report))
    }

    pub(super) fn row(&self, report: &DistributionReport, page: &mut Page) {
        let name = label(report);
        if let [target] = self.targets
            && let Some(judgement) = report.verdicts.get(target)
        {
            let (tone, sign, _) = look(judgement.verdict);
            let words = words(judgement);
            let count = count(report, judgement, self.is_ambiguous(report));
            let name = format!("{sign} {name}");
            page.cells(&[
                (tone, &name, self.name_width + 2),
                (tone, words, WORDS_WIDTH),
                (Tone::Plain, &count, 0),
            ]);
            return;
        }
        let cells: Vec<(Tone, String)> = self
            .targets
            .iter()
            .filter_map(|target| report.verdicts.get(target))
            .map(|judgement| look(judgement.verdict))
            .map(|(tone, sign, word)| (tone, format!("{sign} {word}")))
            .collect();
        let mut row = vec![(Tone::Strong, name.as_str(), self.name_width)];
        row.extend(cells.iter().map(|(tone, text)| (*tone, text.as_str(), TARGET_WIDTH)));
        let tag = report.distribution.tags.first().filter(|_| self.is_ambiguous(report));
        row.extend(tag.map(|tag| (Tone::Faint, tag.as_str(), 0)));
        page.cells(&row);
    }
}

/// Tone, sign and short word of a verdict.
fn look(verdict: Verdict) -> (Tone, &'static str, &'static str) {
    match verdict {
        Verdict::IncompatibleAbi => (Tone::Bad, "✗", "no load"),
        Verdict::RequiresGil => (Tone::Warning, "●", "GIL on"),
        Verdict::Undetermined => (Tone::Unknown, "?", "unknown"),
        Verdict::GilFree => (Tone::Good, "✓", "GIL off"),
        Verdict::NotAnExtension => (Tone::Faint, "·", "library"),
        Verdict::PurePython => (Tone::Faint, "·", "pure"),
    }
}

/// A verdict in words whose subject is the distribution.
fn words(judgement: &Judgement) -> &'static str {
    match (judgement.verdict, &judgement.reason) {
        (_, Reason::TagNotInstallable { .. }) => "cannot be installed",
        (Verdict::IncompatibleAbi, _) => "does not load",
        (Verdict::RequiresGil, _) => "turns the GIL on",
        (Verdict::Undetermined, _) => "cannot be told",
        (Verdict::GilFree, _) => "leaves the GIL off",
        (Verdict::NotAnExtension, _) => "no extension module",
        (Verdict::PurePython, _) => "pure Python",
    }
}

/// How many modules, and the tags where they decide or tell one wheel from another of the same name.
fn count(report: &DistributionReport, judgement: &Judgement, ambiguous: bool) -> String {
    let modules = modules(report, judgement);
    let tags = match &judgement.reason {
        Reason::TagNotInstallable { tags, .. } => tags.clone(),
        _ if ambiguous => report.distribution.tags.first().cloned().unwrap_or_default(),
        _ => String::new(),
    };
    match (modules.is_empty(), tags.is_empty()) {
        (_, true) => modules,
        (true, false) => format!("tagged {tags}"),
        (false, false) => format!("{modules}, tagged {tags}"),
    }
}

/// `7 of 7 modules`, or `19 modules` where all are fine.
fn modules(report: &DistributionReport, judgement: &Judgement) -> String {
    let noun = if judgement.verdict == Verdict::NotAnExtension { "file" } else { "module" };
    let ending = |count| if count == 1 { "" } else { "s" };
    match judgement.reason {
        Reason::NoModules => String::new(),
        Reason::WorstOf { count, total } if judgement.verdict > Verdict::GilFree => {
            format!("{count} of {total} {noun}{}", ending(total))
        }
        Reason::WorstOf { count, .. } => format!("{count} {noun}{}", ending(count)),
        _ if report.modules.is_empty() => String::new(),
        _ => format!("{} {noun}{}", report.modules.len(), ending(report.modules.len())),
    }
}
