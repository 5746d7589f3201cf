//! What documents list is what the program has.

use crate::{assert_document, document, scripts};
use assert_cmd::cargo::cargo_bin_cmd;
use clap::ValueEnum;
use ftaudit::assess::rules::RULES;
use ftaudit::cli::{Format, Spelled};
use ftaudit::model::Verdict;
use std::fmt::Write;

/// `docs/rules.md` is made of what the rules say of themselves, in their order.
#[test]
fn rules_are_those_of_the_program() {
    let mut page = String::from(
        "# Rules\n\nWhat a report calls a finding; `ftaudit explain RULE` says the same. The level is what it does to the \
         [exit status](verdicts.md):\n`deny` makes it 1, `unsure` 3, `warn` nothing. A team's own levels, ignores and \
         baseline are a matter of\n[configuration](configuration.md). The last five are [leads](leads.md), \
         which prove nothing. This page is made of the program's own rules.\n\n\
         | rule | severity | level | what it finds |\n|---|---|---|---|\n",
    );
    let mut explanations = String::new();
    for rule in RULES {
        let (first, rest) =
            rule.explain.split_once("\n\n").expect("a rule says what it finds, and what that means");
        let (id, severity, level, first) = (rule.id, rule.severity, rule.level, first.replace('\n', " "));
        writeln!(page, "| [`{id}`](#{id}) | {severity} | {level} | {first} |").unwrap();
        let rest: Vec<String> = rest.lines().map(linked).collect();
        let rest = rest.join("\n");
        writeln!(explanations, "\n## {id}\n\n*{first}* ({severity}, {level})\n\n{rest}").unwrap();
    }
    assert_document("docs/rules.md", &(page + &explanations));
}

/// A line that is an address, as a link.
fn linked(line: &str) -> String {
    if line.starts_with("https://") { format!("<{line}>") } else { line.to_owned() }
}

/// Every verdict that a module can have is explained.
#[test]
fn verdicts_are_explained() {
    let page = document("docs/verdicts.md");
    for verdict in Verdict::ALL.into_iter().filter(|verdict| *verdict != Verdict::PurePython) {
        assert!(page.contains(&format!("| `{verdict}` |")), "docs/verdicts.md does not explain {verdict}");
    }
}

/// The exit statuses stand there as `--help` has them.
#[test]
fn exit_statuses_are_those_of_the_help() {
    let help = cargo_bin_cmd!().arg("--help").output().expect("--help runs");
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    let (_, statuses) = help.split_once("Exit status:\n").expect("--help lists the exit statuses");
    let page = document("docs/verdicts.md");
    for line in statuses.lines().filter_map(|line| line.trim().split_once("  ")) {
        let row = format!("| {} | {} |", line.0, line.1.trim());
        assert!(page.contains(&row), "docs/verdicts.md lacks `{row}`");
    }
}

/// Every format is in the list of formats, in the order of the help.
#[test]
fn formats_are_those_of_the_program() {
    let formats = Format::value_variants().iter().map(Spelled::id);
    let documentation = document("docs/formats.md");
    let rows = documentation.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    assert_eq!(rows.collect::<Vec<&str>>(), formats.collect::<Vec<String>>());
}

/// Files and folders that the README sends people to are there.
#[test]
fn places_exist() {
    let readme = document("README.md");
    let linked = readme.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    let linked: Vec<&str> = linked.filter(|place| !place.contains("://") && !place.is_empty()).collect();
    assert!(linked.contains(&"docs/rules.md"), "{linked:?}");
    for place in linked.into_iter().chain(["test", "fixtures", "src/lib.rs", "LICENSE-MIT", "LICENSE-APACHE"])
    {
        assert!(scripts::in_repository(place).exists(), "{place} is missing");
    }
}
