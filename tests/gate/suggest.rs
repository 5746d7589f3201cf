//! Which version would do: read from wheels, not from tags.

use crate::index::{self, LINUX, NOT_USED, USED, pure, wheel};
use crate::run::{Place, Run};
use crate::server::Server;
use serde_json::Value;
use std::fs;

const WINDOWS: &str = "cp314-cp314t-win_amd64";

fn check(place: &Place, server: &Server, arguments: &[&str]) -> Run {
    let index = server.url("/simple/");
    let words = ["check", "--no-deps", "--platform", "linux-x86_64"];
    place.run(&[("FTAUDIT_INDEX_URL", &index)], &[&words, arguments].concat())
}

/// What is said of the first distribution.
fn fix(run: &Run) -> Value {
    run.json()["distributions"][0]["fix"].clone()
}

#[test]
fn the_nearest_version_whose_wheel_leaves_the_gil_off() {
    // Every version has a wheel for free-threaded Python.
    let server = index::serve(vec![
        wheel("orchid", "1.0", LINUX, NOT_USED),
        wheel("orchid", "1.1", LINUX, USED),
        wheel("orchid", "1.2", LINUX, USED),
        wheel("orchid", "1.3", LINUX, NOT_USED).yanked(),
        wheel("orchid", "1.4rc1", LINUX, NOT_USED),
        wheel("orchid", "1.5", LINUX, NOT_USED),
        wheel("orchid", "1.6", LINUX, NOT_USED),
    ]);
    let place = Place::new(&[]);
    let run = check(&place, &server, &["orchid==1.1", "--format", "json"]);
    let fix = fix(run.ends(1));
    let found = ["nearest", "lowest", "newest"].map(|field| fix[field].as_str().unwrap_or("none").to_owned());
    assert_eq!(found, ["1.5", "1.0", "1.6"]);
    assert_eq!(fix["incomplete"], Value::Null);
    check(&place, &server, &["orchid==1.1"]).says("fixed in 1.5");
}

#[test]
fn none_is_said_with_how_far_was_looked() {
    let server = index::serve(vec![wheel("orchid", "1.0", LINUX, USED), wheel("orchid", "2.0", LINUX, USED)]);
    let place = Place::new(&[]);
    check(&place, &server, &["orchid==1.0"]).ends(1).says("no version up to 2.0 is ready");
    // What does is left alone.
    let server = index::serve(vec![pure("rose", "1.0"), pure("rose", "2.0")]);
    let run = check(&place, &server, &["rose==1.0", "--format", "json"]);
    assert_eq!(fix(run.ends(0)), Value::Null);
}

#[test]
fn a_version_has_to_do_on_every_platform_where_the_wanted_one_does_not() {
    let wheels = vec![
        wheel("orchid", "1.0", LINUX, USED),
        wheel("orchid", "1.1", LINUX, NOT_USED),
        pure("orchid", "1.2"),
        // The module in it is for Linux, whatever its name: nothing here is loaded on Windows.
        wheel("orchid", "1.1", WINDOWS, USED),
    ];
    let server = index::serve(wheels);
    let place = Place::new(&[]);
    let both = ["orchid==1.0", "--platform", "windows-x86_64", "--format", "json"];
    let run = check(&place, &server, &both);
    run.ends(1);
    for distribution in run.json()["distributions"].as_array().unwrap() {
        assert_eq!(distribution["fix"]["nearest"], "1.2", "{distribution}");
    }
}

#[test]
fn another_version_is_no_way_out_of_a_slip() {
    let server = index::serve(vec![wheel("orchid", "1.0", LINUX, NOT_USED)]);
    let place = Place::new(&[("hashed.txt", &format!("orchid==1.0 --hash=sha256:{}\n", "0".repeat(64)))]);
    for arguments in [&["orchid==99.0"][..], &["-r", "hashed.txt"]] {
        let run = check(&place, &server, &[arguments, &["--format", "json"]].concat());
        assert_eq!(fix(run.ends(1)), Value::Null, "{arguments:?}");
    }
}

#[test]
fn many_versions_are_halved() {
    let versions = (0..40).map(|minor| {
        let gil = if minor < 23 { USED } else { NOT_USED };
        wheel("orchid", &format!("1.{minor}"), LINUX, gil)
    });
    let server = index::serve(versions.collect());
    let run = check(&Place::new(&[]), &server, &["orchid==1.0", "--format", "json"]);
    let fix = fix(run.ends(1));
    assert_eq!(fix["nearest"], "1.23");
    assert_eq!(fix["incomplete"], "not every version was read");
    assert!(fix["looked_at"].as_u64().unwrap() <= 10, "{fix}");
}

#[test]
fn constraints_are_written() {
    let server = index::serve(vec![
        wheel("orchid", "1.0", LINUX, USED),
        wheel("orchid", "1.1", LINUX, NOT_USED),
        wheel("tulip", "3.0", LINUX, USED),
    ]);
    let place = Place::new(&[]);
    check(&place, &server, &["orchid==1.0", "tulip==3.0", "--fix-to", "constraints.txt"]).ends(1);
    let written = fs::read_to_string(place.path().join("constraints.txt")).unwrap();
    assert_eq!(written, "orchid>=1.1  # instead of orchid 1.0\n");
}

#[test]
fn an_ignore_until_fixed_ends_with_the_fix() {
    let policy = "[[ignore]]\npackage = 'orchid'\nreason = 'one worker'\nuntil-fixed = true\n";
    let place = Place::new(&[("ftaudit.toml", policy)]);
    let used = wheel("orchid", "1.0", LINUX, USED);
    check(&place, &index::serve(vec![used.clone()]), &["orchid==1.0"]).ends(0).says("one worker");
    let server = index::serve(vec![used, wheel("orchid", "1.1", LINUX, NOT_USED)]);
    let place = Place::new(&[("ftaudit.toml", policy)]);
    check(&place, &server, &["orchid==1.0"]).ends(1).says("has ended: orchid 1.0 is fixed in 1.1");
}
