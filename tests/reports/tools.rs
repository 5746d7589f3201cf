//! The programs of others that read reports, each asked about one file.

use crate::scripts;
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where those of npm are.
pub struct Tools(PathBuf);

const SKIP: &str = "FTAUDIT_TEST_SKIP_REPORT_TOOLS";

/// Whether the environment says that they are not to be asked, which is told.
pub fn are_left_out() -> bool {
    let skipped = scripts::told_to_skip(SKIP);
    if skipped {
        // The harness keeps back what is printed in the usual way.
        let _ = writeln!(std::io::stderr(), "SKIPPED: no other program reads reports, because {SKIP}=1");
    }
    skipped
}

impl Tools {
    /// What `./test` provides; none where the environment says that this is known.
    pub fn provided() -> Option<Self> {
        if scripts::told_to_skip(SKIP) {
            // The harness keeps back what is printed in the usual way.
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED: reports are read by no other program, because {SKIP}=1"
            );
            return None;
        }
        let folder = scripts::run("tests/support/report_tools.py", &[]);
        Some(Self(PathBuf::from(folder.trim_end())))
    }

    /// What Microsoft's validator says of a file by the rules of SARIF and of GitHub: `GH1015 error: …`.
    pub fn sarif(&self, path: &Path) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("complaints.sarif");
        let mut command =
            Command::new(self.0.join("node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool"));
        // It asks for a library that it then does without.
        command.env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1");
        command.arg("validate").arg(path).args(["--rule-kind", "Sarif;Ghas"]);
        command.args(["--level", "Error;Warning;Note", "--log", "ForceOverwrite", "--output"]).arg(&output);
        let said = run(command, "");
        let log: Value = serde_json::from_str(&std::fs::read_to_string(&output).expect(&said)).unwrap();
        assert!(said.contains("Analysis completed successfully"), "{said}");
        let results = log["runs"][0]["results"].as_array().cloned().unwrap_or_default();
        let complaint = |result: &Value| {
            let level = result["level"].as_str().unwrap_or("warning");
            format!("{} {level}: {}", result["ruleId"].as_str().unwrap(), result["message"])
        };
        results.iter().map(complaint).collect()
    }

    /// The same annotations, read as the runner does and written by the toolkit.
    pub fn annotations_again(&self, text: &str) -> String {
        self.node("annotations.js", text)
    }

    /// The picture of a badge.
    pub fn badge(&self, badge: &Value) -> String {
        self.node("badge.js", &badge.to_string())
    }

    fn node(&self, script: &str, input: &str) -> String {
        let mut command = Command::new("node");
        // Found from the folder that its packages are in.
        command.arg(self.0.join(script));
        run(command, input)
    }
}

pub fn xmllint(path: &Path, schema: &str) {
    let mut command = Command::new("xmllint");
    command.arg("--noout").arg("--schema").arg(scripts::in_repository(schema)).arg(path);
    run(command, "");
}

/// What GitHub's parser makes of a file, with the extensions that it uses.
pub fn html_of_markdown(path: &Path) -> String {
    let mut command = Command::new("cmark-gfm");
    for extension in ["table", "strikethrough", "autolink", "tasklist"] {
        command.args(["--extension", extension]);
    }
    command.arg("--unsafe").arg(path);
    run(command, "")
}

/// The rows of a table, as Python reads them.
pub fn csv(path: &Path) -> Vec<Vec<String>> {
    let script = "import csv, json, sys; print(json.dumps(list(csv.reader(open(sys.argv[1], newline='')))))";
    let mut command = Command::new("python3");
    command.args(["-X", "utf8", "-c", script]).arg(path);
    serde_json::from_str(&run(command, "")).unwrap()
}

/// What a program prints; that it ends well is part of the test.
#[track_caller]
fn run(mut command: Command, input: &str) -> String {
    let program = command.get_program().to_string_lossy().into_owned();
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap_or_else(|error| {
        panic!("{program}: {error}; `./test` provides it, {SKIP}=1 leaves out what needs it")
    });
    child.stdin.take().expect("it was asked for").write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{program}: {}\n{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}
