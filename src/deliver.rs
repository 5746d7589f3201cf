//! Brings a finished report to where it was asked for: all of it, or nothing.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Why a report did not arrive.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// The file cannot be written: mostly a missing folder or missing permission.
    #[error("cannot write the report to {}: {}\nhint: {}", path.display(), source.kind(), hint(path, source))]
    File {
        /// The file asked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Standard output cannot be written: mostly a full disk behind a redirection.
    #[error("cannot write the report to standard output: {0}")]
    Stdout(io::Error),
}

fn hint(path: &Path, source: &io::Error) -> String {
    if path.is_dir() {
        return "this is a folder; name a file in it".to_owned();
    }
    let folder = folder_of(path);
    match source.kind() {
        ErrorKind::NotFound => format!("create the folder {} first", folder.display()),
        ErrorKind::PermissionDenied => format!("the folder {} has to be writable", folder.display()),
        _ => "name another file with --output".to_owned(),
    }
}

/// Writes to the file, or to standard output where none is named.
///
/// # Errors
/// When not all of it could be written. A reader that closes the pipe early (`| head`) has had enough: that is
/// no error.
pub fn deliver(report: &str, output: Option<&Path>) -> Result<(), DeliverError> {
    if let Some(path) = output {
        return replace(path, report).map_err(|source| DeliverError::File { path: path.to_owned(), source });
    }
    let mut stdout = io::stdout().lock();
    match stdout.write_all(report.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(DeliverError::Stdout(error)),
        _ => Ok(()),
    }
}

/// Writes beside the file and moves that into its place, so that a reader sees the old report or the new one
/// and never half of either.
fn replace(path: &Path, report: &str) -> io::Result<()> {
    if path.is_dir() {
        return Err(io::Error::from(ErrorKind::IsADirectory));
    }
    let mut file = tempfile::NamedTempFile::new_in(folder_of(path))?;
    file.write_all(report.as_bytes())?;
    open_to_readers(file.as_file())?;
    file.persist(path)?;
    Ok(())
}

/// Temporary files are their owner's alone; a report is an ordinary file.
#[cfg(unix)]
fn open_to_readers(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn open_to_readers(_: &fs::File) -> io::Result<()> {
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_a_file_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.txt");
        deliver("old", Some(&path)).unwrap();
        deliver("new", Some(&path)).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn errors_name_the_file_and_say_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let error = deliver("x", Some(&folder.path().join("none/report.txt"))).unwrap_err().to_string();
        assert!(error.contains("none/report.txt") && error.contains("hint: create the folder"), "{error}");
        let error = deliver("x", Some(folder.path())).unwrap_err().to_string();
        assert!(error.contains("hint: this is a folder"), "{error}");
    }
}
