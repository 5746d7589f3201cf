//! Packs the database (`db/`) for the program to embed: each package compressed by itself, so that a run inflates only the
//! few that it needs. `src/db/embedded.rs` reads it, and says how it is laid out.

#[path = "src/db/checksum.rs"]
mod checksum;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use std::io::Write;
use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=db");
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let folder = Path::new(&root).join("db");
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
