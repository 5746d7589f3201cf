//! The database that comes with the program: packed by `build.rs`, unpacked a package at a time.
//!
//! The first line has the version and the day of the newest record. A line for each package follows, with its name and
//! the bytes that it takes, in the order of their names; then an empty line, and the packages' files one after the
//! other, each deflated.

use crate::model;
use flate2::read::DeflateDecoder;
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::OnceLock;

static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/database"));

/// How reports name it.
pub(super) const NAME: &str = "embedded";

struct Contents {
    version: &'static str,
    date: &'static str,
    packages: BTreeMap<&'static str, &'static [u8]>,
}

fn contents() -> &'static Contents {
    static CONTENTS: OnceLock<Contents> = OnceLock::new();
    CONTENTS
        .get_or_init(|| read(PACKED).unwrap_or(Contents { version: "", date: "", packages: BTreeMap::new() }))
}

/// None where it is not what `build.rs` writes.
fn read(packed: &'static [u8]) -> Option<Contents> {
    let end = packed.windows(2).position(|pair| pair == b"\n\n")?;
    let (head, bodies) = packed.split_at_checked(end)?;
    let mut bodies = bodies.get(2..)?;
    let mut lines = std::str::from_utf8(head).ok()?.lines();
    let (version, date) = lines.next()?.split_once(' ')?;
    let mut packages = BTreeMap::new();
    for line in lines {
        let (name, length) = line.split_once(' ')?;
        let (body, rest) = bodies.split_at_checked(length.parse().ok()?)?;
        packages.insert(name, body);
        bodies = rest;
    }
    Some(Contents { version, date, packages })
}

pub(super) fn about() -> model::Database {
    let Contents { version, date, packages } = contents();
    model::Database {
        name: NAME.to_owned(),
        version: (*version).to_owned(),
        date: (*date).to_owned(),
        packages: packages.len(),
    }
}

pub(super) fn packages() -> impl Iterator<Item = &'static str> {
    contents().packages.keys().copied()
}

/// A package's file.
pub(super) fn text(package: &str) -> Option<String> {
    let mut text = String::new();
    let body = contents().packages.get(package)?;
    DeflateDecoder::new(*body).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_is_found_again() {
        let about = about();
        assert_eq!(about.version.len(), 8, "{about:?}");
        assert_eq!(packages().count(), about.packages);
        for package in packages() {
            let path = format!("{}/db/{package}.toml", env!("CARGO_MANIFEST_DIR"));
            assert_eq!(text(package), std::fs::read_to_string(path).ok(), "{package}");
        }
        assert_eq!(text("no such package"), None);
    }
}
