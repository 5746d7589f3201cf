//! What is known, laid beside what is audited.

use crate::index::{self, File, LINUX, NOT_USED, USED, wheel, wheel_of};
use crate::run::{Place, Run};
use crate::{record, scripts};
use serde_json::Value;
use std::fs;
use std::path::Path;

fn put(place: &Place, file: &File) {
    fs::write(place.path().join(&file.name), &*file.bytes).unwrap();
}

/// The findings of a rule: of which distribution, and at which level.
fn found(report: &Value, rule: &str) -> Vec<(String, String)> {
    let findings = report["findings"].as_array().expect("a list").iter();
    let text = |value: &Value| value.as_str().expect("it is text").to_owned();
    findings
        .filter(|one| one["rule"] == rule)
        .map(|one| (text(&one["distribution"]), text(&one["level"])))
        .collect()
}

fn check(place: &Place, words: &[&str]) -> Run {
    place.run(&[("SOURCE_DATE_EPOCH", "1795219200")], &[&["check", "--no-config"], words].concat())
}

/// Real wheels, and an old numpy that was built for Python with the GIL.
#[test]
fn a_folder_of_wheels_is_laid_beside_the_embedded_database() {
    let old = wheel_of(
        "numpy",
        "1.26.4",
        "cp312-cp312-manylinux_2_17_x86_64",
        &[("core/_multiarray_umath.so", index::module(USED))],
    );
    let place = Place::new(&[]);
    put(&place, &old);
    if scripts::told_to_skip("FTAUDIT_TEST_SKIP_WHEELS") {
        use std::io::Write;
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: no real wheel is laid beside it, because FTAUDIT_TEST_SKIP_WHEELS=1"
        );
        return;
    }
    let lock = scripts::in_repository("tests/wheels.lock");
    let text = fs::read_to_string(&lock).unwrap();
    let is_wanted = |line: &&str| {
        ["lxml-", "hiredis-", "numpy-"].iter().any(|name| line[66..].starts_with(name))
            && line.contains("-cp314t-")
    };
    let wanted: Vec<&str> = text.lines().filter(|line| line.len() > 66).filter(is_wanted).collect();
    assert_eq!(wanted.len(), 3);
    place.write("three.lock", &(wanted.join("\n") + "\n"));
    let part = place.path().join("three.lock");
    let folder = scripts::run("tests/support/wheels.py", &[part.to_str().unwrap(), "wheels"]);
    for line in wanted {
        fs::copy(Path::new(folder.trim()).join(&line[66..]), place.path().join(&line[66..])).unwrap();
    }
    let run = check(&place, &["."]);
    run.ends(1).says("database-contradicts-binary: lxml 6.1.3 turns the GIL on under 3.14t, and a claim says that >=5.1 leaves the GIL off (an article");
    run.says("known-crash: numpy 1.26.4 is known to crash under 3.14t: a claim says that ==1.26.4 crashes");
    run.says("fixed-in: numpy ").says("With the database embedded: ");
    let report = check(&place, &[".", "--format", "json"]).json();
    let of = |name: &str, version: &str| format!("{name} {version}");
    assert_eq!(found(&report, "database-contradicts-binary"), [(of("lxml", "6.1.3"), "warn".to_owned())]);
    assert_eq!(found(&report, "known-crash"), [(of("numpy", "1.26.4"), "warn".to_owned())]);
    assert_eq!(found(&report, "fixed-in"), [(of("numpy", "1.26.4"), "warn".to_owned())]);
    assert_eq!(report["databases"][0]["name"], "embedded");
    for (name, version, status) in [
        ("hiredis", "3.5.0", "requires-gil"),
        ("lxml", "6.1.3", "requires-gil"),
        ("numpy", "2.5.5", "gil-free"),
    ] {
        let all = report["distributions"].as_array().unwrap();
        let one = all.iter().find(|one| one["name"] == name && one["version"] == version).unwrap();
        let known = one["known"].as_array().unwrap();
        let measured = known.iter().find(|known| known["basis"] == "measured").unwrap();
        assert_eq!(measured["status"], status, "{name}: {known:?}");
    }
    // Without it there is nothing to lay beside.
    let without = check(&place, &[".", "--format", "json", "--no-embedded-db"]).json();
    assert_eq!(without["databases"], Value::Array(Vec::new()));
    assert_eq!(found(&without, "known-crash"), []);
}

