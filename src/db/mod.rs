//! What is known of packages besides what their binaries declare: the database that comes with the program, and those that
//! its users have. `db/README.md` describes what they look like.
//!
//! [`Databases`] looks a package up: of the embedded one only that package is unpacked and read, others are read as a whole
//! when they are opened. [`read`] and [`write`](fn@write) are for who measures and keeps what came of it.

mod belied;
mod checksum;
mod document;
mod embedded;
mod error;
mod folder;
mod limits;
mod proof;
mod repeated;
#[cfg(test)]
mod tests;
mod versions;
mod write;

pub use document::Package;
pub use error::DatabaseError;
pub use versions::is_later;
pub use write::{file, read, text, write};

use crate::model::{self, Known, Record, shown};
use folder::Loaded;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The databases of a run, in the order in which they count.
#[derive(Debug, Clone, Default)]
pub struct Databases(Vec<Database>);

#[derive(Debug, Clone)]
struct Database {
    about: model::Database,
    /// None where it is the embedded one.
    packages: Option<BTreeMap<String, Vec<Record>>>,
}

impl Databases {
    /// Those at these places, and behind them the embedded one where it is wanted.
    ///
    /// # Errors
    /// When one of them cannot be read, or anything in it is wrong: then nothing of any is used.
    pub fn open(places: &[PathBuf], with_embedded: bool) -> Result<Self, DatabaseError> {
        let mut databases = places.iter().map(|path| Database::read(path)).collect::<Result<Vec<_>, _>>()?;
        if with_embedded {
            databases.push(Database { about: embedded::about(), packages: None });
        }
        Ok(Self(databases))
    }

    /// What they are.
    #[must_use]
    pub fn about(&self) -> Vec<model::Database> {
        self.0.iter().map(|database| database.about.clone()).collect()
    }

    /// Every package that any of them has records of, sorted.
    #[must_use]
    pub fn packages(&self) -> BTreeSet<String> {
        let names = |database: &Database| match &database.packages {
            Some(packages) => packages.keys().cloned().collect(),
            None => embedded::packages().map(str::to_owned).collect::<Vec<_>>(),
        };
        self.0.iter().flat_map(names).collect()
    }

    /// What they say of a package, each with the database that says it.
    ///
    /// # Errors
    /// Never with what was embedded, which a test reads as a whole.
    pub fn records(&self, package: &str) -> Result<Vec<(&str, Record)>, DatabaseError> {
        let mut found: Vec<(&str, Record)> = Vec::new();
        for database in &self.0 {
            for record in database.records(package)? {
                // What two of them have is told once.
                if found.iter().all(|(_, known)| repeated::why(known, &record).is_none()) {
                    found.push((&database.about.name, record));
                }
            }
        }
        Ok(found)
    }

    /// The same, with what it has to do with a version.
    ///
    /// # Errors
    /// As [`Self::records`].
    pub fn known(
        &self,
        package: &str,
        version: Option<&str>,
        today: Date,
    ) -> Result<Vec<Known>, DatabaseError> {
        let records = self.records(package)?;
        let known = |(database, record): &(&str, Record)| Known {
            bearing: versions::bearing(record.versions.as_deref(), version),
            age: age(&record.checked, today),
            database: (*database).to_owned(),
            record: record.clone(),
            same_file: None,
            belied: belied::is_belied(record, &records),
        };
        Ok(records.iter().map(known).collect())
    }

    /// The records of measured files of this name, with the package that each is of.
    ///
    /// # Errors
    /// As [`Self::records`].
    pub fn measured(&self, package: &str, file: &str) -> Result<Vec<Record>, DatabaseError> {
        let is_of_file = |record: &Record| record.wheel().is_some_and(|wheel| wheel.file == file);
        let records = self.records(package)?.into_iter().map(|(_, record)| record);
        Ok(records.filter(is_of_file).collect())
    }
}

impl Database {
    fn read(path: &Path) -> Result<Self, DatabaseError> {
        let loaded = folder::read(path)?;
        let texts = loaded.iter().map(|(name, loaded)| (name.as_str(), loaded.text.as_str()));
        let version = checksum::checksum(texts);
        let records = loaded.values().flat_map(|loaded| &loaded.package.records);
        let about = model::Database {
            name: shown(path),
            version,
            date: records.map(|record| record.checked.clone()).max().unwrap_or_default(),
            packages: loaded.len(),
        };
        let records = |(name, loaded): (String, Loaded)| (name, loaded.package.records);
        Ok(Self { about, packages: Some(loaded.into_iter().map(records).collect()) })
    }

    fn records(&self, package: &str) -> Result<Vec<Record>, DatabaseError> {
        match &self.packages {
            Some(packages) => Ok(packages.get(package).cloned().unwrap_or_default()),
            None => match embedded::text(package) {
                Some(text) => {
                    let name = format!("{package}.toml ({})", embedded::NAME);
                    document::read(Path::new(&name), &text).map(|package| package.records)
                }
                None => Ok(Vec::new()),
            },
        }
    }
}

/// Days since a record was checked.
fn age(checked: &str, today: Date) -> i64 {
    let day = checked.parse::<Date>().ok();
    day.and_then(|day| today.since(day).ok()).map_or(0, |span| span.get_days().into())
}
