//! Many modules in one process. What goes well there stands; what does not is tried again in a process of its own, so
//! that the outcome is the same as if every module had been tried alone.

use super::outcome::{Wanted, of_death, of_end};
use super::process::{How, Processes};
use super::session::{Run, Session};
use crate::model::{Confirmation, ImportCause, Seen};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long one module of a batch may take before it is tried alone, where it may take all of its time.
const SILENCE: Duration = Duration::from_secs(20);

/// What comes of each module, in their order.
pub(super) fn confirm(
    session: &Session,
    modules: &[Wanted],
    batching: bool,
    processes: &dyn Processes,
    on_done: &dyn Fn(usize),
) -> Vec<Confirmation> {
    let (found, declared, chains) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let failed_packages = Vec::new();
    let mut work = Work { session, modules, processes, batching, found, declared, chains, failed_packages };
    let (suspects, others): (Vec<usize>, Vec<usize>) =
        (0..modules.len()).partition(|index| modules[*index].suspect || !batching);
    let mut alone = suspects;
    alone.extend(work.together(others));
    alone.sort_unstable();
    on_done(work.found.len());
    for index in alone {
        work.alone(index);
        on_done(1);
    }
    let not_tried = || Confirmation::not_run("the interpreter ended before it was tried");
    let mut confirmations = Vec::new();
    for (index, wanted) in modules.iter().enumerate() {
        let mut confirmation = work.found.remove(&index).unwrap_or_else(not_tried);
        if let (1, Some(chain)) = (confirmation.import_chain.len(), work.chains.get(&wanted.name)) {
            confirmation.import_chain.clone_from(chain);
        }
        confirmations.push(confirmation);
    }
    confirmations
}

struct Work<'a> {
    session: &'a Session,
    modules: &'a [Wanted],
    processes: &'a dyn Processes,
    batching: bool,
    found: BTreeMap<usize, Confirmation>,
    /// What batches have shown of modules whose outcome they did not decide.
    declared: BTreeMap<usize, Confirmation>,
    /// How modules came to be loaded by others, as the first process that loads them has shown: one that starts
    /// behind a crash, or for one module alone, may not.
    chains: BTreeMap<String, Vec<String>>,
    /// Packages whose own import fails, with how that looks: it is the same for every module in them.
    failed_packages: Vec<(String, Confirmation)>,
}

impl Work<'_> {
    /// Imports modules in as few processes as possible; returns those to try alone.
    fn together(&mut self, mut left: Vec<usize>) -> Vec<usize> {
        let mut alone = Vec::new();
        while !left.is_empty() {
            let wanted: Vec<&Wanted> = left.iter().map(|index| &self.modules[*index]).collect();
            let silence = SILENCE.min(self.session.patience);
            let run = match self.session.run(&wanted, 0, silence, self.processes) {
                Ok(run) => run,
                Err(error) => return self.none(&left, &format!("it could not be started: {error}")),
            };
            if let Some(why) = &run.failed {
                return self.none(&left, why);
            }
            for (name, created) in
                run.transcript.created.iter().filter(|(_, created)| created.chain.len() > 1)
            {
                self.chains.entry(name.clone()).or_insert_with(|| created.chain.clone());
            }
            let mut next = Vec::new();
            for index in left.iter().copied() {
                let wanted = &self.modules[index];
                match of_end(wanted, &run.transcript) {
                    Some(seen @ (Seen::GilFree | Seen::RequiresGil)) => {
                        self.found.insert(index, self.session.confirmation(wanted, &run, seen));
                    }
                    Some(seen) => {
                        self.declared.insert(index, self.session.confirmation(wanted, &run, seen));
                        alone.push(index);
                    }
                    None => next.push(index),
                }
            }
            if run.how == How::Interrupted {
                return self.none(&[next, alone].concat(), super::INTERRUPTED);
            }
            // The one that was under way is the suspect; where none was, the next one, so that there is an end.
            if !next.is_empty() {
                let current = run.transcript.current.as_deref();
                let is_current = |index: &usize| Some(self.modules[*index].name.as_str()) == current;
                let position = next.iter().position(is_current).unwrap_or(0);
                alone.push(next.remove(position));
            }
            left = next;
        }
        alone
    }

    /// Says of modules that nothing was run, and leaves none to try.
    fn none(&mut self, modules: &[usize], why: &str) -> Vec<usize> {
        for index in modules {
            self.found.insert(*index, Confirmation::not_run(why));
        }
        Vec::new()
    }

    /// Imports a module in a process of its own: what comes of that is its outcome.
    fn alone(&mut self, index: usize) {
        let wanted = &self.modules[index];
        let is_in =
            |package: &str| wanted.name.strip_prefix(package).is_some_and(|rest| rest.starts_with('.'));
        let declared = self.declared.remove(&index);
        let failed = self.failed_packages.iter().find(|(package, _)| is_in(package));
        let hookless =
            |seen: &Seen| matches!(seen, Seen::ImportError { cause: ImportCause::NoInitFunction, .. });
        if let (true, Some((_, failed)), Some(declared)) = (self.batching, failed, declared)
            && !hookless(&declared.seen)
        {
            self.found.insert(index, Confirmation { seen: failed.seen.clone(), ..declared });
            return;
        }
        if self.processes.interrupted() {
            self.found.insert(index, Confirmation::not_run(super::INTERRUPTED));
            return;
        }
        let confirmation = match alone(self.session, wanted, 0, self.processes) {
            Ok(run) => match &run.failed {
                Some(why) => Confirmation::not_run(why),
                None => self.session.confirmation(wanted, &run, seen(self.session, wanted, &run)),
            },
            Err(error) => Confirmation::not_run(format!("it could not be started: {error}")),
        };
        if let Seen::ImportError { at: Some(package), .. } = &confirmation.seen {
            self.failed_packages.push((package.clone(), confirmation.clone()));
        }
        self.found.insert(index, confirmation);
    }
}

