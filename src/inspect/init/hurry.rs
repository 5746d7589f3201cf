//! What is tried where no path has succeeded in all the steps there are. If the module object has been made, what the hook
//! then calls (a binding's body, as a rule) is passed over where it takes long. If that does not decide either, the
//! hook alone is followed: where it makes and declares the module itself, as in C, and nothing else in the file does
//! either, all its ways to its end tell. Apart from the exploration, which rests on what is followed.

use super::machine::{Flow, Machine};
use super::memory::Full;
use super::path::Path;
use super::value::Value;
use rustc_hash::FxHashMap;

/// Instructions that are spent on this: enough for a dozen long functions.
pub(super) const MAX_HURRIED_STEPS: u32 = 60_000;

/// Instructions that each function which the hook itself calls may take, over all paths: short ones say what the hook
/// returns.
const ALLOWANCE: u32 = 4_000;

/// The first call of the hook itself behind the making of a module, about to be followed.
pub(super) struct Start<'s, 'a, 'data, M> {
    pub path: Path<'s, 'a, 'data, M>,
    pub site: u64,
    pub target: Value,
}

/// How far it has come.
pub(super) enum Hurry<'s, 'a, 'data, M> {
    /// Not begun: it would start here.
    Not(Option<Box<Start<'s, 'a, 'data, M>>>),
    Begun(Begun<'s, 'a, 'data, M>),
    /// Whatever the hook itself calls of the file's own functions is passed over, from its first instruction on.
    Outline,
}

/// What has been done since.
pub(super) struct Begun<'s, 'a, 'data, M> {
    /// The instructions that each function has taken.
    spent: FxHashMap<u64, u32>,
    /// Paths that pass over the call of a function, in case that it takes long.
    past: Vec<(u64, Path<'s, 'a, 'data, M>)>,
}

/// Paths that are kept for that: a hook calls no more functions, one after the other, than it has lines.
const MAX_PAST: usize = 256;

impl<'s, 'a, 'data, M: Machine> Hurry<'s, 'a, 'data, M> {
    /// Keeps where it would start. The path is about to follow a call.
    pub(super) fn keep(&mut self, path: &Path<'s, 'a, 'data, M>, site: u64, target: Value) {
        if let Self::Not(start @ None) = self
            && !path.declared().is_empty()
        {
            *start = Some(Box::new(Start { path: path.clone(), site, target }));
        }
    }

    /// Begins, where there is a start.
    pub(super) fn begin(&mut self) -> Option<Box<Start<'s, 'a, 'data, M>>> {
        let Self::Not(start) = self else { return None };
        let start = start.take()?;
        *self = Self::Begun(Begun { spent: FxHashMap::default(), past: Vec::new() });
        Some(start)
    }

    /// Whether the function that a path is about to enter has taken all that it may. If not, the path past it is kept.
    pub(super) fn passes_over(
        &mut self,
        path: &Path<'s, 'a, 'data, M>,
        site: u64,
        function: u64,
    ) -> Result<bool, Full> {
        if matches!(self, Self::Not(_)) || is_stub(path, function) {
            return Ok(false);
        }
        let Self::Begun(Begun { spent, past }) = self else { return Ok(true) };
        if spent.get(&function).is_some_and(|steps| *steps > ALLOWANCE) {
            return Ok(true);
        }
        if past.len() < MAX_PAST {
            let mut path = path.clone();
            pass_over(&mut path, site)?;
            past.push((function, path));
        }
        Ok(false)
    }

    /// Counts an instruction. Where the function that the hook has called takes too long, its paths are to be given
    /// up, for those that pass it over.
    pub(super) fn gives_up(&mut self, path: &Path<'s, 'a, 'data, M>) -> Option<Vec<Path<'s, 'a, 'data, M>>> {
        let (Self::Begun(Begun { spent, past }), Some(function)) = (self, path.called_by_hook()) else {
            return None;
        };
        let steps = spent.entry(function).or_default();
        *steps += 1;
        if *steps <= ALLOWANCE {
            return None;
        }
        Some(past.extract_if(.., |(other, _)| *other == function).map(|(_, path)| path).collect())
    }
}

/// Instructions of a stub of the procedure linkage table: a landing pad, an address, a jump (`AArch64` has four).
const STUB_STEPS: usize = 4;

/// Whether a function does no more than jump on to an imported one.
fn is_stub<M: Machine>(path: &Path<M>, function: u64) -> bool {
    let (mut machine, mut memory) = (path.machine.clone(), path.memory.clone());
    machine.jump(function);
    for _ in 0..STUB_STEPS {
        match machine.step(&mut memory) {
            Ok(Flow::Next) => {}
            Ok(Flow::Jump(to)) => return to.known().is_some_and(|to| memory.space.import_at(to).is_some()),
            _ => return false,
        }
    }
    false
}

/// Passes over the function that is being entered. What it may have written is not known behind it.
pub(super) fn pass_over<M: Machine>(path: &mut Path<M>, site: u64) -> Result<(), Full> {
    path.record_skip(site, "it takes long");
    let (stack, handed) = path.machine.handed(&path.memory);
    path.forget(stack.known().ok_or(Full)?, &handed)?;
    path.skip();
    Ok(())
}
