//! What the evaluation of an init function did, step by step: kept only where a person asks to see it.

use std::fmt;

/// The evaluation of one hook.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trace {
    /// Instructions that were executed, over all paths.
    pub instructions: u32,
    /// How the paths ended, and how many of them.
    pub ends: Vec<PathEnd>,
    /// Paths that were given up where others had been before in the same state.
    pub merged: bool,
    /// The paths that the outcome rests on: the first that succeeds, the first that contradicts it, the first that
    /// could not be followed to its end.
    pub paths: Vec<TracedPath>,
}

/// One way in which paths ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathEnd {
    /// What they do at their end, as a verb phrase.
    pub what: String,
    /// Where, for the first of them.
    pub place: Option<Place>,
    /// How many.
    pub count: usize,
}

/// One path through the init function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracedPath {
    /// What it comes to, as a verb phrase.
    pub end: String,
    /// Its steps, in order.
    pub steps: Vec<Step>,
    /// Steps that were not kept, of calls that decide nothing.
    pub left_out: usize,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The instruction.
    pub place: Place,
    /// How many local functions it is inside of; 0 in the hook itself.
    pub depth: usize,
    /// What it does.
    pub action: Action,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Calls a function of the file, or of a library beside it, which was followed.
    Enter(Place),
    /// Calls an imported function, which was not run but answered.
    Call {
        /// Its symbol.
        symbol: String,
        /// The arguments that the answer depends on, as far as they were known.
        arguments: Vec<String>,
        /// What it was taken to do or return.
        answer: String,
        /// Whether it makes, declares or hands over a module.
        decides: bool,
    },
    /// A call that was passed over, and why.
    Skip(&'static str),
    /// Comes to a branch on something unknown, of which both sides were followed: this path takes it, or not.
    Branch {
        /// Whether this path jumps.
        taken: bool,
    },
}

/// An instruction or a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Virtual address, as `objdump` prints it for the file that it is in.
    pub address: u64,
    /// The file name of the library that it is in; none for the module itself.
    pub library: Option<String>,
    /// The nearest symbol before it, and the distance from there.
    pub symbol: Option<(String, u64)>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(library) = &self.library {
            write!(f, "{library}: ")?;
        }
        write!(f, "{:#x}", self.address)?;
        match &self.symbol {
            Some((name, 0)) => write!(f, " <{name}>"),
            Some((name, distance)) => write!(f, " <{name}+{distance:#x}>"),
            None => Ok(()),
        }
    }
}
