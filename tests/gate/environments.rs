//! The audit before a migration: of an environment of another Python, the wheels that the target would get.

use crate::index::{LINUX, NOT_USED, USED, module, pure, serve, wheel};
use crate::run::{Place, verdicts};
use crate::server::Server;

/// An environment of a Python with `foo` 1.0, `bar` 2.0 and what only that Python can load.
fn environment(python: &str) -> Place {
    let minor = python.rsplit_once('.').map_or(python, |(minor, _)| minor);
    let free_threaded = if python.ends_with('t') { "t" } else { "" };
    let place = Place::new(&[(
        ".venv/pyvenv.cfg",
        &format!("home = /usr/bin\nversion = {}\n", python.trim_end_matches('t')),
    )]);
    let site = format!(".venv/lib/python{minor}{free_threaded}/site-packages");
    for (name, version) in [("foo", "1.0"), ("bar", "2.0")] {
        let about = format!("{site}/{name}-{version}.dist-info");
        let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n");
        place.write(&format!("{about}/METADATA"), &metadata);
        place.write(&format!("{about}/INSTALLER"), "pip\n");
        let record = if name == "foo" { "foo/module.cpython-312-x86_64-linux-gnu.so,,\n" } else { "" };
        place.write(&format!("{about}/RECORD"), record);
    }
    place.write(&format!("{site}/foo/module.cpython-312-x86_64-linux-gnu.so"), "");
    let file = place.path().join(&site).join("foo/module.cpython-312-x86_64-linux-gnu.so");
    std::fs::write(file, module(NOT_USED)).unwrap();
    place
}

/// The installed version turns the GIL on, the next one does not.
fn server() -> Server {
    serve(vec![
        wheel("foo", "1.0", LINUX, USED),
        wheel("foo", "1.1", LINUX, NOT_USED),
        pure("bar", "2.0"),
        pure("bar", "3.0"),
    ])
}

#[test]
fn of_another_python_the_wheels_of_the_target_are_audited() {
    for python in ["3.12.4", "3.14.2"] {
        let run = environment(python).check(&server(), &[".venv", "--format", "json"]);
        let expected = ["bar 2.0 pure-python", "foo 1.0 requires-gil"];
        assert_eq!(verdicts(&run.ends(1).json(), "3.14t"), expected, "{python}");
        let run = environment(python).check(&server(), &[".venv"]);
        run.ends(1)
            .says(&format!("an environment of Python {python} with"))
            .says("--as-installed audits its files as they are");
    }
}

#[test]
fn as_installed_the_files_are_audited() {
    let server = server();
    let run = environment("3.12.4").check(&server, &[".venv", "--as-installed", "--format", "json"]);
    let report = run.json();
    assert_ne!(run.status, 0, "{}", run.stdout);
    let all = report["distributions"].as_array().unwrap();
    let foo = all.iter().find(|one| one["name"] == "foo").expect("foo is installed");
    assert_eq!(foo["modules"][0]["member"], "foo/module.cpython-312-x86_64-linux-gnu.so");
    assert_eq!(foo["modules"][0]["verdicts"]["3.14t"]["verdict"], "incompatible-abi");
    assert!(server.requests().is_empty(), "{:?}", server.requests());
}

#[test]
fn what_no_index_has_any_more_fails() {
    let run = environment("3.12.4").check(&serve(vec![pure("bar", "2.0")]), &[".venv"]);
    run.ends(1).says("foo 1.0").says("cannot be installed");
}
