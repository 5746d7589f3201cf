//! Gives the program a name for its own code, by which it knows what an earlier build of it has left in the cache.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// What decides what the program makes of a file: its sources and the versions of what it uses.
const CODE: [&str; 2] = ["src", "Cargo.lock"];

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut files = BTreeSet::new();
    for path in CODE {
        println!("cargo::rerun-if-changed={path}");
        collect(&root.join(path), &mut files)?;
    }
    let mut hasher = DefaultHasher::new();
    env::var_os("CARGO_PKG_VERSION").hash(&mut hasher);
    for file in files {
        fs::read(file)?.hash(&mut hasher);
    }
    println!("cargo::rustc-env=FTAUDIT_CODE={:016x}", hasher.finish());
    Ok(())
}

/// Every file at or below a path. A published crate may come without its lock file.
fn collect(path: &Path, files: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            collect(&entry?.path(), files)?;
        }
    } else if path.is_file() {
        files.insert(path.to_owned());
    }
    Ok(())
}
