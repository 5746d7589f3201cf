//! The tests' Python scripts: run with `python3`, they answer on the standard output and talk on the standard error.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A path inside the repository.
pub fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// What a script prints; that it ends well is part of the test.
pub fn run(script: &str, arguments: &[&str]) -> String {
    let output = Command::new("python3")
        .arg(in_repository(script))
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .expect("python3 runs: the tests need one");
    assert!(output.status.success(), "{script} {} failed: {}", arguments.join(" "), output.status);
    String::from_utf8(output.stdout).expect("scripts write UTF-8")
}

/// Whether an environment variable asks for something to be left out.
pub fn told_to_skip(variable: &str) -> bool {
    std::env::var(variable).is_ok_and(|value| value == "1")
}
