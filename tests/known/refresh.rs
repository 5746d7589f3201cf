//! `db refresh`: what is asked of an index, what is written, and that killing it leaves what is there whole.

use crate::db;
use crate::index::{self, File, LINUX, NOT_USED, USED, pure, wheel, wheel_of};
use crate::run::{Place, Run};
use crate::server::Server;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

const DAY: (&str, &str) = ("SOURCE_DATE_EPOCH", "1795219200");

fn refresh(place: &Place, server: &Server, words: &[&str]) -> Run {
    let url = server.url("/simple/");
    let arguments =
        ["db", "refresh", "--db", "own", "--platform", "linux-x86_64,windows-x86_64", "--index-url", &url];
    place.run(&[DAY], &[&arguments, words].concat())
}

fn files() -> Vec<File> {
    let old = "foo-1.0.tar.gz";
    vec![
        wheel("foo", "1.0", LINUX, NOT_USED),
        File::new(old, b"sources".to_vec()),
        wheel("foo", "1.1rc1", LINUX, USED),
        wheel("bar", "2.0", LINUX, USED),
        pure("bar", "1.0"),
        pure("zoo", "3.0"),
        // Not for any free-threaded Python.
        wheel_of("old", "1.0", "cp312-cp312-manylinux_2_28_x86_64", &[]),
    ]
}

