//! What a transcript, and the way that the process ended, say of one module.

use super::process::How;
use super::sandbox::Excess;
use super::transcript::{End, Gil, Transcript};
use crate::model::{ImportCause, Seen, shown};
use std::path::Path;
use std::time::Duration;

/// The status that the probe ends with where nobody reads its answers.
const NO_ANSWERS: i32 = 70;

/// A module to import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Its dotted name.
    pub name: String,
    /// The name of its file, without folders.
    pub file: String,
    /// Whether it is likely to end the process: it gets one of its own at once.
    pub suspect: bool,
}

/// What came of a module that was tried to its end; none where the process ended first.
pub(super) fn of_end(wanted: &Wanted, transcript: &Transcript) -> Option<Seen> {
    let end = transcript.ends.get(&wanted.name)?;
    let created = transcript.created.get(&wanted.name);
    let Some(error) = &end.error else { return Some(imported(wanted, transcript, end)) };
    let is_the_warning = error == "RuntimeWarning" && end.message.contains("has been enabled to load module");
    if is_the_warning && created.is_some_and(|created| created.gil == Gil::Used) {
        return Some(Seen::RequiresGil);
    }
    let hookless = transcript.hookless.contains(&wanted.name);
    let at = end.at.as_deref().filter(|at| *at != wanted.name && !hookless);
    let cause = match end.at.as_deref() {
        _ if hookless => ImportCause::NoInitFunction,
        at => cause(end, at.unwrap_or(&wanted.name)),
    };
    Some(Seen::ImportError {
        cause,
        exception: error.clone(),
        message: end.message.clone(),
        at: at.map(str::to_owned),
    })
}

fn imported(wanted: &Wanted, transcript: &Transcript, end: &End) -> Seen {
    let created = transcript.created.get(&wanted.name);
    let file = created.and_then(|created| created.file.as_ref()).or(end.file.as_ref());
    let is_it = |file: &String| Path::new(file).file_name().is_some_and(|name| name == &*wanted.file);
    match (created.map(|created| created.gil), file) {
        (_, Some(file)) if !is_it(file) => {
            Seen::NotRun { why: format!("another file is imported by that name: {}", shown(Path::new(file))) }
        }
        (Some(Gil::Used), _) => Seen::RequiresGil,
        (Some(Gil::NotUsed), _) => Seen::GilFree,
        (Some(Gil::Unknown), _) => Seen::NotRun {
            why: "it was imported, and the interpreter's word on the GIL was kept back by other code"
                .to_owned(),
        },
        (None, _) => Seen::NotRun {
            why: "it was there already when it was asked for, in place of an extension module".to_owned(),
        },
    }
}

/// What is behind an error, by what the interpreter and the dynamic linkers write.
fn cause(end: &End, at: &str) -> ImportCause {
    if let Some(missing) = &end.missing {
        let below = at.strip_prefix(missing.as_str());
        return if below.is_some_and(|rest| rest.is_empty() || rest.starts_with('.')) {
            ImportCause::NotFound
        } else {
            ImportCause::MissingModule(missing.clone())
        };
    }
    let message = &end.message;
    if message.contains("does not define module export function") {
        return ImportCause::NoInitFunction;
    }
    let of_linux = message.strip_suffix(": cannot open shared object file: No such file or directory");
    let of_macos = message.split_once("Library not loaded: ").map(|(_, rest)| rest);
    let library = of_linux.or(of_macos).and_then(|text| text.split_whitespace().next());
    match library {
        Some(name) => ImportCause::MissingLibrary(name.to_owned()),
        None if message.starts_with("DLL load failed while importing") => {
            ImportCause::MissingLibrary("that the message does not name".to_owned())
        }
        None => ImportCause::Other,
    }
}

/// What is said of the module that was being imported when the process ended.
pub(super) fn of_death(how: How, transcript: &Transcript, patience: Duration) -> Seen {
    let crashed = |how: String| Seen::Crashed { how, stack: transcript.stack() };
    match how {
        How::Slow => Seen::TimedOut { after: patience, stack: transcript.stack() },
        How::Interrupted => Seen::NotRun { why: super::INTERRUPTED.to_owned() },
        How::Exceeded(what) => crashed(format!(
            "stopped, because it {}",
            match what {
                Excess::Disk => "wrote more than an import may to its folder",
                Excess::Memory => "took more memory than an import may",
                Excess::Threads => "started more threads than an import may",
            }
        )),
        How::Flooded => crashed("stopped, because it wrote into the pipe for the outcomes".to_owned()),
        How::Exited(NO_ANSWERS) => crashed("it closed the pipe for the outcomes".to_owned()),
        How::Exited(status) => crashed(format!("the process ended with status {status}")),
        How::Signalled(number) => crashed(match signal_name(number) {
            Some(name) => format!("signal {number} ({name})"),
            None => format!("signal {number}"),
        }),
    }
}

