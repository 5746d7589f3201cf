//! Why a database is refused. Every message names the file, and the line where there is one.

use std::io;
use std::path::PathBuf;

/// Why a database is refused. It is the fault of whoever wrote it, but for what the system says.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The system says no.
    #[error("cannot read the database {}: {error}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The system says no.
    #[error("cannot write the database {}: {error}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// There is more of it than any database has.
    #[error("{}: {why}", path.display())]
    TooMuch {
        /// The file or folder.
        path: PathBuf,
        /// How much there is, and how much is read.
        why: String,
    },
    /// The folder has no file of a database.
    #[error(
        "{} has no .toml file\nhint: a database is a folder with one file a package; db/README.md says what is in it",
        .0.display()
    )]
    Empty(PathBuf),
    /// It is no TOML, or says what no record can say.
    #[error("{}:{line}: {why}\nhint: db/README.md says what a record may hold", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// It is to be written again, and people have written into it what would be lost.
    #[error("{}:{line}: a comment, which would be lost\nhint: make it the `note` of a record", path.display())]
    Comment {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
}
