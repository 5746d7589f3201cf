//! What is to be done with what is known of packages.

use super::{IndexPlan, each_once, written_to};
use crate::Error;
use crate::acquire::index::IndexOptions;
use crate::cli::{Database, DatabaseOptions, Refresh, Verify};
use crate::confirm;
use crate::model::{KnownStatus, Named, Platform, Target};
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// Which databases count.
#[derive(Debug, Clone, Default)]
pub struct DatabasePlan {
    /// Those that were named, in that order.
    pub paths: Vec<PathBuf>,
    /// Whether the embedded one counts too.
    pub embedded: bool,
    /// Whether wheels whose very file was measured are not decoded.
    pub skip_measured: bool,
}

impl From<DatabaseOptions> for DatabasePlan {
    fn from(DatabaseOptions { databases, no_embedded_db }: DatabaseOptions) -> Self {
        Self { paths: databases, embedded: !no_embedded_db, skip_measured: false }
    }
}

/// What `ftaudit db` is to do.
#[derive(Debug, Clone)]
pub enum KnowledgePlan {
    /// Show what is known of a package.
    Show(Named, DatabasePlan),
    /// List what is known, of one status where one is named.
    List(Option<KnownStatus>, DatabasePlan),
    /// Measure again what is at hand.
    Verify(VerifyPlan),
    /// Measure packages.
    Refresh(RefreshPlan),
    /// Write all of it, to a file where one is named.
    Export(Option<PathBuf>, DatabasePlan),
}

/// What `ftaudit db verify` is to do.
#[derive(Debug, Clone)]
pub struct VerifyPlan {
    /// The databases.
    pub database: DatabasePlan,
    /// Folders with wheels.
    pub wheels: Vec<PathBuf>,
    /// The cache's folder, where it is not the usual one.
    pub cache: Option<PathBuf>,
    /// Threads; one for each processor where none are given.
    pub jobs: Option<NonZeroUsize>,
}

/// What `ftaudit db refresh` is to do.
#[derive(Debug, Clone)]
pub struct RefreshPlan {
    /// The packages, each once, in the order asked.
    pub packages: Vec<Named>,
    /// The folder to write into.
    pub folder: PathBuf,
    /// What to measure for, each once, oldest first.
    pub targets: Vec<Target>,
    /// What to measure for, each once.
    pub platforms: Vec<Platform>,
    /// Whether what was measured on this day is measured again.
    pub again: bool,
    /// How modules are confirmed; none where they are not.
    pub confirm: Option<confirm::Options>,
    /// Where wheels are looked up.
    pub index: IndexPlan,
}

impl KnowledgePlan {
    /// Resolves a command line.
    ///
    /// # Errors
    /// When a file with packages cannot be read, or a line of it names none.
    pub fn of(command: Database) -> Result<Self, Error> {
        Ok(match command {
            Database::Show(show) => Self::Show(show.package, show.database.into()),
            Database::List(list) => {
                let named = |id: String| KnownStatus::ALL.into_iter().find(|status| status.id() == id);
                Self::List(list.status.and_then(named), list.database.into())
            }
            Database::Verify(Verify { wheels, cache_dir, jobs, database }) => {
                Self::Verify(VerifyPlan { database: database.into(), wheels, cache: cache_dir, jobs })
            }
            Database::Refresh(refresh) => Self::Refresh(RefreshPlan::of(refresh)?),
            Database::Export(export) => Self::Export(written_to(export.output), export.database.into()),
        })
    }
}

impl RefreshPlan {
    fn of(refresh: Refresh) -> Result<Self, Error> {
        let mut packages = refresh.packages;
        for file in &refresh.requirements {
            packages.extend(listed(file)?);
        }
        if packages.is_empty() {
            return Err(Error::NoPackage);
        }
        let host = || Platform::host().into_iter().collect();
        let platforms = Some(refresh.platforms.concat()).filter(|some| !some.is_empty());
        let targets = if refresh.targets.is_empty() { vec![Target::Py314t] } else { refresh.targets };
        let mut targets = each_once(targets);
        targets.sort_unstable();
        let options = confirm::Options { pythons: refresh.pythons, ..confirm::Options::default() };
        Ok(Self {
            packages: each_once(packages),
            folder: refresh.database,
            targets,
            platforms: each_once(platforms.unwrap_or_else(host)),
            again: refresh.again,
            confirm: refresh.confirm.then_some(options),
            index: IndexPlan::resolve(refresh.index, IndexOptions::default()),
        })
    }
}

/// The packages that a file lists, one a line; what stands behind a `#` is a remark.
fn listed(file: &Path) -> Result<Vec<Named>, Error> {
    let fail = |line: Option<usize>, why: String| Error::PackageList { path: file.to_owned(), line, why };
    let text = std::fs::read_to_string(file).map_err(|error: io::Error| fail(None, error.to_string()))?;
    let lines =
        text.lines().enumerate().map(|(index, line)| (index + 1, line.split('#').next().unwrap_or(line)));
    let named = |(number, line): (usize, &str)| {
        line.parse::<Named>().map_err(|error| fail(Some(number), error.to_string()))
    };
    lines.filter(|(_, line)| !line.trim().is_empty()).map(named).collect()
}
