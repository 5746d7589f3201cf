//! A JSON report that was written before, read back: as much of it as [`mod@crate::diff`] and [`mod@crate::dashboard`]
//! need. What a newer version of this program wrote besides is passed over, as `docs/json.md` promises. Apart from what
//! writes reports, since that borrows from what was audited, and nothing was audited here.

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

/// The schema that can be read.
const SCHEMA: &str = "ftaudit/report/1";

/// Bytes of a report: some 3,000 a module and target, for tens of thousands of modules.
const LIMIT: u64 = 256 << 20;

/// Entries of each list of a report. There are fewer modules than this on all of an index's newest releases, and a list of
/// empty texts would take eight times the memory of its file.
const MOST: usize = 1_000_000;

/// Why a file is of no use: its name, and the cause.
#[derive(Debug, thiserror::Error)]
#[error("{} {cause}", path.display())]
pub struct SavedError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub cause: Cause,
}

/// What is wrong with a file, as a phrase whose subject is its name.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The system says no: mostly the name is wrong.
    #[error("cannot be read: {}\nhint: {HINT}", .0.kind())]
    Read(#[from] io::Error),
    /// It is longer than any report.
    #[error("has more than the {} MB that a report may have\nhint: {HINT}", LIMIT >> 20)]
    TooLong,
    /// It starts as a report and ends too early: whoever wrote it was interrupted.
    #[error("is cut off: {0}\nhint: write it again")]
    CutOff(String),
    /// It is something else.
    #[error("is no JSON report: {0}\nhint: {HINT}")]
    Form(String),
    /// It is another document of this program, or a report that this version cannot read.
    #[error("is of the schema {schema}, and this version reads {SCHEMA}\nhint: {}", hint(schema))]
    Schema {
        /// What it says.
        schema: String,
    },
}

const HINT: &str = "`ftaudit check --format json=FILE` writes one";

fn hint(schema: &str) -> &'static str {
    let version = schema.strip_prefix("ftaudit/report/").and_then(|version| version.parse::<u32>().ok());
    if version.is_some() { "a newer version of this program wrote it: use that one" } else { HINT }
}

/// A report. The fields that there are since the first version have to be there: what is missing would pass for empty.
#[derive(Debug, Clone, Deserialize)]
pub struct SavedReport {
    /// When it was made, which reports of earlier versions do not say.
    pub(crate) created: Option<String>,
    #[serde(deserialize_with = "list")]
    pub(crate) targets: Vec<String>,
    #[serde(deserialize_with = "list")]
    pub(crate) platforms: Vec<String>,
    #[serde(deserialize_with = "list")]
    pub(crate) distributions: Vec<SavedDistribution>,
    #[serde(deserialize_with = "list")]
    pub(crate) findings: Vec<SavedFinding>,
    #[serde(deserialize_with = "list")]
    pub(crate) notes: Vec<SavedNote>,
}

/// A distribution of it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SavedDistribution {
    pub name: Option<String>,
    pub version: Option<String>,
    pub source: String,
    pub platform: Option<String>,
    pub fix: Option<SavedFix>,
    pub verdicts: BTreeMap<String, String>,
    pub reasons: BTreeMap<String, String>,
    #[serde(deserialize_with = "list")]
    pub modules: Vec<SavedModule>,
}

/// The version that would do.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SavedFix {
    pub nearest: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SavedModule {
    pub name: String,
    pub verdicts: BTreeMap<String, SavedJudgement>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SavedJudgement {
    pub verdict: String,
    pub message: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SavedFinding {
    pub rule: String,
    pub severity: String,
    pub level: String,
    pub suppressed: Option<IgnoredAny>,
    pub distribution: String,
    #[serde(deserialize_with = "list")]
    pub platforms: Vec<String>,
    pub module: Option<String>,
    pub message: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SavedNote {
    pub about: String,
    pub why: String,
    pub unread: bool,
}

/// The part that every document of this program starts with.
#[derive(Deserialize)]
struct Head {
    schema: Option<String>,
}

/// Reads one.
///
/// # Errors
/// When it cannot be read, is cut off, or is something else.
pub fn read(path: &Path) -> Result<SavedReport, SavedError> {
    let of_file = |path: &Path| parse(&bytes(path)?);
    of_file(path).map_err(|cause| SavedError { path: path.to_owned(), cause })
}

fn bytes(path: &Path) -> Result<Vec<u8>, Cause> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory).into());
    }
    if metadata.len() > LIMIT {
        return Err(Cause::TooLong);
    }
    // What is no file does not say how long it is.
    let mut bytes = Vec::new();
    file.take(LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LIMIT { Err(Cause::TooLong) } else { Ok(bytes) }
}

