//! The lines of distributions: one target in words, several in a column each; on several platforms a line for each
//! verdict.

use super::group::{Group, groups};
use super::page::{Page, Tone, width};
use crate::model::tags::without_platforms;
use crate::model::{DistributionReport, Judgement, Platform, Reason, Report, Target, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// The widest name that the other columns still wait for.
const NAME_WIDTH: usize = 34;
const WORDS_WIDTH: usize = 19;
const TARGET_WIDTH: usize = 9;

/// The columns, sized for what they hold.
pub(super) struct Table<'a> {
    targets: &'a [Target],
    platforms: &'a [Platform],
    name_width: usize,
    ambiguous: BTreeSet<String>,
}

impl<'a> Table<'a> {
    pub(super) fn new(report: &'a Report, listed: &[Group<'_>]) -> Self {
        let widths = listed.iter().map(|group| width(&group.label));
        let name_width = widths.max().unwrap_or(0).min(NAME_WIDTH);
        let (mut known, mut ambiguous) = (BTreeSet::new(), BTreeSet::new());
        for Group { label, .. } in groups(report.distributions.iter()) {
            if !known.insert(label.clone()) {
                ambiguous.insert(label);
            }
        }
        Self { targets: &report.targets, platforms: &report.platforms, name_width, ambiguous }
    }

    /// The targets above their columns, where there are several.
    pub(super) fn head(&self, page: &mut Page) {
        if self.targets.len() > 1 && self.platforms.len() < 2 {
            let names: Vec<String> = self.targets.iter().map(ToString::to_string).collect();
            let mut cells = vec![(Tone::Plain, "", self.name_width)];
            cells.extend(names.iter().map(|name| (Tone::Strong, name.as_str(), TARGET_WIDTH)));
            page.cells(&cells);
        }
    }

    /// Whether its name and version do not tell which one is meant.
    pub(super) fn is_ambiguous(&self, group: &Group<'_>) -> bool {
        group.reports.iter().any(|report| report.distribution.name.is_none())
            || self.ambiguous.contains(&group.label)
    }

    pub(super) fn rows(&self, group: &Group<'_>, page: &mut Page) {
        if self.platforms.len() > 1 && group.reports.iter().all(|report| report.chosen.is_some()) {
            return self.rows_by_verdict(group, page);
        }
        if !group.is_judged() {
            return self.row_of_unjudged(group, page);
        }
        if let [target] = self.targets
            && let Some((report, judgement)) = group.judged(*target).next()
        {
            let (tone, sign, _) = look(judgement.verdict);
            let words = words(judgement);
            let count = count(report, judgement, self.is_ambiguous(group));
            let name = format!("{sign} {}", group.label);
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
            .map(|target| group.worst_for(*target))
            .map(|verdict| verdict.map_or((Tone::Faint, "·", "not asked"), look))
            .map(|(tone, sign, word)| (tone, format!("{sign} {word}")))
            .collect();
        let mut row = vec![(Tone::Strong, group.label.as_str(), self.name_width)];
        row.extend(cells.iter().map(|(tone, text)| (*tone, text.as_str(), TARGET_WIDTH)));
        let tags = group.reports.iter().find_map(|report| report.distribution.tags.first());
        let tag = tags.filter(|_| self.is_ambiguous(group));
        row.extend(tag.map(|tag| (Tone::Faint, tag.as_str(), 0)));
        page.cells(&row);
    }

    /// A wheel that is for no target.
    fn row_of_unjudged(&self, group: &Group<'_>, page: &mut Page) {
        let tags =
            group.reports.iter().flat_map(|report| report.distribution.tags.clone()).collect::<Vec<_>>();
        let words =
            if tags.is_empty() { String::new() } else { format!("tagged {}", without_platforms(&tags)) };
        page.cells(&[
            (Tone::Faint, &format!("· {}", group.label), self.name_width + 2),
            (Tone::Faint, "not judged", WORDS_WIDTH),
            (Tone::Plain, &words, 0),
        ]);
    }

    /// A line for each verdict, worst first, with the targets and platforms that have it.
    fn rows_by_verdict(&self, group: &Group<'_>, page: &mut Page) {
        let mut rows: Vec<(Verdict, &'static str, Vec<Platform>, Vec<Target>)> = Vec::new();
        for target in self.targets {
            let mut of_target: BTreeMap<Verdict, (&'static str, Vec<Platform>)> = BTreeMap::new();
            for (report, judgement) in group.judged(*target) {
                let (_, platforms) =
                    of_target.entry(judgement.verdict).or_insert_with(|| (words(judgement), Vec::new()));
                platforms.extend(report.platform());
            }
            for (verdict, (words, platforms)) in of_target {
                match rows.iter_mut().find(|row| (row.0, &row.2) == (verdict, &platforms)) {
                    Some(row) => row.3.push(*target),
                    None => rows.push((verdict, words, platforms, vec![*target])),
                }
            }
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.0));
        for (index, (verdict, words, platforms, targets)) in rows.iter().enumerate() {
            let (tone, sign, _) = look(*verdict);
            let name = if index == 0 { group.label.as_str() } else { "" };
            let platforms = self.platforms_in_words(platforms);
            let whereabouts = match targets.as_slice() {
                targets if targets.len() == self.targets.len() => platforms,
                targets => format!("{} {platforms}", joined(targets)),
            };
            page.cells(&[
                (tone, &format!("{sign} {name}"), self.name_width + 2),
                (tone, words, WORDS_WIDTH),
                (Tone::Plain, &whereabouts, 0),
            ]);
        }
    }

    /// `on all 7 platforms`, `on all but windows-arm64`, `on macos-arm64, macos-x86_64`.
    fn platforms_in_words(&self, platforms: &[Platform]) -> String {
        let others: Vec<Platform> =
            self.platforms.iter().copied().filter(|platform| !platforms.contains(platform)).collect();
        match (platforms.len(), others.len()) {
            (count, 0) => format!("on all {count} platforms"),
            (count, missing) if missing < count && missing <= 3 => format!("on all but {}", joined(&others)),
            _ => format!("on {}", joined(platforms)),
        }
    }
}

fn joined<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Tone, sign and short word of a verdict.
pub(in crate::report) fn look(verdict: Verdict) -> (Tone, &'static str, &'static str) {
    match verdict {
        Verdict::IncompatibleAbi => (Tone::Bad, "✗", "no load"),
        Verdict::RequiresGil => (Tone::Warning, "●", "GIL on"),
        Verdict::NotAvailable => (Tone::Bad, "✗", "no file"),
        Verdict::SourceOnly => (Tone::Unknown, "?", "source"),
        Verdict::Undetermined => (Tone::Unknown, "?", "unknown"),
        Verdict::GilFree => (Tone::Good, "✓", "GIL off"),
        Verdict::NotAnExtension => (Tone::Faint, "·", "library"),
        Verdict::PurePython => (Tone::Faint, "·", "pure"),
    }
}

/// A verdict in words whose subject is the distribution.
pub(in crate::report) fn words(judgement: &Judgement) -> &'static str {
    match (judgement.verdict, &judgement.reason) {
        (_, Reason::TagNotInstallable { .. }) | (Verdict::NotAvailable, _) => "cannot be installed",
        (Verdict::SourceOnly, _) => "has no wheel",
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
pub(in crate::report) fn modules(report: &DistributionReport, judgement: &Judgement) -> String {
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
