//! Six packages whose wheels are tagged for free-threaded Python and turn the GIL on all the same: whatever asks for
//! them, the gate fails, and says so of each.

use crate::index::{self, File};
use crate::pinned;
use crate::run::{Place, verdicts};
use crate::server::Server;
use std::fmt::Write;

const SIX: [&str; 6] = [
    "apsw 3.54.1.0 requires-gil",
    "blosc2 4.14.1 requires-gil",
    "fonttools 4.68.0 requires-gil",
    "h3 4.5.0 requires-gil",
    "hiredis 3.5.0 requires-gil",
    "lxml 6.1.3 requires-gil",
];

/// Their wheels for free-threaded 3.14.
fn six() -> Option<Vec<File>> {
    let beginnings = SIX.map(|line| line.replacen(' ', "-", 1).replace(" requires-gil", "-cp314-cp314t-"));
    pinned::wheels("wheels", &beginnings.each_ref().map(String::as_str))
}

/// That the gate fails for each of the six, in both formats.
#[track_caller]
fn fails(place: &Place, server: &Server, arguments: &[&str]) {
    let report = place.check(server, &[arguments, &["--format", "json"]].concat());
    assert_eq!(verdicts(&report.ends(1).json(), "3.14t"), SIX);
    let report = place.check(server, arguments);
    report.ends(1).says("6 of 6 distributions turn the GIL on");
}

#[test]
fn from_requirements() {
    let Some(wheels) = six() else { return };
    let mut lines = String::new();
    for file in &wheels {
        let (project, version) = (file.project(), file.version());
        writeln!(lines, "{project}=={version} \\\n    --hash=sha256:{}", file.sha256()).unwrap();
    }
    let place = Place::new(&[("requirements.txt", &lines)]);
    let server = index::serve(wheels);
    fails(&place, &server, &["-r", "requirements.txt"]);
    fails(&place, &server, &["requirements.txt"]);
    fails(&place, &server, &[]);
    fails(&place, &server, &["-r", "requirements.txt", "--offline"]);
}

#[test]
fn from_arguments() {
    let Some(wheels) = six() else { return };
    let named: Vec<String> =
        wheels.iter().map(|file| format!("{}=={}", file.project(), file.version())).collect();
    let arguments: Vec<&str> = named.iter().map(String::as_str).chain(["--no-deps"]).collect();
    fails(&Place::new(&[]), &index::serve(wheels), &arguments);
}

#[test]
fn from_uv_lock() {
    let Some(wheels) = six() else { return };
    let server = index::serve(wheels.clone());
    let mut lock = "version = 1\nrevision = 5\nrequires-python = \">=3.14\"\n".to_owned();
    let mut dependencies = String::new();
    for file in &wheels {
        let url = server.url(&format!("/files/{}", file.name));
        let (name, version, sha256) = (file.project(), file.version(), file.sha256());
        write!(
            lock,
            "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = {{ registry = \"{}\" }}\n\
             wheels = [\n    {{ url = \"{url}\", hash = \"sha256:{sha256}\", size = {} }},\n]\n",
            server.url("/simple/"),
            file.bytes.len(),
        )
        .unwrap();
        write!(dependencies, "\n    {{ name = \"{name}\" }},").unwrap();
    }
    write!(
        lock,
        "\n[[package]]\nname = \"project\"\nversion = \"1\"\nsource = {{ virtual = \".\" }}\n\
         dependencies = [{dependencies}\n]\n"
    )
    .unwrap();
    let place = Place::new(&[("uv.lock", &lock)]);
    fails(&place, &server, &["uv.lock"]);
    fails(&place, &server, &[]);
    // What a lock file is does not depend on its name, nor on the option that it comes with.
    let place = Place::new(&[("requirements.txt", &lock)]);
    fails(&place, &server, &["requirements.txt"]);
    let misnamed = place.check(&server, &["-r", "requirements.txt"]);
    assert_ne!(misnamed.status, 0, "{}", misnamed.stdout);
}

#[test]
fn from_pylock() {
    let Some(wheels) = six() else { return };
    let server = index::serve(wheels.clone());
    let mut lock = "lock-version = \"1.0\"\ncreated-by = \"test\"\n".to_owned();
    for file in &wheels {
        write!(
            lock,
            "\n[[packages]]\nname = \"{}\"\nversion = \"{}\"\nwheels = [{{ url = \"{}\", hashes = {{ sha256 = \"{}\" }} }}]\n",
            file.project(),
            file.version(),
            server.url(&format!("/files/{}", file.name)),
            file.sha256(),
        )
        .unwrap();
    }
    fails(&Place::new(&[("pylock.toml", &lock)]), &server, &["pylock.toml"]);
}

#[test]
fn from_poetry_lock() {
    let Some(wheels) = six() else { return };
    let mut lock = String::new();
    for file in &wheels {
        write!(
            lock,
            "[[package]]\nname = \"{}\"\nversion = \"{}\"\ndescription = \"\"\noptional = false\n\
             python-versions = \">=3.9\"\ngroups = [\"main\"]\nfiles = [\n    {{file = \"{}\", hash = \"sha256:{}\"}},\n]\n\n",
            file.project(),
            file.version(),
            file.name,
            file.sha256(),
        )
        .unwrap();
    }
    lock += "[metadata]\nlock-version = \"2.1\"\npython-versions = \">=3.14\"\ncontent-hash = \"0\"\n";
    fails(&Place::new(&[("poetry.lock", &lock)]), &index::serve(wheels), &["poetry.lock"]);
}
