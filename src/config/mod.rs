//! The configuration of a project: `ftaudit.toml`, or the table `[tool.ftaudit]` of `pyproject.toml`.
//!
//! What it may hold is documented in `docs/configuration.md`. A key or a value that is not known is refused: a policy
//! that is misspelt must not look like one that holds.

mod document;
mod error;
mod template;

pub use error::ConfigError;
pub use template::TEMPLATE;

use crate::acquire::index::IndexOptions;
use crate::model::{Platform, Target};
use crate::policy::Policy;
use std::fs;
use std::path::{Path, PathBuf};

/// The name of the file that holds nothing else.
pub const FILE: &str = "ftaudit.toml";

/// Bytes of a configuration file: a `pyproject.toml` of ten thousand lines has half of that.
const LIMIT: u64 = 1 << 20;

/// What a project wants, unless the command line says otherwise.
#[derive(Clone, Default)]
pub struct Config {
    /// The file; none where there is none.
    pub path: Option<PathBuf>,
    /// What to judge for; empty where nothing is said.
    pub targets: Vec<Target>,
    /// What to choose wheels for; empty where nothing is said.
    pub platforms: Vec<Platform>,
    /// What counts. The baseline is not read yet.
    pub policy: Policy,
    /// The baseline's file.
    pub baseline: Option<PathBuf>,
    /// Where wheels are looked up.
    pub index: IndexOptions,
}

/// Reads the configuration of a folder: its own, or that of the nearest folder above. `ftaudit.toml` comes before
/// `pyproject.toml`, and only the first file that is found counts.
///
/// # Errors
/// When there is one that cannot be read, or holds what is not known.
pub fn find(folder: &Path) -> Result<Config, ConfigError> {
    for folder in folder.ancestors() {
        for name in [FILE, "pyproject.toml"] {
            let path = folder.join(name);
            if !path.is_file() {
                continue;
            }
            let text = text(&path)?;
            if let Some(config) = document::read(&path, &text)? {
                return Ok(config);
            }
        }
    }
    Ok(Config::default())
}

/// Reads a file that the user named.
///
/// # Errors
/// When it cannot be read, holds what is not known, or is a `pyproject.toml` without the table.
pub fn read(path: &Path) -> Result<Config, ConfigError> {
    document::read(path, &text(path)?)?.ok_or_else(|| ConfigError::NoTable { path: path.to_owned() })
}

fn text(path: &Path) -> Result<String, ConfigError> {
    let read = |error| ConfigError::Read { path: path.to_owned(), error };
    let size = fs::metadata(path).map_err(read)?.len();
    if size > LIMIT {
        return Err(ConfigError::TooLong { path: path.to_owned(), size, limit: LIMIT });
    }
    fs::read_to_string(path).map_err(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_file_counts() {
        let root = tempfile::tempdir().unwrap();
        let below = root.path().join("service/src");
        fs::create_dir_all(&below).unwrap();
        fs::write(root.path().join(FILE), "targets = ['3.15t']").unwrap();
        assert_eq!(find(&below).unwrap().targets, [Target::Py315t]);
        // One without the table says nothing.
        let pyproject = root.path().join("service/pyproject.toml");
        fs::write(&pyproject, "[project]\nname = 'service'\n[tool.ruff]\nline-length = 100\n").unwrap();
        assert_eq!(find(&below).unwrap().targets, [Target::Py315t]);
        assert!(matches!(read(&pyproject), Err(ConfigError::NoTable { .. })));
        fs::write(&pyproject, "[tool.ftaudit]\ntargets = ['3.13t']\n[tool.ruff]\nline-length = 100\n")
            .unwrap();
        let found = find(&below).unwrap();
        assert_eq!((found.targets, found.path), (vec![Target::Py313t], Some(pyproject)));
    }

    #[test]
    fn a_file_that_is_not_there_is_an_error_only_where_it_was_named() {
        let root = tempfile::tempdir().unwrap();
        assert!(matches!(read(&root.path().join(FILE)), Err(ConfigError::Read { .. })));
    }
}
