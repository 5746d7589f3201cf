//! What documents show of a terminal, run again: every block of `console`, one after the other, in a folder of its own.
//! `$ cat FILE` shows a file that the reader is to write, so that the block makes it.

use crate::{assert_document, document, printed, scripts, wheels};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The wheels that they are about.
const WHEELS: [&str; 3] =
    ["hiredis-3.5.0-cp314-cp314t-", "lxml-6.1.3-cp314-cp314t-manylinux_2_26", "pyyaml-6.0.3-cp314-cp314t-"];

const FENCE: &str = "```console\n";
const END: &str = "```";
/// What a command starts with.
const PROMPT: &str = "$ ";
/// What no program prints.
const MARK: &str = "\u{1}";

#[test]
fn the_tour_can_be_walked() {
    as_shown("docs/tour.md");
}

#[test]
fn a_verdict_comes_about_as_it_is_told() {
    as_shown("docs/decision.md");
}

#[test]
fn who_publishes_sees_what_is_shown() {
    as_shown("docs/publishing.md");
}

#[track_caller]
fn as_shown(path: &str) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("wheels")).unwrap();
    for start in WHEELS {
        let Some(wheel) = wheels::real(start) else { return };
        fs::copy(&wheel, folder.path().join("wheels").join(wheel.file_name().unwrap())).unwrap();
    }
    let text = document(path);
    let mut parts = text.split(FENCE);
    let mut written = parts.next().unwrap_or_default().to_owned();
    let mut blocks = 0;
    for part in parts {
        let (block, rest) = part.split_once(END).expect("a block ends");
        let _ = write!(written, "{FENCE}{}{END}{rest}", run_again(block, folder.path()));
        blocks += 1;
    }
    assert!(blocks > 0, "{path} shows nothing");
    // A new record in the database changes nothing else that these pages show.
    if dateless(&written) != dateless(&text) {
        assert_document(path, &written);
    }
}

/// The same commands with what they print.
fn run_again(block: &str, folder: &Path) -> String {
    let shown: Vec<(&str, String)> = block.split(PROMPT).skip(1).map(command).collect();
    for (command, output) in &shown {
        if let Some(file) = command.strip_prefix("cat ") {
            fs::write(folder.join(file), output).unwrap();
        }
    }
    let commands: Vec<&str> = shown.iter().map(|(command, _)| *command).collect();
    // The mark keeps the status of what was before it.
    let mark = format!("mark() {{ status=$?; printf '{MARK}'; return $status; }}\n");
    let script = commands.iter().fold(mark, |script, command| script + "mark\n" + command + "\n");
    // How the last command ended is for the block to show.
    let mut shell = Command::new("sh");
    shell.current_dir(folder).args(["-c", &(script + "exit 0\n")]).env("HOME", folder).env("LC_ALL", "C");
    let own = Path::new(env!("CARGO_BIN_EXE_ftaudit")).parent().unwrap();
    shell.env("PATH", std::env::join_paths([own, Path::new("/usr/bin"), Path::new("/bin")]).unwrap());
    shell.env("PIP_NO_INDEX", "1").env("PIP_FIND_LINKS", places());
    let [printed, complaints] = printed(&mut shell);
    assert_eq!(complaints, "", "{commands:?}");
    let outputs = printed.split(MARK).skip(1);
    let each = commands.iter().zip(outputs).map(|(command, output)| [PROMPT, command, "\n", output].concat());
    each.collect()
}

/// A command and what it is shown to print.
fn command(shown: &str) -> (&str, String) {
    let (command, output) = shown.split_once('\n').unwrap_or((shown, ""));
    (command, output.to_owned())
}

/// Where wheels for this platform and for others lie.
fn places() -> String {
    let of = |lock: &str| {
        let file = scripts::in_repository(&format!("tests/{lock}.lock"));
        let arguments = [file.to_str().unwrap(), lock, "lxml-6.1.3-", "pyyaml-6.0.3-"];
        scripts::run("tests/support/wheels.py", &arguments).trim().to_owned()
    };
    format!("{} {}", of("wheels"), of("platforms"))
}

/// Without what names the database's day.
fn dateless(text: &str) -> String {
    text.lines()
        .filter(|line| !line.starts_with("With the database embedded: "))
        .collect::<Vec<_>>()
        .join("\n")
}
