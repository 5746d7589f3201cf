//! What reads and writes one place in one instruction: `xchg`, `cmpxchg`, `xadd`. One path is one thread, so `lock`
//! changes nothing.

use super::X86;
use super::flow::Flags;
use crate::inspect::init::memory::{Full, Memory};
use crate::inspect::init::value::Value;
use iced_x86::{Instruction, Mnemonic, OpKind};

impl X86 {
    pub(super) fn exchange(&mut self, memory: &mut Memory, instruction: &Instruction) -> Result<(), Full> {
        let (left, right) = (self.read(memory, instruction, 0), self.read(memory, instruction, 1));
        // The memory operand first: its address may hang on the register.
        let (memory_first, other) = if instruction.op_kind(0) == OpKind::Memory { (0, 1) } else { (1, 0) };
        let new = [right, left];
        let value = |operand: u32| if operand == 0 { new[0] } else { new[1] };
        self.write(memory, instruction, memory_first, value(memory_first))?;
        self.write(memory, instruction, other, value(other))
    }

    pub(super) fn compare_exchange(
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

    pub(super) fn exchange_add(
        &mut self,
        memory: &mut Memory,
        instruction: &Instruction,
        size: u8,
    ) -> Result<(), Full> {
        let old = self.read(memory, instruction, 0);
        let sum = if let (Value::Known(old), Value::Known(more)) = (old, self.read(memory, instruction, 1)) {
            Value::Known(self.known_arithmetic(Mnemonic::Add, old, more, 0, size))
        } else {
            self.flags = Flags::default();
            Value::Unknown
        };
        self.write(memory, instruction, 1, old)?;
        self.write(memory, instruction, 0, sum)
    }
}
