//! Two things that the program has to have at hand:
//!
//! - the database (`db/`), packed to be embedded: each package compressed by itself, so that a run inflates only the few
//!   that it needs. `src/db/embedded.rs` reads it, and says how it is laid out;
//! - a name for its own code, by which it knows what another build of it has left in the cache.

#[path = "src/db/checksum.rs"]
mod checksum;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// What decides what the program makes of a file: its sources and the versions of what it uses.
const CODE: [&str; 2] = ["src", "Cargo.lock"];

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    pack_database(&root);
    name_code(&root);
}

fn name_code(root: &Path) {
    let mut files = BTreeSet::new();
    for path in CODE {
        println!("cargo::rerun-if-changed={path}");
        collect(&root.join(path), &mut files);
    }
    let mut hasher = DefaultHasher::new();
    env::var_os("CARGO_PKG_VERSION").hash(&mut hasher);
    for file in files {
        fs::read(file).expect("sources can be read").hash(&mut hasher);
    }
    println!("cargo::rustc-env=FTAUDIT_CODE={:016x}", hasher.finish());
}

/// Every file at or below a path. A published crate may come without its lock file.
fn collect(path: &Path, files: &mut BTreeSet<PathBuf>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("sources can be listed") {
            collect(&entry.expect("sources can be listed").path(), files);
        }
    } else if path.is_file() {
        files.insert(path.to_owned());
    }
}

fn pack_database(root: &Path) {
    println!("cargo::rerun-if-changed=db");
    let folder = root.join("db");
    let mut files: Vec<(String, String)> = Vec::new();
    for entry in fs::read_dir(&folder).expect("db is a folder") {
        let path = entry.expect("db can be listed").path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("a package's name is text");
            files.push((stem.to_owned(), fs::read_to_string(&path).expect("records are text")));
        }
    }
    files.sort();
    let version = checksum::checksum(files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    let days =
        files.iter().flat_map(|(_, text)| text.lines()).filter_map(|line| line.strip_prefix("checked = "));
    let mut packed = format!("{version} {}\n", days.max().unwrap_or_default());
    let mut bodies = Vec::new();
    for (name, text) in &files {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text.as_bytes()).expect("memory takes it");
        let body = encoder.finish().expect("memory takes it");
        packed.extend([name.as_str(), " ", &body.len().to_string(), "\n"]);
        bodies.extend(body);
    }
    packed.push('\n');
    let packed = [packed.into_bytes(), bodies].concat();
    let out = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join("database"), packed).expect("the output folder can be written");
}
