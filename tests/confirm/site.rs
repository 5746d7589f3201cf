//! A folder of packages with a compiled module in each, built for an interpreter.

use crate::interpreters::Interpreter;
use crate::scripts::in_repository;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// What a compiled module does (`tests/confirm/modules/module.c`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Module {
    /// Declares that it does not need the GIL.
    Good,
    /// Declares that it does.
    Culprit,
    /// Reads from address 8.
    Crashes,
    /// Never comes back.
    Hangs,
    /// Declares the one or the other by an environment variable.
    Lies,
    /// Needs a shared library that is gone.
    NeedsLibrary,
}

/// Packages that can be imported, and the home of a user who has a secret.
pub struct Site {
    folder: TempDir,
    suffix: String,
    includes: String,
}

impl Site {
    /// An empty one.
    pub fn new(interpreter: &Interpreter) -> Self {
        let question =
            "import sysconfig as s; print(s.get_config_var('EXT_SUFFIX')); print(s.get_path('include'))";
        let output = Command::new(&interpreter.executable).args(["-I", "-c", question]).output();
        let answer = String::from_utf8(output.expect("the interpreter runs").stdout).expect("it writes text");
        let (suffix, includes) = answer.trim().split_once('\n').expect("two lines");
        let site = Self {
            folder: tempfile::tempdir().expect("a folder can be made"),
            suffix: suffix.to_owned(),
            includes: includes.to_owned(),
        };
        fs::create_dir_all(site.home().join(".ssh")).expect("a folder can be made");
        fs::write(site.home().join(".ssh/id_ed25519"), "hidden").expect("a file can be written");
        fs::create_dir_all(site.path()).expect("a folder can be made");
        fs::create_dir_all(site.temporary()).expect("a folder can be made");
        site
    }

    /// Where packages are imported from.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("site")
    }

    /// The user's home.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Where temporary folders are made.
    pub fn temporary(&self) -> PathBuf {
        self.folder.path().join("tmp")
    }

    /// Adds a package `name` with a module `x`.
    pub fn add(&self, name: &str, module: Module, code: &str) {
        let folder = self.path().join(name);
        fs::create_dir_all(&folder).expect("a folder can be made");
        fs::write(folder.join("__init__.py"), code).expect("a file can be written");
        let file = folder.join(format!("x{}", self.suffix));
        let known = self.folder.path().join(format!("{module:?}.so"));
        if !known.exists() {
            self.compile(module, &known);
        }
        fs::copy(known, file).expect("a file can be copied");
    }

    /// Adds a package of `tests/confirm/packages`, with words of its text replaced.
    pub fn add_package(&self, name: &str, module: Module, replacements: &[(&str, &str)]) {
        let path = in_repository("tests/confirm/packages").join(format!("{name}.py"));
        let mut code =
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for (word, text) in replacements {
            code = code.replace(word, text);
        }
        self.add(name, module, &code);
    }

    fn compile(&self, module: Module, file: &Path) {
        let sources = in_repository("tests/confirm/modules");
        let mut command = Command::new("gcc");
        command.args(["-O1", "-shared", "-fPIC", "-DNAME=\"x\"", "-DHOOK=PyInit_x", "-I", &self.includes]);
        match module {
            Module::Good => &mut command,
            Module::Culprit => command.arg("-DCULPRIT"),
            Module::Crashes => command.arg("-DCRASHES"),
            Module::Hangs => command.arg("-DHANGS"),
            Module::Lies => command.arg("-DLIES"),
            Module::NeedsLibrary => command.arg("-DNEEDS_LIBRARY"),
        };
        command.arg(sources.join("module.c")).arg("-o").arg(file);
        if module == Module::NeedsLibrary {
            let library = self.folder.path().join("libneeded.so");
            run(Command::new("gcc")
                .args(["-shared", "-fPIC"])
                .arg(sources.join("library.c"))
                .arg("-o")
                .arg(&library));
            command.arg("-L").arg(self.folder.path()).arg("-lneeded");
            run(&mut command);
            fs::remove_file(library).expect("it was there");
        } else {
            run(&mut command);
        }
    }
}

fn run(command: &mut Command) {
    let output = command.output().expect("gcc runs: the tests need one");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
