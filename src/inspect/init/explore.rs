//! Follows a function along every path that unknown values leave open, within limits.

mod fork;

use super::capi::{self, Effect};
use super::ends::{End, Explored};
use super::hurry::{self, Hurry, MAX_HURRIED_STEPS, Start};
use super::machine::{Fault, Flow, Machine};
use super::meetings::Meetings;
use super::memory::Full;
use super::path::Path;
use super::value::Value;

/// Instructions of one evaluation, over all paths. The longest real init function that is decided needs nearly
/// 500,000; one that moves blocks for ever takes 140 ms of a processor.
pub(super) const MAX_STEPS: u32 = 600_000;

/// Instructions that are spent, of these, on the paths that remain when one has succeeded, if it took no more
/// itself: they have to show no more than whether they agree with it.
const MAX_LATE_STEPS: u32 = 40_000;

/// Instructions after which fewer paths are followed from where they meet, if none has succeeded: late enough for most
/// real init functions, and early enough to see some path of the others to its end.
const PATIENT_STEPS: u32 = 200_000;

/// How often one path may come to the same undecided branch in one call, pass by pass. Paths that reach the
/// first bound wait until all others have ended, and go on only then: what a loop of unknown length leads to is
/// seen behind its first rounds, while a loop over a table, with a check in each round, has to run to its end
/// (the longest real table has 1,300 rows).
const ROUNDS: [u32; 3] = [16, 256, 4096];

/// The same for a loop in which nothing but undecided branches was met since the last time.
const MAX_IDLE_ROUNDS: u32 = 3;

/// Calls inside calls. Generated init functions reach 12; deeper ones are recursion over data.
const MAX_DEPTH: usize = 48;

/// Paths that may be open at once, at about a kilobyte each beside their memory: the longest real init function,
/// with an undecided check at every other call, has 3,300.
const MAX_OPEN: usize = 1 << 14;

/// What is asked of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    /// All that it may end with.
    AllEnds,
    /// The first path that returns, whatever it returns.
    FirstReturn,
}

/// All paths of one function.
pub(super) struct Explorer<'s, 'a, 'data, M> {
    meetings: Meetings,
    steps: u32,
    limit: u32,
    pending: Vec<Path<'s, 'a, 'data, M>>,
    ends: Vec<End<'s, 'a, 'data, M>>,
    left: Vec<Vec<Option<Value>>>,
    merged: bool,
    guessed: bool,
    succeeded: bool,
    until: Until,
    /// Paths that have reached the rounds of this pass, at an undecided branch.
    waiting: Vec<(Path<'s, 'a, 'data, M>, u64)>,
    rounds: u32,
    hurry: Hurry<'s, 'a, 'data, M>,
}

/// What follows a step.
enum Next {
    Go,
    Over,
}

