//! Environments as they are, and temporary ones of real wheels.

use crate::hostile::content;
use crate::interpreters::{self, Interpreter};
use crate::run::{confirming, program, report};
use crate::scripts;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The wheels of `wheels.lock` that an interpreter installs, one of each project; none if the environment says to do
/// without.
pub fn wheels(interpreter: &Interpreter) -> Vec<PathBuf> {
    if scripts::told_to_skip("FTAUDIT_TEST_SKIP_WHEELS") {
        crate::tell("SKIPPED: no wheel is imported, because FTAUDIT_TEST_SKIP_WHEELS=1");
        return Vec::new();
    }
    let lock = scripts::in_repository("tests/wheels.lock");
    let text = fs::read_to_string(&lock).expect("wheels.lock is there");
    let lock = lock.to_str().expect("the repository's path is UTF-8");
    let folder = scripts::run("tests/support/wheels.py", &[lock, "wheels"]);
    let tag = format!("-cp3{}t-", interpreter.minor);
    let mut found: Vec<&str> =
        text.lines().filter_map(|line| line.split_once("  ")).map(|(_, file)| file).collect();
    found.retain(|file| file.contains(&tag));
    found.sort_unstable_by_key(|file| file.split('-').next());
    found.dedup_by_key(|file| file.split('-').next());
    found.into_iter().map(|file| Path::new(folder.trim()).join(file)).collect()
}

#[test]
fn wheels_are_installed_for_the_time_and_confirmed() {
    for interpreter in interpreters::found() {
        let wheels = wheels(&interpreter);
        let Some((first, others)) = wheels.split_first() else { continue };
        let temporary = tempfile::tempdir().expect("a folder can be made");
        let mut command = confirming(&interpreter, first);
        command.args(others).env("TMPDIR", temporary.path());
        let (report, _) = report(&mut command);
        let runs = report.runs();
        let count = |agreement: &str| runs.values().filter(|(_, run)| run.agreement == agreement).count();
        let paths = runs.values().filter(|(_, run)| run.message.contains("ftaudit-"));
        assert_eq!(paths.count(), 0, "a temporary folder's name is in the report");
        crate::tell(&format!(
            "wheels under {}: {} modules confirmed, {} settled, {} contradicted, {} not confirmed",
            interpreter.version,
            count("confirmed"),
            count("settled"),
            count("contradicted"),
            count("unconfirmed"),
        ));
        for ((project, module), (verdict, run)) in &runs {
            if run.agreement != "confirmed" {
                crate::tell(&format!(
                    "{project}: {module}: read {verdict}, {}: {}",
                    run.agreement, run.message
                ));
            }
        }
        assert_eq!(count("contradicted"), 0, "the binary and the interpreter disagree");
        let crashed = runs.values().filter(|(_, run)| run.outcome == "crashed").count();
        assert_eq!(crashed, 0, "a real module crashes");
        // What is left needs other distributions, which are not among the wheels.
        let missing = |(_, run): &&(String, _)| {
            let run: &crate::run::Runtime = run;
            run.agreement == "unconfirmed" && run.outcome != "import-error"
        };
        assert_eq!(runs.values().filter(missing).count(), 0);
        assert!(count("confirmed") * 10 >= runs.len() * 9, "nine of ten modules are confirmed");
        assert_eq!(content(temporary.path()), Vec::<String>::new(), "something was left behind");
    }
}

#[test]
fn an_environment_is_used_as_it_is_and_never_changed() {
    for interpreter in interpreters::found() {
        let Some(numpy) = wheels(&interpreter).into_iter().find(|path| name(path).starts_with("numpy-"))
        else {
            continue;
        };
        let folder = tempfile::tempdir().expect("a folder can be made");
        let environment = folder.path().join("environment");
        let made = Command::new(&interpreter.executable)
            .args(["-m", "venv", "--without-pip"])
            .arg(&environment)
            .status();
        assert!(made.expect("the interpreter runs").success());
        let site = environment.join(format!("lib/python3.{}t/site-packages", interpreter.minor));
        let archive = fs::File::open(&numpy).expect("the wheel is in the cache");
        zip::ZipArchive::new(archive).expect("it is an archive").extract(&site).expect("it can be unpacked");
        let before = content(&environment);
        let mut command = program();
        command.args(["confirm", "--format", "json", "--target", &interpreter.target()]).arg(&environment);
        let (report, status) = report(&mut command);
        assert_eq!(status, 0, "{report:?}");
        let runs = report.runs();
        assert!(runs.len() > 10 && runs.values().all(|(_, run)| run.agreement == "confirmed"), "{runs:?}");
        assert_eq!(content(&environment), before);

        // Of another version it is not the one that was asked for.
        let other = if interpreter.minor == 14 { "3.15t" } else { "3.14t" };
        let mut command = program();
        command.args(["confirm", "--format", "json", "--target", other]).arg(&environment);
        let (report, _) = self::report(&mut command);
        let runs = report.runs();
        let why = format!("not run: this is an environment of CPython {}t", interpreter.version);
        assert!(runs.values().all(|(_, run)| run.message.starts_with(&why)), "{runs:?}");
    }
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
