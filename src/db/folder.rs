//! A database that lies in a folder, or in a single file: read as a whole before anything of it counts.

use super::document::{self, Package};
use super::error::DatabaseError;
use super::limits;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A package and its file's text.
pub(super) struct Loaded {
    pub package: Package,
    pub text: String,
}

/// Reads every file.
pub(super) fn read(path: &Path) -> Result<BTreeMap<String, Loaded>, DatabaseError> {
    let files = if path.is_dir() { listed(path)? } else { vec![path.to_owned()] };
    let mut packages = BTreeMap::new();
    let mut records = 0_usize;
    for file in files {
        let loaded = read_file(&file)?;
        let stem = file.file_stem().and_then(|stem| stem.to_str());
        if path.is_dir() && stem != Some(&loaded.package.name) {
            let why =
                format!("this is {}.toml, which is where the package {0} has to stand", loaded.package.name);
            return Err(DatabaseError::Invalid { path: file, line: 1, why });
        }
        records = records.saturating_add(loaded.package.records.len());
        if records > limits::RECORDS {
            let why = format!("it has more than {} records, which is more than is read", limits::RECORDS);
            return Err(DatabaseError::TooMuch { path: path.to_owned(), why });
        }
        packages.insert(loaded.package.name.clone(), loaded);
    }
    Ok(packages)
}

/// Reads one file.
pub(super) fn read_file(path: &Path) -> Result<Loaded, DatabaseError> {
    let text = text(path)?;
    let package = document::read(path, &text)?;
    Ok(Loaded { package, text })
}

/// Its files, sorted. What is no `.toml` is somebody's remark.
fn listed(folder: &Path) -> Result<Vec<PathBuf>, DatabaseError> {
    let fail = |error| DatabaseError::Read { path: folder.to_owned(), error };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            files.push(path);
        }
        if files.len() > limits::FILES {
            let why = format!("it has more than {} files, which is more than is read", limits::FILES);
            return Err(DatabaseError::TooMuch { path: folder.to_owned(), why });
        }
    }
    if files.is_empty() {
        return Err(DatabaseError::Empty(folder.to_owned()));
    }
    files.sort_unstable();
    Ok(files)
}

fn text(path: &Path) -> Result<String, DatabaseError> {
    let fail = |error| DatabaseError::Read { path: path.to_owned(), error };
    // Opening a pipe waits for somebody to write into it.
    if !fs::metadata(path).map_err(fail)?.is_file() {
        return Err(fail(io::Error::new(io::ErrorKind::InvalidInput, "it is no ordinary file")));
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(limits::FILE + 1).read_to_end(&mut bytes)).map_err(fail)?;
    if bytes.len() as u64 > limits::FILE {
        let why =
            format!("it has more than {} bytes, which is more than the file of a package has", limits::FILE);
        return Err(DatabaseError::TooMuch { path: path.to_owned(), why });
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = memchr::memchr_iter(b'\n', valid).count() + 1;
        DatabaseError::Invalid { path: path.to_owned(), line, why: "it is no text in UTF-8".to_owned() }
    })
}
