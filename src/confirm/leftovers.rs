//! What is to be gone when this program ends: temporary folders, and processes. Whoever made them takes them away. Where
//! the user does not wait for that, this list of them tells what is left.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;

/// How often a folder is tried that something is still being written to.
const ATTEMPTS: usize = 10;

static LEFT: Mutex<Left> = Mutex::new(Left { folders: BTreeSet::new(), processes: BTreeSet::new() });

struct Left {
    folders: BTreeSet<PathBuf>,
    processes: BTreeSet<u32>,
}

fn left() -> MutexGuard<'static, Left> {
    LEFT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A temporary folder; it is gone when this is.
#[derive(Debug)]
pub(super) struct Folder(TempDir);

impl Folder {
    /// A new one. Nobody ends this program between its making and its being listed.
    ///
    /// # Errors
    /// Where there is none to be had.
    pub(super) fn new(prefix: &str) -> io::Result<Self> {
        let mut left = left();
        let folder = tempfile::Builder::new().prefix(prefix).tempdir()?;
        left.folders.insert(folder.path().to_owned());
        Ok(Self(folder))
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        remove(self.path());
        left().folders.remove(self.path());
    }
}

/// That a process is listed.
#[derive(Debug)]
pub(super) struct Listed(u32);

/// Starts a process. It has to be listed as long as it is not waited for.
///
/// # Errors
/// Where it does not start.
pub(super) fn spawn(command: &mut Command) -> io::Result<(Child, Listed)> {
    let mut left = left();
    let child = command.spawn()?;
    left.processes.insert(child.id());
    let listed = Listed(child.id());
    Ok((child, listed))
}

impl Drop for Listed {
    fn drop(&mut self) {
        left().processes.remove(&self.0);
    }
}

/// Ends every process and removes every folder that is still there. No other is made from now on: the program is to end
/// right after this.
pub fn clear_away() {
    let left = left();
    left.processes.iter().copied().for_each(end);
    left.folders.iter().for_each(|folder| remove(folder));
    std::mem::forget(left);
}

/// A process that is being ended may write a last file while the others are being removed, and may have taken away the
/// right to look into its folders.
fn remove(folder: &Path) {
    for _ in 0..ATTEMPTS {
        if std::fs::remove_dir_all(folder).is_ok() || !folder.exists() {
            return;
        }
        open_up(folder);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// Lets the owner into every folder; links are not followed.
#[cfg(unix)]
fn open_up(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let owner = std::fs::Permissions::from_mode(0o700);
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let _ = std::fs::set_permissions(&folder, owner.clone());
        let entries = std::fs::read_dir(&folder).into_iter().flatten().filter_map(Result::ok);
        let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        open.extend(folders.map(|entry| entry.path()));
    }
}

#[cfg(not(unix))]
fn open_up(_: &Path) {}

/// Ends a process with all of its group.
#[cfg(unix)]
fn end(process: u32) {
    use rustix::process::{Pid, Signal, kill_process, kill_process_group};
    if let Some(pid) = i32::try_from(process).ok().and_then(Pid::from_raw) {
        // It may have left its group, or be gone.
        let _ = kill_process_group(pid, Signal::KILL);
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// Ctrl-C on a console of Windows is told to all of its processes.
#[cfg(not(unix))]
fn end(_: u32) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn folders_that_nobody_may_look_into_are_removed() {
        let folder = Folder::new("ftaudit-test-").unwrap();
        let below = folder.path().join("a/b");
        std::fs::create_dir_all(&below).unwrap();
        std::fs::write(below.join("c"), "").unwrap();
        for closed in [below, folder.path().join("a")] {
            let nothing = std::os::unix::fs::PermissionsExt::from_mode(0o000);
            std::fs::set_permissions(closed, nothing).unwrap();
        }
        let path = folder.path().to_owned();
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn what_is_there_is_listed_and_what_is_gone_is_not() {
        let folder = Folder::new("ftaudit-test-").unwrap();
        let path = folder.path().to_owned();
        std::fs::create_dir(path.join("below")).unwrap();
        assert!(left().folders.contains(&path));
        drop(folder);
        assert!(!path.exists() && !left().folders.contains(&path));
        let (mut child, listed) = spawn(&mut Command::new("true")).unwrap();
        assert!(left().processes.contains(&child.id()));
        child.wait().unwrap();
        let number = listed.0;
        drop(listed);
        assert!(!left().processes.contains(&number));
    }
}
