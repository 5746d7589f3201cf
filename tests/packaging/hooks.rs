//! The hooks for pre-commit, run by pre-commit in a project that takes them from a clone of this repository.

use crate::ci::{CLEAN, CULPRIT, project, without_an_index};
use crate::tools::{self, Ran, of_system, pinned, run};
use crate::{scripts, snippets};
use std::fs;
use std::path::Path;
use std::process::Command;

/// The address that the document gives for this repository.
const DOCUMENTED: &str = "https://github.com/OWNER/ftaudit";

fn git(folder: &Path) -> Command {
    let mut git = of_system("git", folder);
    git.args(["-c", "user.name=x", "-c", "user.email=x@localhost", "-c", "commit.gpgsign=false"]);
    git.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    git
}

/// What the working tree holds, committed or not, as a repository with a tag of the version.
fn snapshot() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    run(git(folder.path()).args(["init", "--quiet"])).ends(0);
    let tree = scripts::in_repository("");
    run(git(folder.path()).arg("--work-tree").arg(tree).args(["add", "--all"])).ends(0);
    run(git(folder.path()).args(["commit", "--quiet", "--message", "all"])).ends(0);
    run(git(folder.path()).args(["tag", concat!("v", env!("CARGO_PKG_VERSION"))])).ends(0);
    folder
}

/// pre-commit over a project with this configuration, where the documented address is that of the snapshot.
fn pre_commit(repository: &Path, home: &Path, configuration: &str, requirements: &str) -> Option<Ran> {
    let folder = project(requirements)?;
    fs::write(folder.path().join(".pre-commit-config.yaml"), configuration).unwrap();
    run(git(folder.path()).args(["init", "--quiet"])).ends(0);
    run(git(folder.path()).args(["add", "--all"])).ends(0);
    let settings = home.join("gitconfig");
    fs::write(&settings, format!("[url \"{}\"]\n\tinsteadOf = {DOCUMENTED}\n", repository.display()))
        .unwrap();
    let mut command = pinned("pre-commit", folder.path());
    command.args(["run", "--all-files", "--verbose"]);
    command.env("PRE_COMMIT_HOME", home.join("pre-commit"));
    command.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_VALUE_0", DOCUMENTED);
    command.env("GIT_CONFIG_KEY_0", format!("url.{}.insteadOf", repository.display()));
    // What it is built with is at hand, and a quick build into the usual place will do.
    command.env("PYTHONPATH", tools::packages()).env("PIP_NO_BUILD_ISOLATION", "0");
    command.env("MATURIN_PEP517_ARGS", "--locked --profile quick");
    command.env("CARGO_TARGET_DIR", scripts::in_repository("target"));
    // `ftaudit-installed` finds what cargo built.
    let own = Path::new(env!("CARGO_BIN_EXE_ftaudit")).parent().unwrap().to_owned();
    let others = std::env::var_os("PATH").unwrap_or_default();
    let path = [own, tools::folder().to_owned()].into_iter().chain(std::env::split_paths(&others));
    command.env("PATH", std::env::join_paths(path).unwrap());
    Some(without_an_index(&mut command))
}

#[test]
fn the_culprit_fails_the_hook_and_what_is_clean_passes() {
    if !tools::wanted() {
        return;
    }
    let file = scripts::in_repository(".pre-commit-hooks.yaml");
    run(pinned("pre-commit", Path::new("/")).arg("validate-manifest").arg(file)).ends(0);
    let documented = snippets::of("ci", "yaml", "repos:\n");
    assert!(documented.contains(DOCUMENTED) && documented.contains("- id: ftaudit\n"), "{documented}");
    let installed = documented.replace("- id: ftaudit\n", "- id: ftaudit-installed\n");
    let (repository, home) = (snapshot(), tempfile::tempdir().unwrap());
    for configuration in [installed, documented] {
        let run = |requirements| pre_commit(repository.path(), home.path(), &configuration, requirements);
        let Some(culprit) = run(CULPRIT) else { return };
        culprit.ends(1).says("lxml 6.1.3 turns the GIL on.").says("- exit code: 1");
        run(CLEAN).unwrap().ends(0).says("markupsafe 3.0.4 leaves the GIL off.");
    }
}