#[test]
fn what_is_measured_is_written() {
    let files = files();
    let (server, place) = (index::serve(files.clone()), Place::new(&[]));
    let run = refresh(&place, &server, &["foo", "Bar", "zoo", "old"]);
    run.ends(0).says("foo==1.0: 2 records").says("bar==2.0: 2 records").says("old==1.0: 1 record");
    let foo = fs::read_to_string(place.path().join("own/foo.toml")).unwrap();
    let sha256 = files[0].sha256();
    let expected = format!(
        "schema = \"ftaudit/db/1\"\npackage = \"foo\"\n\n[[record]]\nversions = \"==1.0\"\ntargets = [\"3.14t\"]\nplatforms = \
         [\"linux-x86_64\"]\nstatus = \"gil-free\"\nbasis = \"measured\"\nchecked = 2026-11-21\n[record.evidence]\nfile = \
         \"foo-1.0-{LINUX}.whl\"\nsha256 = \"{sha256}\"\nmodules = 1\ntool = \"{}\"\nclean = true\n\n[[record]]\nversions = \
         \"==1.0\"\ntargets = [\"3.14t\"]\nplatforms = [\"windows-x86_64\"]\nstatus = \"no-wheel\"\nbasis = \
         \"measured\"\nchecked = 2026-11-21\n[record.evidence]\nfiles = [\n    \"foo-1.0-{LINUX}.whl\",\n    \
         \"foo-1.0.tar.gz\",\n]\n",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(foo, expected);
    let bar = fs::read_to_string(place.path().join("own/bar.toml")).unwrap();
    assert!(bar.contains("status = \"requires-gil\"") && !bar.contains("clean"), "{bar}");
    let zoo = fs::read_to_string(place.path().join("own/zoo.toml")).unwrap();
    assert!(
        zoo.contains("platforms = [\"linux-x86_64\", \"windows-x86_64\"]") && zoo.contains("modules = 0"),
        "{zoo}"
    );
    // Nothing is asked for but what was named, and of that only what is measured.
    let asked: Vec<String> = server.requests().into_iter().map(|request| request.path).collect();
    for path in &asked {
        let file = path.strip_prefix("/files/");
        let is_named = ["foo", "bar", "zoo", "old"].iter().any(|name| *path == format!("/simple/{name}/"));
        assert!(
            is_named || file.is_some_and(|file| !file.contains("rc1") && file.strip_suffix(".gz").is_none()),
            "{path}"
        );
    }
}

#[test]
fn a_run_goes_on_where_one_was_interrupted() {
    let (server, place) =
        (index::serve(files()), Place::new(&[("names.txt", "foo # as always\n\nbar==1.0\n")]));
    refresh(&place, &server, &["-r", "names.txt"])
        .ends(0)
        .says("foo==1.0: 2 records")
        .says("bar==1.0: 1 record");
    let files = || server.requests().iter().filter(|request| request.path.starts_with("/files/")).count();
    let fetched = files();
    let again = refresh(&place, &server, &["-r", "names.txt"]);
    // Which foo is the newest, its page tells.
    again.ends(0).says("foo==1.0: was measured on this day").says("bar==1.0: was measured on this day");
    assert_eq!(files(), fetched, "no file is asked for");
    // Another version, another platform: that was not measured.
    refresh(&place, &server, &["bar"]).ends(0).says("bar==2.0: 2 records");
    refresh(&place, &server, &["foo", "--platform", "macos-arm64"]).ends(0).says("foo==1.0: 2 records");
    refresh(&place, &server, &["foo", "--again"]).ends(0).says("foo==1.0: 2 records");
    let list = db(&place, &["list", "--db", "own", "--no-embedded-db"]);
    assert_eq!(list.stdout.matches("gil-free").count(), 2, "{}", list.stdout);
    assert_eq!(list.stdout.matches("requires-gil").count(), 1, "{}", list.stdout);
}

/// Each target has its own wheel, and what is measured for one of them leaves what is known of the others.
#[test]
fn several_targets_are_measured_each_by_its_wheel() {
    const FOR_3_15: &str = "cp315-cp315t-manylinux_2_28_x86_64";
    let pure_since = wheel_of("all", "1.0", "py3-none-any", &[("__init__.py", Vec::new())]);
    let old = wheel("foo", "1.0", LINUX, NOT_USED);
    let new =
        wheel_of("foo", "1.0", FOR_3_15, &[("module.cpython-315t-x86_64-linux-gnu.so", index::module(USED))]);
    let (server, place) = (index::serve(vec![old.clone(), new.clone(), pure_since]), Place::new(&[]));
    let words = ["foo", "all", "--target", "3.14t,3.15t"];
    refresh(&place, &server, &words).ends(0).says("all==1.0: 1 record").says("foo==1.0: 3 records");
    let read = |name: &str| fs::read_to_string(place.path().join("own").join(name)).unwrap();
    let record_of = |text: &str, target: &str, platform: &str| {
        let mut records = text.split("[[record]]").skip(1);
        let about = records.find(|record| record.contains(target) && record.contains(platform));
        about.unwrap_or_else(|| panic!("{target} on {platform} has none: {text}")).to_owned()
    };
    let holds = |foo: &str| {
        for (target, file) in [("3.14t", &old), ("3.15t", &new)] {
            let record = record_of(foo, target, "linux-x86_64");
            assert!(
                record.contains(&file.sha256()) && record.contains(&format!("[\"{target}\"]")),
                "{record}"
            );
            assert!(record_of(foo, target, "windows-x86_64").contains("no-wheel"), "{foo}");
        }
    };
    holds(&read("foo.toml"));
    assert!(record_of(&read("all.toml"), "3.14t", "linux-x86_64").contains("\"3.15t\""));
    refresh(&place, &server, &["foo", "--target", "3.15t", "--again"]).ends(0).says("foo==1.0: 2 records");
    holds(&read("foo.toml"));
    refresh(&place, &server, &words).ends(0).says("foo==1.0: measured today");
}

#[test]
fn what_others_say_stays() {
    let claim = "schema = \"ftaudit/db/1\"\npackage = \"foo\"\n\n[[record]]\nversions = \">=0.9\"\nstatus = \"unsafe\"\nbasis = \
                 \"claim\"\nchecked = 2026-02-01\nnote = \"by hand\"\n[record.evidence]\nsource = \"us\"\n";
    let (server, place) = (index::serve(files()), Place::new(&[("own/foo.toml", claim)]));
    refresh(&place, &server, &["foo"]).ends(0);
    let foo = fs::read_to_string(place.path().join("own/foo.toml")).unwrap();
    assert!(foo.contains("note = \"by hand\"") && foo.contains("basis = \"measured\""), "{foo}");
    place.write("own/foo.toml", &format!("{foo}# a remark\n"));
    refresh(&place, &server, &["foo", "--again"]).ends(2).says("a comment, which would be lost");
    assert!(fs::read_to_string(place.path().join("own/foo.toml")).unwrap().ends_with("# a remark\n"));
}

#[test]
fn what_cannot_be_had_is_told_and_the_others_are_measured() {
    let (server, place) = (index::serve(files()), Place::new(&[]));
    let run = refresh(&place, &server, &["nothing", "foo==9.9", "bar"]);
    run.ends(3)
        .says("nothing: nothing was written")
        .says("foo==9.9 is not there")
        .says("bar==2.0: 2 records");
    assert!(!place.path().join("own/foo.toml").exists());
    refresh(&place, &server, &["foo>=1"]).ends(2).says("names no package");
    place.write("names.txt", "foo\n-e .\n");
    refresh(&place, &server, &["-r", "names.txt"]).ends(2).says("names.txt:2: `-e .` names no package");
    refresh(&place, &server, &[]).ends(2).says("no package was named");
}

/// A folder of wheels does not hold all of a version's files: that one is not there says nothing.
#[test]
fn a_folder_of_wheels_shows_no_lack() {
    let place = Place::new(&[]);
    let file = wheel("foo", "1.0", LINUX, NOT_USED);
    fs::create_dir(place.path().join("wheels")).unwrap();
    fs::write(place.path().join("wheels").join(&file.name), &*file.bytes).unwrap();
    let words =
        ["refresh", "foo", "--db", "own", "--platform", "all", "--no-index", "--find-links", "wheels"];
    db(&place, &words).ends(0).says("foo==1.0: 1 record");
}

/// The names of a folder's files with their text.
fn content(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let read = |entry: fs::DirEntry| {
        (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap_or_default())
    };
    entries.map(read).collect()
}

#[test]
fn killing_it_at_any_moment_leaves_what_is_there_whole() {
    const PACKAGES: usize = 12;
    let names: Vec<String> = (0..PACKAGES).map(|number| format!("p{number}")).collect();
    let all =
        |version: &str, gil| names.iter().map(|name| wheel(name, version, LINUX, gil)).collect::<Vec<_>>();
    let (before, after) = (all("1.0", USED), all("2.0", NOT_USED));
    let words: Vec<&str> = names.iter().map(String::as_str).collect();
    let place = Place::new(&[]);
    refresh(&place, &index::serve(before.clone()), &words).ends(0);
    let own = place.path().join("own");
    let old = content(&own);
    let server = index::serve([before, after].concat());
    let (mut kills, mut pause) = (0, Duration::from_millis(1));
    loop {
        let url = server.url("/simple/");
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("ftaudit"));
        command.env_clear().current_dir(place.path()).env("HOME", place.path());
        command.env("FTAUDIT_CACHE_DIR", place.cache()).env("SOURCE_DATE_EPOCH", "1795305600");
        command.args([
            "db",
            "refresh",
            "--db",
            "own",
            "--platform",
            "linux-x86_64,windows-x86_64",
            "--index-url",
            &url,
        ]);
        let mut child = command.args(&words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(pause);
        let is_done = child.try_wait().unwrap().is_some();
        let _ = child.kill();
        child.wait().unwrap();
        // Each package says what it did or what it does now, whole; whatever else is there is no package's.
        db(&place, &["list", "--db", "own", "--no-embedded-db"]).ends(0);
        for name in &names {
            let text = fs::read_to_string(own.join(format!("{name}.toml"))).unwrap();
            let is_old = old.values().any(|known| *known == text);
            assert!(is_old || text.contains("==2.0"), "{name} is neither:\n{text}");
        }
        if is_done {
            break;
        }
        kills += 1;
        // Fine steps where a run is short, and not too many where it is long.
        pause += (pause / 20).max(Duration::from_micros(500));
        assert!(kills < 2000, "it never comes to its end");
    }
    assert!(kills > 5, "it was killed {kills} times");
    let killed = content(&own);
    let fresh = Place::new(&[]);
    let server = index::serve(all("1.0", USED));
    refresh(&fresh, &server, &words).ends(0);
    for name in &names {
        let text = &killed[&format!("{name}.toml")];
        assert!(text.contains("==1.0") && text.contains("==2.0"), "{text}");
    }
}
