//! Real wheels, out of those of `tests/wheels.lock`.

use crate::scripts;
use std::fs;
use std::path::{Path, PathBuf};

/// The wheel whose file name starts so; none where the environment says to do without.
pub fn real(start: &str) -> Option<PathBuf> {
    let skip = "FTAUDIT_TEST_SKIP_WHEELS";
    if scripts::told_to_skip(skip) {
        crate::tell(&format!("SKIPPED: {start} is not audited, because {skip}=1"));
        return None;
    }
    let lock = scripts::in_repository("tests/wheels.lock");
    let folder =
        scripts::run("tests/support/wheels.py", &[lock.to_str().expect("a path in UTF-8"), "wheels", start]);
    let text = fs::read_to_string(lock).expect("the lock file is there");
    let mut names = text.lines().filter_map(|line| line.split_once("  ")).map(|(_, name)| name);
    let name = names.find(|name| name.starts_with(start)).expect("the lock file has such a wheel");
    Some(Path::new(folder.trim()).join(name))
}
