//! x86 in 64-bit and 32-bit mode, decoded by iced-x86.
//!
//! Instructions that move, compare and compute words are executed; every other one makes unknown what iced
//! says it writes, which is always right and seldom matters.

mod bits;
mod exchange;
mod flow;
mod integer;
mod operand;
mod table;
mod vector;

use super::machine::{Fault, Flow, Machine};
use super::memory::{Full, Memory};
use super::value::{Value, mask};
use crate::model::Format;
use flow::Flags;
use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory};
use operand::Place;
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::collections::hash_map::Entry;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

/// A vector register holds this many words of 64 bits (`ymm`); what is above is not tracked.
const LANES: usize = 4;

/// Stack words that count as progress: unoptimised code keeps its loop counters there.
const FINGERPRINT_WORDS: u64 = 24;

/// Arguments that a function may have, more than any that is called by an init function.
const HANDED_WORDS: u8 = 16;

const STACK_POINTER: usize = 4;

/// Bytes of the longest instruction (SDM volume 2, 2.3.11).
const MAX_INSTRUCTION: usize = 15;

/// Instructions that are decoded at once: few stretches of code are longer.
const MAX_BLOCK: usize = 32;

/// The calling conventions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Convention {
    /// System V, 64 bits: six arguments in registers.
    SystemV,
    /// Microsoft, 64 bits: four in registers, the others above 32 bytes of home space.
    Microsoft,
    /// 32 bits, `cdecl`: all on the stack.
    Stack,
}

impl Convention {
    const fn registers(self) -> &'static [usize] {
        match self {
            Self::SystemV => &[7, 6, 2, 1, 8, 9],
            Self::Microsoft => &[1, 2, 8, 9],
            Self::Stack => &[],
        }
    }

    /// Registers whose content a call need not keep.
    const fn lost(self) -> &'static [usize] {
        match self {
            Self::SystemV => &[0, 1, 2, 6, 7, 8, 9, 10, 11],
            Self::Microsoft => &[0, 1, 2, 8, 9, 10, 11],
            Self::Stack => &[0, 1, 2],
        }
    }
}

/// What is kept between the steps of all paths of one function: its code is not seen to change.
struct Decoded {
    /// Stretches of code by the address they start at.
    blocks: FxHashMap<u64, Rc<[Instruction]>>,
    /// Tells what the instructions that are not modelled use. It holds memory for its answers.
    uses: InstructionInfoFactory,
}

/// The registers of an x86 processor.
#[derive(Clone)]
pub(super) struct X86 {
    general: [Value; 16],
    vector: Rc<[[Value; LANES]; 16]>,
    flags: Flags,
    counter: u64,
    convention: Convention,
    /// Bytes in a pointer.
    pointer: u8,
    /// The way that the next choice has to take.
    forced: Option<bool>,
    decided: u64,
    decoded: Rc<RefCell<Decoded>>,
    /// The stretch of code that is being executed, and how many of its instructions have been.
    block: Rc<[Instruction]>,
    passed: usize,
}

impl Machine for X86 {
    fn enter(memory: &mut Memory, function: u64, arguments: &[Value]) -> Result<Self, Full> {
        let space = memory.space;
        let convention = match (space.pointer, space.images.first().map(|loaded| loaded.image.format)) {
            (8, Some(Format::Pe)) => Convention::Microsoft,
            (8, _) => Convention::SystemV,
            _ => Convention::Stack,
        };
        let mut machine = Self {
            general: [Value::Unknown; 16],
            vector: Rc::new([[Value::Unknown; LANES]; 16]),
            flags: Flags::default(),
            counter: function,
            convention,
            pointer: space.pointer,
            forced: None,
            decided: 0,
            decoded: Rc::new(RefCell::new(Decoded {
                blocks: FxHashMap::default(),
                uses: InstructionInfoFactory::new(),
            })),
            block: Rc::new([]),
            passed: 0,
        };
        // Room above for the home space and for stack arguments; aligned as the conventions demand.
        let top = space.regions.stack - 0x1000 - u64::from(space.pointer);
        machine.set_general(STACK_POINTER, Value::Known(top));
        memory.store(top, space.pointer, Value::Known(space.regions.exit))?;
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
        // `ud2` and `int3` (SDM volume 2).
        matches!(memory.space.code(self.counter), Some([0x0f, 0x0b, ..] | [0xcc, ..]))
    }

    fn step(&mut self, memory: &mut Memory) -> Result<Flow, Fault> {
        let instruction = self.fetch(memory)?;
        self.execute(memory, &instruction)
    }

    fn decide(&mut self, memory: &mut Memory, taken: bool) -> Result<(), Full> {
        self.forced = Some(taken);
        self.learn(memory, taken)
    }

    fn argument(&self, memory: &Memory, index: u8) -> Value {
        match self.convention.registers().get(usize::from(index)) {
            Some(&register) => self.general(register),
            None => match self.general(STACK_POINTER) {
                Value::Known(top) => memory.load(self.stack_argument(top, u64::from(index)), self.pointer),
                _ => Value::Unknown,
            },
        }
    }

    fn handed(&self, memory: &Memory) -> (Value, Vec<Value>) {
        let registers = self.convention.lost().iter().map(|register| self.general(*register));
        let all = registers.chain((0..HANDED_WORDS).map(|index| self.argument(memory, index)));
        (self.general(STACK_POINTER), all.collect())
    }

