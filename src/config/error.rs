//! Why a configuration is refused. Every message names the file, the line where there is one, and what to do.

use std::io;
use std::path::PathBuf;

/// Why a configuration is refused. It is the fault of whoever wrote the file, but for what the system says.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The system says no.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// It is longer than any configuration.
    #[error("{} has {size} bytes, more than the {limit} that a configuration may have", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Its bytes.
        size: u64,
        /// The most that are read.
        limit: u64,
    },
    /// One is to be written, and there is one.
    #[error("{} is there already\nhint: change that one, or move it away", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A `pyproject.toml` was named, and has no `[tool.ftaudit]`.
    #[error("{} has no table [tool.ftaudit]", path.display())]
    NoTable {
        /// The file.
        path: PathBuf,
    },
    /// It is no TOML, or a value is of another kind than is wanted.
    #[error("{}: {why}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line.
        why: String,
    },
    /// A key that is not known.
    #[error("{}: there is no key `{key}`{}", path.display(), hint(nearest.as_deref()))]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The key, with the tables it is in.
        key: String,
        /// One that is known and spelt much like it.
        nearest: Option<String>,
    },
    /// A value that is not known.
    #[error("{}:{line}: {why}{}", path.display(), hint(nearest.as_deref()))]
    Value {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// What is wrong.
        why: String,
        /// One that is known and spelt much like it.
        nearest: Option<String>,
    },
}

fn hint(nearest: Option<&str>) -> String {
    match nearest {
        Some(nearest) => format!("\nhint: did you mean `{nearest}`?"),
        None => "\nhint: docs/configuration.md lists what there is".to_owned(),
    }
}
