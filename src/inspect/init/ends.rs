//! What came of exploring a function: how each of its paths ended.

use super::path::{Path, Trail};
use super::trace::Recorded;
use super::value::Value;
use std::rc::Rc;

/// How a path ended.
pub(super) enum End<'s, 'a, 'data, M> {
    /// The function returned this, and no exception was set.
    Returned(Value, Box<Path<'s, 'a, 'data, M>>),
    /// It returned zero, or with an exception set.
    Failed { recorded: Option<Rc<Recorded>> },
    /// The process, or the import, ended on the way: it says nothing of success.
    Died { why: &'static str, address: u64 },
    /// An exception was thrown, or a jump made back to `setjmp`: who catches it is not followed.
    Thrown { address: u64 },
    /// The evaluation could not go on.
    Stopped {
        why: String,
        address: u64,
        trail: Trail,
        declared: Vec<Option<Value>>,
        recorded: Option<Rc<Recorded>>,
    },
}

/// What came of all paths of a function.
pub(super) struct Explored<'s, 'a, 'data, M> {
    pub ends: Vec<End<'s, 'a, 'data, M>>,
    /// Whether paths were given up where others had been before: that none of the rest succeeds then proves
    /// nothing.
    pub merged: bool,
    /// Whether calls were passed over: that no path succeeds then proves nothing either.
    pub guessed: bool,
    /// Whether calls were passed over because they take long: what those would have done is not known.
    pub hurried: bool,
    /// What the paths that were left open when one had succeeded had declared so far, for each module they had
    /// created.
    pub left: Vec<Vec<Option<Value>>>,
    pub steps: u32,
}
