//! Holds JSON that the program writes against the JSON Schema that `docs` has of it.

use jsonschema::Validator;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// A report as it is written, after it was held against the schema that it names.
#[track_caller]
pub fn valid(text: &str) -> Value {
    let report: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let file = match report["schema"].as_str() {
        Some("ftaudit/report/1") => "report.schema.json",
        Some("ftaudit/inspect/1") => "inspect.schema.json",
        Some("ftaudit/diff/1") => "diff.schema.json",
        other => panic!("a schema that docs does not have: {other:?}"),
    };
    assert_valid(&validator(&format!("docs/{file}")), &report);
    report
}

/// What a file of the repository says.
pub fn validator(file: &str) -> Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
    let schema: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
    jsonschema::validator_for(&schema).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[track_caller]
pub fn assert_valid(validator: &Validator, value: &Value) {
    let wrong: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{}\n{value:#}", wrong.join("\n"));
}
