//! Branches, conditions, and what a choice that was decided teaches.

use super::operands::bytes;
use super::{Arm64, LINK, STACK_POINTER};
use crate::inspect::init::machine::{Fault, Flow};
use crate::inspect::init::memory::Memory;
use crate::inspect::init::threads;
use crate::inspect::init::value::Value;
use yaxpeax_arm::armv8::a64::{Instruction, Opcode, Operand, SizeCode};

/// Condition flags, each where known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) negative: Option<bool>,
    pub(super) zero: Option<bool>,
    pub(super) carry: Option<bool>,
    pub(super) overflow: Option<bool>,
    /// The register whose comparison with a number set them: an equality teaches something about it.
    pub(super) compared: Option<Compared>,
    /// They follow from a choice that could have gone the other way, so that a branch on them is no progress.
    pub(super) chosen: bool,
}

/// A comparison of the low bytes of a register with a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Compared {
    pub(super) register: u16,
    pub(super) size: u8,
    pub(super) number: u64,
}

impl Arm64 {
    pub(super) fn execute(&mut self, memory: &mut Memory, instruction: &Instruction) -> Result<Flow, Fault> {
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

    pub(super) fn code_address(&self, operand: Operand) -> Value {
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
    pub(super) fn condition(&self, code: u8) -> Option<bool> {
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
    pub(super) fn learn(&mut self, instruction: &Instruction, taken: bool) {
        let [first, second, ..] = instruction.operands;
        match instruction.opcode {
            Opcode::CBZ | Opcode::CBNZ => {
                if let Operand::Register(size, register) = first {
                    let compared = Compared { register, size: bytes(size), number: 0 };
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

/// Whether an instruction ends the process, as what a compiler puts where nothing may come.
pub(super) fn is_trap(opcode: Opcode) -> bool {
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
