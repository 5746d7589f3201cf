//! x86 in 64-bit and 32-bit mode, decoded by iced-x86.
//!
//! Instructions that move, compare and compute words are executed; every other one makes unknown what iced
//! says it writes, which is always right and seldom matters.

use super::machine::{Fault, Flow, Machine};
use super::memory::{Full, Memory};
use super::value::{Value, mask, sign_extend};
use crate::model::Format;
use iced_x86::{
    ConditionCode, Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory,
    InstructionInfoOptions, Mnemonic, OpAccess, OpKind, Register, RflagsBits,
};
use std::hash::{Hash, Hasher};
use std::rc::Rc;

/// A vector register holds this many words of 64 bits (`ymm`); what is above is not tracked.
const LANES: usize = 4;

/// Stack words that count as progress: unoptimised code keeps its loop counters there.
const FINGERPRINT_WORDS: u64 = 24;

const STACK_POINTER: usize = 4;

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

/// Condition flags, each where known.
#[derive(Debug, Clone, Copy, Default)]
struct Flags {
    zero: Option<bool>,
    sign: Option<bool>,
    carry: Option<bool>,
    overflow: Option<bool>,
    parity: Option<bool>,
    /// The place whose comparison with a number set them: an equality teaches something about it.
    compared: Option<(Place, u8, u64)>,
}

