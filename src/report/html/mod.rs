//! The report as one page for a browser: what stands in the way and who pulls it in, a table to filter and sort, and
//! under it every module with its evidence.
//!
//! The page is made of templates (`*.html`), one style and one script, all of which lie beside this file. It asks no
//! server for anything, and its policy lets a browser run nothing but that script (`shell`); names pass through
//! `escape`. All of it stands in the page as text, so that it can be read without the script too, which filters,
//! sorts and opens.

pub(crate) mod escape;
pub(crate) mod shell;

mod comparison;
mod details;
mod entry;
mod look;
mod modules;
mod notes;
mod tiles;
mod tree;

use super::environment::plural;
use super::human::group::{self, Group};
use super::human::sentence_for;
use crate::model::{Report, RuleText};
use askama::Template;
use comparison::Comparison;
use entry::Entry;
use look::Look;
use notes::Notes;
use shell::Shell;
use tiles::Tiles;
use tree::Node;

/// The page.
#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    shell: Shell<'a>,
    heading: String,
    sentences: Vec<String>,
    targets: Vec<String>,
    tiles: Vec<Tiles>,
    looks: Vec<Look>,
    blockers: Vec<Node>,
    entries: Vec<Entry<'a>>,
    has_runs: bool,
    has_askers: bool,
    modules: usize,
    comparison: Option<Comparison>,
    notes: Notes<'a>,
    meanings: Vec<(Look, &'static str)>,
    /// Those that found something.
    rules: Vec<&'a RuleText>,
}

/// Writes the page; of `rules` it explains those that found something.
///
/// # Errors
/// Never with the templates as they are: they print to memory, and call nothing that fails.
pub fn render(report: &Report, rules: &[RuleText]) -> askama::Result<String> {
    Page::of(report, rules).render()
}

impl<'a> Page<'a> {
    fn of(report: &'a Report, rules: &'a [RuleText]) -> Self {
        let mut groups = group::groups(report.distributions.iter());
        groups.sort_by_key(|group| std::cmp::Reverse(group.worst()));
        let modules = groups.iter().map(Group::extensions).sum();
        let entries = entry::entries(report, &groups);
        Self {
            shell: Shell::new("Free-threading audit"),
            heading: heading(report, groups.len(), modules),
            sentences: report.targets.iter().map(|target| sentence_for(report, *target)).collect(),
            targets: report.targets.iter().map(ToString::to_string).collect(),
            tiles: report.targets.iter().map(|target| Tiles::of(&groups, *target)).collect(),
            looks: look::present(&groups),
            blockers: tree::blockers(&groups),
            has_runs: entries.iter().any(|entry| !entry.runs.is_empty()),
            has_askers: entries.iter().any(|entry| !entry.asked_by.is_empty()),
            modules,
            comparison: Comparison::of(report, &entries),
            notes: Notes::of(report),
            meanings: look::meanings(),
            rules: details::telling(&entries, rules),
            entries,
        }
    }
}

/// `3.14t on linux-x86_64 · 4 distributions · 31 extension modules · made at 2026-11-20T08:30:00Z`
fn heading(report: &Report, distributions: usize, modules: usize) -> String {
    let targets: Vec<String> = report.targets.iter().map(ToString::to_string).collect();
    let platforms: Vec<&str> = report.platforms.iter().map(|platform| platform.id()).collect();
    let on = if platforms.is_empty() { String::new() } else { format!(" on {}", platforms.join(", ")) };
    let made = report.created.as_ref().map_or(String::new(), |created| format!(" · made at {created}"));
    format!(
        "{}{on} · {distributions} {} · {modules} extension {}{made}",
        targets.join(", "),
        plural(distributions, "distribution"),
        plural(modules, "module"),
    )
}
