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
    /// The file is one that is to be audited.
    #[error("the report would replace {}, which is to be read\nhint: name another file", .0.display())]
    IsInput(PathBuf),
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
        _ => "name another file".to_owned(),
    }
}

/// Fails where a report to this file would replace one of the inputs.
///
/// # Errors
/// [`DeliverError::IsInput`].
pub fn spare(inputs: &[PathBuf], output: Option<&Path>) -> Result<(), DeliverError> {
    let Some(wanted) = output.and_then(|path| path.canonicalize().ok()) else { return Ok(()) };
    match inputs.iter().find(|input| input.canonicalize().is_ok_and(|input| input == wanted)) {
        Some(input) => Err(DeliverError::IsInput(input.clone())),
        None => Ok(()),
    }
}

/// The first of these files that stands there twice, under whatever names.
#[must_use]
pub fn named_twice<'a>(files: &[&'a Path]) -> Option<&'a Path> {
    let places: Vec<PathBuf> = files.iter().map(|file| place_of(file)).collect();
    let twice = places.iter().enumerate().find(|(index, place)| places[..*index].contains(place));
    twice.map(|(index, _)| files[index])
}

/// Where a file is or would be, with links followed.
fn place_of(path: &Path) -> PathBuf {
    let in_folder = || Some(folder_of(path).canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(in_folder).unwrap_or_else(|| path.to_owned())
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

/// Writes to a file in a folder or below it. Folders are made where there are none.
///
/// # Errors
/// When that is not possible, or not all of it could be written.
pub fn deliver_into(folder: &Path, file: &str, text: &str) -> Result<(), DeliverError> {
    let path = folder.join(file);
    fs::create_dir_all(folder_of(&path))
        .and_then(|()| replace(&path, text))
        .map_err(|source| DeliverError::File { path, source })
}

/// Writes beside the file and moves that into its place, so that a reader sees the old report or the new one
/// and never half of either. A link stays one, and what is no ordinary file (a pipe, a device) is written to.
fn replace(path: &Path, report: &str) -> io::Result<()> {
    let followed = path.canonicalize();
    let path = followed.as_deref().unwrap_or(path);
    if path.is_dir() {
        return Err(io::Error::from(ErrorKind::IsADirectory));
    }
    if path.exists() && !path.is_file() {
        return fs::OpenOptions::new().write(true).open(path)?.write_all(report.as_bytes());
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

    #[cfg(unix)]
    #[test]
    fn a_link_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let [file, link] = ["report.txt", "link"].map(|name| folder.path().join(name));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        deliver("new", Some(&link)).unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
    }

    #[test]
    fn an_input_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let wheel = folder.path().join("a.whl");
        fs::write(&wheel, "wheel").unwrap();
        let beside = folder.path().join("report.txt");
        let inputs = [folder.path().to_owned(), wheel.clone()];
        assert!(spare(&inputs, Some(&beside)).is_ok());
        assert!(spare(&inputs, None).is_ok());
        let error = spare(&inputs, Some(&folder.path().join("./a.whl"))).unwrap_err().to_string();
        assert!(error.starts_with("the report would replace ") && error.contains("hint: "), "{error}");
    }

    #[test]
    fn a_file_is_known_by_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let [one, same, other] = ["a", "./b/../a", "b"].map(|name| folder.path().join(name));
        assert_eq!(named_twice(&[&one, &other]), None);
        fs::create_dir(folder.path().join("b")).unwrap();
        assert_eq!(named_twice(&[&one, &other, &same]), Some(&*same), "there is none yet");
        fs::write(&one, "").unwrap();
        assert_eq!(named_twice(&[&one, &other, &same]), Some(&*same));
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
