//! Where a path goes several ways: branches and computed jumps that unknown values decide.

use super::{Explorer, MAX_IDLE_ROUNDS, MAX_OPEN, Machine, PATIENT_STEPS};
use crate::inspect::init::machine::{Fault, Flow};
use crate::inspect::init::meetings::Patience;
use crate::inspect::init::path::Path;

impl<'s, 'a, 'data, M: Machine> Explorer<'s, 'a, 'data, M> {
    /// Goes both ways out of an undecided branch, within [`super::ROUNDS`] and the limits below it.
    pub(super) fn fork(&mut self, mut path: Path<'s, 'a, 'data, M>, counter: u64) {
        let (round, idle) = path.round(counter);
        if idle >= MAX_IDLE_ROUNDS
            || !self.meetings.arrive(counter, round, &path, self.succeeded, self.patience())
        {
            self.merged = true;
        } else if round >= self.rounds {
            self.waiting.push((path, counter));
        } else {
            self.both_ways(path, counter);
        }
    }

    /// Goes every way that a computed jump may lead.
    pub(super) fn spread(&mut self, path: &mut Path<'s, 'a, 'data, M>, counter: u64, targets: &[u64]) {
        let (round, idle) = path.round(counter);
        if idle >= MAX_IDLE_ROUNDS
            || round >= self.rounds
            || !self.meetings.arrive(counter, round, path, self.succeeded, self.patience())
        {
            return self.merged = true;
        }
        if self.pending.len() + self.waiting.len() + targets.len() >= MAX_OPEN || path.is_crowded() {
            let why = "more is open at once than the evaluation holds".to_owned();
            return self.stop(path, counter, why);
        }
        for target in targets {
            let mut path = path.clone();
            path.machine.jump(*target);
            self.pending.push(path);
        }
    }

    /// How many paths may meet: fewer where many steps have not led to a success.
    const fn patience(&self) -> Patience {
        if self.succeeded || self.steps < PATIENT_STEPS { Patience::Usual } else { Patience::Little }
    }

    pub(super) fn both_ways(&mut self, path: Path<'s, 'a, 'data, M>, counter: u64) {
        if self.pending.len() + self.waiting.len() >= MAX_OPEN || path.is_crowded() {
            let why = "more is open at once than the evaluation holds".to_owned();
            return self.stop(&path, counter, why);
        }
        self.take(path.clone(), counter, true);
        self.take(path, counter, false);
    }

    fn take(&mut self, mut path: Path<'s, 'a, 'data, M>, counter: u64, taken: bool) {
        path.record_branch(counter, taken);
        // The branch itself is executed at once, so that a pending path stands where it leads to.
        let decided = path.machine.decide(&mut path.memory, taken).map_err(Fault::from);
        match decided.and_then(|()| path.machine.step(&mut path.memory)) {
            Ok(Flow::Next) => self.pending.push(path),
            Ok(_) => self.stop(&path, counter, "branches in a way that is not followed".to_owned()),
            Err(fault) => self.fault(&path, counter, fault),
        }
    }
}
