//! Which paths are given up because others have been where they are, knowing much the same.

use super::machine::Machine;
use super::path::Path;
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use std::hash::{Hash, Hasher};

/// How many paths may arrive at the same branch in the same round, with the same call stack and the module in
/// the same state: those that meet again behind an `if` know much the same.
const MAX_MEETINGS: u8 = 8;

/// The same once many steps have been taken in vain: the first one of them stands for all.
const MAX_MEETINGS_OF_MANY: u8 = 1;

/// The same for paths that even agree in their registers and the top of the stack.
const MAX_REPEATS: u8 = 1;

/// How many paths are followed from the same place, with the same call stack and the modules in the same state, once
/// a path has succeeded.
const MAX_LATE_MEETINGS: u8 = 4;

/// How much is spent on paths that meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    Usual,
    Little,
}

impl Patience {
    const fn meetings(self) -> u8 {
        match self {
            Self::Usual => MAX_MEETINGS,
            Self::Little => MAX_MEETINGS_OF_MANY,
        }
    }
}

/// Where the paths of one function have been.
#[derive(Default)]
pub(super) struct Meetings {
    /// How many have arrived at a branch.
    arrivals: FxHashMap<u64, u8>,
    /// Undecided branches met before the first success, with the functions on the stack and the module's state.
    early: FxHashSet<u64>,
    /// Where paths have gone once one had succeeded: how many, and the last of them.
    late: FxHashMap<u64, (u8, usize)>,
    /// How many paths have been taken up.
    taken_up: usize,
}

impl Meetings {
    /// Another path is followed from here on.
    pub(super) fn take_up(&mut self) {
        self.taken_up += 1;
    }

    /// Whether a path that has come to an undecided branch is to go on.
    pub(super) fn arrive<M: Machine>(
        &mut self,
        counter: u64,
        round: u32,
        path: &Path<M>,
        succeeded: bool,
        patience: Patience,
    ) -> bool {
        // Once a path has succeeded, those that join its way, or one that failed before it, add nothing.
        if succeeded && self.early.contains(&path.place(counter)) {
            return false;
        }
        if !succeeded {
            self.early.insert(path.place(counter));
        }
        let state = path.state();
        let mut progress = FxHasher::default();
        path.machine.fingerprint(&path.memory, &mut progress);
        let keys = [(u64::from(round), patience.meetings()), (progress.finish(), MAX_REPEATS)];
        keys.map(|key| {
            let mut hasher = FxHasher::default();
            (counter, state, key).hash(&mut hasher);
            let arrivals = self.arrivals.entry(hasher.finish()).or_default();
            *arrivals = arrivals.saturating_add(1);
            *arrivals <= key.1
        })
        .into_iter()
        .all(|within| within)
    }

    /// Whether a path may still show something new where it has jumped or returned to, now that one has succeeded:
    /// nearly all that were left open go to the same few places that clean up after a failure.
    pub(super) fn is_new<M: Machine>(&mut self, path: &Path<M>) -> bool {
        let mut hasher = FxHasher::default();
        (path.place(path.machine.counter()), path.frame_key()).hash(&mut hasher);
        let (met, last) = self.late.entry(hasher.finish()).or_default();
        if *last != self.taken_up {
            *met = met.saturating_add(1);
            *last = self.taken_up;
        }
        *met <= MAX_LATE_MEETINGS
    }
}
