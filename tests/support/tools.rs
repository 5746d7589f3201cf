//! Other people's tools: those that `tests/support/tools.py` puts into the cache, and those of the system.

use crate::scripts;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The variable that leaves out what needs them.
const SKIP: &str = "FTAUDIT_TEST_SKIP_TOOLS";

/// Whether they are to be used; says so where they are not.
pub fn wanted() -> bool {
    let skipped = scripts::told_to_skip(SKIP);
    if skipped {
        crate::tell(&format!("SKIPPED: nothing is held against other tools, because {SKIP}=1"));
    }
    !skipped
}

/// The folder of the pinned tools' programs.
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| PathBuf::from(scripts::run("tests/support/tools.py", &[]).trim()))
}

/// The folder of the pinned tools' packages, for another Python to import them.
pub fn packages() -> String {
    let mut python = pinned("python", Path::new("/"));
    python.args(["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]);
    run(&mut python).ends(0).stdout.trim().to_owned()
}

/// A pinned tool, in this folder.
pub fn pinned(name: &str, folder: &Path) -> Command {
    let mut command = Command::new(self::folder().join(name));
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// A program of the system, in this folder.
pub fn of_system(name: &str, folder: &Path) -> Command {
    let mut command = Command::new(name);
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// What a run gave.
#[derive(Debug)]
pub struct Ran {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// That it ended so, with all that it said where not.
    #[track_caller]
    pub fn ends(self, status: i32) -> Self {
        assert_eq!(self.status, status, "\n{}\n{}", self.stdout, self.stderr);
        self
    }

    /// That it says so, on either stream, wherever lines are broken.
    #[track_caller]
    pub fn says(self, what: &str) -> Self {
        let words: Vec<&str> = self.stdout.split_whitespace().chain(self.stderr.split_whitespace()).collect();
        assert!(words.join(" ").contains(what), "{what:?} is not said:\n{}\n{}", self.stdout, self.stderr);
        self
    }
}

/// Runs a command to its end. That there is such a program is part of the test.
#[track_caller]
pub fn run(command: &mut Command) -> Ran {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().unwrap_or_else(|error| {
        panic!("{name} cannot be run: {error}; ./test installs it where it may, and {SKIP}=1 leaves this out")
    });
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ran {
        status: output.status.code().unwrap_or(-1),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}