    fn leave(&mut self, memory: &Memory, result: Value) {
        let top = self.general(STACK_POINTER);
        let back = self.at(top, memory);
        self.set_general(STACK_POINTER, self.add(top, u64::from(self.pointer)));
        for &register in self.convention.lost() {
            self.set_general(register, Value::Unknown);
        }
        // Windows keeps the low halves of xmm6 to xmm15, System V no vector register at all.
        let (first_kept, lanes_kept) =
            if self.convention == Convention::Microsoft { (6, 2) } else { (16, 0) };
        let is_lost = |register: usize, lane: usize| register < first_kept || lane >= lanes_kept;
        // As a rule nothing is in them: a path that has forked shares them as long as that is so.
        let holds = |(register, lanes): (usize, &[Value; LANES])| {
            let mut lanes = lanes.iter().enumerate();
            lanes.any(|(lane, value)| *value != Value::Unknown && is_lost(register, lane))
        };
        if self.vector.iter().enumerate().any(holds) {
            for (register, lanes) in Rc::make_mut(&mut self.vector).iter_mut().enumerate() {
                let lost = lanes.iter_mut().enumerate().filter(|(lane, _)| is_lost(register, *lane));
                lost.for_each(|(_, value)| *value = Value::Unknown);
            }
        }
        self.flags = Flags::default();
        self.set_general(0, result);
        self.counter = back.known().unwrap_or(0);
    }

    fn set_arguments(&mut self, memory: &mut Memory, arguments: &[Value]) -> Result<(), Full> {
        for (index, &value) in arguments.iter().enumerate() {
            match (self.convention.registers().get(index), self.general(STACK_POINTER)) {
                (Some(&register), _) => self.set_general(register, value),
                (None, Value::Known(top)) => {
                    memory.store(self.stack_argument(top, index as u64), self.pointer, value)?;
                }
                (None, _) => {}
            }
        }
        Ok(())
    }

    fn discard_arguments(&mut self, memory: &mut Memory, words: u64) -> Result<(), Full> {
        let (Value::Known(top), 1..) = (self.general(STACK_POINTER), words) else { return Ok(()) };
        let back = memory.load(top, self.pointer);
        let above = top.wrapping_add(words * u64::from(self.pointer));
        memory.store(above, self.pointer, back)?;
        self.set_general(STACK_POINTER, Value::Known(above));
        Ok(())
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
            let word = memory.load(top.wrapping_add(index * u64::from(self.pointer)), self.pointer);
            (word.known(), word.is_zero()).hash(hasher);
        }
    }

    fn result(&self) -> Value {
        self.general(0)
    }

    fn jump_targets(&self, memory: &Memory) -> Option<Vec<u64>> {
        self.table_targets(memory)
    }
}

impl X86 {
    /// The instruction at the program counter.
    fn fetch(&mut self, memory: &Memory) -> Result<Instruction, Fault> {
        if let Some(instruction) = self.block.get(self.passed)
            && instruction.ip() == self.counter
        {
            self.passed += 1;
            return Ok(*instruction);
        }
        // An undecided branch is come to again once it has been decided.
        if let Some(instruction) = self.passed.checked_sub(1).and_then(|last| self.block.get(last))
            && instruction.ip() == self.counter
        {
            return Ok(*instruction);
        }
        let decoded = &mut self.decoded.borrow_mut().blocks;
        let block = match decoded.entry(self.counter) {
            Entry::Occupied(known) => Rc::clone(known.get()),
            Entry::Vacant(new) => {
                let code = memory.space.code(self.counter).ok_or(Fault::NoCode)?;
                Rc::clone(new.insert(block(code, self.counter, self.pointer)))
            }
        };
        let first = *block.first().ok_or(Fault::NoInstruction)?;
        self.block = block;
        self.passed = 1;
        Ok(first)
    }

    fn stack_argument(&self, top: u64, index: u64) -> u64 {
        let pointer = u64::from(self.pointer);
        let skipped = match self.convention {
            Convention::SystemV => index.saturating_sub(6),
            // The home space of the first four lies below the fifth.
            Convention::Microsoft | Convention::Stack => index,
        };
        top.wrapping_add(pointer).wrapping_add(skipped.wrapping_mul(pointer))
    }

    fn general(&self, index: usize) -> Value {
        self.general.get(index).copied().unwrap_or(Value::Unknown)
    }

    fn set_general(&mut self, index: usize, value: Value) {
        self.overwrite(
            |place| matches!(place, Place::Register(register) if register.full_register().number() == index),
        );
        if let Some(register) = self.general.get_mut(index) {
            *register = value;
        }
    }

    fn at(&self, address: Value, memory: &Memory) -> Value {
        address.known().map_or(Value::Unknown, |address| memory.load(address, self.pointer))
    }

    fn add(&self, value: Value, number: u64) -> Value {
        match value {
            Value::Known(old) => Value::Known(old.wrapping_add(number) & mask(self.pointer)),
            value if number == 0 => value,
            Value::Object(_) | Value::NonNull => Value::NonNull,
            Value::Low { .. } | Value::Unknown => Value::Unknown,
        }
    }
}

/// The instructions from an address to the next one that always leads elsewhere; none where the bytes are no
/// instruction. What stands behind a call is a stretch of its own: it is come to by a return.
fn block(code: &[u8], address: u64, pointer: u8) -> Rc<[Instruction]> {
    let code = code.get(..MAX_BLOCK * MAX_INSTRUCTION).unwrap_or(code);
    let mut decoder = Decoder::with_ip(u32::from(pointer) * 8, code, address, DecoderOptions::NONE);
    let mut block = Vec::with_capacity(MAX_BLOCK);
    while block.len() < MAX_BLOCK {
        let instruction = decoder.decode();
        if instruction.is_invalid() {
            break;
        }
        block.push(instruction);
        if !matches!(instruction.flow_control(), FlowControl::Next | FlowControl::ConditionalBranch) {
            break;
        }
    }
    block.into()
}

#[cfg(test)]
mod tests;
