//! Annotations of a pull request, as commands in the log of a GitHub Actions job:
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>.

use super::human::sentence_for;
use super::issue::{Issue, Weight, issues};
use super::place::{Folders, Location};
use super::visible::visible;
use crate::model::Report;

/// Annotations of one kind that GitHub shows of a step; further ones are dropped without a word
/// (<https://github.com/orgs/community/discussions/26680>).
pub(super) const SHOWN: usize = 10;

/// Writes the annotations, worst first, and one that sums up. Where there are too many of a kind, the last one says how
/// many are not shown.
#[must_use]
pub fn render(report: &Report, folders: &Folders) -> String {
    let issues = issues(report, folders);
    let mut lines = Vec::new();
    for (kind, weight, places) in [
        ("error", Weight::Error, SHOWN),
        ("warning", Weight::Warning, SHOWN),
        ("notice", Weight::Note, SHOWN - 1),
    ] {
        let of_kind: Vec<&Issue<'_>> = issues.iter().filter(|issue| issue.weight() == weight).collect();
        let shown = if of_kind.len() > places { places - 1 } else { of_kind.len() };
        lines.extend(of_kind[..shown].iter().map(|issue| annotation(kind, issue)));
        if of_kind.len() > shown {
            let more = format!("{} more are in the full report.", of_kind.len() - shown);
            lines.push(command(kind, &[("title", "ftaudit")], &[&more]));
        }
    }
    let sentences: Vec<String> = report.targets.iter().map(|target| sentence_for(report, *target)).collect();
    lines.push(command("notice", &[("title", "ftaudit")], &sentences));
    lines.iter().flat_map(|line| [line, "\n"]).collect()
}

fn annotation(kind: &str, Issue { finding, location, .. }: &Issue<'_>) -> String {
    let Location { path, line } = location;
    let (title, line) = (format!("ftaudit: {}", finding.rule), line.map(|line| line.to_string()));
    let mut properties = vec![("file", path.as_str())];
    properties.extend(line.as_deref().map(|line| ("line", line)));
    properties.push(("title", &title));
    command(kind, &properties, &[&finding.message, &finding.help])
}

/// `::error file=requirements.txt,line=3::…`
pub(super) fn command(kind: &str, properties: &[(&str, &str)], lines: &[impl AsRef<str>]) -> String {
    let properties: Vec<String> =
        properties.iter().map(|(name, value)| format!("{name}={}", property(value))).collect();
    let lines: Vec<String> = lines.iter().map(|line| visible(line.as_ref())).collect();
    format!("::{kind} {}::{}", properties.join(","), data(&lines.join("\n")))
}

/// As the runner reads what stands behind the last `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// As the runner reads the value of a property.
fn property(text: &str) -> String {
    data(&visible(text)).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Finding, Level, made_up};
    use crate::report::testing;

    #[test]
    fn the_shared_report() {
        testing::assert_written("report.github.txt", &render(&testing::report(), &testing::folders()));
    }

    #[test]
    fn a_name_starts_no_command_of_its_own() {
        assert_eq!(
            command("error", &[("file", "a,b:c%\n::x")], &["100% ::y\nb", "z"]),
            "::error file=a%2Cb%3Ac%25\\u{a}%3A%3Ax::100%25 \\u{3a}:y\\u{a}b%0Az"
        );
    }

    #[test]
    fn what_is_not_shown_is_counted() {
        let mut report = made_up::report_of(&[]);
        let warned = Finding { level: Level::Unsure, ..made_up::finding("undetermined") };
        report.findings = vec![warned; 12];
        let text = render(&report, &testing::folders());
        let warnings: Vec<&str> = text.lines().filter(|line| line.starts_with("::warning")).collect();
        assert_eq!(warnings.len(), SHOWN);
        assert_eq!(warnings[9], "::warning title=ftaudit::3 more are in the full report.");
    }
}