const ADDRESS: &str = "url = \"https://example.com/1\"";

#[test]
fn what_is_known_to_race_or_crash_does_not_pass() {
    for (status, basis, ends, rule, level) in [
        ("unsafe", "tracker", 3, "known-unsafe", "unsure"),
        ("unsafe", "claim", 0, "known-unsafe", "warn"),
        ("crashes", "upstream", 1, "known-crash", "deny"),
        ("crashes", "claim", 0, "known-crash", "warn"),
        ("requires-gil", "claim", 0, "database-contradicts-binary", "warn"),
    ] {
        let place = Place::new(&[("own/foo.toml", &record(status, basis, ADDRESS))]);
        put(&place, &wheel("foo", "1.0", LINUX, NOT_USED));
        let report = check(&place, &[".", "--db", "own", "--format", "json"]).ends(ends).json();
        assert_eq!(found(&report, rule), [("foo 1.0".to_owned(), level.to_owned())], "{status} {basis}");
        let databases = report["databases"].as_array().unwrap();
        assert_eq!(
            (databases.len(), &databases[0]["name"], &databases[1]["name"]),
            (2, &"own".into(), &"embedded".into())
        );
        // Another version of it is not meant.
        fs::remove_file(place.path().join(format!("foo-1.0-{LINUX}.whl"))).unwrap();
        put(&place, &wheel("foo", "1.1", LINUX, NOT_USED));
        let report = check(&place, &[".", "--db", "own", "--format", "json"]).ends(0).json();
        assert_eq!(found(&report, rule), []);
    }
}

fn measured(file: &File, status: &str) -> String {
    let evidence =
        format!("file = \"{}\"\nsha256 = \"{}\"\nmodules = 1\ntool = \"0.1.0\"", file.name, file.sha256());
    record(status, "measured", &evidence)
        .replace("status = ", "targets = [\"3.14t\"]\nplatforms = [\"linux-x86_64\"]\nstatus = ")
}

/// The same bytes cannot do both: the record is wrong, or this program.
#[test]
fn a_measurement_of_the_very_file_weighs_more_than_one_of_its_name() {
    let (free, used) = (wheel("foo", "1.0", LINUX, NOT_USED), wheel("foo", "1.0", LINUX, USED));
    for (recorded, ends, same) in [(&free, 3, true), (&used, 0, false)] {
        let place = Place::new(&[("own/foo.toml", &measured(recorded, "requires-gil"))]);
        put(&place, &free);
        let report = check(&place, &[".", "--db", "own", "--format", "json"]).ends(ends).json();
        assert_eq!(found(&report, "database-contradicts-binary").len(), 1);
        assert_eq!(report["distributions"][0]["known"][0]["same_file"], same);
    }
    // Of what an index offers, that says which file it is.
    let place = Place::new(&[("own/foo.toml", &measured(&free, "requires-gil"))]);
    let server = index::serve(vec![free]);
    let run = place.check(&server, &["--no-deps", "foo==1.0", "--db", "own", "--format", "json"]);
    assert_eq!(run.ends(3).json()["distributions"][0]["known"][0]["same_file"], true);
}

#[test]
fn what_is_old_and_overtaken_is_told() {
    let text = record("gil-free", "tracker", ADDRESS).replace("2026-11-21", "2026-01-01");
    let place = Place::new(&[("own/foo.toml", &text)]);
    put(&place, &wheel("foo", "1.1", LINUX, NOT_USED));
    let report = check(&place, &[".", "--db", "own", "--format", "json"]).ends(0).json();
    assert_eq!(found(&report, "stale-record"), [("foo 1.1".to_owned(), "warn".to_owned())]);
    // Where an index is asked, it tells which release is the newest.
    let server =
        index::serve(vec![wheel("foo", "1.0", LINUX, NOT_USED), wheel("foo", "1.2", LINUX, NOT_USED)]);
    let words = ["check", "--no-deps", "foo==1.0", "--db", "own", "--platform", "linux-x86_64"];
    let url = server.url("/simple/");
    let run = place.run(&[("FTAUDIT_INDEX_URL", &url), ("SOURCE_DATE_EPOCH", "1795219200")], &words);
    run.ends(0)
        .says("stale-record: what the database says of foo was checked 324 days ago, and foo 1.2 is there");
}
