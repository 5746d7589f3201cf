//! `--skip-measured`: wheels that are not decoded, because the very file was measured.

use crate::db;
use crate::index::{self, File, LINUX, NOT_USED, USED, wheel};
use crate::run::Place;
use serde_json::Value;
use std::fs;

/// A wheel of `foo` that is, or is not, among those that are decoded all the same.
fn foo(in_sample: bool, gil: u64) -> File {
    let versions = (0..).map(|number| format!("1.{number}"));
    let mut wheels = versions.map(|version| wheel("foo", &version, LINUX, gil));
    let is_meant = |file: &File| (u8::from_str_radix(&file.sha256()[..2], 16).unwrap() < 26) == in_sample;
    wheels.find(is_meant).unwrap()
}

/// Measures a wheel, and audits a folder that holds another file of its name or the same.
fn audited(measured: &File, audited: &File, words: &[&str]) -> Value {
    let place = Place::new(&[]);
    let server = index::serve(vec![measured.clone()]);
    let url = server.url("/simple/");
    db(&place, &["refresh", "foo", "--db", "own", "--platform", "linux-x86_64", "--index-url", &url]).ends(0);
    fs::create_dir(place.path().join("wheels")).unwrap();
    fs::write(place.path().join("wheels").join(&measured.name), &*audited.bytes).unwrap();
    place.run(&[], &[&["check", "wheels", "--db", "own", "--format", "json"], words].concat()).json()
}

fn reason(report: &Value) -> &Value {
    &report["distributions"][0]["modules"][0]["verdicts"]["3.14t"]["reason"]
}

fn is_noted(report: &Value) -> bool {
    let notes = report["notes"].as_array().unwrap();
    notes.iter().any(|note| note["why"].as_str().unwrap().contains("was not decoded"))
}

#[test]
fn the_very_file_is_not_decoded_and_that_is_said() {
    let file = foo(false, NOT_USED);
    let skipped = audited(&file, &file, &["--skip-measured"]);
    assert_eq!((reason(&skipped), is_noted(&skipped)), (&"measured".into(), true));
    let decoded = audited(&file, &file, &[]);
    assert_eq!((reason(&decoded), is_noted(&decoded)), (&"slot-not-used".into(), false));
    // The verdict is the same, and so is the end.
    assert_eq!(skipped["distributions"][0]["verdicts"], decoded["distributions"][0]["verdicts"]);
    assert_eq!(skipped["findings"], decoded["findings"]);
}

#[test]
fn all_others_are() {
    let decoded = Value::from("slot-not-used");
    let file = foo(true, NOT_USED);
    assert_eq!(reason(&audited(&file, &file, &["--skip-measured"])), &decoded, "it is in the sample");
    let (file, other) = (foo(false, NOT_USED), foo(true, NOT_USED));
    assert_eq!(reason(&audited(&file, &other, &["--skip-measured"])), &decoded, "it has another hash");
    let words = ["--skip-measured", "--verify-hashes"];
    assert_eq!(reason(&audited(&file, &file, &words)), &decoded, "hashes of its modules are wanted");
    let words = ["--skip-measured", "--target", "3.14t", "--target", "3.15t"];
    assert_ne!(reason(&audited(&file, &file, &words)), &Value::from("measured"), "3.15t was not measured");
    let used = foo(false, USED);
    assert_eq!(
        reason(&audited(&used, &used, &["--skip-measured"])),
        &Value::from("slot-used"),
        "it is not fine"
    );
}
