//! Holds what the README says against the program.

use assert_cmd::cargo::cargo_bin_cmd;
use clap::ValueEnum;
use ftaudit::assess::rules::RULES;
use ftaudit::cli::{Format, Spelled};
use ftaudit::model::Verdict;
use std::fs;

fn readme() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The table of rules is made of what the rules say of themselves, in their order.
#[test]
fn rules_are_those_of_the_program() {
    let mut table = String::from("| rule | severity | level | what it finds |\n|---|---|---|---|\n");
    for rule in RULES {
        let first = rule.explain.split("\n\n").next().unwrap_or_default().replace('\n', " ");
        for part in [
            "| `",
            rule.id,
            "` | ",
            &rule.severity.to_string(),
            " | ",
            rule.level.id(),
            " | ",
            &first,
            " |\n",
        ] {
            table += part;
        }
    }
    assert!(readme().contains(&table), "the README's table of rules should be:\n{table}");
}

/// Every verdict that a module can have is explained.
#[test]
fn verdicts_are_explained() {
    let readme = readme();
    for verdict in Verdict::ALL.into_iter().filter(|verdict| *verdict != Verdict::PurePython) {
        assert!(readme.contains(&format!("| `{verdict}` |")), "the README does not explain {verdict}");
    }
}

/// The exit statuses stand in the README as `--help` has them.
#[test]
fn exit_statuses_are_those_of_the_help() {
    let help = cargo_bin_cmd!().arg("--help").output().expect("--help runs");
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    let (_, statuses) = help.split_once("Exit status:\n").expect("--help lists the exit statuses");
    let readme = readme();
    for line in statuses.lines().filter_map(|line| line.trim().split_once("  ")) {
        let row = format!("| {} | {} |", line.0, line.1.trim());
        assert!(readme.contains(&row), "the README lacks `{row}`");
    }
}

/// Every format is in the list of formats, in the order of the help.
#[test]
fn formats_are_those_of_the_program() {
    let formats = Format::value_variants().iter().map(Spelled::id);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/formats.md");
    let documentation = fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let rows = documentation.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    assert_eq!(rows.collect::<Vec<&str>>(), formats.collect::<Vec<String>>());
}

/// Files and folders that the README sends people to are there.
#[test]
fn places_exist() {
    for place in [
        "test",
        "docs/formats.md",
        "docs/json.md",
        "docs/configuration.md",
        "db/README.md",
        "docs/publishing.md",
        "docs/ci.md",
        "fixtures",
        "src/lib.rs",
        "LICENSE-MIT",
        "LICENSE-APACHE",
    ] {
        let path = format!("{}/{place}", env!("CARGO_MANIFEST_DIR"));
        assert!(fs::metadata(&path).is_ok(), "{place} is missing");
    }
}
