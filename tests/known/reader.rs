//! The snippet of `db/README.md` reads what the program reads.

use crate::scripts;
use ftaudit::db::Databases;
use ftaudit::model::Proof;
use std::fs;
use std::process::Command;

fn readme() -> String {
    fs::read_to_string(scripts::in_repository("db/README.md")).expect("it is there")
}

/// The first block of code in a language.
fn block<'a>(text: &'a str, language: &str) -> &'a str {
    let (_, rest) = text.split_once(&format!("```{language}\n")).expect("there is such a block");
    rest.split_once("```").expect("it ends").0
}

#[test]
fn the_snippet_reads_every_record() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("reader.py");
    fs::write(&script, block(&readme(), "python")).unwrap();
    let own = scripts::in_repository("db");
    let output = Command::new("python3").arg(script).arg(&own).output().expect("python3 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let databases = Databases::open(&[own], false).unwrap();
    let mut expected = String::new();
    for package in databases.packages() {
        for (_, record) in databases.records(&package).unwrap() {
            let shown = match &record.proof {
                Proof::Address(text) | Proof::Said(text) => text.clone(),
                Proof::Wheel(wheel) => wheel.file.clone(),
                Proof::Listing(files) => files.len().to_string(),
            };
            let versions = record.versions.as_deref().unwrap_or_default();
            let fields = [&package, versions, record.status.id(), record.basis.id(), &record.checked, &shown]
                .join("\t");
            expected.extend([fields.as_str(), "\n"]);
        }
    }
    assert!(expected.lines().count() > 300);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

#[test]
fn the_example_is_a_record_of_its_package() {
    let example = block(&readme(), "toml").to_owned();
    let file = fs::read_to_string(scripts::in_repository("db/lxml.toml")).unwrap();
    let (head, record) = example.split_once("\n\n").expect("a record follows the head");
    assert!(
        file.starts_with(head) && file.contains(record.trim_end()),
        "db/lxml.toml does not hold:\n{example}"
    );
}

#[test]
fn it_holds_what_was_asked_of_it() {
    let databases = Databases::open(&[scripts::in_repository("db")], false).unwrap();
    let packages = databases.packages();
    let measured = |package: &&String| {
        databases.records(package).unwrap().iter().any(|(_, record)| record.wheel().is_some())
    };
    assert!(packages.len() >= 200, "{} packages", packages.len());
    let count = packages.iter().filter(measured).count();
    assert!(count >= 100, "{count} packages of which a wheel was measured");
}
