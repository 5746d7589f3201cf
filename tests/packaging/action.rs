//! The GitHub action: its steps, read out of `action.yml` and run with the environment that a runner gives them.

use crate::install::wheel;
use crate::tools::{self, Ran, of_system, pinned, run};
use crate::{scripts, snippets, wheels};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// A job with one step, that uses the action.
struct Job {
    folder: tempfile::TempDir,
    action: Value,
    inputs: Vec<(&'static str, String)>,
}

/// What came of the steps.
struct Ended {
    /// The scripts, in their order.
    scripts: Vec<Ran>,
    /// What was given to other actions: the file of `sarif_file`.
    uploaded: Vec<PathBuf>,
}

impl Job {
    /// With a wheel in `dist`, which is all that there is in the checkout.
    fn new(wheel: &Path, inputs: &[(&'static str, &str)]) -> Self {
        let text = fs::read_to_string(scripts::in_repository("action.yml")).unwrap();
        let folder = tempfile::tempdir().unwrap();
        for place in ["checkout/dist", "temp", "bin"] {
            fs::create_dir_all(folder.path().join(place)).unwrap();
        }
        fs::copy(wheel, folder.path().join("checkout/dist").join(wheel.file_name().unwrap())).unwrap();
        for file in ["summary", "output"] {
            fs::write(folder.path().join(file), "").unwrap();
        }
        let inputs = inputs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self { folder, action: serde_saphyr::from_str(&text).unwrap(), inputs }
    }

    fn checkout(&self) -> PathBuf {
        self.folder.path().join("checkout")
    }

    fn written(&self, file: &str) -> String {
        fs::read_to_string(self.folder.path().join(file)).unwrap()
    }

    /// Runs the steps whose condition holds, one after the other; one that fails ends those that do not run always.
    fn run(&self, environment: &[(&str, &str)]) -> Ended {
        let mut ended = Ended { scripts: Vec::new(), uploaded: Vec::new() };
        for step in self.action["runs"]["steps"].as_array().unwrap() {
            let has_failed = ended.scripts.iter().any(|ran| ran.status != 0);
            let condition = step["if"].as_str().unwrap_or("true");
            if !self.holds(condition) || (has_failed && !condition.contains("always()")) {
                continue;
            }
            if let Some(file) = step["with"]["sarif_file"].as_str() {
                ended.uploaded.push(PathBuf::from(self.filled(file)));
                continue;
            }
            assert_eq!(step["shell"], "bash");
            let script = step["run"].as_str().expect("a step runs or uploads something");
            assert!(!script.contains("${{"), "a value becomes part of a script: {script}");
            let mut shell = of_system("bash", &self.checkout());
            shell.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]);
            self.environment(&mut shell, &step["env"]);
            shell.envs(environment.iter().copied());
            ended.scripts.push(run(&mut shell));
        }
        ended
    }

    /// What a runner sets, and what the step asks for besides.
    fn environment(&self, shell: &mut Command, of_step: &Value) {
        let place = |name: &str| self.folder.path().join(name);
        shell.env_remove("PYTHONPATH").env("HOME", place("home"));
        shell.env("RUNNER_TEMP", place("temp")).env("GITHUB_WORKSPACE", self.checkout());
        shell.env("GITHUB_STEP_SUMMARY", place("summary")).env("GITHUB_OUTPUT", place("output"));
        shell.env("GITHUB_ACTION_PATH", scripts::in_repository(""));
        for (name, value) in of_step.as_object().into_iter().flatten() {
            shell.env(name, self.filled(value.as_str().unwrap()));
        }
    }

    /// A value with what stands for something else in it.
    fn filled(&self, text: &str) -> String {
        let expression = text.strip_prefix("${{ ").and_then(|rest| rest.strip_suffix(" }}"));
        expression.map_or(text.to_owned(), |expression| self.value(expression))
    }

    fn value(&self, expression: &str) -> String {
        if let Some(name) = expression.strip_prefix("inputs.") {
            let given = self.inputs.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
            let default = || self.action["inputs"][name]["default"].as_str().map(str::to_owned);
            return given.or_else(default).unwrap_or_else(|| panic!("the action has no input {name}"));
        }
        let name = expression.strip_prefix("steps.check.outputs.").expect("a step or an input is named");
        let output = self.written("output");
        let value = output.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value.unwrap_or_default().to_owned()
    }

    fn holds(&self, condition: &str) -> bool {
        let is_true = |term: &str| match term.split_once(" == '").or_else(|| term.split_once(" != '")) {
            Some((left, right)) => {
                (self.value(left) == right.trim_end_matches('\'')) == term.contains(" == '")
            }
            None => matches!(term, "true" | "always()"),
        };
        condition.split(" && ").all(is_true)
    }

