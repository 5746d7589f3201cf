//! `AArch64` (A64), decoded by yaxpeax-arm.
//!
//! Instructions that move, compare and compute words are executed; every other one makes unknown what it may
//! write, which is always right and seldom matters. This file has the registers, the calling convention
//! (AAPCS64) and the flow of control; [`operands`] reads and writes what instructions name, [`integer`]
//! computes, [`transfer`] loads and stores, [`vector`] moves what passes through the vector registers.

mod integer;
mod operands;
mod transfer;
mod vector;

use super::machine::{Fault, Flow, Machine};
use super::memory::{Full, Memory};
use super::threads;
use super::value::Value;
use crate::model::Format;
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use yaxpeax_arch::{Decoder, U8Reader};
use yaxpeax_arm::armv8::a64::{InstDecoder, Instruction, Opcode, Operand, SizeCode};

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

/// Arguments in registers; the others lie on the stack.
const ARGUMENT_REGISTERS: u16 = 8;

/// Condition flags, each where known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Flags {
    negative: Option<bool>,
    zero: Option<bool>,
    carry: Option<bool>,
    overflow: Option<bool>,
    /// The register whose comparison with a number set them: an equality teaches something about it.
    compared: Option<Compared>,
    /// They follow from a choice that could have gone the other way, so that a branch on them is no progress.
    chosen: bool,
}

/// A comparison of the low bytes of a register with a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Compared {
    register: u16,
    size: u8,
    number: u64,
}

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

/// Whether an instruction ends the process, as what a compiler puts where nothing may come.
fn is_trap(opcode: Opcode) -> bool {
    use Opcode as O;
    matches!(opcode, O::BRK | O::UDF | O::HLT | O::HVC | O::SMC | O::ERET | O::ERETAA | O::ERETAB)
}

/// The condition that an instruction other than a branch hangs on.
fn condition_operand(instruction: &Instruction) -> Option<u8> {
    match (instruction.opcode, instruction.operands[3]) {
        (
            Opcode::CSEL | Opcode::CSINC | Opcode::CSINV | Opcode::CSNEG | Opcode::CCMP | Opcode::CCMN,
            Operand::ConditionCode(code),
        ) => Some(code),
        _ => None,
    }
}

impl Arm64 {
    fn execute(&mut self, memory: &mut Memory, instruction: &Instruction) -> Result<Flow, Fault> {
        use Opcode as O;
        let next = self.counter.wrapping_add(4);
        let [first, second, third, _] = instruction.operands;
        match instruction.opcode {
            O::B => return Ok(Flow::Jump(self.code_address(first))),
            O::Bcc(code) | O::BCcc(code) => {
                let known = self.condition(code);
                let is_progress = known.is_some() && !self.flags.chosen;
                return Ok(self.branch(known, is_progress, first, next));
            }
            O::CBZ | O::CBNZ => {
                let zero = self.read(first).is_zero();
                let taken = zero.map(|zero| zero == (instruction.opcode == O::CBZ));
                let is_progress = taken.is_some() && !self.is_learnt(first);
                return Ok(self.branch(taken, is_progress, second, next));
            }
            O::TBZ | O::TBNZ => {
                let taken = self.bit(first, second).map(|set| set == (instruction.opcode == O::TBNZ));
                let is_progress = taken.is_some() && !self.is_learnt(first);
                return Ok(self.branch(taken, is_progress, third, next));
            }
            O::BL => return Ok(self.call(self.code_address(first), next)),
            O::BLR | O::BLRAA | O::BLRAB | O::BLRAAZ | O::BLRABZ => {
                let target = self.read(first);
                if target == Value::Unknown && self.thread_local_descriptor(memory) {
                    self.counter = next;
                    return Ok(Flow::Next);
                }
                return Ok(self.call(target, next));
            }
            O::BR | O::BRAA | O::BRAB | O::BRAAZ | O::BRABZ => return Ok(Flow::Jump(self.target(first))),
            O::RET => return Ok(Flow::Return(self.read(first))),
            O::RETAA | O::RETAB | O::RETAASPPC | O::RETABSPPC | O::RETAASPPCR | O::RETABSPPCR => {
                return Ok(Flow::Return(self.general(LINK)));
            }
            opcode if is_trap(opcode) => return Ok(Flow::Trap),
            _ => {}
        }
        if self.is_open_choice(instruction) {
            return Ok(Flow::Choice);
        }
        self.compute(memory, instruction)?;
        self.counter = next;
        Ok(Flow::Next)
    }

    /// Where a jump through a register goes. A pointer that was loaded whole is a function's, and not null; one
    /// that was computed may come from a table of jumps.
    fn target(&self, register: Operand) -> Value {
        match self.read(register) {
            Value::Unknown if self.is_loaded(register) => Value::NonNull,
            value => value,
        }
    }

    fn code_address(&self, operand: Operand) -> Value {
        match operand {
            Operand::PCOffset(offset) => Value::Known(self.counter.wrapping_add_signed(offset)),
            _ => Value::Unknown,
        }
    }

    fn call(&mut self, target: Value, next: u64) -> Flow {
        self.set_general(LINK, Value::Known(next));
        self.counter = next;
        Flow::Call(target)
    }

