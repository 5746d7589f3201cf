//! How much of everything: memory, time, files; and what is given up outright.

#[cfg(target_os = "linux")]
use super::SandboxError;
use std::path::Path;

/// Bytes of private memory. The hungriest import seen (machine-learning frameworks) takes some three gigabytes.
#[cfg(target_os = "linux")]
const MEMORY: u64 = 8 << 30;
/// Seconds of processor time of one interpreter, over all of its threads: a batch of large packages takes some ten.
#[cfg(target_os = "linux")]
const PROCESSOR: u64 = 900;
/// Bytes of a file: the caches that packages write on import have some hundred kilobytes.
#[cfg(target_os = "linux")]
const FILE: u64 = 64 << 20;
/// Open files: what most systems grant by default.
#[cfg(target_os = "linux")]
const OPEN_FILES: u64 = 1024;

/// Bytes of everything in the temporary folder.
const FOLDER: u64 = 256 << 20;
/// Bytes that are written to a disk in all: files may be emptied and written again.
#[cfg(target_os = "linux")]
const WRITTEN: u64 = 4 * FOLDER;
/// Files and folders in it.
const ENTRIES: usize = 10_000;

/// Threads: numerical libraries start some for each processor, and large machines have some hundred of these.
#[cfg(target_os = "linux")]
const THREADS: u64 = 4096;

/// What an import took too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    not(any(target_os = "linux", test)),
    expect(dead_code, reason = "other systems are not asked what a process takes")
)]
pub(crate) enum Excess {
    /// Of the disk.
    Disk,
    /// Of memory that no limit of the system counts: memory that can be shared.
    Memory,
    /// Threads.
    Threads,
}

/// What a process, or the folder that it writes to, has too much of. Nothing where that cannot be told: the process is
/// gone then, or the system has no such numbers.
pub(crate) fn excess(process: u32, folder: &Path) -> Option<Excess> {
    of_process(process).or_else(|| is_overfull(folder).then_some(Excess::Disk))
}

#[cfg(target_os = "linux")]
fn of_process(process: u32) -> Option<Excess> {
    let place = Path::new("/proc").join(process.to_string());
    let status = std::fs::read_to_string(place.join("status")).unwrap_or_default();
    if number(&status, "Threads:") > THREADS {
        return Some(Excess::Threads);
    }
    let kilobytes = number(&status, "RssAnon:").saturating_add(number(&status, "RssShmem:"));
    if kilobytes > MEMORY >> 10 {
        return Some(Excess::Memory);
    }
    let written = std::fs::read_to_string(place.join("io")).unwrap_or_default();
    let nameless = nameless(&place.join("fd"));
    (number(&written, "write_bytes:") > WRITTEN || nameless > FOLDER).then_some(Excess::Disk)
}

#[cfg(not(target_os = "linux"))]
fn of_process(_: u32) -> Option<Excess> {
    None
}

/// The number that follows a word at the start of a line; 0 where there is none.
#[cfg(target_os = "linux")]
fn number(text: &str, word: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(word));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Bytes of open files that have no name any more, and are in no folder therefore.
#[cfg(target_os = "linux")]
fn nameless(descriptors: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let open = std::fs::read_dir(descriptors).into_iter().flatten().filter_map(Result::ok);
    let files = open.filter_map(|entry| std::fs::metadata(entry.path()).ok());
    files.filter(|file| file.is_file() && file.nlink() == 0).map(|file| file.len()).sum()
}

/// Whether a folder holds more than an import has any business to write. Symbolic links are not followed; a folder that
/// cannot be looked into counts as one that holds more.
fn is_overfull(folder: &Path) -> bool {
    let (mut size, mut count) = (0_u64, 0_usize);
    for entry in walkdir::WalkDir::new(folder) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) if is_hidden(&error) => return true,
            // It is gone by now.
            Err(_) => continue,
        };
        count += 1;
        size = size.saturating_add(entry.metadata().map_or(0, |metadata| metadata.len()));
        if count > ENTRIES || size > FOLDER {
            return true;
        }
    }
    false
}

fn is_hidden(error: &walkdir::Error) -> bool {
    error.io_error().is_some_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied)
}

/// The process gets the last signal when its parent goes, whatever ends that.
#[cfg(target_os = "linux")]
pub(super) fn die_with(parent: u32) -> Result<(), SandboxError> {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};
    let refused = |error: rustix::io::Errno| refused("the parent's death", error);
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(refused)?;
    // It may have gone before that.
    let now = getppid().and_then(|pid| u32::try_from(pid.as_raw_nonzero().get()).ok());
    if now == Some(parent) {
        return Ok(());
    }
    Err(SandboxError::Missing("the program that asked for this is gone".to_owned()))
}

#[cfg(target_os = "linux")]
pub(super) fn limit() -> Result<(), SandboxError> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limits = [
        (Resource::Data, MEMORY),
        (Resource::Cpu, PROCESSOR),
        (Resource::Fsize, FILE),
        (Resource::Nofile, OPEN_FILES),
        (Resource::Core, 0),
        (Resource::Msgqueue, 0),
    ];
    for (resource, most) in limits {
        let allowed = getrlimit(resource).maximum.map_or(most, |allowed| allowed.min(most));
        let limit = Rlimit { current: Some(allowed), maximum: Some(allowed) };
        setrlimit(resource, limit).map_err(|error| refused("limits", error))?;
    }
    // Where memory runs out all the same, this process is the one to go. Not every system has this file.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    Ok(())
}

/// Root without capabilities owns root's files, and has no other power. No program that it becomes gets more.
#[cfg(target_os = "linux")]
pub(super) fn drop_privileges() -> Result<(), SandboxError> {
    use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities, set_no_new_privs};
    let none = CapabilitySet::empty();
    let sets = CapabilitySets { effective: none, permitted: none, inheritable: none };
    set_no_new_privs(true).map_err(|error| refused("no new privileges", error))?;
    set_capabilities(None, sets).map_err(|error| refused("capabilities", error))
}

#[cfg(target_os = "linux")]
fn refused(what: &'static str, error: rustix::io::Errno) -> SandboxError {
    SandboxError::Refused { what, why: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_overfull_by_size_or_by_number() {
        let folder = tempfile::tempdir().unwrap();
        let file = std::fs::File::create(folder.path().join("a")).unwrap();
        assert!(!is_overfull(folder.path()));
        file.set_len(FOLDER + 1).unwrap();
        assert!(is_overfull(folder.path()));
        file.set_len(0).unwrap();
        for number in 0..=ENTRIES {
            std::fs::create_dir(folder.path().join(number.to_string())).unwrap();
        }
        assert!(is_overfull(folder.path()));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn numbers_are_read_where_they_are() {
        let status = "Name:\tRssAnon: 9\nRssAnon:\t     604 kB\nRssShmem:\t       0 kB\nThreads:\t1\n";
        assert_eq!(number(status, "RssAnon:"), 604);
        assert_eq!(number(status, "Threads:"), 1);
        assert_eq!(number(status, "VmPeak:"), 0);
        assert_eq!(number("Threads:\tmany\n", "Threads:"), 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_without_a_name_counts_while_it_is_open() {
        let folder = tempfile::tempdir().unwrap();
        let own = std::process::id();
        assert_eq!(excess(own, folder.path()), None);
        let nameless = tempfile::tempfile_in(folder.path()).unwrap();
        nameless.set_len(FOLDER + 1).unwrap();
        assert_eq!(excess(own, folder.path()), Some(Excess::Disk));
        drop(nameless);
        assert_eq!(excess(own, folder.path()), None);
        assert_eq!(excess(u32::MAX, folder.path()), None);
    }
}