impl<'s, 'a, 'data, M: Machine> Explorer<'s, 'a, 'data, M> {
    /// Runs `start` to all its ends, taking at most `limit` steps.
    pub(super) fn run(start: Path<'s, 'a, 'data, M>, limit: u32) -> Explored<'s, 'a, 'data, M> {
        Self::explore(start, limit, Until::AllEnds, Hurry::Not(None))
    }

    /// Runs `start`, a hook, without the functions of the file that it calls.
    pub(super) fn run_outline(start: Path<'s, 'a, 'data, M>) -> Explored<'s, 'a, 'data, M> {
        Self::explore(start, MAX_HURRIED_STEPS, Until::AllEnds, Hurry::Outline)
    }

    /// Runs `start` until a path has returned.
    pub(super) fn run_once(start: Path<'s, 'a, 'data, M>, limit: u32) -> Explored<'s, 'a, 'data, M> {
        Self::explore(start, limit, Until::FirstReturn, Hurry::Not(None))
    }

    fn explore(
        start: Path<'s, 'a, 'data, M>,
        limit: u32,
        until: Until,
        hurry: Hurry<'s, 'a, 'data, M>,
    ) -> Explored<'s, 'a, 'data, M> {
        let mut explorer = Self {
            meetings: Meetings::default(),
            steps: 0,
            limit,
            until,
            pending: vec![start],
            waiting: Vec::new(),
            rounds: 0,
            ends: Vec::new(),
            left: Vec::new(),
            merged: false,
            guessed: matches!(hurry, Hurry::Outline),
            succeeded: false,
            hurry,
        };
        for rounds in ROUNDS {
            explorer.rounds = rounds;
            let waiting = std::mem::take(&mut explorer.waiting);
            for (path, counter) in waiting {
                explorer.both_ways(path, counter);
            }
            explorer.exhaust();
        }
        explorer.leave_open();
        explorer.hurry_on();
        Explored {
            ends: explorer.ends,
            merged: explorer.merged,
            guessed: explorer.guessed,
            hurried: !matches!(explorer.hurry, Hurry::Not(_)),
            left: explorer.left,
            steps: explorer.steps,
        }
    }

    /// Gives up the paths that are open.
    fn leave_open(&mut self) {
        let waiting = std::mem::take(&mut self.waiting).into_iter().map(|(path, _)| path);
        let open = std::mem::take(&mut self.pending).into_iter().chain(waiting);
        self.left.extend(open.map(|path| path.declared()));
    }

    /// Looks for a success past what has taken too long.
    fn hurry_on(&mut self) {
        if self.succeeded || self.steps < self.limit || self.until == Until::FirstReturn {
            return;
        }
        let Some(start) = self.hurry.begin() else { return };
        self.limit = self.steps.saturating_add(MAX_HURRIED_STEPS);
        self.meetings = Meetings::default();
        self.rounds = ROUNDS[0];
        self.guessed = true;
        let Start { mut path, site, target } = *start;
        match self.call(&mut path, site, target) {
            Ok(Next::Go) => self.pending.push(path),
            Ok(Next::Over) => {}
            Err(Full) => self.fault(&path, site, Fault::MemoryFull),
        }
        self.exhaust();
        self.leave_open();
    }

    fn exhaust(&mut self) {
        while self.steps < self.limit
            && let Some(path) = self.pending.pop()
        {
            self.meetings.take_up();
            if self.ends.len() >= MAX_OPEN {
                let why = "it ends in more ways than the evaluation holds".to_owned();
                self.stop(&path, path.machine.counter(), why);
                return self.limit = self.steps;
            }
            self.follow(path);
        }
    }

    /// The function has returned.
    fn finish(&mut self, path: Path<'s, 'a, 'data, M>) {
        let value = path.machine.result();
        if self.until == Until::AllEnds && (value == Value::ZERO || path.raised) {
            return self.ends.push(End::Failed { recorded: path.recorded });
        }
        if !self.succeeded {
            self.succeeded = true;
            let late = match self.until {
                Until::FirstReturn => 0,
                Until::AllEnds => MAX_LATE_STEPS.max(self.steps),
            };
            self.limit = self.limit.min(self.steps.saturating_add(late));
        }
        self.ends.push(End::Returned(value, Box::new(path)));
    }

    fn follow(&mut self, mut path: Path<'s, 'a, 'data, M>) {
        loop {
            let counter = path.machine.counter();
            if counter == path.memory.space.regions.exit {
                return self.finish(path);
            }
            if self.steps >= self.limit {
                return if self.succeeded {
                    self.left.push(path.declared());
                } else {
                    self.stop(&path, counter, format!("{} instructions were not enough", self.limit));
                };
            }
            self.steps = self.steps.saturating_add(1 + path.memory.space.paid());
            if let Some(past) = self.hurry.gives_up(&path) {
                self.pending.extend(past);
                return self.left.push(path.declared());
            }
            let flow = match path.machine.step(&mut path.memory) {
                Ok(flow) => flow,
                Err(fault) => return self.fault(&path, counter, fault),
            };
            let next = match flow {
                Flow::Next => Ok(Next::Go),
                Flow::Choice => return self.fork(path, counter),
                Flow::Trap => return self.die(counter, "runs into a trap instruction"),
                Flow::Return(target) => {
                    path.frames.pop();
                    self.transfer(&mut path, counter, target, false)
                }
                Flow::Jump(target) => self.transfer(&mut path, counter, target, false),
                Flow::Call(_) if path.machine.traps(&path.memory) => {
                    return self.die(counter, "calls a function that does not return");
                }
                Flow::Call(target) => {
                    path.enter_frame(counter);
                    self.call(&mut path, counter, target)
                }
            };
            match next {
                Ok(Next::Go)
                    if self.succeeded && path.has_jumped(counter) && !self.meetings.is_new(&path) =>
                {
                    return self.merged = true;
                }
                Ok(Next::Go) => {}
                Ok(Next::Over) => return,
                Err(Full) => return self.fault(&path, counter, Fault::MemoryFull),
            }
        }
    }

    /// Enters a function.
    fn call(&mut self, path: &mut Path<'s, 'a, 'data, M>, site: u64, target: Value) -> Result<Next, Full> {
        if self.until == Until::AllEnds
            && path.is_called_by_hook()
            && let Some(function) = target.known()
            && path.memory.space.import_at(function).is_none()
        {
            self.hurry.keep(path, site, target);
            if self.hurry.passes_over(path, site, function)? {
                hurry::pass_over(path, site)?;
                return Ok(Next::Go);
            }
        }
        self.transfer(path, site, target, true)
    }

    /// Goes to a call's or jump's target.
    fn transfer(
        &mut self,
        path: &mut Path<'s, 'a, 'data, M>,
        counter: u64,
        target: Value,
        is_call: bool,
    ) -> Result<Next, Full> {
        let space = path.memory.space;
        let Some(address) = target.known() else {
            return Ok(self.unknown_target(path, counter, target, is_call));
        };
        if let Some((name, 0)) = space.import_at(address) {
            let open = path.record_call(name);
            let site = if is_call { counter } else { path.call_behind(counter) };
            let effect = capi::call(name, path, site)?;
            path.record_answer(open, name, &effect, counter, is_call);
            return self.apply(path, counter, effect);
        }
        if address != space.regions.exit && space.code(address).is_none() {
            return Ok(self.unknown_target(path, counter, target, is_call));
        }
        if is_call && (path.frames.len() > MAX_DEPTH || path.recurses(address)) {
            self.guessed = true;
            path.record_skip(counter, "recursion, or too many calls inside calls");
            path.skip();
            return Ok(Next::Go);
        }
        if let Some(frame) = path.frames.last_mut()
            && is_call
        {
            frame.function = address;
            path.record_enter(counter, address);
        }
        path.machine.jump(address);
        Ok(Next::Go)
    }

    fn unknown_target(
        &mut self,
        path: &mut Path<'s, 'a, 'data, M>,
        counter: u64,
        target: Value,
        is_call: bool,
    ) -> Next {
        // A computed jump inside a function is unknown; what is known to be a pointer that came from outside is
        // a call that takes the place of a return.
        if is_call || target.is_zero() == Some(false) {
            self.guessed = true;
            path.record_skip(counter, "the address of the function is not known");
            path.skip();
            return Next::Go;
        }
        match path.machine.jump_targets(&path.memory) {
            Some(targets) => self.spread(path, counter, &targets),
            None => self.stop(path, counter, "jumps to an address that is not known".to_owned()),
        }
        Next::Over
    }

    fn apply(
        &mut self,
        path: &mut Path<'s, 'a, 'data, M>,
        counter: u64,
        effect: Effect,
    ) -> Result<Next, Full> {
        match effect {
            Effect::Return(value) => {
                path.leave(value);
                Ok(Next::Go)
            }
            Effect::End(why) => {
                self.die(counter, why);
                Ok(Next::Over)
            }
            Effect::Throw => {
                self.ends.push(End::Thrown { address: counter });
                Ok(Next::Over)
            }
            Effect::Stop(why) => {
                self.stop(path, counter, why.to_owned());
                Ok(Next::Over)
            }
            Effect::Become { function, arguments } => {
                path.machine.set_arguments(&mut path.memory, &arguments)?;
                self.transfer(path, counter, function, true)
            }
        }
    }

    fn fault(&mut self, path: &Path<'s, 'a, 'data, M>, counter: u64, fault: Fault) {
        let why = match fault {
            Fault::NoCode => "runs into memory that holds no code",
            Fault::NoInstruction => "runs into bytes that are no instruction",
            Fault::MemoryFull => "writes more memory than the evaluation holds",
        };
        self.stop(path, counter, why.to_owned());
    }

    fn stop(&mut self, path: &Path<'s, 'a, 'data, M>, address: u64, why: String) {
        let (trail, declared, recorded) = (path.trail.clone(), path.declared(), path.recorded.clone());
        self.ends.push(End::Stopped { why, address, trail, declared, recorded });
    }

    fn die(&mut self, address: u64, why: &'static str) {
        self.ends.push(End::Died { why, address });
    }
}