#[cfg(unix)]
fn signal_name(number: i32) -> Option<&'static str> {
    use rustix::process::Signal;
    let names = [
        (Signal::ABORT, "SIGABRT"),
        (Signal::ALARM, "SIGALRM"),
        (Signal::BUS, "SIGBUS"),
        (Signal::FPE, "SIGFPE"),
        (Signal::ILL, "SIGILL"),
        (Signal::KILL, "SIGKILL"),
        (Signal::SEGV, "SIGSEGV"),
        (Signal::SYS, "SIGSYS"),
        (Signal::TERM, "SIGTERM"),
        (Signal::TRAP, "SIGTRAP"),
        (Signal::XCPU, "SIGXCPU"),
        (Signal::XFSZ, "SIGXFSZ"),
    ];
    names.into_iter().find(|(signal, _)| signal.as_raw() == number).map(|(_, name)| name)
}

#[cfg(not(unix))]
fn signal_name(_: i32) -> Option<&'static str> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Wanted {
        Wanted { name: "foo.x".to_owned(), file: "x.so".to_owned(), suspect: false }
    }

    fn seen(lines: &[&str]) -> String {
        let mut transcript = Transcript::default();
        for line in lines {
            transcript.line(line);
        }
        of_end(&wanted(), &transcript).unwrap().to_string()
    }

    fn created(gil: &str, file: &str) -> String {
        format!(r#"{{"event": "created", "name": "foo.x", "gil": "{gil}", "chain": [], "file": "{file}"}}"#)
    }

    const END: &str = r#"{"event": "end", "name": "foo.x", "file": "/env/foo/x.so"}"#;

    #[test]
    fn what_was_created_decides() {
        let said = |gil| seen(&[&created(gil, "/env/foo/x.so"), END]);
        assert_eq!(said("used"), "was imported and turned the GIL on");
        assert_eq!(said("not-used"), "was imported and left the GIL off");
        assert!(said("unknown").starts_with("not run: it was imported, and the interpreter's word"));
        assert!(seen(&[&created("used", "/env/foo/x.abi3.so"), END]).starts_with("not run: another file"));
        assert!(seen(&[END]).starts_with("not run: it was there already"));
    }

    fn raised(at: &str, error: &str, message: &str, missing: &str) -> String {
        let missing = if missing.is_empty() { "null".to_owned() } else { format!("\"{missing}\"") };
        seen(&[&format!(
            r#"{{"event": "end", "name": "foo.x", "at": "{at}", "error": "{error}", "message": "{message}", "missing": {missing}}}"#
        )])
    }

    #[test]
    fn causes_are_named() {
        let library = "libz.so.1: cannot open shared object file: No such file or directory";
        let hook = "dynamic module does not define module export function (PyInit_x)";
        insta::assert_snapshot!([
            raised("foo", "ModuleNotFoundError", "No module named 'numpy'", "numpy"),
            raised("foo.x", "ModuleNotFoundError", "No module named 'foo.x'", "foo.x"),
            raised("foo", "ModuleNotFoundError", "No module named 'foo'", "foo"),
            raised("foo.x", "ImportError", library, ""),
            raised("foo.x", "ImportError", hook, ""),
            raised("foo.x", "SystemExit", "3", ""),
        ].join("\n"), @r"
        was not imported: it needs numpy, which is not installed (on importing foo)
        was not imported: no file of that name is loaded
        was not imported: no file of that name is loaded (on importing foo)
        was not imported: it needs the shared library libz.so.1, which is not found
        was not imported: it has no init function
        was not imported: SystemExit: 3
        ");
    }

    #[test]
    fn a_warning_made_an_error_is_still_the_interpreters_word() {
        let message = "The global interpreter lock (GIL) has been enabled to load module 'foo.x', which …";
        let end = format!(
            r#"{{"event": "end", "name": "foo.x", "at": "foo.x", "error": "RuntimeWarning", "message": "{message}"}}"#
        );
        assert_eq!(seen(&[&created("used", "/x.so"), &end]), "was imported and turned the GIL on");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn every_end_is_an_outcome() {
        let patience = Duration::from_mins(1);
        let ends = [
            How::Signalled(11),
            How::Signalled(64),
            How::Exited(0),
            How::Exited(70),
            How::Slow,
            How::Exceeded(Excess::Disk),
            How::Exceeded(Excess::Memory),
            How::Exceeded(Excess::Threads),
            How::Flooded,
            How::Interrupted,
        ];
        let told = ends.map(|how| of_death(how, &Transcript::default(), patience).to_string());
        insta::assert_snapshot!(told.join("\n"), @r"
        crashed while it was imported: signal 11 (SIGSEGV)
        crashed while it was imported: signal 64
        crashed while it was imported: the process ended with status 0
        crashed while it was imported: it closed the pipe for the outcomes
        was still being imported after 60 seconds
        crashed while it was imported: stopped, because it wrote more than an import may to its folder
        crashed while it was imported: stopped, because it took more memory than an import may
        crashed while it was imported: stopped, because it started more threads than an import may
        crashed while it was imported: stopped, because it wrote into the pipe for the outcomes
        not run: interrupted
        ");
    }
}
