//! `db verify`: records are held against the wheels that the tests cache anyway.

use crate::index::{self, LINUX, NOT_USED, USED, wheel};
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
    assert!(expected > 500, "{expected} records are of wheels that the tests cache");
    let place = Place::new(&[]);
    let own = own.to_str().unwrap();
    let run = db(
        &place,
        &["verify", "--db", own, "--no-embedded-db", "--wheels", &folders[0], "--wheels", &folders[1]],
    );
    // What a wheel of these does shows only where the function that makes its module is run.
    run.ends(0).says("0 found to be otherwise, 1 that only an import tells");
    let again = run
        .stdout
        .split(": ")
        .nth(1)
        .and_then(|text| text.split(' ').next())
        .and_then(|text| text.parse().ok());
    // Others' wheels may be in these folders too.
    assert!(again.is_some_and(|again: usize| again + 1 >= expected), "{expected} expected: {}", run.stdout);
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

/// An import may tell what decoding leaves open: such a record is not belied, and does not count as measured again either.
#[test]
fn a_record_of_what_only_an_import_tells_is_left_open() {
    let mut module = index::module(NOT_USED);
    // jmp rax
    module[0x1000..0x1002].copy_from_slice(&[0xff, 0xe0]);
    let file = index::wheel_of("foo", "1.0", LINUX, &[("module.cpython-314t-x86_64-linux-gnu.so", module)]);
    let decoded = measured("gil-free", &file.sha256(), 1);
    let imported = format!("{decoded}interpreter = \"CPython 3.14.7t\"\n");
    for (text, status, said) in [
        (decoded, 1, "under 3.14t: its verdict is undetermined"),
        (
            imported,
            0,
            "0 measured again and found to be so, 0 found to be otherwise, 1 that only an import tells",
        ),
    ] {
        let place = Place::new(&[("own/foo.toml", &text)]);
        fs::write(place.path().join(&file.name), &*file.bytes).unwrap();
        db(&place, &["verify", "--db", "own", "--no-embedded-db", "--wheels", "."]).ends(status).says(said);
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
