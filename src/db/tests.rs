//! The whole of the embedded database, and every way in which a file can be wrong.

use super::*;
use crate::model::Bearing;
use crate::model::{Basis, KnownStatus, Platform, Proof, Target};
use std::fs;

/// The repository's own.
fn own() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("db")
}

#[test]
fn every_record_is_read_and_is_written_as_it_stands() {
    let loaded = folder::read(&own()).unwrap();
    for (name, Loaded { package, text }) in &loaded {
        assert_eq!(super::text(package), *text, "{name}: `ftaudit db refresh` would write it in another way");
        assert!(!package.records.is_empty(), "{name} has no record");
    }
    let database = Databases::open(&[], true).unwrap();
    assert_eq!(database.packages(), loaded.keys().cloned().collect());
    for (name, loaded) in loaded {
        let records: Vec<Record> =
            database.records(&name).unwrap().into_iter().map(|(_, record)| record).collect();
        assert_eq!(records, loaded.package.records, "{name}");
    }
}

#[test]
fn the_embedded_one_is_named_as_it_would_be_from_its_folder() {
    let [embedded] = &Databases::open(&[], true).unwrap().about()[..] else { panic!("one database") };
    let [read] = &Databases::open(&[own()], false).unwrap().about()[..] else { panic!("one database") };
    assert_eq!((&embedded.version, &embedded.date), (&read.version, &read.date));
    assert_eq!((embedded.name.as_str(), embedded.packages), ("embedded", read.packages));
}

const WHEEL: &str = "foo-1.2-cp314-cp314t-manylinux_2_28_x86_64.whl";

/// A file of `foo` with these lines behind its head.
fn package(lines: &str) -> Result<Package, String> {
    let text = format!("schema = \"ftaudit/db/1\"\npackage = \"foo\"\n{lines}");
    let package = document::read(Path::new("foo.toml"), &text).map_err(|error| error.to_string())?;
    // It is written in an order of its own, and read again as what it was.
    let written = super::text(&package);
    let again = document::read(Path::new("foo.toml"), &written).unwrap();
    assert_eq!((super::text(&again), again.records.len()), (written, package.records.len()));
    Ok(package)
}

/// A record with these lines, from line 3 on; its evidence comes last.
fn record(lines: &str, evidence: &str) -> String {
    format!("[[record]]\n{lines}\nchecked = 2026-11-21\n[record.evidence]\n{evidence}\n")
}

fn measured(status: &str, more: &str) -> String {
    let lines = format!(
        "versions = '==1.2'\ntargets = ['3.14t']\nplatforms = ['linux-x86_64']\nstatus = '{status}'\nbasis = 'measured'"
    );
    record(
        &lines,
        &format!("file = '{WHEEL}'\nsha256 = '{}'\nmodules = 2\ntool = '0.1.0'\n{more}", "ab".repeat(32)),
    )
}

#[test]
fn everything_that_a_record_may_hold_is_read() {
    let text = [
        measured("gil-free", "interpreter = 'CPython 3.14.7t'\nclean = true"),
        record(
            "versions = '>=1.1'\nstatus = 'unsafe'\nbasis = 'tracker'\nnote = \"a\\n'b' \\\"c\\\"\"",
            "url = 'https://example.com/1#a'",
        ),
        record("status = 'partial'\nbasis = 'claim'", "source = 'somebody'"),
        record(
            "versions = '==1.1'\ntargets = ['3.14t', '3.13t']\nstatus = 'no-wheel'\nbasis = 'measured'",
            "files = ['foo-1.1.tar.gz', 'foo-1.1-cp312-cp312-win_amd64.whl']",
        ),
    ];
    let records = package(&text.concat()).unwrap().records;
    let wheel = records[0].wheel().unwrap();
    assert_eq!(
        (wheel.modules, wheel.clean, wheel.interpreter.as_deref()),
        (2, true, Some("CPython 3.14.7t"))
    );
    assert_eq!((records[0].status, records[0].basis), (KnownStatus::GilFree, Basis::Measured));
    assert_eq!(
        (&records[0].targets[..], &records[0].platforms[..]),
        (&[Target::Py314t][..], &[Platform::LinuxX86_64][..])
    );
    assert_eq!(records[1].note.as_deref(), Some("a\n'b' \"c\""));
    assert_eq!(records[1].proof, Proof::Address("https://example.com/1#a".to_owned()));
    assert_eq!((records[2].versions.as_deref(), records[2].checked.as_str()), (None, "2026-11-21"));
    assert_eq!(records[3].targets, [Target::Py313t, Target::Py314t]);
}

