//! Imports modules in fresh interpreters, one process each, and tells what became of them.

use crate::interpreters::Interpreter;
use crate::scripts::in_repository;
use serde::Deserialize;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::{fmt, thread};

/// How long an import may take. Seconds, because nothing but a fixture that loops for ever takes one.
const TIME_LIMIT: &str = "10";
const SIGALRM: i32 = 14;

/// What an interpreter did with a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Loaded, and this module did not turn the GIL on.
    GilFree,
    /// This module turned the GIL on.
    RequiresGil,
    /// There is no init function of its name.
    NoHook,
    /// The import raised.
    Raised(String),
    /// A signal ended the process.
    Crashed(i32),
    /// It did not come back.
    TimedOut,
}

impl Outcome {
    /// The verdict that is right where an interpreter does this.
    pub fn verdict(&self) -> &'static str {
        match self {
            Self::GilFree => "gil-free",
            Self::RequiresGil => "requires-gil",
            Self::NoHook => "not-an-extension",
            Self::Raised(_) | Self::Crashed(_) => "incompatible-abi",
            Self::TimedOut => "undetermined",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GilFree => f.write_str("leaves the GIL off"),
            Self::RequiresGil => f.write_str("turns the GIL on"),
            Self::NoHook => f.write_str("has no init function"),
            Self::Raised(message) => write!(f, "raises {message}"),
            Self::Crashed(signal) => write!(f, "crashes with signal {signal}"),
            Self::TimedOut => f.write_str("does not come back"),
        }
    }
}

/// What `probe.py` writes.
#[derive(Deserialize)]
struct Answer {
    outcome: String,
    error: Option<String>,
    message: Option<String>,
}

/// Imports every module of a list, each found in its folder, as many at a time as there are cores.
pub fn import_all<P: AsRef<Path> + Sync>(interpreter: &Interpreter, modules: &[(P, &str)]) -> Vec<Outcome> {
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(vec![None; modules.len()]);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some((folder, name)) = modules.get(index) else { break };
                    let outcome = import(interpreter, folder.as_ref(), name);
                    outcomes.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(outcome);
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcomes.into_iter().map(|outcome| outcome.expect("every module was imported")).collect()
}

/// Imports one module.
fn import(interpreter: &Interpreter, folder: &Path, name: &str) -> Outcome {
    let mut command = Command::new(&interpreter.executable);
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("PYTHON") {
            command.env_remove(variable);
        }
    }
    let output = command
        .args(["-I", "-v", "-X", "utf8"])
        .arg(in_repository("tests/support/probe.py"))
        .arg(folder)
        .args([name, TIME_LIMIT])
        .env("LC_ALL", "C.UTF-8")
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("the interpreter starts");
    outcome(&output, name)
}

/// Reads an outcome from how the process ended and what it wrote.
fn outcome(output: &Output, name: &str) -> Outcome {
    if let Some(signal) = output.status.signal() {
        return if signal == SIGALRM { Outcome::TimedOut } else { Outcome::Crashed(signal) };
    }
    let messages = String::from_utf8_lossy(&output.stderr);
    let answer: Answer = match serde_json::from_slice(&output.stdout) {
        Ok(answer) => answer,
        Err(_) => return Outcome::Raised(format!("nothing: the process ended with {}", output.status)),
    };
    // A module that is created has been asked about the GIL: what its exec slot does comes too late for that.
    if answer.outcome == "imported" || messages.contains(&format!("# extension module '{name}' loaded from"))
    {
        let named = requires_gil(&messages, name);
        return if named { Outcome::RequiresGil } else { Outcome::GilFree };
    }
    let message = answer.message.unwrap_or_default();
    if message.contains("does not define module export function") {
        return Outcome::NoHook;
    }
    Outcome::Raised(format!("{}: {message}", answer.error.unwrap_or_default()))
}

/// Whether the interpreter named this module as one that turns the GIL on. The first such module of a process gets
/// the warning, and in some versions not the line of `-v`; later ones get the line only.
fn requires_gil(messages: &str, name: &str) -> bool {
    messages.contains(&format!("loading module '{name}', which requires the GIL"))
        || messages.contains(&format!("has been enabled to load module '{name}'"))
}
