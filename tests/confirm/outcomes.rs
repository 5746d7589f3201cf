//! Every outcome that an import can have, and what is made of it.

use crate::interpreters::{self, Interpreter};
use crate::run::{confirming, program, report};
use crate::site::{Module, Site};
use std::process::Command;

/// A site with a module of every kind.
fn site(interpreter: &Interpreter) -> Site {
    let site = Site::new(interpreter);
    site.add("good", Module::Good, "");
    site.add("culprit", Module::Culprit, "");
    site.add("second", Module::Culprit, "import good.x");
    site.add("crashes", Module::Crashes, "import good");
    site.add("hangs", Module::Hangs, "");
    site.add("liar", Module::Lies, "");
    site.add("library", Module::NeedsLibrary, "");
    site.add("missing", Module::Good, "import somebody_else");
    site.add("chained", Module::Good, "from . import middle");
    std::fs::write(site.path().join("chained/middle.py"), "import zz_last.x").expect("a file can be written");
    site.add("zz_last", Module::Culprit, "");
    site
}

#[test]
fn each_outcome_is_told() {
    for interpreter in interpreters::found() {
        let site = site(&interpreter);
        let mut command = confirming(&interpreter, &site.path());
        let (report, status) = report(command.args(["--import-timeout", "3"]));
        assert_eq!(status, 1);
        let told = |module: &str| {
            let run = report.run(module);
            (run.outcome, run.agreement, run.message)
        };
        let like = |module: &str, outcome: &str, agreement: &str, message: &str| {
            let told = told(module);
            assert!(told.2.contains(message), "{module} under {}: {told:?}", interpreter.version);
            assert_eq!((told.0.as_str(), told.1.as_str()), (outcome, agreement), "{module}: {told:?}");
        };
        like("good.x", "gil-free", "confirmed", "left the GIL off");
        like("culprit.x", "requires-gil", "confirmed", "turned the GIL on");
        like("second.x", "requires-gil", "confirmed", "turned the GIL on");
        like("zz_last.x", "requires-gil", "confirmed", "turned the GIL on");
        like("crashes.x", "crashed", "unconfirmed", "signal 11 (SIGSEGV)");
        like("hangs.x", "timed-out", "unconfirmed", "after 3 seconds");
        like("liar.x", "requires-gil", "contradicted", "turned the GIL on");
        like(
            "library.x",
            "import-error",
            "unconfirmed",
            "the shared library libneeded.so, which is not found",
        );
        like("missing.x", "import-error", "confirmed", "it needs somebody_else, which is not installed");
        assert_eq!(report.run("zz_last.x").import_chain, ["zz_last.x", "chained.middle", "chained"]);
        assert!(report.finds("runtime-contradicts-static", "liar.x"));
        assert!(report.finds("crashes-on-import", "crashes.x"));
        let rules = ["runtime-contradicts-static", "crashes-on-import"];
        let others = report.findings.iter().filter(|finding| rules.contains(&finding.rule.as_str()));
        assert_eq!(others.count(), 2);
    }
}

#[test]
fn a_crash_and_a_hang_show_where_they_were() {
    for interpreter in interpreters::found() {
        let site = Site::new(&interpreter);
        site.add("crashes", Module::Good, "import other");
        std::fs::create_dir(site.path().join("other")).expect("a folder can be made");
        let code = "import ctypes\ndef work():\n    ctypes.string_at(8)\nwork()\n";
        std::fs::write(site.path().join("other/__init__.py"), code).expect("a file can be written");
        site.add("hangs", Module::Good, "import time\ntime.sleep(100)");
        let mut command = confirming(&interpreter, &site.path());
        let (report, _) = report(command.args(["--import-timeout", "5"]));
        let stack = report.run("crashes.x").stack.join("\n");
        let inner = stack.find("other/__init__.py\", line 3 in work");
        let outer = stack.find("crashes/__init__.py\", line 1 in <module>");
        assert!(inner.is_some() && inner < outer, "{stack}");
        assert!(report.run("hangs.x").stack.join("\n").contains("hangs/__init__.py"), "{report:?}");
    }
}

#[test]
fn what_the_binary_does_not_tell_is_settled() {
    for interpreter in interpreters::found() {
        let site = Site::new(&interpreter);
        site.add("late", Module::DecidesLate, "");
        let (read, _) = report(
            program()
                .args(["check", "--format", "json", "--target"])
                .args([&interpreter.target(), site.path().to_str().expect("it is text")]),
        );
        assert_eq!(read.verdict("late.x"), "undetermined");
        let (report, status) = report(&mut confirming(&interpreter, &site.path()));
        let run = report.run("late.x");
        assert_eq!((run.outcome.as_str(), run.agreement.as_str()), ("requires-gil", "settled"));
        assert_eq!(report.verdict("late.x"), "requires-gil");
        assert!(report.finds("gil-reenabled", "late.x") && !report.finds("undetermined", "late.x"));
        assert_eq!(status, 1);
    }
}

