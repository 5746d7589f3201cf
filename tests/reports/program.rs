//! What the program writes about files whose names mean something to most formats.

use crate::module::Module;
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;
use tempfile::TempDir;

/// Names of files: a formula, a command of a job's log, an element, the end of a section, a mention, a link, the end of a
/// cell, and characters that are as wide as two. None has a dot, which would end the module's name, or a slash.
pub const HOSTILE: [&str; 7] = [
    "=cmd|' C calc'!A0",
    "<script>alert(1)<script>",
    "]]>&amp;",
    "@octocat #1 https:example",
    "[x](javascript:y) ![y](z) `code` **b**",
    "a|b ``` c # d",
    "模块{0}",
];

/// A folder with a report of every format. It is made once.
pub fn every_report() -> PathBuf {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    FOLDER.get_or_init(write).path().to_owned()
}

const FORMATS: [(&str, &str); 9] = [
    ("json", "report.json"),
    ("ndjson", "report.ndjson"),
    ("sarif", "report.sarif"),
    ("junit", "report.junit.xml"),
    ("markdown", "report.md"),
    ("github", "report.github.txt"),
    ("gitlab", "report.gitlab.json"),
    ("csv", "report.csv"),
    ("badge", "report.badge.json"),
];

fn write() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let modules = folder.path().join("modules");
    fs::create_dir(&modules).unwrap();
    // No hook is named like these files, so none of them is an extension module by its name: the last one is.
    let module = |hooks: &'static [&'static str], gil| Module { hooks, gil }.build();
    let mut inputs: Vec<String> = Vec::new();
    for name in HOSTILE {
        let path = modules.join(format!("{name}.cpython-314t-x86_64-linux-gnu.so"));
        // What cannot be read is told in every format.
        fs::write(&path, b"no binary").unwrap();
        inputs.push(format!("modules/{}", path.file_name().unwrap().to_string_lossy()));
    }
    fs::write(modules.join("used.cpython-314t-x86_64-linux-gnu.so"), module(&["PyInit_used"], 0)).unwrap();
    inputs.push("modules/used.cpython-314t-x86_64-linux-gnu.so".to_owned());
    let mut command = assert_cmd::cargo::cargo_bin_cmd!("ftaudit");
    command.env_clear().current_dir(folder.path()).arg("check").args(inputs);
    for (format, file) in FORMATS {
        command.arg(format!("--format={format}={file}"));
    }
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), &*told), (Some(1), ""), "the last module turns the GIL on");
    folder
}
