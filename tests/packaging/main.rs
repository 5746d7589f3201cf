//! Where this program is installed and used: as a wheel, from its source archive and by cargo ([`install`]), in shells
//! and in `man` ([`shells`], [`manual`]); between a build and an upload ([`publisher`]); in CI ([`action`], [`ci`],
//! [`hooks`]). Each is held against the tools that people have for it.

mod action;
mod ci;
mod hooks;
mod install;
#[path = "../support/interpreters.rs"]
mod interpreters;
mod manual;
mod publisher;
#[path = "../support/scripts.rs"]
mod scripts;
mod shells;
mod snippets;
#[path = "../support/tools.rs"]
mod tools;
mod wheels;

use std::path::Path;
use std::process::Command;

/// Says what a run leaves out where a captured test would not.
fn tell(message: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "    {message}");
}

/// The program as cargo built it, in this folder.
fn ftaudit(folder: &Path) -> Command {
    tools::of_system(env!("CARGO_BIN_EXE_ftaudit"), folder)
}

/// What the program prints.
#[track_caller]
fn printed(arguments: &[&str]) -> String {
    tools::run(ftaudit(Path::new("/")).args(arguments)).ends(0).stdout
}