#[test]
fn what_is_wrong_is_told_with_file_and_line() {
    let url = "url = 'https://example.com/'";
    let tracker = |lines: &str| record(&format!("{lines}\nbasis = 'tracker'"), url);
    for (text, line, why) in [
        ("record = 3\n".to_owned(), 3, "invalid type"),
        ("[[record]\n".to_owned(), 3, ""),
        (
            record("status = 'gil-fre'\nbasis = 'tracker'", url),
            4,
            "`gil-fre` is no status: known are gil-free, requires-gil",
        ),
        (record("status = 'unsafe'\nbasis = 'rumour'", url), 5, "`rumour` is no basis: known are measured"),
        (tracker("status = 'unsafe'\ncolour = 'red'"), 5, "unknown field `colour`"),
        (tracker("status = 'unsafe'\nversions = 'newest'"), 5, "`newest` is no version specifier (PEP 440)"),
        (tracker("status = 'unsafe'\nversions = ''"), 5, "`versions` is empty"),
        (tracker("status = 'unsafe'\ntargets = ['3.14']"), 5, "`3.14` is no target"),
        (tracker("status = 'unsafe'\nplatforms = ['all']"), 5, "`all` is no platform"),
        (tracker("status = 'unsafe'\ntargets = ['3.14t', '3.14t']"), 5, "stands here twice"),
        (tracker("status = 'unsafe'\nnote = ' '"), 5, "`note` is empty"),
        (
            tracker(&format!("status = 'unsafe'\nnote = '{}'", "x".repeat(2001))),
            5,
            "more than 2000 characters",
        ),
        ("[[record]]\nstatus = 'unsafe'\nbasis = 'tracker'\n".to_owned(), 3, "missing field `checked`"),
        (tracker("status = 'unsafe'").replace("2026-11-21", "2026-02-30"), 6, "day"),
        (tracker("status = 'unsafe'").replace("2026-11-21", "2026-11-21T10:00:00"), 6, "wants a day"),
        (record("status = 'unsafe'\nbasis = 'tracker'", "url = 'http://example.com'"), 7, "no https address"),
        (
            record("status = 'unsafe'\nbasis = 'tracker'", "source = 'x'"),
            3,
            "not evidence of the basis `tracker`",
        ),
        (record("status = 'unsafe'\nbasis = 'claim'", ""), 7, "evidence is one of"),
        (record("status = 'unsafe'\nbasis = 'claim'", "source = 'x'\nclean = true"), 7, "names none"),
        (record("status = 'unsafe'\nbasis = 'measured'", url), 3, "names its `file`"),
        (measured("unsafe", ""), 3, "nothing that a wheel is measured to be"),
        (measured("requires-gil", "clean = true"), 3, "is not `clean`"),
        (measured("gil-free", "").replace("==1.2", ">=1.2"), 3, "is `versions = \"==1.2\"`"),
        (measured("gil-free", "").replace("3.14t", "3.15t"), 3, "is not for 3.15t on linux-x86_64"),
        (
            measured("gil-free", "").replace("linux-x86_64", "macos-arm64"),
            3,
            "is not for 3.14t on macos-arm64",
        ),
        (measured("gil-free", "").replace("targets = ['3.14t']", "targets = []"), 3, "names its `targets`"),
        (measured("gil-free", "").replace("foo-1.2", "bar-1.2"), 10, "is no wheel of foo"),
        (measured("gil-free", "").replace("abab", "ABAB"), 10, "`sha256` wants"),
        ([tracker("status = 'unsafe'"), tracker("status = 'unsafe'")].concat(), 9, "says the same"),
        (
            [tracker("status = 'unsafe'"), tracker("status = 'gil-free'")].concat(),
            9,
            "says `unsafe`: one of them is wrong",
        ),
        (
            [measured("gil-free", ""), measured("requires-gil", "")].concat(),
            16,
            "says `gil-free`: one of them is wrong",
        ),
    ] {
        let error = package(&text).expect_err(&text);
        assert!(error.starts_with(&format!("foo.toml:{line}: ")) && error.contains(why), "{text}\n{error}");
        assert!(error.contains("hint: "), "{error}");
    }
    let listed = "versions = '==1.1'\ntargets = ['3.14t']\nstatus = 'no-wheel'\nbasis = 'measured'";
    let error =
        package(&record(listed, &format!("files = ['{}']", WHEEL.replace("1.2", "1.1")))).unwrap_err();
    assert!(error.contains("there is a wheel for 3.14t on linux-x86_64"), "{error}");
    for head in [
        "schema = 'ftaudit/db/2'\npackage = 'foo'",
        "schema = 'ftaudit/db/1'\npackage = 'Foo'",
        "package = 'foo'",
    ] {
        assert!(document::read(Path::new("foo.toml"), head).is_err(), "{head}");
    }
}

