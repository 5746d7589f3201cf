//! Registers, memory operands and the stack.

use super::{STACK_POINTER, X86};
use crate::inspect::init::memory::{Full, Memory};
use crate::inspect::init::value::{Value, mask};
use iced_x86::{Instruction, OpKind, Register};
use std::rc::Rc;

/// Where an operand lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Register(Register),
    Memory(u64),
}

impl X86 {
    pub(super) fn register(&self, register: Register) -> Value {
        if register.is_gpr() {
            let whole = self.general(register.full_register().number());
            return match register {
                Register::AH | Register::BH | Register::CH | Register::DH => whole
                    .low(2, self.pointer)
                    .known()
                    .map_or(Value::Unknown, |number| Value::Known(number >> 8)),
                _ => whole.low(bytes(register.size()), self.pointer),
            };
        }
        if register.is_xmm() || register.is_ymm() {
            return self.lane(register, 0);
        }
        Value::Unknown
    }

    pub(super) fn set_register(&mut self, register: Register, value: Value) {
        if !register.is_gpr() {
            return;
        }
        let index = register.full_register().number();
        let size = bytes(register.size());
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
            (Value::Low { number, bytes }, Value::Known(new)) if bytes > size || high && bytes == 2 => {
                let hole = mask(size) << shift;
                Value::Low { number: number & !hole | (new << shift) & hole, bytes }
            }
            (_, Value::Known(new)) if !high => Value::Low { number: new & mask(size), bytes: size },
            _ => Value::Unknown,
        };
        self.set_general(index, merged);
    }

    pub(super) fn lane(&self, register: Register, lane: usize) -> Value {
        self.vector
            .get(register.full_register().number())
            .and_then(|lanes| lanes.get(lane))
            .copied()
            .unwrap_or(Value::Unknown)
    }

    pub(super) fn set_lanes(&mut self, register: Register, values: &[Value]) {
        if let Some(lanes) = Rc::make_mut(&mut self.vector).get_mut(register.full_register().number()) {
            for (lane, value) in lanes.iter_mut().zip(values) {
                *lane = *value;
            }
        }
    }

    // ---- operands --------------------------------------------------------------------------------------

    pub(super) fn address(&self, instruction: &Instruction) -> Option<u64> {
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
    pub(super) fn linear(&self, memory: &Memory, instruction: &Instruction) -> Option<u64> {
        let address = self.address(instruction)?;
        match instruction.memory_segment() {
            Register::FS | Register::GS => {
                Some(address.wrapping_add(memory.space.regions.thread) & mask(self.pointer))
            }
            _ => Some(address),
        }
    }

    pub(super) fn size(instruction: &Instruction, operand: u32) -> u8 {
        match instruction.op_kind(operand) {
            OpKind::Register => bytes(instruction.op_register(operand).size()),
            OpKind::Memory => bytes(instruction.memory_size().size()),
            _ => 8,
        }
    }

    pub(super) fn place(&self, memory: &Memory, instruction: &Instruction, operand: u32) -> Option<Place> {
        match instruction.op_kind(operand) {
            OpKind::Register => Some(Place::Register(instruction.op_register(operand))),
            OpKind::Memory => self.linear(memory, instruction).map(Place::Memory),
            _ => None,
        }
    }

    pub(super) fn read(&self, memory: &Memory, instruction: &Instruction, operand: u32) -> Value {
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
    pub(super) fn field(&self, instruction: &Instruction, size: u8) -> Value {
        let local_count = if self.pointer == 8 { 12 } else { 8 };
        let plain = instruction.memory_index() == Register::None && size == 4;
        match self.register(instruction.memory_base()) {
            Value::Object(_) if plain && instruction.memory_displacement64() == local_count => {
                Value::Known(mask(4))
            }
            _ => Value::Unknown,
        }
    }

    pub(super) fn write(
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
                    self.store(memory, address, Self::size(instruction, operand).min(8), value)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn store(
        &mut self,
        memory: &mut Memory,
        address: u64,
        size: u8,
        value: Value,
    ) -> Result<(), Full> {
        self.overwrite(|place| matches!(place, Place::Memory(_)));
        memory.store(address, size, value)
    }

    /// A place is written: what a comparison said of its old content says nothing of the new.
    pub(super) fn overwrite(&mut self, is_it: impl FnOnce(Place) -> bool) {
        if self.flags.compared.is_some_and(|(place, ..)| is_it(place)) {
            self.flags.compared = None;
        }
    }

    pub(super) fn push(&mut self, memory: &mut Memory, value: Value) -> Result<(), Full> {
        let top = self.add(self.general(STACK_POINTER), 0_u64.wrapping_sub(u64::from(self.pointer)));
        self.set_general(STACK_POINTER, top);
        match top.known() {
            Some(top) => self.store(memory, top, self.pointer, value),
            None => Ok(()),
        }
    }

    pub(super) fn pop(&mut self, memory: &Memory) -> Value {
        let top = self.general(STACK_POINTER);
        let value = self.at(top, memory);
        self.set_general(STACK_POINTER, self.add(top, u64::from(self.pointer)));
        value
    }
}

/// Bytes in an operand; the widest is a `zmm` register of 64.
pub(super) fn bytes(size: usize) -> u8 {
    u8::try_from(size.min(64)).unwrap_or(64)
}

pub(super) fn writes_stack_pointer(instruction: &Instruction) -> bool {
    instruction.op0_kind() == OpKind::Register && instruction.op0_register().full_register() == Register::RSP
}