#[test]
fn what_fails_under_threads_is_a_lead() {
    for interpreter in interpreters::found() {
        let site = Site::new(&interpreter);
        let shy = "import os, threading\nif threading.current_thread() is not threading.main_thread():\n    os._exit(3)";
        site.add("shy", Module::Good, shy);
        site.add("good", Module::Good, "");
        let mut command = program();
        command.args(["check", "--confirm=stress", "--format", "json", "--target", &interpreter.target()]);
        command.args(["--python", &interpreter.executable]).arg(site.path());
        let (report, _) = report(&mut command);
        let run = report.run("shy.x");
        assert_eq!((run.outcome.as_str(), run.under_threads.as_deref()), ("gil-free", Some("crashed")));
        assert_eq!(report.run("good.x").under_threads, None);
        assert!(
            report.finds("fails-under-threads", "shy.x") && !report.finds("fails-under-threads", "good.x")
        );
        let note = report.notes.iter().find(|note| note.about == "--confirm=stress");
        assert!(note.is_some_and(|note| note.why.contains("proves nothing") && !note.unread), "{report:?}");
    }
}

#[test]
fn what_is_not_there_is_said() {
    let empty = tempfile::tempdir().expect("a folder can be made");
    let interpreter = interpreters::found().pop();
    let Some(interpreter) = interpreter else { return };
    let site = Site::new(&interpreter);
    site.add("good", Module::Good, "");
    let alone = || {
        let mut command = program();
        command.env_clear().env("PATH", empty.path()).env("HOME", empty.path());
        command
    };
    let other = if interpreter.minor == 13 { "3.15t" } else { "3.13t" };
    // A machine may have one in a place that is always looked at, such as /usr/bin or below /opt.
    let list = alone().args(["python", "list"]).output().expect("ftaudit starts").stdout;
    let version = other.trim_end_matches('t');
    if String::from_utf8_lossy(&list).contains(&format!("CPython {version}.")) {
        crate::tell(&format!("SKIPPED: this machine has a Python {other} for everybody"));
        return;
    }
    let mut command = alone();
    command.args(["check", "--confirm", "--format", "json", "--target", other]).arg(site.path());
    let (report, status) = report(&mut command);
    let run = report.run("good.x");
    let why = format!("not run: no free-threaded Python {version} found\nhint: uv python install {other}");
    assert_eq!(run.message, why);
    assert_ne!(status, 0);
}

#[test]
fn a_python_with_the_gil_is_refused() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let site = folder.path().join("x.so");
    std::fs::write(&site, "").expect("a file can be written");
    let output = program().args(["check", "--confirm", "--python", "python3"]).arg(&site).output();
    let output = output.expect("ftaudit starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("with the GIL") && errors.contains("hint: "), "{errors}");
}

#[test]
fn an_interpreter_for_no_target_is_refused_and_not_passed_over() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let site = folder.path().join("x.so");
    std::fs::write(&site, "").expect("a file can be written");
    let refused = |python: &str, target: &str, why: &str| {
        let mut command = program();
        command.args(["check", "--confirm", "--python", python, "--target", target]).arg(&site);
        let output = command.output().expect("ftaudit starts");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors.contains(why) && output.stdout.is_empty(), "{errors}");
    };
    refused("3.13t", "3.14t", "hint: --target 3.13t");
    refused("3.14", "3.14t", "modules are confirmed with 3.13t, 3.14t or 3.15t");
    for interpreter in interpreters::found() {
        let other = if interpreter.minor == 14 { "3.15t" } else { "3.14t" };
        refused(&interpreter.executable, other, &format!("this audit is for {other}"));
    }
}

#[test]
fn the_list_has_those_on_path() {
    for interpreter in interpreters::found() {
        let folder = std::path::Path::new(&interpreter.executable).parent().expect("it is in a folder");
        let output = Command::new(env!("CARGO_BIN_EXE_ftaudit"))
            .args(["python", "list"])
            .env_clear()
            .env("PATH", folder)
            .output()
            .expect("ftaudit starts");
        let list = String::from_utf8_lossy(&output.stdout);
        assert!(list.contains(&format!("CPython {}t  ", interpreter.version)), "{list}");
        assert_eq!(output.status.code(), Some(0));
    }
}
