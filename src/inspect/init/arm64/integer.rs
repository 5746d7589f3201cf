//! Sums, comparisons and selections in general registers, and which instruction does what.

use super::flow::{Compared, Flags};
use super::operands::{register_of, size_of};
use super::transfer::LOCAL_COUNT;
use super::{Arm64, STACK_POINTER};
use crate::inspect::init::memory::{Full, Memory};
use crate::inspect::init::value::{Sum, Value, add_with_carry, below_block, mask};
use yaxpeax_arm::armv8::a64::{Instruction, Opcode, Operand};

/// `mrs` operands: `op0` (less 2), `op1`, `CRn`, `CRm` and `op2` of `TPIDR_EL0`, which is the thread pointer
/// on Linux, and `TPIDRRO_EL0`, which is on macOS.
const THREAD_POINTERS: [u16; 2] = [0x5e82, 0x5e83];

/// What `dc zva` clears: 64 bytes on every processor that there is.
const CACHE_BLOCK: u64 = 64;

impl Arm64 {
    /// Executes an instruction that goes on to the next one.
    pub(super) fn compute(&mut self, memory: &mut Memory, instruction: &Instruction) -> Result<(), Full> {
        use Opcode as O;
        let [first, second, ..] = instruction.operands;
        // Vector instructions share the names of some of these.
        let Some(size) = size_of(first) else { return self.without_result(memory, instruction) };
        match instruction.opcode {
            O::MOVZ => self.set(first, self.read(second)),
            O::MOVN => self.set(first, self.read(second).map(|number| !number)),
            O::MOVK => self.move_part(first, second),
            O::ADR => self.set(first, self.code_address(second)),
            O::ADRP => self.set(first, self.page_address(second)),
            O::MRS => self.set(first, system_register(memory, second)),
            O::ADD | O::ADDS | O::SUB | O::SUBS => self.add_or_subtract(instruction, size),
            O::ADC | O::ADCS | O::SBC | O::SBCS => self.add_carry(instruction, size),
            O::AND | O::ANDS | O::BIC | O::BICS | O::ORR | O::ORN | O::EOR | O::EON => {
                self.logic(instruction, size);
            }
            O::CSEL | O::CSINC | O::CSINV | O::CSNEG => self.select(instruction),
            O::CCMP | O::CCMN => self.compare_if(instruction, size),
            O::UBFM | O::SBFM | O::BFM => self.bit_field(instruction, size),
            opcode if is_calculation(opcode) => {
                let value = self.calculated(instruction, size);
                self.set(first, value.map_or(Value::Unknown, Value::Known));
            }
            // Pointers are never signed here: to strip or to check a signature changes nothing.
            opcode if is_signature(opcode) => {}
            _ => return self.transfer(memory, instruction),
        }
        Ok(())
    }

    /// Instructions whose first operand is no general register.
    fn without_result(&mut self, memory: &mut Memory, instruction: &Instruction) -> Result<(), Full> {
        match instruction.opcode {
            opcode if is_hint(opcode) || is_signature(opcode) => Ok(()),
            // A system call gives something unknown.
            Opcode::SVC => {
                self.set_general(0, Value::Unknown);
                Ok(())
            }
            // Of the cache's instructions one writes.
            Opcode::SYS(_) => match self.read(instruction.operands[2]) {
                Value::Known(address) => memory.fill(address & !(CACHE_BLOCK - 1), None, CACHE_BLOCK),
                _ => Ok(()),
            },
            _ => self.transfer(memory, instruction),
        }
    }

    fn page_address(&self, operand: Operand) -> Value {
        match operand {
            Operand::PCOffset(offset) => Value::Known((self.counter & !0xfff).wrapping_add_signed(offset)),
            _ => Value::Unknown,
        }
    }

    fn move_part(&mut self, register: Operand, part: Operand) {
        let Operand::ImmShift(number, shift) = part else { return self.set(register, Value::Unknown) };
        let place = |number: u64| number.checked_shl(shift.into()).unwrap_or(0);
        let value = match self.read(register) {
            Value::Known(old) => Value::Known(old & !place(0xffff) | place(number.into())),
            _ => Value::Unknown,
        };
        self.set(register, value);
    }

