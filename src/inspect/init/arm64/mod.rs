//! `AArch64` (A64), decoded by yaxpeax-arm.
//!
//! Instructions that move, compare and compute words are executed; every other one makes unknown what it may
//! write, which is always right and seldom matters. This file has the registers and the calling
//! convention (AAPCS64); [`flow`] has branches and conditions, [`operands`] reads and writes what instructions
//! name, [`integer`] and [`bits`] compute, [`transfer`] loads and stores, [`vector`] moves what passes through the
//! vector registers.

mod bits;
mod flow;
mod integer;
mod operands;
mod transfer;
mod vector;

use super::machine::{Fault, Flow, Machine};
use super::memory::{Full, Memory};
use super::value::Value;
use crate::model::Format;
use flow::{Flags, is_trap};
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use yaxpeax_arch::{Decoder, U8Reader};
use yaxpeax_arm::armv8::a64::{InstDecoder, Instruction};

/// A vector register holds two words of 64 bits; what SVE has above is not tracked.
const LANES: usize = 2;

/// Stack words that count as progress: unoptimised code keeps its loop counters there.
const FINGERPRINT_WORDS: u64 = 24;

/// The link register holds a function's return address.
const LINK: u16 = 30;

/// Number 31 means the stack pointer in some operands and zero in the others; the registers' array has the
/// stack pointer there.
const STACK_POINTER: u16 = 31;

/// Reserved for the system on Windows and Apple's systems, where it holds the thread's block on the former.
const PLATFORM: u16 = 18;

/// Arguments that a function may have, more than any that is called by an init function.
const HANDED_WORDS: u8 = 16;

/// Arguments in registers; the others lie on the stack.
const ARGUMENT_REGISTERS: u16 = 8;

/// The registers of an `AArch64` processor.
#[derive(Clone)]
pub(in crate::inspect::init) struct Arm64 {
    general: [Value; 32],
    vector: Rc<[[Value; LANES]; 32]>,
    flags: Flags,
    counter: u64,
    /// Whether [`PLATFORM`] belongs to the system.
    platform_is_kept: bool,
    /// The way that the next choice has to take.
    forced: Option<bool>,
    decided: u64,
    /// A bit for each register whose value was learnt from the way that a choice went, and not written since.
    learnt: u32,
    /// A bit for each register that a whole pointer was loaded into, from a fixed place in a structure.
    loaded: u32,
    /// A bit for each register that points to an object's local reference count.
    counts: u32,
}

impl Machine for Arm64 {
    fn enter(memory: &mut Memory, function: u64, arguments: &[Value]) -> Result<Self, Full> {
        let space = memory.space;
        let format = space.images.first().map(|loaded| loaded.image.format);
        let mut machine = Self {
            general: [Value::Unknown; 32],
            vector: Rc::new([[Value::Unknown; LANES]; 32]),
            flags: Flags::default(),
            counter: function,
            platform_is_kept: format != Some(Format::Elf),
            forced: None,
            decided: 0,
            learnt: 0,
            loaded: 0,
            counts: 0,
        };
        machine.set_general(LINK, Value::Known(space.regions.exit));
        // Room above for arguments on the stack; aligned to 16 bytes as the convention demands.
        machine.set_general(STACK_POINTER, Value::Known(space.regions.stack - 0x1000));
        if format == Some(Format::Pe) {
            machine.set_general(PLATFORM, Value::Known(space.regions.thread));
        }
        machine.set_arguments(memory, arguments)?;
        Ok(machine)
    }

    fn counter(&self) -> u64 {
        self.counter
    }

    fn jump(&mut self, address: u64) {
        self.counter = address;
    }

    fn traps(&self, memory: &Memory) -> bool {
        matches!(decode(memory, self.counter), Ok(instruction) if is_trap(instruction.opcode))
    }

    fn step(&mut self, memory: &mut Memory) -> Result<Flow, Fault> {
        let instruction = decode(memory, self.counter)?;
        self.execute(memory, &instruction)
    }

    fn decide(&mut self, memory: &mut Memory, taken: bool) -> Result<(), Full> {
        self.forced = Some(taken);
        if let Ok(instruction) = decode(memory, self.counter) {
            self.learn(&instruction, taken);
        }
        Ok(())
    }

    fn argument(&self, memory: &Memory, index: u8) -> Value {
        match u16::from(index).checked_sub(ARGUMENT_REGISTERS) {
            None => self.general(index.into()),
            Some(above) => match self.general(STACK_POINTER) {
                Value::Known(top) => memory.load(top.wrapping_add(u64::from(above) * 8), 8),
                _ => Value::Unknown,
            },
        }
    }

    fn set_arguments(&mut self, memory: &mut Memory, arguments: &[Value]) -> Result<(), Full> {
        for (index, &value) in (0..).zip(arguments) {
            match (index_above(index), self.general(STACK_POINTER)) {
                (None, _) => self.set_general(index, value),
                (Some(above), Value::Known(top)) => memory.store(top.wrapping_add(above * 8), 8, value)?,
                (Some(_), _) => {}
            }
        }
        Ok(())
    }

    fn handed(&self, memory: &Memory) -> (Value, Vec<Value>) {
        let registers = (0..=PLATFORM).map(|register| self.general(register));
        let all = registers.chain((0..HANDED_WORDS).map(|index| self.argument(memory, index)));
        (self.general(STACK_POINTER), all.collect())
    }

    fn leave(&mut self, _memory: &Memory, result: Value) {
        let back = self.general(LINK);
        for register in (0..=17).chain([LINK]) {
            self.set_general(register, Value::Unknown);
        }
        if !self.platform_is_kept {
            self.set_general(PLATFORM, Value::Unknown);
        }
        // Of v8 to v15 the low halves are kept, of the others nothing.
        for (index, lanes) in Rc::make_mut(&mut self.vector).iter_mut().enumerate() {
            let kept = usize::from((8..16).contains(&index));
            lanes.iter_mut().skip(kept).for_each(|lane| *lane = Value::Unknown);
        }
        self.flags = Flags::default();
        self.set_general(0, result);
        self.counter = back.known().unwrap_or(0);
    }

    fn decided(&self) -> u64 {
        self.decided
    }

    fn fingerprint(&self, memory: &Memory, hasher: &mut impl Hasher) {
        for register in self.general {
            (register.known(), register.is_zero()).hash(hasher);
        }
        let Value::Known(top) = self.general(STACK_POINTER) else { return };
        for index in 0..FINGERPRINT_WORDS {
            let word = memory.load(top.wrapping_add(index * 8), 8);
            (word.known(), word.is_zero()).hash(hasher);
        }
    }

    fn result(&self) -> Value {
        self.general(0)
    }
}

fn index_above(index: u16) -> Option<u64> {
    index.checked_sub(ARGUMENT_REGISTERS).map(u64::from)
}

fn decode(memory: &Memory, counter: u64) -> Result<Instruction, Fault> {
    let code = memory.space.code(counter).ok_or(Fault::NoCode)?;
    let word = code.get(..4).ok_or(Fault::NoCode)?;
    InstDecoder::default().decode(&mut U8Reader::new(word)).map_err(|_| Fault::NoInstruction)
}

#[cfg(test)]
mod tests;
