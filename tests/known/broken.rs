//! Databases that are broken or hostile: one clear error, and nothing of them is used.

use crate::index::{NOT_USED, wheel};
use crate::run::Place;
use crate::{db, record};
use std::fmt::Write;
use std::fs;

/// Every way to name a database ends in the same error.
fn refused(files: &[(&str, &str)], said: &str) {
    let place = Place::new(files);
    let file = wheel("foo", "1.0", crate::index::LINUX, NOT_USED);
    fs::write(place.path().join(&file.name), &*file.bytes).unwrap();
    for words in [
        &["check", &file.name, "--db", "own"][..],
        &["db", "list", "--db", "own"],
        &["db", "show", "foo", "--db", "own"],
        &["db", "verify", "--db", "own"],
        &["db", "export", "--db", "own"],
    ] {
        let run = place.run(&[], words);
        run.ends(2).says(said);
        assert_eq!(run.stdout, "", "{words:?}");
        assert_eq!(run.stderr.matches("error: ").count(), 1, "{}", run.stderr);
    }
}

const CLAIM: &str = "source = \"us\"";

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let good = record("unsafe", "claim", CLAIM);
    for (text, said) in [
        (good.replace("unsafe", "dangerous"), "own/foo.toml:6: `dangerous` is no status"),
        (good.replace("==1.0", "newest"), "own/foo.toml:5: `newest` is no version specifier"),
        (good.replace("status = ", "status == "), "own/foo.toml:6: "),
        (good.replace("2026-11-21", "2026-13-21"), "own/foo.toml:8: "),
        (good.replace("ftaudit/db/1", "ftaudit/db/2"), "own/foo.toml:1: `ftaudit/db/2` is no schema"),
        ("{\"package\": \"foo\"}".to_owned(), "own/foo.toml:1: "),
        (String::new(), "own/foo.toml:1: missing field `schema`"),
        (
            [good.as_str(), &good[good.find("[[").unwrap()..]].concat(),
            "own/foo.toml:11: a record above says the same",
        ),
        (
            [good.as_str(), &good[good.find("[[").unwrap()..].replace("unsafe", "gil-free")].concat(),
            "own/foo.toml:11: a record above has the same evidence, and says `unsafe`",
        ),
    ] {
        refused(&[("own/foo.toml", &text)], said);
    }
    refused(&[("own/foo.toml", &good), ("own/bar.toml", &good)], "own/bar.toml:1: this is foo.toml");
    refused(&[("own/README.md", "")], "own has no .toml file");
    refused(&[], "cannot read the database own");
}

#[test]
fn a_million_records_are_not_read() {
    let place = Place::new(&[]);
    let own = place.path().join("own");
    fs::create_dir(&own).unwrap();
    for package in 0..200 {
        let mut text = format!("schema = \"ftaudit/db/1\"\npackage = \"p{package}\"\n");
        for version in 0..5000 {
            let _ = write!(
                text,
                "[[record]]\nversions='=={version}'\nstatus='unsafe'\nbasis='claim'\nchecked=2026-11-21\n[record.evidence]\nsource='x'\n"
            );
        }
        fs::write(own.join(format!("p{package}.toml")), text).unwrap();
    }
    let run = db(&place, &["list", "--db", "own"]);
    run.ends(2).says("own: it has more than 100000 records");
    assert_eq!(run.stdout, "");
    let long = record("unsafe", "claim", CLAIM) + &"#".repeat(1 << 20);
    refused(&[("own/foo.toml", &long)], "own/foo.toml: it has more than 1048576 bytes");
}

#[test]
fn names_and_notes_cannot_write_to_the_terminal() {
    let text = record("unsafe", "claim", CLAIM).replace("checked", "note = \"a\\u001b[31mb\"\nchecked");
    let place = Place::new(&[("own/foo.toml", &text)]);
    let run = db(&place, &["show", "foo", "--db", "own", "--no-embedded-db"]);
    run.ends(0).says("a\\u{1b}[31mb");
    assert!(!run.stdout.contains('\u{1b}'));
}
