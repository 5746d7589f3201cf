//! Choices among made-up files.

use super::*;
use crate::model::{Platform, Source, Target};

const LINUX: Context = Context { target: Target::Py314t, platform: Platform::LinuxX86_64 };

fn want(version: &str, hashes: &[Hash]) -> Want {
    Want {
        name: "foo-bar".to_owned(),
        version: Some(version.to_owned()),
        source: Source::Index,
        hashes: hashes.to_vec(),
        contexts: vec![LINUX],
        said_by: "requirements.txt:1".to_owned(),
        chain: Vec::new(),
    }
}

fn file(name: &str) -> IndexFile {
    IndexFile {
        name: name.to_owned(),
        url: format!("http://localhost/{name}"),
        size: None,
        hashes: Vec::new(),
        yanked: None,
        requires_python: None,
        metadata: None,
    }
}

fn hash(letter: &str) -> Hash {
    Hash { algorithm: "sha256".to_owned(), digest: letter.repeat(64) }
}

fn hashed(name: &str, letter: &str) -> IndexFile {
    IndexFile { hashes: vec![hash(letter)], ..file(name) }
}

fn name(choice: &Choice) -> String {
    match &choice.taken {
        Taken::Wheel(file) => file.name.clone(),
        Taken::SourceArchive(file) => format!("compile {}", file.name),
        Taken::Nothing(why) => why.clone(),
        other => panic!("{other:?}"),
    }
}

fn taken(version: &str, files: &[IndexFile]) -> String {
    name(&choose(&want(version, &[]), files, LINUX))
}

#[test]
fn own_abi_before_pure_before_source() {
    let files = [
        file("foo-bar-1.0.tar.gz"),
        file("Foo.Bar-1.0-py3-none-any.whl"),
        file("foo_bar-1.0-cp314-cp314t-manylinux_2_28_x86_64.whl"),
        file("foo_bar-1.0-cp314-cp314-manylinux_2_28_x86_64.whl"),
        file("foo_bar-2.0-cp314-cp314t-manylinux_2_28_x86_64.whl"),
        file("foo-1.0-cp314-cp314t-manylinux_2_28_x86_64.whl"),
        file("no wheel.whl"),
        file("foo_bar-1.0-py3.14.egg"),
    ];
    let choice = choose(&want("1.0", &[]), &files, LINUX);
    let shown: Vec<String> =
        choice.considered.iter().map(|one| format!("{}: {}", one.file, one.why)).collect();
    assert_eq!(
        shown,
        [
            "foo_bar-1.0-cp314-cp314t-manylinux_2_28_x86_64.whl: taken: cp314-cp314t-manylinux_2_28_x86_64 fits",
            "Foo.Bar-1.0-py3-none-any.whl: passed over for a better one: py3-none-any fits",
            "foo-bar-1.0.tar.gz: passed over for a better one: a source archive, which would be compiled",
            "foo_bar-1.0-cp314-cp314-manylinux_2_28_x86_64.whl: no tag of it fits 3.14t on linux-x86_64",
        ]
    );
    assert_eq!(taken("1.0", &files[..2]), "Foo.Bar-1.0-py3-none-any.whl");
    assert_eq!(taken("1.0", &files[..1]), "compile foo-bar-1.0.tar.gz");
    assert_eq!(taken("1.0", &files[3..4]), "none of the 1 files of foo-bar 1.0 fits 3.14t on linux-x86_64");
    assert_eq!(taken("3", &files), "no index has foo-bar 3");
}

#[test]
fn versions_are_compared_as_versions() {
    let files = ["1", "1.0.0+cpu", "1.0.post1", "1.0rc1"]
        .map(|text| file(&format!("foo_bar-{text}-py3-none-any.whl")));
    // A local version is newer than the plain one, and a pin without one takes both.
    assert_eq!(taken("1.0", &files), "foo_bar-1.0.0+cpu-py3-none-any.whl");
    assert_eq!(taken("1.0+cpu", &files), "foo_bar-1.0.0+cpu-py3-none-any.whl");
    assert_eq!(taken("1.0.0rc1", &files), "foo_bar-1.0rc1-py3-none-any.whl");
    assert_eq!(taken("1.0.post1", &files), "foo_bar-1.0.post1-py3-none-any.whl");
    assert_eq!(taken("2023b", &[file("foo_bar-2023b-py3-none-any.whl")]), "foo_bar-2023b-py3-none-any.whl");
}

#[test]
fn higher_builds_win_by_number() {
    let files =
        ["", "-2", "-10", "-10a", "-9z"].map(|build| file(&format!("foo_bar-1{build}-py3-none-any.whl")));
    assert_eq!(taken("1", &files), "foo_bar-1-10a-py3-none-any.whl");
    assert_eq!(taken("1", &files[..2]), "foo_bar-1-2-py3-none-any.whl");
}

#[test]
fn yanked_files_come_last_and_are_taken_where_there_is_nothing_else() {
    let yanked =
        IndexFile { yanked: Some("broken".to_owned()), ..file("foo_bar-1-cp314-cp314t-linux_x86_64.whl") };
    assert_eq!(taken("1", &[yanked.clone(), file("foo_bar-1.tar.gz")]), "compile foo_bar-1.tar.gz");
    let choice = choose(&want("1", &[]), &[yanked], LINUX);
    assert!(choice.considered[0].why.ends_with("it was yanked"), "{choice:?}");
}

#[test]
fn files_for_other_versions_of_python() {
    let needs = |text: &str| {
        let file = IndexFile { requires_python: Some(text.to_owned()), ..file("foo_bar-1-py3-none-any.whl") };
        matches!(choose(&want("1", &[]), &[file], LINUX).taken, Taken::Wheel(_))
    };
    for fits in [">=3.9", ">=3.14.2", "!=3.14.0,>=3", ">=3.6.*", "nonsense", "==3.14.*"] {
        assert!(needs(fits), "{fits}");
    }
    for other in [">=3.15", "<3.14", "<=3.13,>=3.9", "==3.13.*", "~=3.13.0"] {
        assert!(!needs(other), "{other}");
    }
}

#[test]
fn hashes_exclude_files() {
    let (best, other) = ("foo_bar-1-cp314-cp314t-linux_x86_64.whl", "foo_bar-1-py3-none-any.whl");
    let files = [hashed(best, "a"), hashed(other, "b")];
    let chosen = |accepted: &[Hash], files: &[IndexFile]| name(&choose(&want("1", accepted), files, LINUX));
    assert_eq!(chosen(&[hash("a"), hash("b")], &files), best);
    assert_eq!(chosen(&[hash("b")], &files), other);
    // Where none fits pip takes the best and then refuses it.
    assert!(chosen(&[hash("c")], &files).ends_with("its hash is none of those that are required"));
    // Files of which no hash is known stay, but a known good one is better.
    assert_eq!(chosen(&[hash("b")], &[file(best), hashed(other, "b")]), other);
    assert_eq!(chosen(&[hash("c")], &[file(best)]), best);
}

#[test]
fn the_project_s_name_ends_where_the_version_starts() {
    assert_eq!(version_of("foo-bar-1.0-2.tar.gz", "foo-bar").as_deref(), Some("1.0-2"));
    assert_eq!(version_of("Foo_bar-1.0.zip", "foo-bar").as_deref(), Some("1.0"));
    for (file, project) in
        [("foo-bar-1.0.tar.gz", "foo-bar-baz"), ("foo-1.0.exe", "foo"), ("foo.tar.gz", "foo")]
    {
        assert_eq!(version_of(file, project), None, "{file}");
    }
}
