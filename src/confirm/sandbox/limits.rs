//! How much of everything: memory, time, files; and what is given up outright.

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
/// Files and folders in it.
const ENTRIES: usize = 10_000;

/// Whether a folder holds more than an import has any business to write. Symbolic links are not followed.
pub(crate) fn is_overfull(folder: &Path) -> bool {
    let (mut size, mut count) = (0_u64, 0_usize);
    for entry in walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok) {
        count += 1;
        size = size.saturating_add(entry.metadata().map_or(0, |metadata| metadata.len()));
        if count > ENTRIES || size > FOLDER {
            return true;
        }
    }
    false
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
}
