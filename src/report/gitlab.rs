//! GitLab's code quality report: <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>.

use super::issue::{Issue, Weight, issues};
use super::place::Folders;
use super::visible::visible;
use crate::model::Report;
use serde::Serialize;

/// Writes the report.
///
/// # Errors
/// Never with the structs as they are.
pub fn render(report: &Report, folders: &Folders) -> serde_json::Result<String> {
    let violations: Vec<Violation> = issues(report, folders).iter().map(Violation::of).collect();
    serde_json::to_string_pretty(&violations).map(|text| text + "\n")
}

#[derive(Serialize)]
struct Violation {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u64,
}

impl Violation {
    fn of(issue: &Issue<'_>) -> Self {
        let Issue { finding, location, fingerprint, .. } = issue;
        Self {
            description: format!("{} ({})", visible(&finding.message), visible(&finding.help)),
            check_name: finding.rule,
            fingerprint: fingerprint.clone(),
            severity: match issue.weight() {
                Weight::Error => "critical",
                Weight::Warning => "major",
                Weight::Note => "minor",
            },
            // A line is asked for also where the file has none.
            location: Location {
                path: location.path.clone(),
                lines: Lines { begin: location.line.unwrap_or(1) },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing;

    #[test]
    fn the_shared_report() {
        let text = render(&testing::report(), &testing::folders()).unwrap();
        testing::assert_written("report.gitlab.json", &text);
    }
}
