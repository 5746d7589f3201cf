//! Each format held against what others wrote to read it: GitHub's rules for SARIF, Jenkins' schema of `JUnit`'s XML, the
//! encoder of GitHub's toolkit, the badges of shields.io, GitLab's schema, `cmark-gfm`, Python's `csv`. What they read
//! is the shared report of the unit tests (`written`), whose names mean something to most formats, and what the program
//! writes about a folder of files with such names.

#[path = "../support/module.rs"]
mod module;
mod program;
#[path = "../support/schema.rs"]
mod schema;
#[path = "../support/scripts.rs"]
mod scripts;
mod text;
mod tools;

use program::every_report;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tools::Tools;

/// The report of a format, once as the unit tests hold it and once as the program writes it.
fn reports(file: &str) -> Vec<PathBuf> {
    let written = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports/written").join(file);
    vec![written, every_report().join(file)]
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&read(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn json_is_valid_by_its_schema() {
    for path in reports("report.json") {
        schema::valid(&read(&path));
    }
    let changes = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports/written/diff.json");
    schema::valid(&read(&changes));
    let lines = schema::validator("docs/report-lines.schema.json");
    for path in reports("report.ndjson") {
        let text = read(&path);
        for line in text.lines() {
            schema::assert_valid(&lines, &serde_json::from_str(line).unwrap());
        }
        assert!(text.lines().count() > 4, "{}", path.display());
    }
}

#[test]
fn a_schema_refuses_what_is_no_report() {
    let schema = schema::validator("docs/report.schema.json");
    let report = json(&reports("report.json")[0]);
    assert!(schema.is_valid(&report));
    for (path, wrong) in [
        ("/schema", Value::from("ftaudit/report/2")),
        ("/distributions/0/modules", Value::Null),
        ("/findings/0/level", Value::from("fatal")),
        ("/notes/0/unread", Value::from("yes")),
    ] {
        let mut report = report.clone();
        *report.pointer_mut(path).unwrap_or_else(|| panic!("no {path}")) = wrong;
        assert!(!schema.is_valid(&report), "{path}");
    }
    let mut newer = report;
    newer["distributions"][0]["added-later"] = Value::from(1);
    assert!(schema.is_valid(&newer), "fields may be added");
}

/// What the validator would have otherwise, and why that is not so. What it calls a note only says what could be nicer
/// still, and is passed over.
const SARIF_MAY: [&str; 1] = [
    // The program has no page of its own that could be named.
    "SARIF2005",
];

#[test]
fn sarif_is_what_github_takes() {
    let Some(tools) = Tools::provided() else { return };
    for path in reports("report.sarif") {
        let wrong = tools.sarif(&path);
        let may = |complaint: &str| {
            complaint.contains(" note: ") || SARIF_MAY.iter().any(|rule| complaint.starts_with(rule))
        };
        let wrong: Vec<&String> = wrong.iter().filter(|complaint| !may(complaint)).collect();
        assert!(wrong.is_empty(), "{}: {wrong:#?}", path.display());
        let results = json(&path)["runs"][0]["results"].as_array().unwrap().len();
        assert!(results > 1, "{}", path.display());
    }
}

#[test]
fn the_validator_of_sarif_finds_what_is_missing() {
    let Some(tools) = Tools::provided() else { return };
    let mut log = json(&reports("report.sarif")[0]);
    log["runs"][0]["results"][0].as_object_mut().unwrap().remove("locations");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wrong.sarif");
    fs::write(&path, log.to_string()).unwrap();
    assert!(tools.sarif(&path).iter().any(|complaint| complaint.starts_with("GH1015")));
}

#[test]
fn junit_is_valid_by_the_schema_of_jenkins() {
    if tools::are_left_out() {
        return;
    }
    for path in reports("report.junit.xml") {
        tools::xmllint(&path, "tests/reports/schemas/junit-10.xsd");
        let text = read(&path);
        let ended = ["<failure", "<error"].iter().map(|end| text.matches(end).count()).sum::<usize>();
        assert!(ended > 1, "{}", path.display());
    }
}

#[test]
fn gitlab_takes_every_violation() {
    let schema = schema::validator("tests/reports/schemas/codeclimate.json");
    for path in reports("report.gitlab.json") {
        let report = json(&path);
        let violations = report.as_array().unwrap();
        let mut fingerprints: Vec<&Value> = Vec::new();
        for violation in violations {
            schema::assert_valid(&schema, violation);
            assert!(!fingerprints.contains(&&violation["fingerprint"]), "{violation}");
            fingerprints.push(&violation["fingerprint"]);
        }
        assert!(violations.len() > 1, "{}", path.display());
    }
}

#[test]
fn annotations_are_those_of_githubs_toolkit() {
    let Some(tools) = Tools::provided() else { return };
    for path in reports("report.github.txt") {
        let text = read(&path);
        assert_eq!(tools.annotations_again(&text), text, "{}", path.display());
    }
}

#[test]
fn a_badge_is_drawn() {
    let Some(tools) = Tools::provided() else { return };
    for path in reports("report.badge.json") {
        let badge = json(&path);
        assert_eq!(badge["schemaVersion"], 1);
        let picture = tools.badge(&badge);
        assert!(picture.starts_with("<svg") && picture.contains("free-threaded Python"), "{picture}");
    }
}

#[test]
fn a_spreadsheet_reads_the_table_and_finds_no_formula() {
    for path in reports("report.csv") {
        let rows = tools::csv(&path);
        assert!(rows.len() > 2, "{}", path.display());
        for row in &rows {
            assert_eq!(row.len(), rows[0].len(), "{row:?}");
            let formula = row.iter().find(|cell| cell.starts_with(['=', '+', '-', '@', '\t', '\r']));
            assert_eq!(formula, None, "{row:?}");
        }
        let formulas = rows.iter().flatten().filter(|cell| cell.starts_with("'=")).count();
        assert!(formulas > 0, "a name is a formula: {}", path.display());
    }
}

#[test]
fn markdown_shows_names_as_they_are_and_nothing_else() {
    if tools::are_left_out() {
        return;
    }
    // Some of those that the shared report has.
    let shared = ["=cmd|' /C calc'!A0", "@octocat #1 www.example.org https://example.org", "]]>&amp;"];
    for (path, names) in reports("report.md").iter().zip([&shared[..], &program::HOSTILE]) {
        let html = tools::html_of_markdown(path);
        let page = text::Page::of(&html);
        let mut unexpected: Vec<&String> =
            page.elements.iter().filter(|element| !text::EXPECTED.contains(&element.as_str())).collect();
        unexpected.dedup();
        assert!(unexpected.is_empty(), "{unexpected:?} in {html}");
        assert!(page.is_balanced, "{html}");
        for name in names {
            assert!(page.code.iter().any(|code| code.contains(name)), "{name}: {:#?}", page.code);
        }
        assert!(page.elements.iter().any(|element| element == "details"), "{html}");
    }
}
