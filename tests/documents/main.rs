//! Holds what the README and `docs` say against the program: its rules, verdicts, exit statuses and formats
//! ([`reference`]), what it prints where they show that ([`console`]), and that the pages are a book without a link that leads
//! nowhere ([`book`]).

mod book;
mod console;
mod reference;
#[path = "../support/scripts.rs"]
mod scripts;
#[path = "../packaging/wheels.rs"]
mod wheels;

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

/// Says what a run leaves out where a captured test would not.
fn tell(message: &str) {
    let _ = writeln!(std::io::stderr(), "    {message}");
}

/// What a command that ends well prints, on its two streams. That there is such a program is part of the test.
#[track_caller]
fn printed(command: &mut Command) -> [String; 2] {
    let output = command.stdin(Stdio::null()).output().expect("the program is there");
    let printed = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{command:?} failed: {printed:#?}");
    printed
}

/// A document of the repository.
#[track_caller]
fn document(path: &str) -> String {
    fs::read_to_string(scripts::in_repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Holds a document against what it should be. `FTAUDIT_WRITE_DOCUMENTS=1` writes it, to be reviewed.
#[track_caller]
fn assert_document(path: &str, should_be: &str) {
    if scripts::told_to_skip("FTAUDIT_WRITE_DOCUMENTS") {
        fs::write(scripts::in_repository(path), should_be).unwrap();
    }
    let hint = format!("FTAUDIT_WRITE_DOCUMENTS=1 cargo test --test documents writes {path}, to be reviewed");
    assert_eq!(document(path), should_be, "{hint}");
}