/// Imports one module in a process of its own.
///
/// # Errors
/// Where that cannot be started.
pub(super) fn alone(
    session: &Session,
    wanted: &Wanted,
    threads: usize,
    processes: &dyn Processes,
) -> std::io::Result<Run> {
    session.run(&[wanted], threads, session.patience, processes)
}

/// What came of the only module of a run.
pub(super) fn seen(session: &Session, wanted: &Wanted, run: &Run) -> Seen {
    of_end(wanted, &run.transcript).unwrap_or_else(|| of_death(run.how, &run.transcript, session.patience))
}

#[cfg(test)]
mod tests {
    use super::super::process::Invocation;
    use super::super::testing::{Script, made_up};
    use super::*;
    use std::cell::Cell;

    const READY: &str = r#"{"event": "ready", "version": "3.14.7", "gil": false}"#;

    fn session() -> Session {
        Session {
            interpreter: made_up(14),
            folders: Vec::new(),
            own_packages: true,
            read: Vec::new(),
            environment: None,
            sandboxed: false,
            patience: Duration::from_mins(1),
        }
    }

    /// An interpreter in which a module's name says what comes of it.
    fn play(invocation: &Invocation) -> (Vec<String>, How) {
        let request: serde_json::Value = serde_json::from_str(&invocation.input).unwrap();
        let mut lines = vec![READY.to_owned()];
        let modules = request["modules"].as_array().unwrap();
        for (position, name) in modules.iter().map(|name| name.as_str().unwrap()).enumerate() {
            lines.push(format!(r#"{{"event": "begin", "name": "{name}"}}"#));
            let raised = |at: &str| {
                format!(
                    r#"{{"event": "end", "name": "{name}", "at": "{at}", "error": "ImportError", "message": "no"}}"#
                )
            };
            match name.rsplit('.').next().unwrap() {
                "crash" => return (lines, How::Signalled(11)),
                "hang" => return (lines, How::Slow),
                "raise" => lines.push(raised(name)),
                "package" => lines.push(raised("bad")),
                // Fails where another module was imported before it.
                "shy" if position > 0 => return (lines, How::Signalled(6)),
                other => {
                    let gil = if other == "culprit" { "used" } else { "not-used" };
                    lines.push(format!(
                        r#"{{"event": "created", "name": "{name}", "gil": "{gil}", "chain": ["{name}"], "file": "x.so"}}"#
                    ));
                    lines.push(format!(r#"{{"event": "end", "name": "{name}", "file": "x.so"}}"#));
                }
            }
        }
        lines.push(r#"{"event": "done"}"#.to_owned());
        (lines, How::Exited(0))
    }

    fn wanted(names: &[&str]) -> Vec<Wanted> {
        let one = |name: &&str| Wanted {
            name: (*name).to_owned(),
            file: "x.so".to_owned(),
            suspect: name.ends_with("suspect"),
        };
        names.iter().map(one).collect()
    }

    fn outcomes(names: &[&str], batching: bool) -> (Vec<Seen>, usize) {
        let script = Script::playing(play);
        let done = Cell::new(0);
        let count = |more: usize| done.set(done.get() + more);
        let found = confirm(&session(), &wanted(names), batching, &script, &count);
        assert_eq!(done.get(), names.len());
        (found.into_iter().map(|confirmation| confirmation.seen).collect(), script.asked().len())
    }

    #[test]
    fn what_goes_well_takes_one_process() {
        let (seen, processes) = outcomes(&["a.x", "a.culprit", "b.x"], true);
        assert_eq!(seen, [Seen::GilFree, Seen::RequiresGil, Seen::GilFree]);
        assert_eq!(processes, 1);
    }

    #[test]
    fn outcomes_are_those_of_one_by_one() {
        let names = [
            "a",
            "a.crash",
            "b.culprit",
            "b.shy",
            "c.hang",
            "c.raise",
            "bad.a.package",
            "bad.b.package",
            "d.crash",
            "e.suspect",
            "f",
            "g.crash",
        ];
        let (together, fewer) = outcomes(&names, true);
        let (alone, more) = outcomes(&names, false);
        assert_eq!(together, alone);
        assert_eq!(more, names.len());
        // Five batches, since five end early, the last one with its last module; and eight alone: the second module of
        // the package that fails is not tried again.
        assert_eq!(fewer, 5 + 8);
    }

    #[test]
    fn what_does_not_start_is_said_of_every_module() {
        for (lines, how) in [
            (vec!["no sandbox: this kernel has no Landlock".to_owned()], How::Exited(1)),
            (Vec::new(), How::Exited(1)),
            (vec![READY.replace("false", "true")], How::Exited(0)),
        ] {
            let script = Script::of(vec![(lines, how)]);
            let found = confirm(&session(), &wanted(&["a", "b"]), true, &script, &|_| {});
            assert!(found.iter().all(|one| matches!(one.seen, Seen::NotRun { .. })), "{found:?}");
        }
    }

    #[test]
    fn a_sandbox_that_lacks_something_is_none() {
        let lines = vec!["protected by: files limits parent".to_owned(), READY.to_owned()];
        let script = Script::of(vec![(lines, How::Exited(0))]);
        let session = Session { sandboxed: true, ..session() };
        let found = confirm(&session, &wanted(&["a"]), true, &script, &|_| {});
        assert_eq!(found[0].seen.to_string(), "not run: the sandbox does not protect network");
    }
}
