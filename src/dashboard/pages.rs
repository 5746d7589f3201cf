//! The pages of the site: one of all services, and one for each.

use super::Unread;
use super::chart::Chart;
use super::fleet::{Blocker, Day, Fleet, Service};
use super::read::Held;
use super::status::{Status, Tally};
use crate::report::html::shell::Shell;
use askama::Template;
use data_encoding::HEXLOWER;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// The page of all services.
#[derive(Template)]
#[template(path = "index.html")]
struct Index<'a> {
    shell: Shell<'a>,
    reports: usize,
    newest: String,
    targets: Vec<Target<'a>>,
    services: Vec<Line<'a>>,
    unread: &'a [Unread],
}

/// All services on one target.
struct Target<'a> {
    name: &'a str,
    history: History,
    blockers: Vec<Ranked<'a>>,
}

/// The days of one target, as a picture and as figures.
struct History {
    target: String,
    now: Tally,
    chart: Option<Chart>,
    /// The newest first.
    days: Vec<Day>,
}

/// One distribution that holds back services.
struct Ranked<'a> {
    name: &'a str,
    blocker: Blocker,
    /// The worst of what it does.
    status: Status,
    verdicts: String,
    versions: String,
    fixes: String,
    /// Of each service its name and its page.
    services: Vec<(String, String)>,
}

/// One service in the list of all.
struct Line<'a> {
    name: &'a str,
    page: String,
    /// By the newest report.
    columns: Vec<Column<'a>>,
    newest: String,
    reports: usize,
}

/// How ready a service was on one target.
struct Column<'a> {
    target: &'a str,
    /// None where the report was not made for it.
    told: Option<(Status, Tally)>,
}

/// The page of one service.
#[derive(Template)]
#[template(path = "service.html")]
struct ServicePage<'a> {
    shell: Shell<'a>,
    name: &'a str,
    newest: String,
    unread: usize,
    targets: Vec<History>,
    held: Vec<&'a Held>,
    /// The newest first: when, which file, and for each target how ready.
    audits: Vec<(String, &'a str, Vec<Column<'a>>)>,
    names: &'a [String],
}

/// Every page, with its place below the site's folder.
pub(super) fn pages(fleet: &Fleet, unread: &[Unread]) -> askama::Result<Vec<(String, String)>> {
    let targets = fleet.targets();
    let mut pages = vec![("index.html".to_owned(), index(fleet, &targets, unread).render()?)];
    for (name, service) in fleet.services() {
        pages.push((page_of(name), of_service(name, service, &targets).render()?));
    }
    Ok(pages)
}

fn index<'a>(fleet: &'a Fleet, targets: &'a [String], unread: &'a [Unread]) -> Index<'a> {
    let line = |(name, service): (&'a str, &Service)| Line {
        name,
        page: page_of(name),
        columns: columns(targets, |target| service.now(target)),
        newest: service.newest().map_or_else(String::new, day_and_minute),
        reports: service.audits.len(),
    };
    let of_target = |(number, name): (usize, &'a String)| Target {
        name,
        history: History::of(number, name, "services", fleet.days(name)),
        blockers: ranked(fleet, name),
    };
    Index {
        shell: Shell::new("Free-threading readiness"),
        reports: fleet.reports(),
        newest: fleet.newest().map_or_else(String::new, day_and_minute),
        targets: targets.iter().enumerate().map(of_target).collect(),
        services: fleet.services().map(line).collect(),
        unread,
    }
}

fn of_service<'a>(name: &'a str, service: &'a Service, targets: &'a [String]) -> ServicePage<'a> {
    let histories = targets
        .iter()
        .enumerate()
        .map(|(number, target)| History::of(number, target, "distributions", service.days(target)));
    let audits = service.audits.iter().rev().map(|((at, file), summary)| {
        let told = |target: &str| summary.targets.get(target).copied();
        (day_and_minute(*at), file.as_str(), columns(targets, told))
    });
    ServicePage {
        shell: Shell::new(name),
        name,
        newest: service.newest().map_or_else(String::new, day_and_minute),
        unread: targets.iter().map(|target| service.unread(target)).max().unwrap_or(0),
        targets: histories.filter(|history| !history.days.is_empty()).collect(),
        held: service.held().collect(),
        audits: audits.collect(),
        names: targets,
    }
}

fn columns(targets: &[String], told: impl Fn(&str) -> Option<(Status, Tally)>) -> Vec<Column<'_>> {
    targets.iter().map(|target| Column { target, told: told(target) }).collect()
}

impl History {
    fn of(number: usize, target: &str, nouns: &str, mut days: Vec<Day>) -> Self {
        let title = format!("How many {nouns} are ready for {target}, over time");
        let chart = Chart::of(format!("chart-{number}"), title, &days);
        days.reverse();
        let now = days.first().map(|(_, tally)| *tally).unwrap_or_default();
        Self { target: target.to_owned(), now, chart, days }
    }
}

/// What holds back the most comes first.
fn ranked<'a>(fleet: &'a Fleet, target: &str) -> Vec<Ranked<'a>> {
    let mut ranked: Vec<Ranked<'a>> = fleet
        .blockers(target)
        .into_iter()
        .map(|(name, blocker)| {
            let held = || blocker.services.values();
            let statuses = held().map(|held| Status::of_verdict(&held.verdict));
            Ranked {
                name,
                status: statuses.max().unwrap_or(Status::Unknown),
                verdicts: each_once(held().map(|held| held.verdict.as_str())),
                versions: each_once(held().filter_map(|held| held.version.as_deref())),
                fixes: each_once(held().filter_map(|held| held.fix.as_deref())),
                services: blocker.services.keys().map(|name| (name.clone(), page_of(name))).collect(),
                blocker,
            }
        })
        .collect();
    ranked.sort_by_key(|one| std::cmp::Reverse((one.blocker.services.len(), one.blocker.alone, one.status)));
    ranked
}

fn each_once<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut texts: Vec<&str> = texts.collect();
    texts.sort_unstable();
    texts.dedup();
    texts.join(", ")
}

fn day_and_minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// The longest name of a service that its page has too.
const LONGEST: usize = 64;

/// Where the page of a service is: the same from run to run, another for every service, and a name that every file
/// system and web server takes, whatever the service is called.
fn page_of(service: &str) -> String {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let plain: String = service.chars().map(|c| if is_plain(c) { c } else { '-' }).take(LONGEST).collect();
    // Windows gives three and four letters of their own a meaning (`con`, `com1`).
    if plain == service && service.len() > 4 && !service.starts_with('-') {
        return format!("services/{service}.html");
    }
    let digest = Sha256::digest(service.as_bytes());
    let hash = HEXLOWER.encode(digest.get(..6).unwrap_or_default());
    format!("services/{}-{hash}.html", plain.trim_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_names_that_every_system_takes() {
        assert_eq!(page_of("payments"), "services/payments.html");
        for (one, other) in
            [("shop/payments", "shop-payments"), ("Payments", "payments"), ("a.b", "a b"), ("…", "??")]
        {
            assert_ne!(page_of(one), page_of(other));
        }
        for odd in ["con", "../../etc/passwd", "<img src=x>", "", "a\0b", &"x".repeat(500), "ü", "-rf"] {
            let page = page_of(odd);
            let name = page.strip_prefix("services/").and_then(|name| name.strip_suffix(".html")).unwrap();
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{page}");
            assert!((12..=80).contains(&name.len()), "{page}");
        }
    }
}
