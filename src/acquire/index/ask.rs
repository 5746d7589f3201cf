//! The one place of this stage that starts programs: the user's installer, to learn its default index, and the
//! `keyring` command.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc;
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
    /// A thread reads the answer, since what the program has started may hold its output open for ever. Too long a one is
    /// not read on: with the pipe closed, whoever writes ends too.
    fn ask(&self, program: &str, arguments: &[&str]) -> Option<String> {
        let mut child = Command::new(program)
            .args(arguments)
            // Help is wrapped to the terminal's width, and an address must stay in one piece.
            .env("COLUMNS", "2000")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let until = Instant::now() + PATIENCE;
        let output = child.stdout.take()?;
        let (sender, answer) = mpsc::channel();
        std::thread::spawn(move || {
            let mut text = String::new();
            let read = output.take(LONGEST + 1).read_to_string(&mut text);
            let is_whole = read.is_ok_and(|bytes| bytes as u64 <= LONGEST);
            // Nobody waits for it any more where it comes too late.
            let _ = sender.send(is_whole.then_some(text));
        });
        let text = answer.recv_timeout(PATIENCE).ok().flatten();
        while text.is_some() && Instant::now() < until {
            match child.try_wait() {
                Ok(Some(status)) => return text.filter(|_| status.success()),
                Ok(None) => std::thread::sleep(Duration::from_millis(5)),
                Err(_) => break,
            }
        }
        let _ = child.kill();
        let _ = child.wait();
        None
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn programs_answer_or_do_not() {
        assert_eq!(Programs.ask("sh", &["-c", "echo $COLUMNS; echo told >&2"]).as_deref(), Some("2000\n"));
        assert_eq!(Programs.ask("sh", &["-c", "echo but fails; exit 1"]), None);
        // What is started by what is asked does not write on either: the mark stays in the process's arguments.
        let mark = format!("cat /dev/zero /flood/of/{}; true", std::process::id());
        assert_eq!(Programs.ask("sh", &["-c", &mark]), None);
        let writes_on = || {
            let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
            let mut arguments = processes.filter_map(|one| std::fs::read(one.path().join("cmdline")).ok());
            let mark = format!("/flood/of/{}", std::process::id());
            arguments.any(|line| line.starts_with(b"cat") && String::from_utf8_lossy(&line).contains(&mark))
        };
        let until = Instant::now() + Duration::from_secs(20);
        while writes_on() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(!writes_on(), "a flood goes on behind the back of whoever asked");
        assert_eq!(Programs.ask("no-such-program-at-all", &[]), None);
    }
}
