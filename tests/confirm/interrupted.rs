//! What is left behind when the user has had enough, and when this program is killed.

use crate::environments::wheels;
use crate::hostile::content;
use crate::interpreters;
use crate::run::{Report, confirming};
use crate::site::{Module, Site};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long anything is waited for here.
const PATIENCE: Duration = Duration::from_secs(30);

/// A run in which a module sleeps, from the moment on that it does.
fn sleeping(site: &Site, interpreter: &interpreters::Interpreter) -> (Child, PathBuf) {
    site.add("a_good", Module::Good, "");
    site.add("sleeps", Module::Good, "import time\ntime.sleep(1000)");
    site.add("z_good", Module::Good, "");
    let mut command = confirming(interpreter, &site.path());
    command.args(["--jobs", "1"]).env("TMPDIR", site.temporary());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("ftaudit starts");
    let process = wait_for(|| {
        let inside = process_in(&site.temporary())?;
        // The sandbox has become the interpreter, and that has had the time to import something.
        let name = fs::read_to_string(inside.join("comm")).ok()?;
        sleep(Duration::from_secs(1));
        name.starts_with("python").then_some(inside)
    });
    (child, process.expect("a module is being imported"))
}

/// The process whose folder is below this one.
fn process_in(folder: &Path) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    let processes = fs::read_dir("/proc").ok()?.flatten().map(|entry| entry.path());
    processes
        .into_iter()
        .find(|process| fs::read_link(process.join("cwd")).is_ok_and(|place| place.starts_with(&folder)))
}

fn wait_for<T>(found: impl Fn() -> Option<T>) -> Option<T> {
    let until = Instant::now() + PATIENCE;
    loop {
        match found() {
            Some(found) => return Some(found),
            None if Instant::now() > until => return None,
            None => sleep(Duration::from_millis(20)),
        }
    }
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
}

#[test]
fn after_ctrl_c_there_is_a_report_and_nothing_else() {
    told_to_end_by("-INT");
}

#[test]
fn after_a_terminal_is_closed_there_is_a_report_and_nothing_else() {
    told_to_end_by("-HUP");
}

#[test]
fn after_being_told_to_end_there_is_a_report_and_nothing_else() {
    told_to_end_by("-TERM");
}

/// The second signal comes while the first is being obeyed, or when that is done: nothing is left either way.
#[test]
fn after_a_second_ctrl_c_there_is_nothing_left() {
    for interpreter in interpreters::found() {
        for pause in [0, 5, 20, 40, 60] {
            let site = Site::new(&interpreter);
            let (mut child, process) = sleeping(&site, &interpreter);
            signal(&child, "-INT");
            sleep(Duration::from_millis(pause));
            // It may be gone already.
            let _ = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
            let status = child.wait().expect("it ends");
            assert!(matches!(status.code(), Some(3 | 130)), "{status} after {pause} ms");
            assert!(wait_for(|| (!process.exists()).then_some(())).is_some(), "the interpreter lives on");
            assert_eq!(content(&site.temporary()), Vec::<String>::new(), "{status} after {pause} ms");
        }
    }
}

/// Nothing is left of an installer that is ended half-way either.
#[test]
fn an_interrupted_installation_leaves_nothing() {
    for interpreter in interpreters::found() {
        let Some((first, others)) =
            wheels(&interpreter).split_first().map(|(one, all)| (one.clone(), all.to_vec()))
        else {
            continue;
        };
        let site = Site::new(&interpreter);
        let mut command = confirming(&interpreter, &first);
        command.args(&others).env("TMPDIR", site.temporary()).stdout(Stdio::piped());
        let child = command.spawn().expect("ftaudit starts");
        let installing = wait_for(|| (content(&site.temporary()).len() > 20).then_some(()));
        signal(&child, "-TERM");
        let output = child.wait_with_output().expect("it ends");
        assert!(installing.is_some(), "nothing was installed");
        let report: Report = serde_json::from_slice(&output.stdout).expect("there is a report");
        assert!(report.notes.iter().any(|note| note.about == "--confirm" && note.unread), "{report:?}");
        assert_eq!(content(&site.temporary()), Vec::<String>::new());
    }
}

fn told_to_end_by(name: &str) {
    for interpreter in interpreters::found() {
        let site = Site::new(&interpreter);
        let (child, _) = sleeping(&site, &interpreter);
        signal(&child, name);
        let output = child.wait_with_output().expect("it ends");
        let report: Report = serde_json::from_slice(&output.stdout).expect("there is a report");
        assert_eq!(output.status.code(), Some(3));
        assert!(report.notes.iter().any(|note| note.about == "--confirm" && note.unread), "{report:?}");
        assert_eq!(report.run("a_good.x").outcome, "gil-free", "what was done is told");
        assert_eq!(report.run("sleeps.x").message, "not run: interrupted");
        assert_eq!(report.run("z_good.x").message, "not run: interrupted");
        assert_eq!(content(&site.temporary()), Vec::<String>::new());
        assert_eq!(process_in(&site.temporary()), None);
    }
}

#[test]
fn children_die_with_this_program() {
    for interpreter in interpreters::found() {
        let site = Site::new(&interpreter);
        let (child, process) = sleeping(&site, &interpreter);
        signal(&child, "-KILL");
        drop(child.wait_with_output());
        assert!(wait_for(|| (!process.exists()).then_some(())).is_some(), "the interpreter lives on");
    }
}
