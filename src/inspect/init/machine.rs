//! What the evaluator needs from a processor: one step at a time, and its calling convention.

use super::memory::{Full, Memory};
use super::value::Value;
use std::hash::Hasher;

/// What one instruction does to the flow of control. Its other effects have been applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// On to the next instruction; the program counter already stands there.
    Next,
    /// A jump; where to may be unknown.
    Jump(Value),
    /// A call: the return address is in its place, the program counter stands behind the call.
    Call(Value),
    /// A return to an address.
    Return(Value),
    /// A choice that hangs on an unknown value. The program counter still stands at the instruction;
    /// [`Machine::decide`] and another step take it one way.
    Choice,
    /// An instruction that ends the process: a breakpoint, an invalid opcode.
    Trap,
}

/// Why an instruction could not be executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// No mapped code at the program counter.
    NoCode,
    /// The bytes are no instruction.
    NoInstruction,
    /// The path wrote more than one path may.
    MemoryFull,
}

impl From<Full> for Fault {
    fn from(Full: Full) -> Self {
        Self::MemoryFull
    }
}

/// A processor's registers.
pub(super) trait Machine: Clone {
    /// Registers at the entry of a function that was called with these arguments.
    fn enter(memory: &mut Memory, function: u64, arguments: &[Value]) -> Result<Self, Full>;
    /// The program counter.
    fn counter(&self) -> u64;
    /// Moves the program counter.
    fn jump(&mut self, address: u64);
    /// Whether the next instruction is a trap. Compilers put one behind a call that cannot return, such as
    /// that of a Rust panic: to go into it would teach nothing, whether it returns or not.
    fn traps(&self, memory: &Memory) -> bool;
    /// Executes one instruction.
    fn step(&mut self, memory: &mut Memory) -> Result<Flow, Fault>;
    /// Takes the choice that the next step is about.
    fn decide(&mut self, memory: &mut Memory, taken: bool) -> Result<(), Full>;
    /// An integer or pointer argument of the function that is being entered.
    fn argument(&self, memory: &Memory, index: u8) -> Value;
    /// The stack pointer, and every value that the function that is being entered may have been handed, by whichever
    /// convention.
    fn handed(&self, memory: &Memory) -> (Value, Vec<Value>);
    /// Replaces the arguments of the function that is being entered.
    fn set_arguments(&mut self, memory: &mut Memory, arguments: &[Value]) -> Result<(), Full>;
    /// Takes words of arguments off the stack, as a function does that returns for its caller too. Only 32-bit
    /// conventions have such functions.
    fn discard_arguments(&mut self, _memory: &mut Memory, _words: u64) -> Result<(), Full> {
        Ok(())
    }
    /// Returns from the function that is being entered, as the calling convention lets any function leave
    /// the registers.
    fn leave(&mut self, memory: &Memory, result: Value);
    /// How many branches were decided by known values so far.
    fn decided(&self) -> u64;
    /// Feeds the values that are known, in registers and on top of the stack: two visits of a branch that agree
    /// in these have made no progress in between.
    fn fingerprint(&self, memory: &Memory, hasher: &mut impl Hasher);
    /// Everywhere that the computed jump which was just met may lead; none where that is not known.
    fn jump_targets(&self, _memory: &Memory) -> Option<Vec<u64>> {
        None
    }
    /// What a function that has just returned gave.
    fn result(&self) -> Value;
}
