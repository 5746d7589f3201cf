//! Real wheels, of the tests' lock files.

use crate::index::File;
use crate::scripts;
use std::fs;
use std::io::Write;
use std::path::Path;

/// Those whose names begin so, downloaded if need be; none if the environment says to do without.
pub fn wheels(lock: &str, beginnings: &[&str]) -> Option<Vec<File>> {
    let skip = "FTAUDIT_TEST_SKIP_WHEELS";
    if scripts::told_to_skip(skip) {
        crate::tell(&format!("SKIPPED: no real wheel is audited, because {skip}=1"));
        return None;
    }
    let path = scripts::in_repository("tests").join(lock).with_extension("lock");
    let text = fs::read_to_string(path).expect("the lock file is there");
    let is_wanted = |name: &str| beginnings.iter().any(|start| name.starts_with(start));
    let wanted: Vec<(&str, &str)> =
        text.lines().filter_map(|line| line.split_once("  ")).filter(|(_, name)| is_wanted(name)).collect();
    for start in beginnings {
        assert!(wanted.iter().any(|(_, name)| name.starts_with(start)), "{start} is not in {lock}.lock");
    }
    let mut part = tempfile::NamedTempFile::new().unwrap();
    for (sha256, name) in &wanted {
        writeln!(part, "{sha256}  {name}").unwrap();
    }
    let path = part.path().to_str().expect("the temporary folder's path is UTF-8");
    let folder = scripts::run("tests/support/wheels.py", &[path, lock]);
    let read = |name: &str| fs::read(Path::new(folder.trim()).join(name)).unwrap();
    Some(wanted.into_iter().map(|(_, name)| File::new(name, read(name))).collect())
}
