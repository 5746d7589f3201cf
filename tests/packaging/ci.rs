//! The recipes of `docs/ci.md` for GitLab, tox and nox, run as they stand there.

use crate::install::{Environment, wheel};
use crate::tools::{self, Ran, of_system, pinned, run};
use crate::{snippets, wheels};
use serde_json::Value;
use std::process::Command;
use std::{env, fs};

/// A project whose requirement turns the GIL on, and one whose does not.
pub const CULPRIT: &str = "lxml==6.1.3\n";
pub const CLEAN: &str = "markupsafe==3.0.4\n";

/// A folder with requirements; none where there are no wheels for them.
pub fn project(requirements: &str) -> Option<tempfile::TempDir> {
    if !tools::wanted() {
        return None;
    }
    wheels::real("lxml-6.1.3-cp314-cp314t-")?;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("requirements.txt"), requirements).unwrap();
    Some(folder)
}

/// Where installers, and so ftaudit, find its wheel and those of the tests, and nothing else.
pub fn without_an_index(command: &mut Command) -> Ran {
    let real = wheels::real("lxml-6.1.3-cp314-cp314t-").expect("a project has wheels");
    let [own, others] = [wheel(), &real].map(|file| file.parent().unwrap().to_str().unwrap());
    command.env("PIP_NO_INDEX", "1").env("PIP_FIND_LINKS", format!("{own} {others}"));
    command.env("UV_NO_INDEX", "1").env("UV_FIND_LINKS", format!("{own},{others}"));
    run(command)
}

#[test]
fn gitlab_gets_its_reports() {
    let Some(culprit) = project(CULPRIT) else { return };
    let folder = culprit.path();
    let snippet = snippets::of("ci", "yaml", "free-threading:\n");
    fs::write(folder.join(".gitlab-ci.yml"), &snippet).unwrap();
    let mut check = pinned("check-jsonschema", folder);
    check.args(["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", ".gitlab-ci.yml"]);
    run(&mut check).ends(0);
    let parsed: Value = serde_saphyr::from_str(&snippet).unwrap();
    let job = &parsed["free-threading"];
    let environment = Environment::new();
    let path = env::join_paths([environment.programs(), "/usr/bin".into(), "/bin".into()]).unwrap();
    let script: Vec<&str> =
        job["script"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    let [install, audit] = script[..] else { panic!("{script:?}") };
    let shell = |line: &str| {
        let mut shell = of_system("bash", folder);
        without_an_index(shell.args(["-eo", "pipefail", "-c", line]).env("PATH", &path))
    };
    shell(install).ends(0);
    shell(audit).ends(1).says("lxml 6.1.3 turns the GIL on.");
    let report = |kind: &str| {
        let name = job["artifacts"]["reports"][kind].as_str().unwrap();
        fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    assert!(report("junit").contains("<failure"), "{}", report("junit"));
    let violations: Value = serde_json::from_str(&report("codequality")).unwrap();
    assert_eq!(violations[0]["check_name"], "gil-reenabled");
    assert_eq!(violations[0]["location"]["path"], "requirements.txt");
    fs::write(folder.join("requirements.txt"), CLEAN).unwrap();
    shell(audit).ends(0);
}

/// The recipe for a tool that makes an environment of its own, with a culprit and without.
#[track_caller]
fn fails_by_the_culprit_alone(tool: &str, file: &str, snippet: &str, arguments: &[&str]) {
    for (requirements, says) in
        [(CULPRIT, "lxml 6.1.3 turns the GIL on."), (CLEAN, "markupsafe 3.0.4 leaves the GIL off.")]
    {
        let Some(folder) = project(requirements) else { return };
        fs::write(folder.path().join(file), snippet).unwrap();
        let ran = without_an_index(pinned(tool, folder.path()).args(arguments)).says(says);
        assert_eq!(ran.status != 0, requirements == CULPRIT, "{}\n{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn tox_runs_it() {
    let snippet = snippets::of("ci", "toml", "# tox.toml\n");
    fails_by_the_culprit_alone("tox", "tox.toml", &snippet, &["run", "-e", "free-threading"]);
}

#[test]
fn nox_runs_it() {
    let snippet = snippets::of("ci", "python", "# noxfile.py\n");
    fails_by_the_culprit_alone("nox", "noxfile.py", &snippet, &["--session", "free-threading"]);
}

/// That no recipe is left out of these tests.
#[test]
fn every_recipe_is_run() {
    let text = fs::read_to_string(crate::scripts::in_repository("docs/ci.md")).unwrap();
    let headings: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    assert_eq!(headings, ["GitHub Actions", "GitLab", "pre-commit", "tox", "nox"]);
    assert_eq!(text.matches("\n```").count(), 2 * headings.len(), "one recipe a heading");
}
