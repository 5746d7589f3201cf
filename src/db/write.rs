//! The file of a package, written: always the same text for the same records, so that a difference in the file is a
//! difference in what is known.

use super::document::{Package, SCHEMA};
use super::error::DatabaseError;
use super::{folder, versions};
use crate::model::{MeasuredWheel, Proof, Record};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use toml::Value;

/// How files begin that are being written. No reader takes one for a package's.
const BEGUN: &str = ".begun-";

/// What is left of a run that was killed: nobody writes one file for that long.
const LEFT: Duration = Duration::from_hours(1);

/// The file of a package in a folder.
#[must_use]
pub fn file(folder: &Path, package: &str) -> PathBuf {
    folder.join(format!("{package}.toml"))
}

/// What a folder says of a package that is to be written again; nothing where it has no file of it.
///
/// # Errors
/// When there is one that cannot be read, or that holds comments, which would be lost.
pub fn read(folder: &Path, package: &str) -> Result<Vec<Record>, DatabaseError> {
    let path = file(folder, package);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let loaded = folder::read_file(&path)?;
    match loaded.text.lines().position(|line| line.trim_start().starts_with('#')) {
        Some(index) => Err(DatabaseError::Comment { path, line: index + 1 }),
        None => Ok(loaded.package.records),
    }
}

/// Writes the file of a package, beside its place first: whoever reads it meets the old text or the new one.
///
/// # Errors
/// When it cannot be written, or what would be written could not be read again.
pub fn write(folder: &Path, package: &Package) -> Result<(), DatabaseError> {
    let path = file(folder, &package.name);
    let text = text(package);
    super::document::read(&path, &text)?;
    let fail = |error| DatabaseError::Write { path: path.clone(), error };
    fs::create_dir_all(folder).map_err(fail)?;
    clear_away(folder);
    let mut begun = tempfile::Builder::new();
    begun.prefix(BEGUN);
    #[cfg(unix)]
    {
        // Temporary files are their owner's alone; this is an ordinary one.
        use std::os::unix::fs::PermissionsExt;
        begun.permissions(fs::Permissions::from_mode(0o644));
    }
    let mut begun = begun.tempfile_in(folder).map_err(fail)?;
    begun.write_all(text.as_bytes()).and_then(|()| begun.as_file().sync_all()).map_err(fail)?;
    begun.persist(&path).map_err(|error| fail(error.error))?;
    Ok(())
}

fn clear_away(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_begun = entry.file_name().to_str().is_some_and(|name| name.starts_with(BEGUN));
        let written = entry.metadata().and_then(|metadata| metadata.modified());
        let age = written.ok().and_then(|written| SystemTime::now().duration_since(written).ok());
        if is_begun && age.is_some_and(|age| age > LEFT) {
            // Where somebody else has done that, it is as well.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The text of a package's file.
#[must_use]
pub fn text(package: &Package) -> String {
    let mut records = package.records.clone();
    records.sort_by_cached_key(|record| {
        let Record { basis, versions, targets, platforms, proof, status, .. } = record;
        let lowest = versions::key(versions.as_deref());
        (*basis, lowest, versions.clone(), targets.clone(), platforms.clone(), proof.clone(), *status)
    });
    let mut lines = format!("schema = {}\npackage = {}\n", quoted(SCHEMA), quoted(&package.name));
    for record in &records {
        lines += "\n[[record]]\n";
        write_record(record, &mut lines);
    }
    lines
}

fn write_record(record: &Record, lines: &mut String) {
    let Record { versions, targets, platforms, status, basis, proof, checked, note } = record;
    let names = |texts: Vec<String>| Value::from(texts).to_string();
    let mut put = |key: &str, value: &str| lines.extend([key, " = ", value, "\n"]);
    if let Some(versions) = versions {
        put("versions", &quoted(versions));
    }
    if !targets.is_empty() {
        put("targets", &names(targets.iter().map(ToString::to_string).collect()));
    }
    if !platforms.is_empty() {
        put("platforms", &names(platforms.iter().map(ToString::to_string).collect()));
    }
    put("status", &quoted(status.id()));
    put("basis", &quoted(basis.id()));
    put("checked", checked);
    if let Some(note) = note {
        put("note", &quoted(note));
    }
    lines.push_str("[record.evidence]\n");
    let mut put = |key: &str, value: &str| lines.extend([key, " = ", value, "\n"]);
    match proof {
        Proof::Address(url) => put("url", &quoted(url)),
        Proof::Said(text) => put("source", &quoted(text)),
        Proof::Wheel(MeasuredWheel { file, sha256, modules, tool, interpreter, clean }) => {
            put("file", &quoted(file));
            put("sha256", &quoted(sha256));
            put("modules", &modules.to_string());
            put("tool", &quoted(tool));
            if let Some(interpreter) = interpreter {
                put("interpreter", &quoted(interpreter));
            }
            if *clean {
                put("clean", "true");
            }
        }
        Proof::Listing(files) => {
            let mut files: Vec<String> =
                files.iter().map(|file| format!("    {},\n", quoted(file))).collect();
            files.sort_unstable();
            put("files", &["[\n".to_owned(), files.concat(), "]".to_owned()].concat());
        }
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
