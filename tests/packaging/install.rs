//! The wheel that maturin makes, what installers make of it, and what else people install from.

use crate::tools::{self, of_system, pinned, run};
use crate::{scripts, wheels};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::{env, fs};

/// Tests have features of dependencies that the program alone has not, so that it is compiled anew: in a profile that
/// takes no time for it.
const PROFILE: &str = "quick";

/// The wheel that maturin builds.
pub fn wheel() -> &'static Path {
    static WHEEL: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, wheel) = WHEEL.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let mut maturin = pinned("maturin", &scripts::in_repository(""));
        maturin.args(["build", "--locked", "--profile", PROFILE, "--out"]);
        run(maturin.arg(folder.path())).ends(0);
        let mut made = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path());
        let wheel = made.next().expect("maturin made a wheel");
        (folder, wheel)
    });
    wheel
}

/// An environment of the Python at hand, with nothing in it.
pub struct Environment(tempfile::TempDir);

impl Environment {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        run(of_system("python3", folder.path()).args(["-m", "venv", "env"])).ends(0);
        Self(folder)
    }

    /// The folder of its programs.
    pub fn programs(&self) -> PathBuf {
        self.0.path().join("env/bin")
    }

    /// One of its programs, with nothing else to be found by name.
    fn program(&self, name: &str) -> Command {
        let folder = self.programs();
        let mut command = of_system(folder.join(name).to_str().unwrap(), self.0.path());
        command.env("PATH", folder).env_remove("PYTHONPATH");
        command
    }
}

/// The main job: it finds what lxml does, and says so by its exit status.
#[track_caller]
fn does_its_job(mut command: Command) {
    if let Some(lxml) = wheels::real("lxml-6.1.3-cp314-cp314t-") {
        run(command.args(["check", "--no-config"]).arg(lxml))
            .ends(1)
            .says("On 3.14t, lxml 6.1.3 turns the GIL on.");
    } else {
        run(command.arg("--version")).ends(0).says(env!("CARGO_PKG_VERSION"));
    }
}

#[test]
fn pip_installs_the_program() {
    if !tools::wanted() {
        return;
    }
    let environment = Environment::new();
    let mut pip = environment.program("python");
    run(pip.args(["-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]).arg(wheel())).ends(0);
    does_its_job(environment.program("ftaudit"));
    let module = || {
        let mut python = environment.program("python");
        python.args(["-m", "ftaudit"]);
        python
    };
    does_its_job(module());
    // Its own words and statuses pass through.
    run(module().arg("explain")).ends(2).says("required arguments were not provided");
    fs::remove_file(environment.0.path().join("env/bin/ftaudit")).unwrap();
    run(&mut module())
        .ends(1)
        .says("error: the ftaudit program is not where installers put it")
        .says("hint: install the package again");
}

#[test]
fn uvx_and_pipx_run_the_program() {
    if !tools::wanted() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let mut uvx = pinned("uvx", home.path());
    uvx.args(["--offline", "--no-index", "--no-config", "--from"]).arg(wheel()).arg("ftaudit");
    uvx.env("UV_CACHE_DIR", home.path().join("uv")).env("UV_PYTHON", "python3");
    does_its_job(uvx);
    let pipx = || {
        let mut pipx = pinned("pipx", home.path());
        pipx.env("PIPX_HOME", home.path().join("pipx")).env("PIPX_BIN_DIR", home.path().join("bin"));
        pipx
    };
    run(pipx().args(["install", "--pip-args=--no-index"]).arg(wheel())).ends(0);
    does_its_job(of_system(home.path().join("bin/ftaudit").to_str().unwrap(), home.path()));
}

#[test]
fn the_wheel_says_what_it_is() {
    if !tools::wanted() {
        return;
    }
    let file = fs::File::open(wheel()).unwrap();
    let mut archive = zip::ZipArchive::new(file).unwrap();
    let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    for part in ["/scripts/ftaudit", "licenses/LICENSE-APACHE", "licenses/LICENSE-MIT", "ftaudit/__main__.py"]
    {
        assert!(names.iter().any(|name| name.ends_with(part)), "{part} is not in {names:?}");
    }
    let metadata = names.iter().find(|name| name.ends_with(".dist-info/METADATA")).expect("it has metadata");
    let metadata = std::io::read_to_string(archive.by_name(metadata).unwrap()).unwrap();
    let manifest = fs::read_to_string(scripts::in_repository("Cargo.toml")).unwrap();
    let of_cargo = |key: &str| {
        let line = manifest.lines().find_map(|line| line.strip_prefix(&format!("{key} = \"")));
        line.and_then(|line| line.strip_suffix('"')).expect("a key of the package").to_owned()
    };
    for (header, key) in
        [("Version", "version"), ("Summary", "description"), ("License-Expression", "license")]
    {
        let line = format!("\n{header}: {}\n", of_cargo(key));
        assert!(metadata.contains(&line), "{line:?} is not in\n{metadata}");
    }
    for line in ["\nRequires-Python: >=3.9\n", "\nClassifier: Environment :: Console\n", "\n# ftaudit\n"] {
        assert!(metadata.contains(line), "{line:?} is not in\n{metadata}");
    }
}

/// Every file that rustc read is in the source archive, as its own list of them says.
#[test]
fn the_source_archive_holds_what_is_needed() {
    if !tools::wanted() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let repository = scripts::in_repository("");
    let mut maturin = pinned("maturin", &repository);
    run(maturin.args(["sdist", "--out"]).arg(folder.path())).ends(0);
    let archive = format!("ftaudit-{}.tar.gz", env!("CARGO_PKG_VERSION"));
    let mut tar = of_system("tar", folder.path());
    let listed = run(tar.arg("tzf").arg(archive)).ends(0).stdout;
    let held: Vec<&str> =
        listed.lines().filter_map(|line| line.split_once('/')).map(|(_, path)| path).collect();
    // What is compiled, and what is compiled in.
    let files = ["src", "db"].into_iter().flat_map(|folder| walkdir::WalkDir::new(repository.join(folder)));
    let files = files.map(|entry| entry.unwrap().into_path()).filter(|path| path.is_file());
    let read: Vec<String> = files
        .map(|path| path.strip_prefix(&repository).unwrap().to_str().unwrap().replace('\\', "/"))
        .collect();
    assert!(read.len() > 100 && read.iter().any(|path| path == "src/confirm/probe.py"), "{read:?}");
    let others = [
        "Cargo.toml",
        "Cargo.lock",
        "askama.toml",
        "build.rs",
        "pyproject.toml",
        "README.md",
        "LICENSE-MIT",
        "python/ftaudit/__main__.py",
    ];
    for file in read.iter().map(String::as_str).chain(others) {
        assert!(held.contains(&file), "the source archive lacks {file}");
    }
}

#[test]
fn cargo_installs_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let mut cargo = of_system(&env::var("CARGO").unwrap_or("cargo".to_owned()), &scripts::in_repository(""));
    cargo.args(["install", "--quiet", "--locked", "--profile", PROFILE, "--path", ".", "--root"]);
    cargo.arg(folder.path());
    run(&mut cargo).ends(0);
    does_its_job(of_system(folder.path().join("bin/ftaudit").to_str().unwrap(), folder.path()));
}
