//! The file of a package as it is written: what `serde` reads, and how that becomes records. `db/README.md` is its
//! description for people.

use super::error::DatabaseError;
use super::{limits, proof, repeated};
use crate::model::{Basis, KnownStatus, Platform, Proof, Record, normalise};
use jiff::civil::Date;
use pep440_rs::VersionSpecifiers;
use serde::Deserialize;
use std::ops::Range;
use std::path::Path;
use std::str::FromStr;
use toml::Spanned;
use toml::value::Datetime;

/// The form that files are in.
pub(super) const SCHEMA: &str = "ftaudit/db/1";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    schema: Spanned<String>,
    package: Spanned<String>,
    #[serde(default)]
    record: Vec<Spanned<Table>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    versions: Option<Spanned<String>>,
    #[serde(default)]
    targets: Vec<Spanned<String>>,
    #[serde(default)]
    platforms: Vec<Spanned<String>>,
    status: Spanned<String>,
    basis: Spanned<String>,
    checked: Spanned<Datetime>,
    note: Option<Spanned<String>>,
    evidence: Spanned<Evidence>,
}

/// One of `url`, `source`, `file` and `files`; the others belong to `file`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Evidence {
    pub url: Option<String>,
    pub source: Option<String>,
    pub file: Option<String>,
    pub sha256: Option<String>,
    pub modules: Option<usize>,
    pub tool: Option<String>,
    pub interpreter: Option<String>,
    #[serde(default)]
    pub clean: bool,
    pub files: Option<Vec<String>>,
}

/// What a file says of its package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its normalised name.
    pub name: String,
    /// What is said of it.
    pub records: Vec<Record>,
}

/// Reads a file's text: all of it, or nothing.
pub(super) fn read(path: &Path, text: &str) -> Result<Package, DatabaseError> {
    let reader = Reader { path, text };
    let document: Document = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        reader.wrong(at, error.message().to_owned())
    })?;
    reader.package(document)
}

/// Makes records of a document.
struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Reader<'_> {
    fn package(&self, document: Document) -> Result<Package, DatabaseError> {
        let Document { schema, package, record } = document;
        if schema.get_ref() != SCHEMA {
            let why = format!("`{}` is no schema that this version knows: it is {SCHEMA}", schema.get_ref());
            return Err(self.wrong(schema.span().start, why));
        }
        let name = package.get_ref();
        let is_plain = |character: char| {
            character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-'
        };
        if name.is_empty() || !name.chars().all(is_plain) || *name != normalise(name) {
            let why = format!("`{name}` is no normalised name of a package ({})", normalise(name));
            return Err(self.wrong(package.span().start, why));
        }
        let mut records: Vec<Record> = Vec::new();
        for table in record {
            let at = table.span();
            let record = self.record(name, table.into_inner())?;
            proof::agree(name, &record).map_err(|why| self.wrong(at.start, why))?;
            if let Some(why) = records.iter().find_map(|known| repeated::why(known, &record)) {
                return Err(self.wrong(at.start, why));
            }
            records.push(record);
        }
        Ok(Package { name: name.clone(), records })
    }

    fn record(&self, package: &str, table: Table) -> Result<Record, DatabaseError> {
        let Table { versions, targets, platforms, status, basis, checked, note, evidence } = table;
        let versions = versions.map(|text| self.versions(text)).transpose()?;
        let note = note.map(|text| self.text("note", text)).transpose()?;
        let status = self.one_of("status", &status, &KnownStatus::ALL)?;
        let basis: Basis = self.one_of("basis", &basis, &Basis::ALL)?;
        let at = evidence.span();
        let proof: Proof =
            proof::of(package, evidence.into_inner()).map_err(|why| self.wrong(at.start, why))?;
        Ok(Record {
            versions,
            targets: self.set(&targets)?,
            platforms: self.set::<Platform>(&platforms)?,
            status,
            basis,
            proof,
            checked: self.day(&checked)?,
            note,
        })
    }

    fn versions(&self, text: Spanned<String>) -> Result<String, DatabaseError> {
        let at = text.span();
        let text = self.text("versions", text)?;
        match text.parse::<VersionSpecifiers>() {
            Ok(_) => Ok(text),
            Err(error) => {
                let why = error.to_string();
                let why = why.lines().next().unwrap_or_default();
                Err(self.wrong(at.start, format!("`{text}` is no version specifier (PEP 440): {why}")))
            }
        }
    }

    /// Text that somebody reads.
    fn text(&self, key: &str, text: Spanned<String>) -> Result<String, DatabaseError> {
        let at = text.span().start;
        let text = text.into_inner();
        if text.trim().is_empty() {
            return Err(self.wrong(at, format!("`{key}` is empty: leave it out")));
        }
        if text.chars().count() > limits::TEXT {
            return Err(self.wrong(at, format!("`{key}` has more than {} characters", limits::TEXT)));
        }
        Ok(text)
    }

    fn one_of<T: Copy + ToString>(
        &self,
        key: &str,
        text: &Spanned<String>,
        known: &[T],
    ) -> Result<T, DatabaseError> {
        let found = known.iter().find(|one| one.to_string() == *text.get_ref());
        found.copied().ok_or_else(|| {
            let names: Vec<String> = known.iter().map(ToString::to_string).collect();
            let why = format!("`{}` is no {key}: known are {}", text.get_ref(), names.join(", "));
            self.wrong(text.span().start, why)
        })
    }

    /// Targets or platforms: each once, in their own order.
    fn set<T: FromStr<Err: ToString> + Ord>(
        &self,
        texts: &[Spanned<String>],
    ) -> Result<Vec<T>, DatabaseError> {
        let mut found: Vec<T> = Vec::new();
        for text in texts {
            let at = text.span().start;
            let one: T = text.get_ref().parse().map_err(|error: T::Err| self.wrong(at, error.to_string()))?;
            if found.contains(&one) {
                return Err(self.wrong(at, format!("`{}` stands here twice", text.get_ref())));
            }
            found.push(one);
        }
        found.sort_unstable();
        Ok(found)
    }

    /// A day without a time, as text that sorts by time.
    fn day(&self, date: &Spanned<Datetime>) -> Result<String, DatabaseError> {
        let Range { start, .. } = date.span();
        let (Some(day), None) = (date.get_ref().date, date.get_ref().time) else {
            return Err(self.wrong(start, "`checked` wants a day (2026-11-21)".to_owned()));
        };
        let number = |value: u8| i8::try_from(value).ok();
        let known = i16::try_from(day.year).ok().zip(number(day.month)).zip(number(day.day));
        let date = known.and_then(|((year, month), day)| Date::new(year, month, day).ok());
        date.map(|date| date.to_string()).ok_or_else(|| self.wrong(start, format!("{day} is no day")))
    }

    fn wrong(&self, at: usize, why: String) -> DatabaseError {
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        DatabaseError::Invalid { path: self.path.to_owned(), line, why }
    }
}