    /// A search path with a shell and a Python, what is named, and so no uv but one that is.
    fn path(&self, more: &[&Path]) -> String {
        let python = ["python3", "-c", "import sys; print(sys.executable)"];
        for [name, option, tell] in [python, ["bash", "-c", "echo $BASH"]] {
            let program = run(of_system(name, Path::new("/")).args([option, tell])).ends(0).stdout;
            let file = self.folder.path().join("bin").join(name);
            fs::write(&file, format!("#!/bin/sh\nexec '{}' \"$@\"\n", program.trim())).unwrap();
            run(of_system("chmod", Path::new("/")).arg("+x").arg(&file)).ends(0);
        }
        let own = self.folder.path().join("bin");
        let folders = [own.as_path()].into_iter().chain(more.iter().copied());
        env::join_paths(folders).unwrap().into_string().unwrap()
    }
}

#[test]
fn the_action_is_what_github_takes_and_nothing_can_be_put_into_its_scripts() {
    if !tools::wanted() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(scripts::in_repository("action.yml")).unwrap();
    let lint = |text: &str, tool: &str, arguments: &[&str]| {
        fs::write(folder.path().join("action.yml"), text).unwrap();
        run(pinned(tool, folder.path()).args(arguments).arg("action.yml"))
    };
    let zizmor = |text: &str| lint(text, "zizmor", &["--offline", "--pedantic"]);
    let schema = |text: &str| lint(text, "check-jsonschema", &["--builtin-schema", "vendor.github-actions"]);
    zizmor(&text).ends(0);
    schema(&text).ends(0);
    // That they look at all.
    zizmor(&text.replace("exit \"$FTAUDIT_STATUS\"", "exit ${{ inputs.files }}"))
        .ends(14)
        .says("template-injection");
    schema(&text.replace("using: composite", "using: compost")).ends(1);
}

#[test]
fn the_workflow_that_is_documented_is_sound() {
    if !tools::wanted() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let workflow = snippets::of("ci", "yaml", "name: free-threading\n");
    let parsed: Value = serde_saphyr::from_str(&workflow).unwrap();
    let step = &parsed["jobs"]["audit"]["steps"][1];
    assert_eq!(step["uses"], concat!("OWNER/ftaudit@v", env!("CARGO_PKG_VERSION")));
    let action: Value =
        serde_saphyr::from_str(&fs::read_to_string(scripts::in_repository("action.yml")).unwrap()).unwrap();
    for input in step["with"].as_object().unwrap().keys() {
        assert!(action["inputs"][input].is_object(), "the action has no input {input}");
    }
    // Who copies it pins commits, or lets a bot do so.
    let commit = format!("@{}", "0".repeat(40));
    let workflow = workflow.replace("@v6", &commit);
    let workflow = workflow.replace(concat!("@v", env!("CARGO_PKG_VERSION")), &commit);
    fs::create_dir_all(folder.path().join(".github/workflows")).unwrap();
    let file = ".github/workflows/audit.yml";
    fs::write(folder.path().join(file), workflow).unwrap();
    let mut check = pinned("check-jsonschema", folder.path());
    run(check.args(["--builtin-schema", "vendor.github-workflows", file])).ends(0);
    run(pinned("zizmor", folder.path()).args(["--offline", file])).ends(0);
}

#[test]
fn everything_is_written_before_the_job_fails() {
    if !tools::wanted() {
        return;
    }
    let Some(lxml) = wheels::real("lxml-6.1.3-cp314-cp314t-") else { return };
    let reports = "json=report.json\nhtml=free threading.html\n";
    let job = Job::new(
        &lxml,
        &[
            ("files", "dist\n"),
            ("targets", "3.14t, 3.15t"),
            ("platforms", "linux-x86_64"),
            ("formats", reports),
            ("args", "--no-config\n"),
            ("version", env!("CARGO_PKG_VERSION")),
        ],
    );
    let from = wheel().parent().unwrap().to_str().unwrap();
    let ended = job.run(&[("PATH", &job.path(&[])), ("PIP_NO_INDEX", "1"), ("PIP_FIND_LINKS", from)]);
    let [check, status] = ended.scripts.try_into().expect("two steps run something");
    let check = check.ends(0).says("On 3.14t, lxml 6.1.3 turns the GIL on.");
    assert!(!check.stdout.contains("::error"), "code scanning shows that already:\n{}", check.stdout);
    status.ends(1);
    assert!(job.written("summary").starts_with("## Free-threading audit\n"), "{}", job.written("summary"));
    assert!(job.written("summary").contains("lxml 6.1.3"));
    let [sarif] = ended.uploaded.try_into().expect("one report is uploaded");
    let sarif: Value = serde_json::from_str(&fs::read_to_string(sarif).unwrap()).unwrap();
    let mut results = sarif["runs"][0]["results"].as_array().unwrap().iter();
    assert!(results.any(|result| result["ruleId"] == "gil-reenabled"), "{sarif}");
    for report in ["report.json", "free threading.html"] {
        assert!(job.checkout().join(report).is_file(), "{report} is not written");
    }
}

#[test]
fn a_job_passes_where_nothing_is_wrong_and_uv_installs_the_wheel_that_is_named() {
    if !tools::wanted() {
        return;
    }
    let Some(ready) = wheels::real("markupsafe-3.0.4-cp314-cp314t-") else { return };
    let version = wheel().to_str().unwrap();
    let job = Job::new(&ready, &[("files", "dist"), ("version", version), ("upload-sarif", "false")]);
    let [uv, cache] = [job.folder.path().join("uv"), job.folder.path().join("cache")];
    fs::create_dir(&uv).unwrap();
    std::os::unix::fs::symlink(tools::folder().join("uv"), uv.join("uv")).unwrap();
    let path = job.path(&[&uv]);
    let ended = job.run(&[("PATH", &path), ("UV_OFFLINE", "1"), ("UV_CACHE_DIR", cache.to_str().unwrap())]);
    let [check, status] = ended.scripts.try_into().expect("two steps run something");
    let check = check.ends(0).says("On 3.14t, markupsafe 3.0.4 leaves the GIL off.");
    assert!(check.stdout.contains("\n::notice title=ftaudit::On 3.14t, markupsafe"), "{}", check.stdout);
    status.ends(0);
    assert!(ended.uploaded.is_empty());
    assert!(cache.is_dir(), "uv installed it");
}

#[test]
fn what_is_given_is_never_run() {
    if !tools::wanted() {
        return;
    }
    let Some(ready) = wheels::real("markupsafe-3.0.4-cp314-cp314t-") else { return };
    let hostile = "$(touch pwned)\n`touch pwned`\n; touch pwned #\n--format";
    let version = wheel().to_str().unwrap();
    let given = [("files", hostile), ("targets", "3.14t"), ("version", version)];
    let job = Job::new(&ready, &given);
    let path = job.path(&[]);
    let ended = job.run(&[("PATH", &path), ("PIP_NO_INDEX", "1")]);
    let [check, status] = ended.scripts.try_into().expect("two steps run something");
    check.ends(0).says("$(touch pwned): does not exist").says("--format: does not exist");
    status.ends(2);
    assert!(job.written("summary").contains("does not exist"), "{}", job.written("summary"));
    let job = Job::new(&ready, &[("args", "--no-such-option"), ("version", version)]);
    let ended = job.run(&[("PATH", &path), ("PIP_NO_INDEX", "1")]);
    let [check, status] = ended.scripts.try_into().expect("two steps run something");
    check.ends(0).says("unexpected argument '--no-such-option'");
    status.ends(2);
    assert!(job.written("summary").contains("audited nothing"), "{}", job.written("summary"));
    assert!(ended.uploaded.is_empty());
    for version in ["latest; touch pwned", "-r requirements.whl", "0.1.0 --index-url=x", "ftaudit"] {
        let job = Job::new(&ready, &[("files", "dist"), ("version", version)]);
        let ended = job.run(&[("PATH", &path), ("PIP_NO_INDEX", "1")]);
        let [check] = ended.scripts.try_into().expect("what cannot be installed audits nothing");
        check.ends(1).says("is no version").says("hint: a release (0.1.0)");
        assert!(!job.checkout().join("pwned").exists());
    }
    assert!(!job.checkout().join("pwned").exists());
}

/// The default: the source that came with the action, built as pip builds it.
#[test]
fn its_own_source_is_what_it_installs_unless_told_otherwise() {
    if !tools::wanted() {
        return;
    }
    let Some(ready) = wheels::real("markupsafe-3.0.4-cp314-cp314t-") else { return };
    let job = Job::new(&ready, &[("files", "dist")]);
    let home = env::var("HOME").unwrap();
    let packages = tools::packages();
    let cargo = PathBuf::from(env::var("CARGO").unwrap());
    let maturin = job.folder.path().join("maturin");
    fs::create_dir(&maturin).unwrap();
    std::os::unix::fs::symlink(tools::folder().join("maturin"), maturin.join("maturin")).unwrap();
    let path = job.path(&[&maturin, cargo.parent().unwrap(), Path::new("/usr/bin"), Path::new("/bin")]);
    let ended = job.run(&[
        ("PATH", path.as_str()),
        ("HOME", &home),
        // What it is built with is at hand, and a quick build will do.
        ("PYTHONPATH", &packages),
        ("PIP_NO_INDEX", "1"),
        ("PIP_NO_BUILD_ISOLATION", "0"),
        ("MATURIN_PEP517_ARGS", "--locked --profile quick"),
    ]);
    let [check, status] = ended.scripts.try_into().expect("two steps run something");
    check.ends(0).says("On 3.14t, markupsafe 3.0.4 leaves the GIL off.");
    status.ends(0);
}
