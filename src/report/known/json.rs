//! What is known, for programs: `ftaudit/known/1` of `docs/json.md`.

use crate::model;
use serde::Serialize;
use std::collections::BTreeMap;

/// The name of this schema.
const SCHEMA: &str = "ftaudit/known/1";

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    databases: Vec<Database<'a>>,
    packages: Vec<Package<'a>>,
}

#[derive(Serialize)]
struct Package<'a> {
    package: &'a str,
    records: Vec<Record<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::report) struct Database<'a> {
    name: &'a str,
    version: &'a str,
    date: Option<&'a str>,
    packages: usize,
}

// What every record says, here and in `report::json`. A documentation comment would stand in the published schema.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::report) struct Statement<'a> {
    versions: Option<&'a str>,
    targets: Vec<String>,
    platforms: Vec<&'static str>,
    status: &'static str,
    basis: &'static str,
    checked: &'a str,
}

#[derive(Serialize)]
struct Record<'a> {
    #[serde(flatten)]
    statement: Statement<'a>,
    note: Option<&'a str>,
    evidence: Evidence<'a>,
}

#[derive(Serialize)]
struct Evidence<'a> {
    url: Option<&'a str>,
    source: Option<&'a str>,
    file: Option<&'a str>,
    sha256: Option<&'a str>,
    modules: Option<usize>,
    tool: Option<&'a str>,
    interpreter: Option<&'a str>,
    clean: Option<bool>,
    files: Option<&'a [String]>,
}

/// Writes all records of these packages.
///
/// # Errors
/// Never with the structs as they are.
pub fn render(
    databases: &[model::Database],
    packages: &BTreeMap<String, Vec<model::Record>>,
) -> serde_json::Result<String> {
    let document = Document {
        schema: SCHEMA,
        databases: databases.iter().map(Database::of).collect(),
        packages: packages
            .iter()
            .map(|(package, records)| Package { package, records: records.iter().map(Record::of).collect() })
            .collect(),
    };
    serde_json::to_string_pretty(&document).map(|text| text + "\n")
}

impl<'a> Database<'a> {
    pub(in crate::report) fn of(database: &'a model::Database) -> Self {
        let model::Database { name, version, date, packages } = database;
        Self { name, version, date: Some(date.as_str()).filter(|date| !date.is_empty()), packages: *packages }
    }
}

impl<'a> Statement<'a> {
    pub(in crate::report) fn of(record: &'a model::Record) -> Self {
        let model::Record { versions, targets, platforms, status, basis, checked, .. } = record;
        Self {
            versions: versions.as_deref(),
            targets: targets.iter().map(ToString::to_string).collect(),
            platforms: platforms.iter().map(|platform| platform.id()).collect(),
            status: status.id(),
            basis: basis.id(),
            checked,
        }
    }
}

impl<'a> Record<'a> {
    fn of(record: &'a model::Record) -> Self {
        let (note, evidence) = (record.note.as_deref(), Evidence::of(&record.proof));
        Self { statement: Statement::of(record), note, evidence }
    }
}

impl<'a> Evidence<'a> {
    fn of(proof: &'a model::Proof) -> Self {
        let none = Self {
            url: None,
            source: None,
            file: None,
            sha256: None,
            modules: None,
            tool: None,
            interpreter: None,
            clean: None,
            files: None,
        };
        match proof {
            model::Proof::Address(url) => Self { url: Some(url), ..none },
            model::Proof::Said(text) => Self { source: Some(text), ..none },
            model::Proof::Listing(files) => Self { files: Some(files), ..none },
            model::Proof::Wheel(wheel) => Self {
                file: Some(&wheel.file),
                sha256: Some(&wheel.sha256),
                modules: Some(wheel.modules),
                tool: Some(&wheel.tool),
                interpreter: wheel.interpreter.as_deref(),
                clean: Some(wheel.clean),
                ..none
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::made_up;
    use crate::report::testing;

    /// A claim and a measurement of one package.
    fn example() -> String {
        let mut report = made_up::example_report();
        let claim = report.distributions.remove(0).known.remove(0).record;
        let packages = BTreeMap::from([("lxml".to_owned(), vec![made_up::measured().record, claim])]);
        render(&report.databases, &packages).unwrap()
    }

    #[test]
    fn every_field_is_documented_and_every_documented_field_is_there() {
        let written = serde_json::from_str(&example()).unwrap();
        assert_eq!(testing::fields(&written), testing::documented(testing::documentation(SCHEMA)));
    }

    #[test]
    fn the_example_is_what_the_program_writes() {
        let written = example();
        let example = testing::example(testing::documentation(SCHEMA));
        assert_eq!(example, written, "put this into docs/json.md:\n{written}");
    }
}