    fn branch(&mut self, known: Option<bool>, is_progress: bool, target: Operand, next: u64) -> Flow {
        let Some(taken) = self.forced.take().or(known) else { return Flow::Choice };
        self.decided += u64::from(is_progress);
        let target = self.code_address(target).known().unwrap_or(next);
        self.counter = if taken { target } else { next };
        Flow::Next
    }

    fn bit(&self, register: Operand, number: Operand) -> Option<bool> {
        let value = self.read(register).known()?;
        let Operand::Imm16(number) = number else { return None };
        Some(value.checked_shr(number.into())? & 1 != 0)
    }

    /// A call through a thread-local descriptor ("TLS descriptors" in the ELF addendum to AAPCS64): it is given
    /// the descriptor's address, returns an offset from the thread pointer and keeps all other registers.
    fn thread_local_descriptor(&mut self, memory: &Memory) -> bool {
        let offset =
            self.general(0).known().and_then(|address| threads::described_variable(memory.space, address));
        if let Some(offset) = offset {
            self.set_general(0, Value::Known(offset));
        }
        offset.is_some()
    }

    /// Whether this is a conditional selection or comparison on an unknown condition: as much a choice as a
    /// branch is. `cset` and `csetm` are not, they give a number that is seldom looked at.
    fn is_open_choice(&self, instruction: &Instruction) -> bool {
        let Some(code) = condition_operand(instruction) else { return false };
        if self.forced.is_some() || self.condition(code).is_some() {
            return false;
        }
        let [_, second, third, _] = instruction.operands;
        match instruction.opcode {
            Opcode::CCMP | Opcode::CCMN => true,
            Opcode::CSEL => self.read(second) != self.read(third),
            _ => !(is_zero_register(second) && is_zero_register(third)),
        }
    }

    /// Whether a condition (Arm ARM C1.2.4) holds.
    fn condition(&self, code: u8) -> Option<bool> {
        let Flags { negative, zero, carry, overflow, .. } = self.flags;
        let signed_order = || Some(negative? == overflow?);
        let both = |one: Option<bool>, other: Option<bool>| match (one, other) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        };
        let not_zero = zero.map(|zero| !zero);
        let holds = match code >> 1 {
            0 => zero,
            1 => carry,
            2 => negative,
            3 => overflow,
            4 => both(carry, not_zero),
            5 => signed_order(),
            6 => both(signed_order(), not_zero),
            _ => return Some(true),
        }?;
        Some(holds == (code & 1 == 0))
    }

    // ---- what a decided choice teaches -----------------------------------------------------------------

    /// What one way out of a choice says of the value that it hangs on.
    fn learn(&mut self, instruction: &Instruction, taken: bool) {
        let [first, second, ..] = instruction.operands;
        match instruction.opcode {
            Opcode::CBZ | Opcode::CBNZ => {
                if let Operand::Register(size, register) = first {
                    let compared = Compared { register, size: operands::bytes(size), number: 0 };
                    self.learn_equality(compared, taken == (instruction.opcode == Opcode::CBZ));
                }
            }
            Opcode::TBZ | Opcode::TBNZ => {
                let set = taken == (instruction.opcode == Opcode::TBNZ);
                if let (Operand::Register(_, register), Operand::Imm16(_), true) = (first, second, set) {
                    self.learn_equality(Compared { register, size: 8, number: 0 }, false);
                }
            }
            Opcode::Bcc(code) | Opcode::BCcc(code) => self.learn_condition(code, taken),
            _ => {
                if let Some(code) = condition_operand(instruction) {
                    self.learn_condition(code, taken);
                }
            }
        }
    }

    fn learn_condition(&mut self, code: u8, taken: bool) {
        let holds = taken == (code & 1 == 0);
        let flags = &mut self.flags;
        flags.chosen = true;
        let equal = match (code >> 1, holds) {
            (0, _) => {
                flags.zero = Some(holds);
                holds
            }
            (1, _) => return flags.carry = Some(holds),
            (2, _) => return flags.negative = Some(holds),
            (3, _) => return flags.overflow = Some(holds),
            (4, true) => {
                (flags.carry, flags.zero) = (Some(true), Some(false));
                false
            }
            (5, _) => {
                flags.negative = flags.overflow.map(|overflow| overflow == holds);
                return;
            }
            (6, true) => {
                (flags.negative, flags.zero) = (flags.overflow, Some(false));
                false
            }
            _ => return,
        };
        if let Some(compared) = flags.compared {
            self.learn_equality(compared, equal);
        }
    }

    /// The low bytes of a register are a number, or are not. What is above them is zero, or copies the number's
    /// sign, in whatever code looks at it: so it can be told where both are the same.
    fn learn_equality(&mut self, compared: Compared, equal: bool) {
        let Compared { register, size, number } = compared;
        let old = self.general(register);
        let learnt = match equal {
            true if size == 8 || size == 4 && number <= 0x7fff_ffff => Value::Known(number),
            false if number == 0 && size == 8 && old == Value::Unknown => Value::NonNull,
            _ => return,
        };
        if let Some(place) = self.general.get_mut(usize::from(register))
            && register != STACK_POINTER
        {
            *place = learnt;
            self.learnt |= 1 << register;
        }
    }
}

/// Whether an operand is `xzr` or `wzr`.
fn is_zero_register(operand: Operand) -> bool {
    matches!(operand, Operand::Register(SizeCode::X | SizeCode::W, 31))
}