/// Reads what is in one.
pub(crate) fn parse(bytes: &[u8]) -> Result<SavedReport, Cause> {
    let wrong = |error: serde_json::Error| {
        if error.is_eof() { Cause::CutOff(error.to_string()) } else { Cause::Form(error.to_string()) }
    };
    // The first of several documents tells what all are: the lines of `ndjson` are named as what they are.
    let mut documents = serde_json::Deserializer::from_slice(bytes).into_iter::<Head>();
    let head = documents.next().unwrap_or_else(|| Err(serde_json::Error::custom("it is empty")));
    match head.map_err(wrong)?.schema {
        Some(schema) if schema == SCHEMA => serde_json::from_slice(bytes).map_err(wrong),
        Some(schema) => Err(Cause::Schema { schema }),
        None => Err(Cause::Form("it names no schema".to_owned())),
    }
}

/// A list of at most [`MOST`].
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    struct AtMost<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for AtMost<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Vec<T>, A::Error> {
            let mut list = Vec::new();
            while let Some(entry) = entries.next_element()? {
                if list.len() == MOST {
                    return Err(A::Error::custom(format_args!("a list has more than {MOST} entries")));
                }
                list.push(entry);
            }
            Ok(list)
        }
    }
    deserializer.deserialize_seq(AtMost(PhantomData))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = r#"{"schema": "ftaudit/report/1", "targets": ["3.14t"], "platforms": [], "distributions": [],
        "findings": [], "notes": [], "of-tomorrow": {}}"#;

    fn refused(text: &str) -> String {
        parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_report_is_told_apart() {
        insta::assert_snapshot!(refused(""), @"
        is no JSON report: it is empty
        hint: `ftaudit check --format json=FILE` writes one
        ");
        insta::assert_snapshot!(refused("<html>"), @"
        is no JSON report: expected value at line 1 column 1
        hint: `ftaudit check --format json=FILE` writes one
        ");
        insta::assert_snapshot!(refused("[1, 2]"), @"
        is no JSON report: invalid type: integer `1`, expected a string at line 1 column 2
        hint: `ftaudit check --format json=FILE` writes one
        ");
        insta::assert_snapshot!(refused(r#"{"name": 1}"#), @"
        is no JSON report: it names no schema
        hint: `ftaudit check --format json=FILE` writes one
        ");
        insta::assert_snapshot!(refused(&EMPTY[..60]), @"
        is cut off: EOF while parsing a string at line 1 column 60
        hint: write it again
        ");
        insta::assert_snapshot!(refused(r#"{"schema": "ftaudit/report/1", "targets": 3}"#), @"
        is no JSON report: invalid type: integer `3`, expected a list at line 1 column 43
        hint: `ftaudit check --format json=FILE` writes one
        ");
        insta::assert_snapshot!(refused(r#"{"schema": "ftaudit/report/2"}"#), @"
        is of the schema ftaudit/report/2, and this version reads ftaudit/report/1
        hint: a newer version of this program wrote it: use that one
        ");
        insta::assert_snapshot!(refused("{\"schema\": \"ftaudit/report-lines/1\"}\n{\"record\": 1}"), @"
        is of the schema ftaudit/report-lines/1, and this version reads ftaudit/report/1
        hint: `ftaudit check --format json=FILE` writes one
        ");
        insta::assert_snapshot!(refused(&"[".repeat(100_000)), @"
        is no JSON report: invalid type: sequence, expected a string at line 1 column 1
        hint: `ftaudit check --format json=FILE` writes one
        ");
    }

    #[test]
    fn what_is_more_is_passed_over_and_what_is_missing_is_not_taken_for_empty() {
        let report = parse(EMPTY.as_bytes()).unwrap();
        assert_eq!((report.targets.len(), report.created), (1, None));
        let without = EMPTY.replace(r#""findings": [], "#, "");
        assert!(refused(&without).contains("missing field `findings`"), "{}", refused(&without));
    }

    #[test]
    fn lists_have_an_end() {
        let long = EMPTY.replace(r#"["3.14t"]"#, &format!("[{}\"\"]", "\"\",".repeat(MOST)));
        assert!(refused(&long).contains("more than 1000000 entries"), "{}", refused(&long));
    }

    #[test]
    fn errors_name_the_file_and_one_as_long_as_no_report_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long.json");
        // A gigabyte that takes no room.
        File::create(&path).unwrap().set_len(1 << 30).unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains("long.json has more than the 256 MB"), "{error}");
        let error = read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("cannot be read: is a directory"), "{error}");
    }
}
