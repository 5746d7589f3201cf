//! The program in a folder of its own.

use crate::schema;
use crate::server::Server;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder that is project and home, and holds the cache.
pub struct Place(TempDir);

/// What a run gave.
pub struct Run {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Place {
    /// With these files in it.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        for (path, text) in files {
            place.write(path, text);
        }
        place
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn cache(&self) -> PathBuf {
        self.path().join("cache")
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// `ftaudit check` for one platform, with the index of a server.
    pub fn check(&self, server: &Server, arguments: &[&str]) -> Run {
        let platform = ["--platform", "linux-x86_64"];
        self.check_for(server, &[&platform, arguments].concat())
    }

    /// The same for the platforms that the arguments name.
    pub fn check_for(&self, server: &Server, arguments: &[&str]) -> Run {
        let index = server.url("/simple/");
        let words = ["check", "--no-suggest"];
        self.run(&[("FTAUDIT_INDEX_URL", &index)], &[&words, arguments].concat())
    }

    pub fn run(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Run {
        let mut command = assert_cmd::cargo::cargo_bin_cmd!("ftaudit");
        command.env_clear().current_dir(self.path());
        command.env("HOME", self.path()).env("FTAUDIT_CACHE_DIR", self.cache());
        // Reports say when they were made.
        command.env("XDG_CONFIG_DIRS", self.path()).env("SOURCE_DATE_EPOCH", "1795219200");
        command.envs(variables.iter().copied());
        let output = command.args(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).expect("it writes UTF-8");
        Run {
            status: output.status.code().expect("it was not killed"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

impl Run {
    /// That it ended so, with all that it said where not.
    #[track_caller]
    pub fn ends(&self, status: i32) -> &Self {
        assert_eq!(self.status, status, "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// That it says so, wherever lines are broken.
    #[track_caller]
    pub fn says(&self, what: &str) -> &Self {
        assert!(self.all().contains(what), "{what:?} is not said:\n{}\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub fn never_says(&self, what: &str) -> &Self {
        assert!(!self.all().contains(what), "{what:?} is said:\n{}\n{}", self.stdout, self.stderr);
        self
    }

    fn all(&self) -> String {
        let words: Vec<&str> = self.stdout.split_whitespace().chain(self.stderr.split_whitespace()).collect();
        words.join(" ")
    }

    pub fn json(&self) -> Value {
        schema::valid(&self.stdout)
    }
}

/// `NAME VERSION VERDICT` of each distribution of a JSON report, for a target.
pub fn verdicts(report: &Value, target: &str) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let one =
        |one: &Value| [text(&one["name"]), text(&one["version"]), text(&one["verdicts"][target])].join(" ");
    report["distributions"].as_array().expect("a list").iter().map(one).collect()
}
