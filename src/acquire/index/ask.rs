//! The one place of this stage that starts programs: the user's installer, to learn its default index, and the
//! `keyring` command.

use std::io::{Read, Seek};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long a program is waited for. A keyring may have to ask its user; an installer answers in less than a second.
const PATIENCE: Duration = Duration::from_mins(1);

/// Bytes of an answer: installers print some 20 kB of help.
const LONGEST: u64 = 1 << 20;

/// Asks a program; scripted in tests.
pub(super) trait Ask: Send + Sync {
    /// What it prints when it is called so; none where there is none, or it fails.
    fn ask(&self, program: &str, arguments: &[&str]) -> Option<String>;
}

/// The programs of this machine.
#[derive(Debug)]
pub(super) struct Programs;

impl Ask for Programs {
    /// The answer goes to a file: reading a pipe could wait for ever.
    fn ask(&self, program: &str, arguments: &[&str]) -> Option<String> {
        let mut answer = tempfile::tempfile().ok()?;
        let mut child = Command::new(program)
            .args(arguments)
            // Help is wrapped to the terminal's width, and an address must stay in one piece.
            .env("COLUMNS", "2000")
            .stdin(Stdio::null())
            .stdout(answer.try_clone().ok()?)
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let until = Instant::now() + PATIENCE;
        let status = loop {
            let waits = Instant::now() < until && answer.metadata().is_ok_and(|file| file.len() <= LONGEST);
            match child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if waits => std::thread::sleep(Duration::from_millis(5)),
                _ => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return None;
                }
            }
        };
        let mut text = String::new();
        answer.rewind().ok()?;
        answer.take(LONGEST).read_to_string(&mut text).ok()?;
        status.success().then_some(text)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn programs_answer_or_do_not() {
        assert_eq!(Programs.ask("sh", &["-c", "echo $COLUMNS; echo told >&2"]).as_deref(), Some("2000\n"));
        assert_eq!(Programs.ask("sh", &["-c", "echo but fails; exit 1"]), None);
        assert_eq!(Programs.ask("sh", &["-c", "cat /dev/zero"]), None);
        assert_eq!(Programs.ask("no-such-program-at-all", &[]), None);
    }
}