fn folder_with(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn refused(files: &[(&str, &[u8])]) -> String {
    let folder = folder_with(files);
    Databases::open(&[folder.path().to_owned()], true).unwrap_err().to_string()
}

#[test]
fn a_database_is_read_as_a_whole_or_not_at_all() {
    let good = b"schema = 'ftaudit/db/1'\npackage = 'foo'\n";
    let error = refused(&[
        ("foo.toml", good),
        ("zoo.toml", b"schema = 'ftaudit/db/1'\npackage = 'zoo'\n\n[[record]]\n"),
    ]);
    assert!(error.contains("zoo.toml:4: missing field"), "{error}");
    assert!(refused(&[("bar.toml", good)]).contains("bar.toml:1: this is foo.toml"));
    assert!(refused(&[("foo.toml", b"schema = 'x'\n\xff")]).contains("foo.toml:2: it is no text in UTF-8"));
    assert!(refused(&[("README.md", b"")]).contains("has no .toml file"));
    assert!(refused(&[("foo.toml", &vec![b'#'; 1 << 21])]).contains("more than 1048576 bytes"));
    let missing = Databases::open(&[PathBuf::from("/no/such/place")], true).unwrap_err().to_string();
    assert!(missing.starts_with("cannot read the database /no/such/place"), "{missing}");
    let deep = [good.as_slice(), b"x = ", "[".repeat(100_000).as_bytes()].concat();
    assert!(refused(&[("foo.toml", &deep)]).contains("foo.toml:3: "));
}

#[test]
fn a_database_of_ones_own_counts_before_the_embedded_one() {
    let text = [
        "schema = 'ftaudit/db/1'\npackage = 'foo'\n",
        &record("versions = '==1.0'\nstatus = 'unsafe'\nbasis = 'claim'", "source = 'us'"),
    ];
    let folder = folder_with(&[("foo.toml", text.concat().as_bytes())]);
    let databases = Databases::open(&[folder.path().to_owned()], true).unwrap();
    let [first, second] = &databases.about()[..] else { panic!("two databases") };
    assert_eq!((first.packages, first.date.as_str(), second.name.as_str()), (1, "2026-11-21", "embedded"));
    assert!(databases.packages().contains("foo") && databases.packages().len() == second.packages + 1);
    let [known] = &databases.known("foo", Some("1.0"), Date::constant(2026, 12, 1)).unwrap()[..] else {
        panic!("one record")
    };
    assert_eq!(
        (known.bearing.clone(), known.age, known.database.as_str()),
        (Bearing::This, 10, first.name.as_str())
    );
}

#[test]
fn writing_keeps_what_was_there_until_all_is_written() {
    let folder = folder_with(&[("foo.toml", b"schema = 'ftaudit/db/1'\npackage = 'foo'\n")]);
    let package = package(&measured("gil-free", "")).unwrap();
    write(folder.path(), &package).unwrap();
    assert_eq!(read(folder.path(), "foo").unwrap(), package.records);
    assert_eq!(read(folder.path(), "bar").unwrap(), []);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    // What could not be read again is not written.
    let wrong =
        Package { records: [package.records.clone(), package.records.clone()].concat(), ..package.clone() };
    assert!(write(folder.path(), &wrong).is_err());
    assert_eq!(read(folder.path(), "foo").unwrap(), package.records);
    fs::write(folder.path().join("foo.toml"), [super::text(&package).as_str(), "# why\n"].concat()).unwrap();
    assert!(matches!(read(folder.path(), "foo"), Err(DatabaseError::Comment { line: 15.., .. })));
}