    fn add_or_subtract(&mut self, instruction: &Instruction, size: u8) {
        let [first, second, third, _] = instruction.operands;
        let subtracts = matches!(instruction.opcode, Opcode::SUB | Opcode::SUBS);
        let (left, right) = (self.read(second), self.read(third).low(size, 8));
        let same = register_of(second).is_some() && register_of(second) == register_of(third);
        let (result, flags) = sum(left, right, subtracts, same, size);
        let is_comparison = is_zero(first);
        let chosen = self.is_learnt(second) || self.is_learnt(third);
        let is_stack_pointer = matches!(first, Operand::RegisterOrSP(_, STACK_POINTER));
        match result {
            Value::Unknown if is_stack_pointer => self.set(first, below_block(self.general(STACK_POINTER))),
            result => self.set(first, result),
        }
        if let (Opcode::ADD, Value::Object(_), Value::Known(LOCAL_COUNT)) = (instruction.opcode, left, right)
        {
            self.mark_count(first);
        }
        if matches!(instruction.opcode, Opcode::ADDS | Opcode::SUBS) {
            let number = |right: u64| if subtracts { right } else { right.wrapping_neg() & mask(size) };
            self.flags = Flags { chosen, ..flags };
            self.flags.compared = if is_comparison {
                compared(second, size, right.known().map(number))
            } else {
                compared(first, size, Some(0))
            };
        }
    }

    fn add_carry(&mut self, instruction: &Instruction, size: u8) {
        let [first, second, third, _] = instruction.operands;
        let subtracts = matches!(instruction.opcode, Opcode::SBC | Opcode::SBCS);
        let sum = match (self.read(second), self.read(third), self.flags.carry) {
            (Value::Known(left), Value::Known(right), Some(carry)) => {
                Some(add_with_carry(left, if subtracts { !right } else { right }, carry, size))
            }
            _ => None,
        };
        self.set(first, sum.map_or(Value::Unknown, |sum| Value::Known(sum.result)));
        if matches!(instruction.opcode, Opcode::ADCS | Opcode::SBCS) {
            self.flags = sum.map_or(Flags::default(), |sum| sum_flags(sum, size));
        }
    }

    /// `ccmp`: a comparison where the condition holds, given flags otherwise.
    fn compare_if(&mut self, instruction: &Instruction, size: u8) {
        let [first, second, otherwise, condition] = instruction.operands;
        let Operand::ConditionCode(code) = condition else { return self.flags = Flags::default() };
        let chosen = self.forced.is_some();
        match (self.forced.take().or_else(|| self.condition(code)), otherwise) {
            (Some(true), _) => {
                let subtracts = instruction.opcode == Opcode::CCMP;
                let right = self.read(second);
                let same = register_of(first).is_some() && register_of(first) == register_of(second);
                self.flags = sum(self.read(first), right, subtracts, same, size).1;
                let number = |right: u64| if subtracts { right } else { right.wrapping_neg() & mask(size) };
                self.flags.compared = compared(first, size, right.known().map(number));
                self.flags.chosen = self.is_learnt(first) || self.is_learnt(second);
            }
            (Some(false), Operand::Immediate(bits)) => {
                self.flags = Flags {
                    negative: Some(bits & 8 != 0),
                    zero: Some(bits & 4 != 0),
                    carry: Some(bits & 2 != 0),
                    overflow: Some(bits & 1 != 0),
                    compared: None,
                    chosen,
                };
            }
            _ => self.flags = Flags::default(),
        }
    }

    fn select(&mut self, instruction: &Instruction) {
        let [first, second, third, condition] = instruction.operands;
        let Operand::ConditionCode(code) = condition else { return self.set(first, Value::Unknown) };
        let other = match (instruction.opcode, self.read(third)) {
            (Opcode::CSEL, value) => value,
            (Opcode::CSINC, Value::Known(number)) => Value::Known(number.wrapping_add(1)),
            (Opcode::CSINV, Value::Known(number)) => Value::Known(!number),
            (Opcode::CSNEG, Value::Known(number)) => Value::Known(number.wrapping_neg()),
            _ => Value::Unknown,
        };
        let value = match self.forced.take().or_else(|| self.condition(code)) {
            Some(true) => self.read(second),
            Some(false) => other,
            None => self.read(second).join(other),
        };
        self.set(first, value);
    }
}

fn system_register(memory: &Memory, operand: Operand) -> Value {
    match operand {
        Operand::SystemReg(number) if THREAD_POINTERS.contains(&number) => {
            Value::Known(memory.space.regions.thread)
        }
        _ => Value::Unknown,
    }
}