/// Where an operand lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Register(Register),
    Memory(u64),
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

    fn step(&mut self, memory: &mut Memory) -> Result<Flow, Fault> {
        let code = memory.space.code(self.counter).ok_or(Fault::NoCode)?;
        let code = code.get(..15).unwrap_or(code);
        let bits = u32::from(self.pointer) * 8;
        let instruction = Decoder::with_ip(bits, code, self.counter, DecoderOptions::NONE).decode();
        if instruction.is_invalid() {
            return Err(Fault::NoInstruction);
        }
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
        for (index, lanes) in Rc::make_mut(&mut self.vector).iter_mut().enumerate() {
            let kept = if index < first_kept { 0 } else { lanes_kept };
            lanes.iter_mut().skip(kept).for_each(|lane| *lane = Value::Unknown);
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
}

impl X86 {
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
            Value::Unknown => Value::Unknown,
        }
    }

    // ---- registers -------------------------------------------------------------------------------------

    fn register(&self, register: Register) -> Value {
        if register.is_gpr() {
            let whole = self.general(register.full_register().number());
            return match register {
                Register::AH | Register::BH | Register::CH | Register::DH => {
                    whole.known().map_or(Value::Unknown, |number| Value::Known(number >> 8 & 0xff))
                }
                _ => whole.low(register.size() as u8, self.pointer),
            };
        }
        if register.is_xmm() || register.is_ymm() {
            return self.lane(register, 0);
        }
        Value::Unknown
    }

    fn set_register(&mut self, register: Register, value: Value) {
        if !register.is_gpr() {
            return;
        }
        let index = register.full_register().number();
        let size = register.size() as u8;
        if size >= 4 {
            // A 32-bit write clears the upper half (SDM volume 1, 3.4.1.1).
            return self.set_general(index, value.low(size, self.pointer));
        }
        let high = matches!(register, Register::AH | Register::BH | Register::CH | Register::DH);
        let shift = if high { 8 } else { 0 };
        let merged = match (self.general(index), value) {
            (Value::Known(old), Value::Known(new)) => {
                let hole = mask(size) << shift;
                Value::Known(old & !hole | (new << shift) & hole)
            }
            _ => Value::Unknown,
        };
        self.set_general(index, merged);
    }

    fn lane(&self, register: Register, lane: usize) -> Value {
        self.vector
            .get(register.full_register().number())
            .and_then(|lanes| lanes.get(lane))
            .copied()
            .unwrap_or(Value::Unknown)
    }

    fn set_lanes(&mut self, register: Register, values: &[Value]) {
        if let Some(lanes) = Rc::make_mut(&mut self.vector).get_mut(register.full_register().number()) {
            for (lane, value) in lanes.iter_mut().zip(values) {
                *lane = *value;
            }
        }
    }

    // ---- operands --------------------------------------------------------------------------------------

    fn address(&self, instruction: &Instruction) -> Option<u64> {
        let mut address = instruction.memory_displacement64();
        if !instruction.is_ip_rel_memory_operand() {
            if instruction.memory_base() != Register::None {
                address = address.wrapping_add(self.register(instruction.memory_base()).known()?);
            }
            if instruction.memory_index() != Register::None {
                let scale = u64::from(instruction.memory_index_scale());
                let index = self.register(instruction.memory_index()).known()?;
                address = address.wrapping_add(index.wrapping_mul(scale));
            }
        }
        address &= mask(self.pointer);
        Some(address)
    }

    /// The address with its segment: FS and GS point to thread-local storage.
    fn linear(&self, memory: &Memory, instruction: &Instruction) -> Option<u64> {
        let address = self.address(instruction)?;
        match instruction.memory_segment() {
            Register::FS | Register::GS => {
                Some(address.wrapping_add(memory.space.regions.thread) & mask(self.pointer))
            }
            _ => Some(address),
        }
    }

    fn size(instruction: &Instruction, operand: u32) -> u8 {
        match instruction.op_kind(operand) {
            OpKind::Register => instruction.op_register(operand).size().min(64) as u8,
            OpKind::Memory => instruction.memory_size().size().min(64) as u8,
            _ => 8,
        }
    }

    fn place(&self, memory: &Memory, instruction: &Instruction, operand: u32) -> Option<Place> {
        match instruction.op_kind(operand) {
            OpKind::Register => Some(Place::Register(instruction.op_register(operand))),
            OpKind::Memory => self.linear(memory, instruction).map(Place::Memory),
            _ => None,
        }
    }

    fn read(&self, memory: &Memory, instruction: &Instruction, operand: u32) -> Value {
        match instruction.op_kind(operand) {
            OpKind::Register => self.register(instruction.op_register(operand)),
            OpKind::Memory => match self.linear(memory, instruction) {
                Some(address) => memory.load(address, Self::size(instruction, operand).min(8)),
                None => self.field(instruction, Self::size(instruction, operand)),
            },
            _ => instruction.try_immediate(operand).map_or(Value::Unknown, Value::Known),
        }
    }

    /// A field of an object that the interpreter gave: its reference count is that of an immortal object (PEP
    /// 683), so that inlined counting needs no choice.
    fn field(&self, instruction: &Instruction, size: u8) -> Value {
        let local_count = if self.pointer == 8 { 12 } else { 8 };
        let plain = instruction.memory_index() == Register::None && size == 4;
        match self.register(instruction.memory_base()) {
            Value::Object(_) if plain && instruction.memory_displacement64() == local_count => {
                Value::Known(mask(4))
            }
            _ => Value::Unknown,
        }
    }

    fn write(
        &mut self,
        memory: &mut Memory,
        instruction: &Instruction,
        operand: u32,
        value: Value,
    ) -> Result<(), Full> {
        match instruction.op_kind(operand) {
            OpKind::Register => self.set_register(instruction.op_register(operand), value),
            OpKind::Memory => {
                if let Some(address) = self.linear(memory, instruction) {
                    memory.store(address, Self::size(instruction, operand).min(8), value)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn push(&mut self, memory: &mut Memory, value: Value) -> Result<(), Full> {
        let top = self.add(self.general(STACK_POINTER), 0_u64.wrapping_sub(u64::from(self.pointer)));
        self.set_general(STACK_POINTER, top);
        match top.known() {
            Some(top) => memory.store(top, self.pointer, value),
            None => Ok(()),
        }
    }

    fn pop(&mut self, memory: &Memory) -> Value {
        let top = self.general(STACK_POINTER);
        let value = self.at(top, memory);
        self.set_general(STACK_POINTER, self.add(top, u64::from(self.pointer)));
        value
    }

    // ---- instructions ----------------------------------------------------------------------------------

    fn execute(&mut self, memory: &mut Memory, instruction: &Instruction) -> Result<Flow, Fault> {
        let next = instruction.next_ip() & mask(self.pointer);
        match instruction.flow_control() {
            FlowControl::Next => {}
            FlowControl::ConditionalBranch => return Ok(self.branch(instruction, next)),
            FlowControl::UnconditionalBranch => {
                return Ok(Flow::Jump(Value::Known(instruction.near_branch_target())));
            }
            FlowControl::IndirectBranch => return Ok(Flow::Jump(self.read(memory, instruction, 0))),
            FlowControl::Call | FlowControl::IndirectCall => {
                let target = if instruction.flow_control() == FlowControl::Call {
                    Value::Known(instruction.near_branch_target())
                } else {
                    self.read(memory, instruction, 0)
                };
                self.counter = next;
                // `call next; pop` is how 32-bit code learns where it stands.
                self.push(memory, Value::Known(next))?;
                return Ok(if target == Value::Known(next) { Flow::Next } else { Flow::Call(target) });
            }
            FlowControl::Return => {
                let target = self.pop(memory);
                if instruction.op_count() > 0 {
                    let extra = instruction.try_immediate(0).unwrap_or(0);
                    self.set_general(STACK_POINTER, self.add(self.general(STACK_POINTER), extra));
                }
                return Ok(Flow::Return(target));
            }
            FlowControl::Interrupt | FlowControl::Exception => return Ok(Flow::Trap),
            FlowControl::XbeginXabortXend => {}
        }
        if matches!(instruction.mnemonic(), Mnemonic::Hlt | Mnemonic::Ud2) {
            return Ok(Flow::Trap);
        }
        if self.unresolved_move(instruction) {
            return Ok(Flow::Choice);
        }
        self.compute(memory, instruction)?;
        self.counter = next;
        Ok(Flow::Next)
    }

    fn branch(&mut self, instruction: &Instruction, next: u64) -> Flow {
        let known = self.condition(instruction);
        let taken = self.forced.take().or(known);
        match taken {
            Some(taken) => {
                self.decided += u64::from(known.is_some());
                self.counter = if taken { instruction.near_branch_target() } else { next };
                Flow::Next
            }
            None => Flow::Choice,
        }
    }

    /// Whether this is a conditional move between two different values on an unknown condition: as much a
    /// choice as a branch is.
    fn unresolved_move(&self, instruction: &Instruction) -> bool {
        is_conditional_move(instruction) && self.forced.is_none() && self.condition(instruction).is_none()
    }

    fn condition(&self, instruction: &Instruction) -> Option<bool> {
        let Flags { zero, sign, carry, overflow, parity, .. } = self.flags;
        let either = |one: Option<bool>, other: Option<bool>| match (one, other) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        };
        let less = || Some(sign? != overflow?);
        Some(match instruction.condition_code() {
            ConditionCode::o => overflow?,
            ConditionCode::no => !overflow?,
            ConditionCode::b => carry?,
            ConditionCode::ae => !carry?,
            ConditionCode::e => zero?,
            ConditionCode::ne => !zero?,
            ConditionCode::be => either(carry, zero)?,
            ConditionCode::a => !either(carry, zero)?,
            ConditionCode::s => sign?,
            ConditionCode::ns => !sign?,
            ConditionCode::p => parity?,
            ConditionCode::np => !parity?,
            ConditionCode::l => less()?,
            ConditionCode::ge => !less()?,
            ConditionCode::le => either(less(), zero)?,
            ConditionCode::g => !either(less(), zero)?,
            // JRCXZ, LOOP and their like: no compiler makes them.
            ConditionCode::None => return None,
        })
    }

    /// What one way out of a comparison says of the value compared.
    fn learn(&mut self, memory: &mut Memory, taken: bool) -> Result<(), Full> {
        let Some(code) = memory.space.code(self.counter) else { return Ok(()) };
        let bits = u32::from(self.pointer) * 8;
        let instruction = Decoder::with_ip(bits, code.get(..15).unwrap_or(code), self.counter, 0).decode();
        let equal = match instruction.condition_code() {
            ConditionCode::e => taken,
            ConditionCode::ne => !taken,
            _ => return Ok(()),
        };
        self.flags.zero = Some(equal);
        let Some((place, size, number)) = self.flags.compared else { return Ok(()) };
        let learnt = match (equal, number) {
            (true, number) => Value::Known(number),
            (false, 0) if size == self.pointer => Value::NonNull,
            (false, _) => return Ok(()),
        };
        match place {
            Place::Register(register) if size >= 4 => {
                self.set_register(register, learnt);
                Ok(())
            }
            Place::Register(_) => Ok(()),
            Place::Memory(address) => memory.store(address, size, learnt),
        }
    }

    fn compute(&mut self, memory: &mut Memory, instruction: &Instruction) -> Result<(), Full> {
        use Mnemonic as M;
        let size = if instruction.op_count() > 0 { Self::size(instruction, 0) } else { 0 };
        match instruction.mnemonic() {
            M::Mov | M::Movzx | M::Movnti if size <= 8 => {
                let value = self.read(memory, instruction, 1).low(size, self.pointer);
                self.write(memory, instruction, 0, value)
            }
            M::Movsx | M::Movsxd => {
                let from = Self::size(instruction, 1);
                let value = match self.read(memory, instruction, 1) {
                    Value::Known(number) => Value::Known(sign_extend(number, from) & mask(size)),
                    value => value.low(from, self.pointer),
                };
                self.write(memory, instruction, 0, value)
            }
            M::Lea => {
                let value = match self.address(instruction) {
                    Some(address) => Value::Known(address & mask(size)),
                    None => self.displaced(instruction),
                };
                self.write(memory, instruction, 0, value)
            }
            M::Add | M::Sub | M::Adc | M::Sbb | M::And | M::Or | M::Xor | M::Cmp | M::Test => {
                self.arithmetic(memory, instruction, size)
            }
            M::Inc | M::Dec | M::Neg | M::Not => self.unary(memory, instruction, size),
            M::Shl | M::Sal | M::Shr | M::Sar => self.shift(memory, instruction, size),
            M::Imul if instruction.op_count() > 1 => self.multiply(memory, instruction, size),
            M::Xchg => self.exchange(memory, instruction),
            M::Cmpxchg => self.compare_exchange(memory, instruction, size),
            M::Xadd => self.exchange_add(memory, instruction, size),
            M::Push => {
                let value = self.read(memory, instruction, 0).low(self.pointer, self.pointer);
                self.push(memory, value)
            }
            M::Pop => {
                let value = self.pop(memory);
                self.write(memory, instruction, 0, value)
            }
            M::Leave => {
                self.set_general(STACK_POINTER, self.general(5));
                let frame = self.pop(memory);
                self.set_general(5, frame);
                Ok(())
            }
            M::Cdqe => {
                let value = self.general(0).known().map(|number| sign_extend(number & mask(4), 4));
                self.set_general(0, value.map_or(Value::Unknown, Value::Known));
                Ok(())
            }
            M::Stosb | M::Stosd | M::Stosq | M::Movsb | M::Movsd | M::Movsq
                if instruction.is_string_instruction() =>
            {
                self.string(memory, instruction)
            }
            _ if is_conditional_move(instruction) => self.conditional_move(memory, instruction, size),
            _ if instruction.condition_code() != ConditionCode::None && size == 1 => {
                let value =
                    self.condition(instruction).map_or(Value::Unknown, |set| Value::Known(set.into()));
                self.write(memory, instruction, 0, value)
            }
            M::Nop | M::Endbr64 | M::Endbr32 | M::Pause | M::Mfence | M::Lfence | M::Sfence | M::Cld => {
                Ok(())
            }
            _ => self.vector_move(memory, instruction),
        }
    }

    /// `lea` from a reference: still a reference, no longer the object itself.
    fn displaced(&self, instruction: &Instruction) -> Value {
        let base = self.register(instruction.memory_base());
        if instruction.memory_index() == Register::None && instruction.memory_base() != Register::None {
            self.add(base, instruction.memory_displacement64())
        } else {
            Value::Unknown
        }
    }

    fn arithmetic(&mut self, memory: &mut Memory, instruction: &Instruction, size: u8) -> Result<(), Full> {
        use Mnemonic as M;
        let mnemonic = instruction.mnemonic();
        let left = self.read(memory, instruction, 0);
        let right = self.read(memory, instruction, 1).low(size, self.pointer);
        let place = self.place(memory, instruction, 0);
        let same = place.is_some() && place == self.place(memory, instruction, 1);
        let borrow = match mnemonic {
            M::Adc | M::Sbb => self.flags.carry.map(u64::from),
            _ => Some(0),
        };
        let result = match (left, right, borrow) {
            (Value::Known(left), Value::Known(right), Some(borrow)) => {
                Value::Known(self.known_arithmetic(mnemonic, left, right, borrow, size))
            }
            _ => self.unknown_arithmetic(mnemonic, (left, right), same, size),
        };
        if let (M::Cmp | M::Test, Some(place)) = (mnemonic, place) {
            self.flags.compared = match (mnemonic, right) {
                (M::Cmp, Value::Known(number)) => Some((place, size, number)),
                (M::Test, _) if same => Some((place, size, 0)),
                _ => None,
            };
            return Ok(());
        }
        self.flags.compared = match place {
            // `and r, r` and the like leave the register as the result that the flags speak of.
            Some(place) if matches!(mnemonic, M::And | M::Or | M::Xor | M::Sub | M::Add) => {
                Some((place, size, 0))
            }
            _ => None,
        };
        self.write(memory, instruction, 0, result)
    }

    fn known_arithmetic(&mut self, mnemonic: Mnemonic, left: u64, right: u64, borrow: u64, size: u8) -> u64 {
        use Mnemonic as M;
        let all = mask(size);
        let top = (all >> 1) + 1;
        let (left, right) = (left & all, right & all);
        let (result, carry, overflow) = match mnemonic {
            M::Add | M::Adc => {
                let wide = u128::from(left) + u128::from(right) + u128::from(borrow);
                let result = wide as u64 & all;
                (result, wide > u128::from(all), (left ^ result) & (right ^ result) & top != 0)
            }
            M::Sub | M::Cmp | M::Sbb => {
                let result = left.wrapping_sub(right).wrapping_sub(borrow) & all;
                let carry = u128::from(left) < u128::from(right) + u128::from(borrow);
                (result, carry, (left ^ right) & (left ^ result) & top != 0)
            }
            M::And | M::Test => (left & right, false, false),
            M::Or => (left | right, false, false),
            _ => (left ^ right, false, false),
        };
        self.flags = Flags { carry: Some(carry), overflow: Some(overflow), ..result_flags(result, size) };
        result
    }

    fn unknown_arithmetic(
        &mut self,
        mnemonic: Mnemonic,
        operands: (Value, Value),
        same: bool,
        size: u8,
    ) -> Value {
        use Mnemonic as M;
        self.flags = Flags::default();
        let whole = size == self.pointer;
        match (mnemonic, operands) {
            (M::Xor | M::Sub, _) if same => {
                self.flags = Flags { carry: Some(false), overflow: Some(false), ..result_flags(0, size) };
                Value::ZERO
            }
            (M::Sbb, _) if same => match self.flags.carry {
                Some(carry) => Value::Known(if carry { mask(size) } else { 0 }),
                None => Value::Unknown,
            },
            (M::Cmp, (Value::Object(one), Value::Object(other))) if one == other && whole => {
                self.flags = Flags { carry: Some(false), overflow: Some(false), ..result_flags(0, size) };
                Value::ZERO
            }
            (M::Cmp, (left, Value::Known(0)) | (Value::Known(0), left)) if whole => {
                self.flags.zero = left.is_zero();
                Value::Unknown
            }
            (M::Test, (value, _)) if same && whole => {
                self.flags.zero = value.is_zero();
                self.flags.carry = Some(false);
                self.flags.overflow = Some(false);
                Value::Unknown
            }
            (M::And, (_, Value::Known(0)) | (Value::Known(0), _)) => {
                self.flags = Flags { carry: Some(false), overflow: Some(false), ..result_flags(0, size) };
                Value::ZERO
            }
            (M::Test, (_, Value::Known(0)) | (Value::Known(0), _)) => {
                self.flags = Flags { carry: Some(false), overflow: Some(false), ..result_flags(0, size) };
                Value::ZERO
            }
            (M::Or, (_, Value::Known(number)) | (Value::Known(number), _)) if number == mask(size) => {
                self.flags =
                    Flags { carry: Some(false), overflow: Some(false), ..result_flags(number, size) };
                Value::Known(number)
            }
            (M::Add, (reference @ (Value::Object(_) | Value::NonNull), Value::Known(number))) if whole => {
                self.add(reference, number)
            }
            (M::And | M::Or, (value, _)) if same => {
                self.flags.zero = value.is_zero();
                value
            }
            _ => Value::Unknown,
        }
    }

    fn unary(&mut self, memory: &mut Memory, instruction: &Instruction, size: u8) -> Result<(), Full> {
        let Value::Known(old) = self.read(memory, instruction, 0) else {
            if instruction.mnemonic() != Mnemonic::Not {
                self.flags = Flags { carry: self.flags.carry, ..Flags::default() };
            }
            return self.write(memory, instruction, 0, Value::Unknown);
        };
        let carry = self.flags.carry;
        let result = match instruction.mnemonic() {
            Mnemonic::Inc => {
                let result = self.known_arithmetic(Mnemonic::Add, old, 1, 0, size);
                self.flags.carry = carry;
                result
            }
            Mnemonic::Dec => {
                let result = self.known_arithmetic(Mnemonic::Sub, old, 1, 0, size);
                self.flags.carry = carry;
                result
            }
            Mnemonic::Neg => self.known_arithmetic(Mnemonic::Sub, 0, old, 0, size),
            _ => !old & mask(size),
        };
        self.write(memory, instruction, 0, Value::Known(result))
    }

    fn shift(&mut self, memory: &mut Memory, instruction: &Instruction, size: u8) -> Result<(), Full> {
        let count =
            self.read(memory, instruction, 1).known().map(|count| count & if size == 8 { 63 } else { 31 });
        let old = self.read(memory, instruction, 0).known();
        let bits = u64::from(size) * 8;
        let result = match (old, count) {
            (Some(old), Some(count)) => {
                let number = match instruction.mnemonic() {
                    Mnemonic::Shr if count < bits => old >> count,
                    Mnemonic::Sar => ((sign_extend(old, size) as i64) >> count.min(63)) as u64,
                    Mnemonic::Shl | Mnemonic::Sal if count < bits => old << count,
                    _ => 0,
                };
                if count != 0 {
                    self.flags = result_flags(number & mask(size), size);
                }
                Value::Known(number & mask(size))
            }
            _ => {
                self.flags = Flags::default();
                Value::Unknown
            }
        };
        self.write(memory, instruction, 0, result)
    }

    fn multiply(&mut self, memory: &mut Memory, instruction: &Instruction, size: u8) -> Result<(), Full> {
        let (left, right) = if instruction.op_count() == 3 { (1, 2) } else { (0, 1) };
        let factors = (self.read(memory, instruction, left), self.read(memory, instruction, right));
        self.flags = Flags::default();
        let product = match factors {
            (Value::Known(left), Value::Known(right)) => Value::Known(left.wrapping_mul(right) & mask(size)),
            (Value::Known(0), _) | (_, Value::Known(0)) => Value::ZERO,
            _ => Value::Unknown,
        };
        self.write(memory, instruction, 0, product)
    }

    fn exchange(&mut self, memory: &mut Memory, instruction: &Instruction) -> Result<(), Full> {
        let (left, right) = (self.read(memory, instruction, 0), self.read(memory, instruction, 1));
        // The memory operand first: its address may hang on the register.
        let (memory_first, other) = if instruction.op_kind(0) == OpKind::Memory { (0, 1) } else { (1, 0) };
        let new = [right, left];
        let value = |operand: u32| if operand == 0 { new[0] } else { new[1] };
        self.write(memory, instruction, memory_first, value(memory_first))?;
        self.write(memory, instruction, other, value(other))
    }

    /// With `lock` or without: one path is one thread.
    fn compare_exchange(
        &mut self,
        memory: &mut Memory,
        instruction: &Instruction,
        size: u8,
    ) -> Result<(), Full> {
        let old = self.read(memory, instruction, 0);
        let expected = self.general(0).low(size, self.pointer);
        let equal = match (old, expected) {
            (Value::Known(old), Value::Known(expected)) => Some(old == expected),
            (reference, Value::Known(0)) if reference.is_zero() == Some(false) => Some(false),
            _ => None,
        };
        self.flags = Flags { zero: equal, ..Flags::default() };
        match equal {
            Some(true) => {
                let new = self.read(memory, instruction, 1);
                self.write(memory, instruction, 0, new)
            }
            Some(false) => {
                self.set_general(0, old);
                Ok(())
            }
            None => {
                self.set_general(0, Value::Unknown);
                self.write(memory, instruction, 0, Value::Unknown)
            }
        }
    }

    fn exchange_add(&mut self, memory: &mut Memory, instruction: &Instruction, size: u8) -> Result<(), Full> {
        let old = self.read(memory, instruction, 0);
        let sum = match (old, self.read(memory, instruction, 1)) {
            (Value::Known(old), Value::Known(more)) => {
                Value::Known(self.known_arithmetic(Mnemonic::Add, old, more, 0, size))
            }
            _ => {
                self.flags = Flags::default();
                Value::Unknown
            }
        };
        self.write(memory, instruction, 1, old)?;
        self.write(memory, instruction, 0, sum)
    }

    fn conditional_move(
        &mut self,
        memory: &mut Memory,
        instruction: &Instruction,
        size: u8,
    ) -> Result<(), Full> {
        let taken = self.forced.take().or_else(|| self.condition(instruction));
        let operand = if taken == Some(true) { 1 } else { 0 };
        let value = self.read(memory, instruction, operand).low(size, self.pointer);
        self.write(memory, instruction, 0, value)
    }

    /// `rep stos` and `rep movs`, upwards, with a known count.
    fn string(&mut self, memory: &mut Memory, instruction: &Instruction) -> Result<(), Full> {
        let unit = Self::size(instruction, 0).min(8);
        let repeated = instruction.has_rep_prefix();
        let count = if repeated { self.general(1).known() } else { Some(1) };
        let (to, from) = (self.general(7), self.general(6));
        let stores = matches!(instruction.mnemonic(), Mnemonic::Stosb | Mnemonic::Stosd | Mnemonic::Stosq);
        let bytes = count.and_then(|count| count.checked_mul(u64::from(unit)));
        if let (Some(to), Some(bytes)) = (to.known(), bytes) {
            match (stores, from) {
                (true, _) => {
                    let value = self.general(0).low(unit, self.pointer);
                    for index in 0..bytes / u64::from(unit).max(1) {
                        memory.store(to.wrapping_add(index * u64::from(unit)), unit, value)?;
                    }
                }
                (false, Value::Known(from)) => memory.copy(to, from, bytes)?,
                (false, _) => memory.fill(to, None, bytes)?,
            }
        }
        let moved = |value: Value| bytes.map_or(Value::Unknown, |bytes| self.add(value, bytes));
        let (to, from) = (moved(to), moved(from));
        self.set_general(7, to);
        if !stores {
            self.set_general(6, from);
        }
        if repeated {
            self.set_general(1, Value::ZERO);
        }
        Ok(())
    }

    // ---- vectors ---------------------------------------------------------------------------------------

    fn vector_move(&mut self, memory: &mut Memory, instruction: &Instruction) -> Result<(), Full> {
        use Mnemonic as M;
        let first = instruction.op_kind(0) == OpKind::Register;
        let register = instruction.op0_register();
        match instruction.mnemonic() {
            M::Movups
            | M::Movaps
            | M::Movupd
            | M::Movapd
            | M::Movdqu
            | M::Movdqa
            | M::Vmovups
            | M::Vmovaps
            | M::Vmovupd
            | M::Vmovapd
            | M::Vmovdqu
            | M::Vmovdqa
            | M::Lddqu
            | M::Movntps
            | M::Movntdq => {
                let words = usize::from(Self::size(instruction, 0)) / 8;
                self.move_lanes(memory, instruction, words)
            }
            M::Movq | M::Vmovq | M::Movsd | M::Movlps | M::Movlpd if instruction.op_count() == 2 => {
                let value = self.read(memory, instruction, 1);
                if !first || register.is_gpr() {
                    return self.write(memory, instruction, 0, value.low(8, self.pointer));
                }
                let keeps = instruction.op1_kind() == OpKind::Register && instruction.mnemonic() == M::Movsd
                    || matches!(instruction.mnemonic(), M::Movlps | M::Movlpd);
                let high = if keeps { self.lane(register, 1) } else { Value::ZERO };
                self.set_lanes(register, &[value, high]);
                Ok(())
            }
            M::Movd | M::Vmovd => {
                let value = self.read(memory, instruction, 1).low(4, self.pointer);
                if !first || register.is_gpr() {
                    return self.write(memory, instruction, 0, value);
                }
                self.set_lanes(register, &[value, Value::ZERO]);
                Ok(())
            }
            M::Movhps | M::Movhpd if first => {
                let value = self.read(memory, instruction, 1);
                let low = self.lane(register, 0);
                self.set_lanes(register, &[low, value]);
                Ok(())
            }
            M::Movhps | M::Movhpd => {
                let value = self.lane(instruction.op1_register(), 1);
                self.write(memory, instruction, 0, value)
            }
            M::Movlhps | M::Punpcklqdq | M::Unpcklpd if instruction.op1_kind() == OpKind::Register => {
                let (low, high) = (self.lane(register, 0), self.lane(instruction.op1_register(), 0));
                self.set_lanes(register, &[low, high]);
                Ok(())
            }
            M::Vpunpcklqdq | M::Vmovlhps | M::Vunpcklpd if instruction.op2_kind() == OpKind::Register => {
                let low = self.lane(instruction.op1_register(), 0);
                let high = self.lane(instruction.op2_register(), 0);
                self.set_lanes(register, &[low, high, Value::ZERO, Value::ZERO]);
                Ok(())
            }
            M::Movhlps => {
                let (low, high) = (self.lane(instruction.op1_register(), 1), self.lane(register, 1));
                self.set_lanes(register, &[low, high]);
                Ok(())
            }
            M::Pinsrq if instruction.try_immediate(2).is_ok_and(|lane| lane == 1) => {
                let (low, high) = (self.lane(register, 0), self.read(memory, instruction, 1));
                self.set_lanes(register, &[low, high]);
                Ok(())
            }
            M::Vpinsrq if instruction.try_immediate(3).is_ok_and(|lane| lane == 1) => {
                let low = self.lane(instruction.op1_register(), 0);
                let high = self.read(memory, instruction, 2);
                self.set_lanes(register, &[low, high, Value::ZERO, Value::ZERO]);
                Ok(())
            }
            M::Pxor | M::Xorps | M::Xorpd if same_registers(instruction, 0, 1) => {
                self.set_lanes(register, &[Value::ZERO; 2]);
                Ok(())
            }
            M::Vpxor | M::Vxorps | M::Vxorpd if same_registers(instruction, 1, 2) => {
                self.set_lanes(register, &[Value::ZERO; LANES]);
                Ok(())
            }
            _ => self.forget(memory, instruction),
        }
    }

    fn move_lanes(
        &mut self,
        memory: &mut Memory,
        instruction: &Instruction,
        words: usize,
    ) -> Result<(), Full> {
        if instruction.op_count() != 2 || words > LANES {
            return self.forget(memory, instruction);
        }
        let address = self.linear(memory, instruction);
        let mut values = [Value::Unknown; LANES];
        for (index, value) in values.iter_mut().enumerate().take(words) {
            *value = match (instruction.op1_kind(), address) {
                (OpKind::Register, _) => self.lane(instruction.op1_register(), index),
                (_, Some(address)) => memory.load(address.wrapping_add(index as u64 * 8), 8),
                _ => Value::Unknown,
            };
        }
        let values = values.get(..words).unwrap_or(&[]);
        if instruction.op0_kind() == OpKind::Register {
            self.set_lanes(instruction.op0_register(), values);
            return Ok(());
        }
        let Some(address) = address else { return Ok(()) };
        for (index, &value) in (0..).zip(values) {
            memory.store(address.wrapping_add(index * 8), 8, value)?;
        }
        Ok(())
    }

    /// An instruction that is not modelled: what it writes is unknown from here on.
    fn forget(&mut self, memory: &mut Memory, instruction: &Instruction) -> Result<(), Full> {
        let mut factory = InstructionInfoFactory::new();
        let info = factory.info_options(instruction, InstructionInfoOptions::NONE);
        let writes = |access: OpAccess| {
            matches!(
                access,
                OpAccess::Write | OpAccess::CondWrite | OpAccess::ReadWrite | OpAccess::ReadCondWrite
            )
        };
        for used in info.used_registers().iter().filter(|used| writes(used.access())) {
            let register = used.register();
            if register.is_gpr() {
                self.set_general(register.full_register().number(), Value::Unknown);
            } else if register.is_vector_register() {
                self.set_lanes(register, &[Value::Unknown; LANES]);
            }
        }
        if instruction.rflags_modified() != RflagsBits::NONE {
            self.flags = Flags::default();
        }
        let stored = info.used_memory().iter().any(|used| writes(used.access()));
        match self.linear(memory, instruction) {
            Some(address)
                if stored
                    && (0..instruction.op_count())
                        .any(|operand| instruction.op_kind(operand) == OpKind::Memory) =>
            {
                let size = u64::from(Self::memory_bytes(instruction));
                memory.fill(address, None, size)
            }
            _ => Ok(()),
        }
    }

    fn memory_bytes(instruction: &Instruction) -> u8 {
        instruction.memory_size().size().min(64) as u8
    }
}

fn is_conditional_move(instruction: &Instruction) -> bool {
    use Mnemonic as M;
    matches!(
        instruction.mnemonic(),
        M::Cmova
            | M::Cmovae
            | M::Cmovb
            | M::Cmovbe
            | M::Cmove
            | M::Cmovg
            | M::Cmovge
            | M::Cmovl
            | M::Cmovle
            | M::Cmovne
            | M::Cmovno
            | M::Cmovnp
            | M::Cmovns
            | M::Cmovo
            | M::Cmovp
            | M::Cmovs
    )
}

fn same_registers(instruction: &Instruction, one: u32, other: u32) -> bool {
    instruction.op_kind(one) == OpKind::Register
        && instruction.op_kind(other) == OpKind::Register
        && instruction.op_register(one) == instruction.op_register(other)
}

/// The flags that follow from a result alone.
fn result_flags(result: u64, size: u8) -> Flags {
    let top = (mask(size) >> 1) + 1;
    Flags {
        zero: Some(result == 0),
        sign: Some(result & top != 0),
        parity: Some((result as u8).count_ones() % 2 == 0),
        ..Flags::default()
    }
}
