//! Vector registers, as far as compilers move words through them; and all that is not modelled.

use super::flow::Flags;
use super::operand::bytes;
use super::{LANES, X86};
use crate::inspect::init::memory::{Full, Memory};
use crate::inspect::init::value::Value;
use iced_x86::{Instruction, InstructionInfoOptions, Mnemonic, OpAccess, OpKind, RflagsBits};
use std::rc::Rc;

impl X86 {
    pub(super) fn vector_move(&mut self, memory: &mut Memory, instruction: &Instruction) -> Result<(), Full> {
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
            _ => self.vector_merge(memory, instruction),
        }
    }

    /// Puts the words of two registers together, or clears one.
    fn vector_merge(&mut self, memory: &mut Memory, instruction: &Instruction) -> Result<(), Full> {
        use Mnemonic as M;
        let register = instruction.op0_register();
        match instruction.mnemonic() {
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

    pub(super) fn move_lanes(
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
            self.store(memory, address.wrapping_add(index * 8), 8, value)?;
        }
        Ok(())
    }

    /// An instruction that is not modelled: what it writes is unknown from here on.
    pub(super) fn forget(&mut self, memory: &mut Memory, instruction: &Instruction) -> Result<(), Full> {
        let decoded = Rc::clone(&self.decoded);
        let decoded = &mut *decoded.borrow_mut();
        let info = decoded.uses.info_options(instruction, InstructionInfoOptions::NONE);
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
                let size = u64::from(bytes(instruction.memory_size().size()));
                memory.fill(address, None, size)
            }
            _ => Ok(()),
        }
    }
}

fn same_registers(instruction: &Instruction, one: u32, other: u32) -> bool {
    instruction.op_kind(one) == OpKind::Register
        && instruction.op_kind(other) == OpKind::Register
        && instruction.op_register(one) == instruction.op_register(other)
}
