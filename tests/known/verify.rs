//! `db verify`: records are held against the wheels that the tests cache anyway.

use crate::index::{LINUX, NOT_USED, USED, wheel};
use crate::run::Place;
use crate::{db, scripts};
use ftaudit::db::Databases;
use std::collections::BTreeSet;
use std::fs;

/// Every record whose wheel is in a lock file is measured again.
#[test]
fn the_records_of_cached_wheels_hold() {
    if scripts::told_to_skip("FTAUDIT_TEST_SKIP_WHEELS") {
        use std::io::Write;
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: no record is measured again, because FTAUDIT_TEST_SKIP_WHEELS=1"
        );
        return;
    }
    let mut locked: BTreeSet<String> = BTreeSet::new();
    let mut folders = Vec::new();
    for name in ["wheels", "platforms"] {
        let lock = scripts::in_repository("tests").join(name).with_extension("lock");
        let text = fs::read_to_string(&lock).unwrap();
        locked.extend(text.lines().filter_map(|line| line.split_once("  ")).map(|(_, file)| file.to_owned()));
        let lock = lock.to_str().expect("the repository's path is UTF-8");
        folders.push(scripts::run("tests/support/wheels.py", &[lock, name]).trim().to_owned());
    }
    let own = scripts::in_repository("db");
    let databases = Databases::open(std::slice::from_ref(&own), false).unwrap();
    let mut expected = 0;
    for package in databases.packages() {
        let records = databases.records(&package).unwrap();
        let files = records.iter().filter_map(|(_, record)| record.wheel());
        expected += files.filter(|wheel| locked.contains(&wheel.file)).count();
    }
    assert!(expected > 350, "{expected} records are of wheels that the tests cache");
    let place = Place::new(&[]);
    let own = own.to_str().unwrap();
    let run = db(
        &place,
        &["verify", "--db", own, "--no-embedded-db", "--wheels", &folders[0], "--wheels", &folders[1]],
    );
    run.ends(0).says("0 found to be otherwise");
    let again = run
        .stdout
        .split(": ")
        .nth(1)
        .and_then(|text| text.split(' ').next())
        .and_then(|text| text.parse().ok());
    // Others' wheels may be in these folders too.
    assert!(again.is_some_and(|again: usize| again >= expected), "{expected} expected: {}", run.stdout);
}

fn measured(status: &str, sha256: &str, modules: usize) -> String {
    format!(
        "schema = \"ftaudit/db/1\"\npackage = \"foo\"\n\n[[record]]\nversions = \"==1.0\"\ntargets = [\"3.14t\"]\nplatforms = \
         [\"linux-x86_64\"]\nstatus = \"{status}\"\nbasis = \"measured\"\nchecked = 2026-11-21\n[record.evidence]\nfile = \
         \"foo-1.0-{LINUX}.whl\"\nsha256 = \"{sha256}\"\nmodules = {modules}\ntool = \"0.1.0\"\n"
    )
}

#[test]
fn a_record_that_does_not_hold_is_found() {
    let free = wheel("foo", "1.0", LINUX, NOT_USED);
    let used = wheel("foo", "1.0", LINUX, USED);
    for (file, text, status, said) in [
        (Some(&free), measured("gil-free", &free.sha256(), 1), 0, "1 measured again and found to be so"),
        (
            Some(&free),
            measured("requires-gil", &free.sha256(), 1),
            1,
            "leaves the GIL off under 3.14t, and its record says that it turns the GIL on",
        ),
        (Some(&used), measured("gil-free", &free.sha256(), 1), 1, "has another SHA-256 than its record"),
        (Some(&free), measured("gil-free", &free.sha256(), 2), 1, "has 1 modules, and its record says 2"),
        (None, measured("requires-gil", &free.sha256(), 1), 0, "1 without their wheel at hand"),
    ] {
        let place = Place::new(&[("own/foo.toml", &text)]);
        fs::create_dir(place.path().join("wheels")).unwrap();
        if let Some(file) = file {
            fs::write(place.path().join("wheels").join(&file.name), &*file.bytes).unwrap();
        }
        let run = db(&place, &["verify", "--db", "own", "--no-embedded-db", "--wheels", "wheels"]);
        run.ends(status).says(said);
    }
}

/// What `refresh` has fetched is in the cache, and found there by its hash.
#[test]
fn wheels_in_the_cache_are_found() {
    let server = crate::index::serve(vec![wheel("foo", "1.0", LINUX, NOT_USED)]);
    let place = Place::new(&[]);
    let url = server.url("/simple/");
    db(&place, &["refresh", "foo", "--db", "own", "--platform", "linux-x86_64", "--index-url", &url]).ends(0);
    let run = db(&place, &["verify", "--db", "own", "--no-embedded-db"]);
    run.ends(0).says("1 record: 1 measured again and found to be so");
}
