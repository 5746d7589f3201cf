//! Many reports become one site: how ready the services of a company are, what holds back most of them, and a page
//! for each.
//!
//! `read` takes what is needed out of one report, `name` tells whose it is, `fleet` puts them together, and
//! `pages` writes what a browser shows, as [`crate::report::html`] does: files of their own that ask no server for
//! anything. Apart from the stages because it audits nothing: it begins where an audit has ended.

mod chart;
mod fleet;
mod name;
mod pages;
mod read;
mod status;

use crate::deliver::{self, DeliverError};
use fleet::Fleet;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Why there is no site.
#[derive(Debug, thiserror::Error)]
pub enum DashboardError {
    /// The folder cannot be listed: mostly a typing error.
    #[error("cannot list {}: {why}\nhint: name a folder of reports that `ftaudit check --format json` wrote", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// There are no reports, or none of them can be read.
    #[error("no report could be read in {}{}", path.display(), causes(unread))]
    Nothing {
        /// The folder.
        path: PathBuf,
        /// What was tried, and why it is of no use.
        unread: Vec<Unread>,
    },
    /// A page could not be made: a fault of this program.
    #[error("cannot make the page: {0}\nhint: this is a bug; please report it")]
    Page(#[from] askama::Error),
    /// A page could not be written.
    #[error(transparent)]
    Deliver(#[from] DeliverError),
}

/// A file that should be a report and is of no use. It has its place in the site.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unread {
    /// Below the folder.
    pub file: String,
    /// Why, and a hint on a line of its own where there is one.
    pub why: String,
}

/// Errors name this many files; the site names all.
const CAUSES: usize = 5;

fn causes(unread: &[Unread]) -> String {
    let named = unread.iter().take(CAUSES).map(|Unread { file, why }| format!("\n{file}: {why}"));
    let more = unread.len().saturating_sub(CAUSES);
    let more = if more > 0 { format!("\n… and {more} more") } else { String::new() };
    let hint = if unread.is_empty() { "\nhint: `ftaudit check --format json=FILE` writes one" } else { "" };
    [named.collect::<String>(), more, hint.to_owned()].concat().replace('\n', "\n  ")
}

/// Makes a site of a folder of reports, and tells how many files of it are of no use.
///
/// # Errors
/// When there is no report that can be read, or the site cannot be written.
pub fn build(folder: &Path, site: &Path) -> Result<usize, DashboardError> {
    let mut fleet = Fleet::default();
    let mut unread = Vec::new();
    for path in reports(folder)? {
        let below = path.strip_prefix(folder).unwrap_or(&path);
        let (service, date) = name::of(below);
        let file = crate::model::shown(below);
        match read::read(&path, date) {
            Ok(audit) => fleet.add(service, file, audit),
            Err(why) => unread.push(Unread { file, why: why.to_string() }),
        }
    }
    unread.sort();
    if fleet.is_empty() {
        return Err(DashboardError::Nothing { path: folder.to_owned(), unread });
    }
    for (file, text) in pages::pages(&fleet, &unread)? {
        deliver::deliver_into(site, &file, &text)?;
    }
    Ok(unread.len())
}

/// Every file of JSON below the folder, in the order of their names.
fn reports(folder: &Path) -> Result<Vec<PathBuf>, DashboardError> {
    let is_json = |path: &Path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    let mut found = Vec::new();
    let unlisted = |why: String| DashboardError::Folder { path: folder.to_owned(), why };
    if folder.is_file() {
        return Err(unlisted("it is a file".to_owned()));
    }
    for entry in WalkDir::new(folder).follow_links(true).sort_by_file_name() {
        let entry = entry.map_err(|error| unlisted(cause(&error)))?;
        if entry.file_type().is_file() && is_json(entry.path()) {
            found.push(entry.into_path());
        }
    }
    Ok(found)
}

/// Without the folder, which is named beside it; with what is in the way below that.
fn cause(error: &walkdir::Error) -> String {
    match error.io_error() {
        Some(system) if error.depth() == 0 => system.to_string(),
        _ => error.to_string(),
    }
}