/// Instructions whose result is known where all operands are.
fn is_calculation(opcode: Opcode) -> bool {
    use Opcode as O;
    matches!(
        opcode,
        O::EXTR
            | O::LSLV
            | O::LSRV
            | O::ASRV
            | O::RORV
            | O::MADD
            | O::MSUB
            | O::UMADDL
            | O::UMSUBL
            | O::SMADDL
            | O::SMSUBL
            | O::UMULH
            | O::SMULH
            | O::UDIV
            | O::SDIV
            | O::RBIT
            | O::REV
            | O::REV16
            | O::REV32
            | O::CLZ
    )
}

/// Instructions that sign pointers, or strip or check their signatures.
fn is_signature(opcode: Opcode) -> bool {
    use Opcode as O;
    matches!(
        opcode,
        O::PACIA
            | O::PACIB
            | O::PACDA
            | O::PACDB
            | O::PACIZA
            | O::PACIZB
            | O::PACDZA
            | O::PACDZB
            | O::AUTIA
            | O::AUTIB
            | O::AUTDA
            | O::AUTDB
            | O::AUTIZA
            | O::AUTIZB
            | O::AUTDZA
            | O::AUTDZB
            | O::XPACI
            | O::XPACD
            | O::PACIASP
            | O::PACIAZ
            | O::PACIA1716
            | O::PACIBSP
            | O::PACIBZ
            | O::PACIB1716
            | O::AUTIASP
            | O::AUTIAZ
            | O::AUTIA1716
            | O::AUTIBSP
            | O::AUTIBZ
            | O::AUTIB1716
            | O::XPACLRI
            | O::PACM
    )
}

/// Instructions that change nothing that is seen here. The names of landing pads are among the hints.
fn is_hint(opcode: Opcode) -> bool {
    use Opcode as O;
    matches!(
        opcode,
        O::HINT | O::ISB | O::DSB(_) | O::DMB(_) | O::SB | O::CLREX | O::PSSBB | O::SSBB | O::PRFM | O::PRFUM
    )
}

/// Whether the result of a comparison is thrown away.
pub(super) fn is_zero(operand: Operand) -> bool {
    matches!(operand, Operand::Register(_, 31))
}

pub(super) fn is_negative(number: u64, size: u8) -> bool {
    number & mask(size) > mask(size) >> 1
}

pub(super) fn compared(register: Operand, size: u8, number: Option<u64>) -> Option<Compared> {
    let register = register_of(register).filter(|register| *register != STACK_POINTER)?;
    Some(Compared { register, size, number: number? })
}

fn sum_flags(sum: Sum, size: u8) -> Flags {
    Flags {
        negative: Some(is_negative(sum.result, size)),
        zero: Some(sum.result == 0),
        carry: Some(sum.carry),
        overflow: Some(sum.overflow),
        ..Flags::default()
    }
}

/// A sum or difference and the flags that it sets.
fn sum(left: Value, right: Value, subtracts: bool, same: bool, size: u8) -> (Value, Flags) {
    let equal = same || matches!((left, right), (Value::Object(one), Value::Object(other)) if one == other);
    let known = match (left, right) {
        (Value::Known(left), Value::Known(right)) => Some((left, right)),
        // A difference of equal values is that of any.
        _ if subtracts && equal => Some((0, 0)),
        _ => None,
    };
    if let Some((left, right)) = known {
        let sum = add_with_carry(left, if subtracts { !right } else { right }, subtracts, size);
        return (Value::Known(sum.result), sum_flags(sum, size));
    }
    let result = match (left, right) {
        // What is not null, less something, may be null; an object's address, less a header, is not.
        (object @ Value::Object(_), Value::Known(number)) if subtracts => object.plus(number.wrapping_neg()),
        (value, Value::Known(0)) => value,
        (value, Value::Known(number)) | (Value::Known(number), value) if !subtracts => value.plus(number),
        _ => Value::Unknown,
    };
    let flags = match right {
        // No borrow and no overflow: what remains open is the sign.
        Value::Known(0) => {
            Flags { zero: left.is_zero(), carry: Some(subtracts), overflow: Some(false), ..Flags::default() }
        }
        _ => Flags::default(),
    };
    (result.low(size, 8), flags)
}
