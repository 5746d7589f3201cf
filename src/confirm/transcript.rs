//! What the probe writes, read back: what was created, what came of each module, and the stack of a crash.

use super::sandbox::{PROTECTED, REFUSED};
use crate::model::Protection;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Lines of a stack that are kept: the innermost calls tell the cause.
const STACK: usize = 30;

/// One line of the probe.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Event {
    Ready {
        gil: bool,
    },
    Begin {
        name: String,
    },
    Created(Created),
    End {
        name: String,
        #[serde(flatten)]
        end: End,
    },
    Hookless {
        name: String,
    },
    Done,
}

/// A module whose init function has returned a module.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Created {
    name: String,
    /// What the interpreter took its declaration for.
    pub gil: Gil,
    /// Its name, then whoever imported it.
    pub chain: Vec<String>,
    /// Its file.
    pub file: Option<String>,
}

impl Created {
    /// Whether it needs the GIL, as far as that was told.
    pub(super) fn needs_gil(&self) -> Option<bool> {
        match self.gil {
            Gil::Used => Some(true),
            Gil::NotUsed => Some(false),
            Gil::Unknown => None,
        }
    }
}

/// What the interpreter took a declaration for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Gil {
    Used,
    NotUsed,
    Unknown,
}

/// What came of a module.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct End {
    /// The file behind what was imported.
    #[serde(default)]
    pub file: Option<String>,
    /// The name that was being imported when something was raised.
    #[serde(default)]
    pub at: Option<String>,
    /// The type of what was raised.
    #[serde(default)]
    pub error: Option<String>,
    /// Its text.
    #[serde(default)]
    pub message: String,
    /// The module that was not found.
    #[serde(default)]
    pub missing: Option<String>,
}

/// What one process of the probe wrote.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    /// What the sandbox said was in force.
    pub protections: Vec<Protection>,
    /// Why there was no sandbox.
    pub refused: Option<String>,
    /// Whether the GIL was on at the start; none where it did not get that far.
    pub gil_at_start: Option<bool>,
    /// Modules by name.
    pub created: BTreeMap<String, Created>,
    /// Files without an init function, by the name of the module that they would be.
    pub hookless: BTreeSet<String>,
    /// What came of each, by name.
    pub ends: BTreeMap<String, End>,
    /// The module that was being imported when the lines ended.
    pub current: Option<String>,
    /// Whether it got to its end.
    pub done: bool,
    text: Vec<String>,
}

impl Transcript {
    /// Takes a line.
    pub(super) fn line(&mut self, line: &str) {
        let at_start = self.gil_at_start.is_none();
        if let Some(ids) = line.strip_prefix(PROTECTED).filter(|_| at_start) {
            let said = |one: &Protection| ids.split(' ').any(|id| id == one.id());
            self.protections = SANDBOX.into_iter().filter(said).collect();
            return;
        }
        if let Some(why) = line.strip_prefix(REFUSED).filter(|_| at_start) {
            self.refused = Some(why.to_owned());
            return;
        }
        match serde_json::from_str(line) {
            Ok(Event::Ready { gil }) => self.gil_at_start = Some(gil),
            Ok(Event::Begin { name }) => self.current = Some(name),
            Ok(Event::Created(created)) => self.create(created),
            Ok(Event::End { name, end }) => {
                self.current = None;
                self.ends.entry(name).or_insert(end);
            }
            Ok(Event::Hookless { name }) => drop(self.hookless.insert(name)),
            Ok(Event::Done) => self.done = true,
            Err(_) if self.text.len() < 10 * STACK => self.text.push(line.to_owned()),
            Err(_) => {}
        }
    }

    /// A package that failed may be tried again: that a module needs the GIL is said the first time only.
    fn create(&mut self, created: Created) {
        match self.created.get_mut(&created.name) {
            Some(known) if created.gil == Gil::Used => known.gil = Gil::Used,
            Some(_) => {}
            None => drop(self.created.insert(created.name.clone(), created)),
        }
    }

    /// The Python stack at the end, the innermost call first, as faulthandler has written it of the thread that
    /// crashed. The probe's own calls are left out.
    pub(super) fn stack(&self) -> Vec<String> {
        let lines = self.text.iter().map(|line| line.trim());
        let thread = lines.skip_while(|line| !line.starts_with("Current thread")).skip(1);
        let calls = thread.take_while(|line| !line.is_empty());
        let of_modules =
            calls.filter(|line| line.starts_with("File ") && !line.contains("File \"<string>\""));
        let of_modules = of_modules.filter(|line| !line.contains("File \"<frozen importlib"));
        of_modules.take(STACK).map(str::to_owned).collect()
    }
}

/// What a sandbox can say that it does.
const SANDBOX: [Protection; 7] = [
    Protection::Files,
    Protection::Network,
    Protection::Processes,
    Protection::Signals,
    Protection::Privileges,
    Protection::Limits,
    Protection::Parent,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Transcript {
        let mut transcript = Transcript::default();
        for line in lines {
            transcript.line(line);
        }
        transcript
    }

    #[test]
    fn a_crash_leaves_its_stack() {
        let transcript = read(&[
            "protected by: files network",
            r#"{"event": "ready", "version": "3.14.7", "gil": false}"#,
            r#"{"event": "begin", "name": "foo.x"}"#,
            "Fatal Python error: Segmentation fault",
            "",
            "Thread 0x00007f [other] (most recent call first):",
            "  File \"/env/other.py\", line 1 in work",
            "",
            "Current thread 0x00007e [python3.14t] (most recent call first):",
            "  File \"<frozen importlib._bootstrap>\", line 488 in _call_with_frames_removed",
            "  File \"/env/foo/__init__.py\", line 3 in <module>",
            "  File \"<string>\", line 155 in create",
            "",
            "Extension modules: foo.x (total: 1)",
        ]);
        assert_eq!(transcript.current.as_deref(), Some("foo.x"));
        assert_eq!(transcript.stack(), ["File \"/env/foo/__init__.py\", line 3 in <module>"]);
        assert_eq!(transcript.protections, [Protection::Files, Protection::Network]);
        assert!(!transcript.done);
    }

    #[test]
    fn what_a_module_writes_does_not_change_what_the_sandbox_said() {
        let ready = r#"{"event": "ready", "gil": false}"#;
        let transcript = read(&[ready, "protected by: files", "no sandbox: because", "{}", "[1]", "null"]);
        assert!(transcript.protections.is_empty() && transcript.refused.is_none());
    }

    #[test]
    fn the_first_answer_counts() {
        let created = |gil: &str| {
            format!(r#"{{"event": "created", "name": "x", "gil": "{gil}", "chain": ["x"], "file": null}}"#)
        };
        let transcript = read(&[
            &created("used"),
            &created("not-used"),
            r#"{"event": "end", "name": "x", "at": "x", "error": "ValueError", "message": "no"}"#,
            r#"{"event": "end", "name": "x", "file": "x.so"}"#,
        ]);
        assert_eq!(transcript.created["x"].gil, Gil::Used);
        assert_eq!(transcript.ends["x"].error.as_deref(), Some("ValueError"));
    }
}
