//! Branches, calls and returns, and what a branch teaches.

use super::operand::Place;
use super::{STACK_POINTER, X86};
use crate::inspect::init::machine::{Fault, Flow};
use crate::inspect::init::memory::{Full, Memory};
use crate::inspect::init::value::{Value, byte, mask};
use iced_x86::{ConditionCode, FlowControl, Instruction, Mnemonic};

/// Condition flags, each where known.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flags {
    pub zero: Option<bool>,
    pub sign: Option<bool>,
    pub carry: Option<bool>,
    pub overflow: Option<bool>,
    pub parity: Option<bool>,
    /// The place whose comparison with a number set them: an equality teaches something about it.
    pub compared: Option<(Place, u8, u64)>,
}

impl X86 {
    pub(super) fn execute(&mut self, memory: &mut Memory, instruction: &Instruction) -> Result<Flow, Fault> {
        let next = instruction.next_ip() & mask(self.pointer);
        match instruction.flow_control() {
            FlowControl::Next | FlowControl::XbeginXabortXend => {}
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

    pub(super) fn branch(&mut self, instruction: &Instruction, next: u64) -> Flow {
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
    pub(super) fn unresolved_move(&self, instruction: &Instruction) -> bool {
        is_conditional_move(instruction) && self.forced.is_none() && self.condition(instruction).is_none()
    }

    pub(super) fn condition(&self, instruction: &Instruction) -> Option<bool> {
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
    pub(super) fn learn(&mut self, memory: &mut Memory, taken: bool) -> Result<(), Full> {
        let Ok(instruction) = self.fetch(memory) else { return Ok(()) };
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
}

/// The flags that follow from a result alone.
pub(super) fn result_flags(result: u64, size: u8) -> Flags {
    let top = (mask(size) >> 1) + 1;
    Flags {
        zero: Some(result == 0),
        sign: Some(result & top != 0),
        parity: Some(byte(result).count_ones().is_multiple_of(2)),
        ..Flags::default()
    }
}

pub(super) fn is_conditional_move(instruction: &Instruction) -> bool {
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
