//! SARIF 2.1.0, for code scanning: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>. It holds what
//! GitHub asks for besides what the standard does
//! (<https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning>).

use super::issue::{self, Issue, Weight, issues};
use super::place::{Folders, Location};
use super::summary::unread;
use super::visible::visible;
use crate::model::{Note, Report, RuleText};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use std::collections::BTreeMap;

/// Results of a run: GitHub refuses a file with more
/// (<https://docs.github.com/en/code-security/code-scanning/troubleshooting-sarif-uploads/results-exceed-limit>).
const RESULTS: usize = 25_000;

/// What stays as it is in a URI's path (RFC 3986, section 2.3), and the `/` between its parts.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// Writes the report. The rules are those of the program, whether they found something or not.
///
/// # Errors
/// Never with the structs as they are.
pub fn render(report: &Report, rules: &[RuleText], folders: &Folders) -> serde_json::Result<String> {
    serde_json::to_string_pretty(&Log::of(report, rules, folders)).map(|text| text + "\n")
}

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
struct Run {
    tool: Tool,
    invocations: [Invocation; 1],
    results: Vec<SarifResult>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    short_description: Text,
    full_description: Text,
    help: Help,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<&'static str>,
    default_configuration: Configuration,
    properties: Properties,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Properties {
    tags: [&'static str; 3],
    precision: &'static str,
    #[serde(rename = "problem.severity")]
    severity: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Text,
}

/// A `result`; the name is taken in Rust.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult {
    rule_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Text,
    locations: [SarifLocation; 1],
    partial_fingerprints: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifLocation {
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<LogicalLocation>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    fully_qualified_name: String,
    kind: &'static str,
}

impl Log {
    fn of(report: &Report, rules: &[RuleText], folders: &Folders) -> Self {
        let issues = issues(report, folders);
        let mut notifications: Vec<Notification> = report.notes.iter().map(Notification::of).collect();
        notifications.extend(Notification::of_suppressed(issue::suppressed(report)));
        notifications.extend(Notification::of_left_out(issues.len().saturating_sub(RESULTS)));
        let invocation = Invocation {
            execution_successful: unread(report) == 0,
            tool_execution_notifications: notifications,
        };
        let results = issues.iter().take(RESULTS).map(|issue| SarifResult::of(issue, rules)).collect();
        let driver = Driver {
            name: env!("CARGO_PKG_NAME"),
            semantic_version: env!("CARGO_PKG_VERSION"),
            rules: rules.iter().map(Rule::of).collect(),
        };
        Self {
            schema: "https://json.schemastore.org/sarif-2.1.0.json",
            version: "2.1.0",
            runs: [Run { tool: Tool { driver }, invocations: [invocation], results }],
        }
    }
}

impl Rule {
    fn of(rule: &RuleText) -> Self {
        let weight = Weight::of(rule.level, rule.severity);
        let level = level(weight);
        Self {
            id: rule.id,
            // A name that only repeats the identifier is none (SARIF 2.1.0, section 3.49.7).
            name: rule.id.contains('-').then(|| in_pascal_case(rule.id)),
            short_description: Text { text: rule.title().to_owned() },
            full_description: Text { text: rule.paragraphs().next().unwrap_or_default() },
            help: Help { text: rule.explain.to_owned(), markdown: rule.explain.to_owned() },
            help_uri: rule.explain.lines().last().filter(|line| line.starts_with("https://")),
            default_configuration: Configuration { level },
            properties: Properties {
                tags: ["python", "free-threading", "gil"],
                precision: "very-high",
                severity: if weight == Weight::Note { "recommendation" } else { level },
            },
        }
    }
}

impl SarifResult {
    fn of(issue: &Issue<'_>, rules: &[RuleText]) -> Self {
        let Issue { finding, module, location, fingerprint } = issue;
        let module = module
            .as_ref()
            .map(|module| LogicalLocation { fully_qualified_name: visible(module), kind: "module" });
        let message = [&finding.message, &finding.help].map(|line| plain(&sentence(line))).join("\n");
        // The name is that under which GitHub looks for it; the part behind the colon counts like ones of a line.
        let line_hash = ("primaryLocationLineHash", format!("{fingerprint}:1"));
        Self {
            rule_id: finding.rule,
            rule_index: rules.iter().position(|rule| rule.id == finding.rule),
            level: level(issue.weight()),
            message: Text { text: message },
            locations: [SarifLocation {
                physical_location: PhysicalLocation::of(location),
                logical_locations: module.into_iter().collect(),
            }],
            partial_fingerprints: [line_hash, ("ftaudit/v1", fingerprint.clone())].into(),
        }
    }
}

impl PhysicalLocation {
    /// GitHub wants a line also of a file that has none.
    fn of(location: &Location) -> Self {
        let path = utf8_percent_encode(&location.path, PATH).to_string();
        let uri = match path.as_bytes() {
            [b'/', ..] => format!("file://{path}"),
            [drive, b'%', b'3', b'A', b'/', ..] if drive.is_ascii_alphabetic() => {
                format!("file:///{}", path.replacen("%3A", ":", 1))
            }
            _ => path,
        };
        Self {
            artifact_location: ArtifactLocation { uri },
            region: Region { start_line: location.line.unwrap_or(1) },
        }
    }
}

impl Notification {
    fn of(note: &Note) -> Self {
        let level = if note.unread { "error" } else { "note" };
        let text = note.to_string().lines().map(plain).collect::<Vec<String>>().join("\n");
        Self { level, message: Text { text } }
    }

    fn of_suppressed(count: usize) -> Option<Self> {
        let (noun, verb) = if count == 1 { ("finding", "does") } else { ("findings", "do") };
        let text = format!("Left out: {count} {noun} that {verb} not count, by ignores or the baseline.");
        (count > 0).then_some(Self { level: "note", message: Text { text } })
    }

    fn of_left_out(count: usize) -> Option<Self> {
        let text = format!("Left out: {count} of the results, since code scanning takes {RESULTS} at most.");
        (count > 0).then_some(Self { level: "warning", message: Text { text } })
    }
}

const fn level(weight: Weight) -> &'static str {
    match weight {
        Weight::Error => "error",
        Weight::Warning => "warning",
        Weight::Note => "note",
    }
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(char::to_uppercase).into_iter().flatten();
    first.chain(characters).chain((!text.ends_with(['.', ':'])).then_some('.')).collect()
}

/// A line in which nothing is a link: brackets make one (SARIF 2.1.0, section 3.11.6).
fn plain(line: &str) -> String {
    visible(&line.replace('\\', r"\\").replace('[', r"\[").replace(']', r"\]"))
}

fn in_pascal_case(id: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters.clone()).collect::<String>()
    };
    id.split('-').map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Finding, Level, made_up};
    use crate::report::testing;
    use serde_json::Value;

    fn written(report: &Report) -> Value {
        let text = render(report, &testing::RULES, &testing::folders()).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn the_shared_report() {
        let text = render(&testing::report(), &testing::RULES, &testing::folders()).unwrap();
        testing::assert_written("report.sarif", &text);
    }

    #[test]
    fn names_are_identifiers() {
        assert_eq!(in_pascal_case("gil-reenabled"), "GilReenabled");
        assert_eq!(sentence("ask upstream"), "Ask upstream.");
    }

    #[test]
    fn a_path_is_a_uri() {
        let uri = |path: &str| {
            let location = Location { path: path.to_owned(), line: None };
            PhysicalLocation::of(&location).artifact_location.uri
        };
        assert_eq!(uri("dist/a b#1.whl"), "dist/a%20b%231.whl");
        assert_eq!(uri("模.so"), "%E6%A8%A1.so");
        assert_eq!(uri("/venv/x.so"), "file:///venv/x.so");
        assert_eq!(uri("C:/venv/x.so"), "file:///C:/venv/x.so");
        assert_eq!(uri("a:b/x.so"), "a%3Ab/x.so");
    }

    #[test]
    fn more_results_than_are_taken_are_left_out_and_counted() {
        let mut report = made_up::report_of(&[]);
        let warned = Finding { level: Level::Warn, ..made_up::finding("odd-gil-value") };
        report.findings = vec![warned; RESULTS];
        report.findings.push(made_up::finding("gil-reenabled"));
        let run = &written(&report)["runs"][0];
        assert_eq!(run["results"].as_array().unwrap().len(), RESULTS);
        assert_eq!(run["results"][0]["ruleId"], "gil-reenabled");
        let said = &run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"];
        assert_eq!(*said, "Left out: 1 of the results, since code scanning takes 25000 at most.");
    }

    #[test]
    fn an_audit_that_is_not_complete_did_not_succeed() {
        let mut report = made_up::report_of(&[]);
        assert_eq!(written(&report)["runs"][0]["invocations"][0]["executionSuccessful"], true);
        report.notes.push(Note::unread("foo.whl", "is cut off"));
        assert_eq!(written(&report)["runs"][0]["invocations"][0]["executionSuccessful"], false);
    }
}
