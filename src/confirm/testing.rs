//! A double of [`Processes`] that answers from a script, and made-up interpreters.

use super::interpreter::Interpreter;
use super::process::{Ended, How, Invocation, Processes};
use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

/// What a line starts with that goes to the standard error.
pub(crate) const ERROR: &str = "stderr: ";

/// What one process does: the lines that it writes, and how it ends.
type Scene = (Vec<String>, How);
/// What is written where nothing is left in the script; decides by what was asked.
type Play = Box<dyn Fn(&Invocation) -> Scene + Sync>;

/// Answers in order, or by what was asked.
pub(crate) struct Script {
    scenes: Mutex<VecDeque<Scene>>,
    play: Option<Play>,
    asked: Mutex<Vec<Invocation>>,
}

impl Script {
    /// One line for each process, which then ends well.
    pub(crate) fn answering(lines: &[&str]) -> Self {
        Self::of(lines.iter().map(|line| (vec![(*line).to_owned()], How::Exited(0))).collect())
    }

    /// These in order.
    pub(crate) fn of(scenes: Vec<Scene>) -> Self {
        Self { scenes: Mutex::new(scenes.into()), play: None, asked: Mutex::default() }
    }

    /// By what was asked.
    pub(crate) fn playing(play: impl Fn(&Invocation) -> Scene + Sync + 'static) -> Self {
        Self { play: Some(Box::new(play)), ..Self::of(Vec::new()) }
    }

    /// What was asked, in order.
    pub(crate) fn asked(&self) -> Vec<Invocation> {
        self.asked.lock().unwrap().clone()
    }
}

impl Processes for Script {
    fn run(&self, invocation: &Invocation, on_line: &mut dyn FnMut(&str) -> Duration) -> io::Result<Ended> {
        self.asked.lock().unwrap().push(invocation.clone());
        let next = self.scenes.lock().unwrap().pop_front();
        let scene = next.or_else(|| self.play.as_ref().map(|play| play(invocation)));
        let (lines, how) = scene.ok_or(io::ErrorKind::NotFound)?;
        let mut errors = String::new();
        for line in &lines {
            match line.strip_prefix(ERROR) {
                Some(error) => errors.extend([error, "\n"]),
                None => drop(on_line(line)),
            }
        }
        Ok(Ended { how, errors })
    }

    fn interrupted(&self) -> bool {
        false
    }
}

/// A free-threaded `CPython` of a feature release.
pub(crate) fn made_up(minor: u8) -> Interpreter {
    Interpreter {
        executable: PathBuf::from(format!("/py/bin/python3.{minor}t")),
        implementation: "CPython".to_owned(),
        version: format!("3.{minor}.7"),
        minor: Some(minor),
        free_threaded: true,
        platform: "linux-x86_64".to_owned(),
        musl: Some(false),
        prefix: PathBuf::from("/py"),
        base_prefix: PathBuf::from("/py"),
        folders: Vec::new(),
        pip: true,
    }
}
