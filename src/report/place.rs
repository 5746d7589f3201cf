//! Where in a repository something is found: the file that a reader has to change or to look at, as code hosts want
//! it. Apart because each format for them needs the same.

use crate::model::{DistributionReport, Finding, Report, shown};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// What paths of a report are relative to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    /// The current folder: what the program was called in, and relative paths start from.
    pub current: PathBuf,
    /// The top of the checkout, which code hosts take paths to be relative to; the current folder where nothing tells.
    pub checkout: PathBuf,
}

/// A file, and a line in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Location {
    /// With `/` between parts; relative to the checkout, and absolute only where it is outside of that.
    pub path: String,
    /// From 1; none where the file has no lines, or nothing tells.
    pub line: Option<u64>,
}

impl Location {
    /// Where a finding is: the line of the file that asks for the distribution, the wheel, or the installed file.
    pub(super) fn of(finding: &Finding, owners: &Owners<'_>, folders: &Folders) -> Self {
        match owners.of(finding).next() {
            Some((_, distribution)) => {
                Self::of_distribution(distribution, finding.member.as_deref(), folders)
            }
            None => Self::said(&finding.source, folders),
        }
    }

    /// The same for a module of a distribution, or for all of it.
    pub(super) fn of_distribution(
        report: &DistributionReport,
        member: Option<&str>,
        folders: &Folders,
    ) -> Self {
        let source = &report.distribution.source;
        if let Some(chosen) = &report.chosen {
            let file = chosen.file.clone().unwrap_or_else(|| report.distribution.to_string());
            return match chosen.said_by.as_str() {
                // No file asks for it: the wheel's name says at least what is meant.
                ON_THE_COMMAND_LINE => Self { path: shown(Path::new(&file)), line: None },
                said_by => Self::said(said_by, folders),
            };
        }
        let path = match (&report.path, member) {
            (Some(wheel), _) => PathBuf::from(wheel),
            (None, Some(member)) => Path::new(source).join(member),
            (None, None) => PathBuf::from(source),
        };
        Self { path: folders.relative(&path), line: None }
    }

    /// `requirements.txt:3`, or a chain that starts with a file (`foo.whl: foo/_x.so`).
    fn said(place: &str, folders: &Folders) -> Self {
        let place = place.split(": ").next().unwrap_or(place);
        let numbered = place.rsplit_once(':').and_then(|(path, line)| Some((path, line.parse().ok()?)));
        let (path, line) = numbered.map_or((place, None), |(path, line)| (path, Some(line)));
        Self { path: folders.relative(Path::new(path)), line }
    }
}

/// How `said_by` names what no file asks for.
const ON_THE_COMMAND_LINE: &str = "command line";

/// The distributions of a report, by what findings call them.
pub(super) struct Owners<'a>(BTreeMap<String, Vec<(usize, &'a DistributionReport)>>);

impl<'a> Owners<'a> {
    pub(super) fn new(report: &'a Report) -> Self {
        let mut by_label: BTreeMap<String, Vec<(usize, &'a DistributionReport)>> = BTreeMap::new();
        for (index, one) in report.distributions.iter().enumerate() {
            by_label.entry(one.distribution.to_string()).or_default().push((index, one));
        }
        Self(by_label)
    }

    /// Those that a finding is about, each with its place in the report: one on several platforms is about several.
    pub(super) fn of(&self, finding: &Finding) -> impl Iterator<Item = (usize, &'a DistributionReport)> {
        let alike = self.0.get(&finding.distribution).map_or(&[][..], Vec::as_slice).iter().copied();
        alike.filter(|(_, report)| {
            let chosen = report.platform().is_some_and(|platform| finding.platforms.contains(&platform));
            let named = report.chosen.is_none();
            let same = finding.source == report.distribution.source;
            (chosen || named) && same || chosen && finding.member.is_none()
        })
    }
}

/// The findings about each distribution, in the report's order; those about none are left out.
pub(super) fn by_distribution(report: &Report) -> Vec<Vec<&Finding>> {
    let owners = Owners::new(report);
    let mut findings = vec![Vec::new(); report.distributions.len()];
    for finding in report.findings.iter().chain(&report.untold) {
        for (index, _) in owners.of(finding) {
            findings[index].push(finding);
        }
    }
    findings
}

impl Folders {
    fn relative(&self, path: &Path) -> String {
        let absolute = without_detours(&self.current.join(path));
        let below = absolute.strip_prefix(&self.checkout).unwrap_or(&absolute);
        if below.as_os_str().is_empty() { ".".to_owned() } else { shown(below) }
    }
}

/// The same path without `.` and `..`, as text: what is named need not be there any more.
fn without_detours(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Platform, Verdict, made_up};
    use crate::report::testing;

    fn path(said: &str) -> (String, Option<u64>) {
        let Location { path, line } = Location::said(said, &testing::folders());
        (path, line)
    }

    #[test]
    fn paths_are_relative_to_the_checkout() {
        assert_eq!(path("requirements.txt:3"), ("service/requirements.txt".to_owned(), Some(3)));
        assert_eq!(path("../uv.lock:12"), ("uv.lock".to_owned(), Some(12)));
        assert_eq!(path("/checkout/service/./a.whl: a/x.so"), ("service/a.whl".to_owned(), None));
        assert_eq!(path("/elsewhere/venv"), ("/elsewhere/venv".to_owned(), None));
        assert_eq!(path(".."), (".".to_owned(), None));
    }

    #[test]
    fn it_is_the_file_that_has_to_change() {
        let folders = testing::folders();
        let place =
            |report: &DistributionReport, member| Location::of_distribution(report, member, &folders).path;
        let mut wheel = made_up::report_of(&[Verdict::GilFree]).distributions.remove(0);
        wheel.path = Some("dist/foo-1.0.whl".to_owned());
        assert_eq!(place(&wheel, Some("foo/x.so")), "service/dist/foo-1.0.whl");
        let mut installed = made_up::report_of(&[Verdict::GilFree]).distributions.remove(0);
        "venv/site-packages".clone_into(&mut installed.distribution.source);
        assert_eq!(place(&installed, Some("foo/x.so")), "service/venv/site-packages/foo/x.so");
        let mut chosen = made_up::chosen("foo", Platform::LinuxX86_64, Verdict::GilFree);
        assert_eq!(place(&chosen, Some("foo/x.so")), "service/requirements.txt");
        if let Some(chosen) = &mut chosen.chosen {
            ON_THE_COMMAND_LINE.clone_into(&mut chosen.said_by);
        }
        assert_eq!(place(&chosen, None), "foo-1.0.whl");
    }
}
