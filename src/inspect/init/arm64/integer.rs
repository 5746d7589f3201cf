//! What instructions compute in general registers.

use super::super::memory::{Full, Memory};
use super::super::value::{Sum, Value, add_with_carry, byte, low_half, mask, sign_extend};
use super::operands::{register_of, rotated, size_of};
use super::{Arm64, Compared, Flags, STACK_POINTER};
use yaxpeax_arm::armv8::a64::{Instruction, Opcode, Operand};

/// `mrs` operands: `op0` (less 2), `op1`, `CRn`, `CRm` and `op2` of `TPIDR_EL0`, which is the thread pointer
/// on Linux, and `TPIDRRO_EL0`, which is on macOS.
const THREAD_POINTERS: [u16; 2] = [0x5e82, 0x5e83];

impl Arm64 {
    /// Executes an instruction that goes on to the next one.
    pub(super) fn compute(&mut self, memory: &mut Memory, instruction: &Instruction) -> Result<(), Full> {
        use Opcode as O;
        let [first, second, ..] = instruction.operands;
        // Vector instructions share the names of some of these.
        let Some(size) = size_of(first) else { return self.without_destination(memory, instruction) };
        match instruction.opcode {
            O::MOVZ => self.set(first, self.read(second)),
            O::MOVN => {
                self.set(first, self.read(second).known().map_or(Value::Unknown, |n| Value::Known(!n)));
            }
            O::MOVK => self.move_part(first, second),
            O::ADR => self.set(first, self.code_address(second)),
            O::ADRP => {
                let page = self.counter & !0xfff;
                let value = match second {
                    Operand::PCOffset(offset) => Value::Known(page.wrapping_add_signed(offset)),
                    _ => Value::Unknown,
                };
                self.set(first, value);
            }
            O::ADD | O::ADDS | O::SUB | O::SUBS => self.add_or_subtract(instruction, size),
            O::ADC | O::ADCS | O::SBC | O::SBCS => self.add_carry(instruction, size),
            O::AND | O::ANDS | O::BIC | O::BICS | O::ORR | O::ORN | O::EOR | O::EON => {
                self.logic(instruction, size);
            }
            O::CSEL | O::CSINC | O::CSINV | O::CSNEG => self.select(instruction),
            O::CCMP | O::CCMN => self.compare_if(instruction, size),
            O::UBFM | O::SBFM | O::BFM => self.bit_field(instruction, size),
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
            | O::CLZ => {
                let value = self.known_result(instruction, size);
                self.set(first, value.map_or(Value::Unknown, Value::Known));
            }
            O::MRS => {
                let thread =
                    matches!(second, Operand::SystemReg(number) if THREAD_POINTERS.contains(&number));
                let value = if thread { Value::Known(memory.space.regions.thread) } else { Value::Unknown };
                self.set(first, value);
            }
            // Pointers are never signed here: to strip or to check a signature changes nothing.
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
            | O::XPACD => {}
            _ => return self.transfer(memory, instruction),
        }
        Ok(())
    }

    fn without_destination(&mut self, memory: &mut Memory, instruction: &Instruction) -> Result<(), Full> {
        use Opcode as O;
        match instruction.opcode {
            O::HINT
            | O::ISB
            | O::DSB(_)
            | O::DMB(_)
            | O::SB
            | O::CLREX
            | O::PSSBB
            | O::SSBB
            | O::PRFM
            | O::PRFUM
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
            | O::PACM => Ok(()),
            // A system call gives something unknown.
            O::SVC => {
                self.set_general(0, Value::Unknown);
                Ok(())
            }
            _ => self.transfer(memory, instruction),
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

    // ---- sums ------------------------------------------------------------------------------------------

    fn add_or_subtract(&mut self, instruction: &Instruction, size: u8) {
        let [first, second, third, _] = instruction.operands;
        let subtracts = matches!(instruction.opcode, Opcode::SUB | Opcode::SUBS);
        let (left, right) = (self.read(second), self.read(third).low(size, 8));
        let same = register_of(second).is_some() && register_of(second) == register_of(third);
        let (result, flags) = sum(left, right, subtracts, same, size);
        let is_comparison = is_zero(first);
        let chosen = self.is_learnt(second) || self.is_learnt(third);
        self.set(first, result);
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

    // ---- bits ------------------------------------------------------------------------------------------

    fn logic(&mut self, instruction: &Instruction, size: u8) {
        use Opcode as O;
        let [first, second, third, _] = instruction.operands;
        let left = self.read(second);
        let right = self.read(third).low(size, 8);
        let inverts = matches!(instruction.opcode, O::BIC | O::BICS | O::ORN | O::EON);
        let same = !inverts && register_of(second).is_some() && register_of(second) == register_of(third);
        let right = match right {
            Value::Known(number) if inverts => Value::Known(!number & mask(size)),
            _ if inverts => Value::Unknown,
            value => value,
        };
        let result = match instruction.opcode {
            O::AND | O::ANDS | O::BIC | O::BICS => and(left, right, same, size),
            O::ORR | O::ORN => or(left, right, same, size),
            _ => exclusive_or(left, right, same),
        };
        let is_test = is_zero(first);
        let chosen = self.is_learnt(second) || self.is_learnt(third);
        self.set(first, result);
        if matches!(instruction.opcode, O::ANDS | O::BICS) {
            self.flags = Flags {
                negative: result.known().map(|number| is_negative(number, size)),
                zero: result.is_zero(),
                carry: Some(false),
                overflow: Some(false),
                compared: match is_test {
                    false => compared(first, size, Some(0)),
                    true if same => compared(second, size, Some(0)),
                    true => None,
                },
                chosen,
            };
        }
    }

    /// `ubfm`, `sbfm` and `bfm`, which shifts by numbers, extensions and field moves are made of.
    fn bit_field(&mut self, instruction: &Instruction, size: u8) {
        let [first, second, rotation, last] = instruction.operands;
        let (Value::Known(source), Operand::Immediate(rotation), Operand::Immediate(last)) =
            (self.read(second), rotation, last)
        else {
            return self.set(first, Value::Unknown);
        };
        let bits = u32::from(size) * 8;
        let (field, width, shift) = if last >= rotation {
            (source.checked_shr(rotation).unwrap_or(0), last - rotation + 1, 0)
        } else {
            (source, last + 1, bits.saturating_sub(rotation))
        };
        let place = low_bits(width).checked_shl(shift).unwrap_or(0);
        let moved = (field & low_bits(width)).checked_shl(shift).unwrap_or(0);
        let value = match instruction.opcode {
            Opcode::UBFM => Value::Known(moved),
            Opcode::SBFM => {
                let unused = 64_u32.saturating_sub(width + shift);
                Value::Known(((moved << unused).cast_signed() >> unused).cast_unsigned())
            }
            _ => match self.read(first) {
                Value::Known(old) => Value::Known(old & !place | moved),
                _ => Value::Unknown,
            },
        };
        self.set(first, value);
    }

    /// Results that are known where all operands are.
    fn known_result(&self, instruction: &Instruction, size: u8) -> Option<u64> {
        use Opcode as O;
        let [_, second, third, fourth] = instruction.operands;
        let bits = u32::from(size) * 8;
        let all = mask(size);
        let (left, right) = (self.read(second), self.read(third));
        let product =
            matches!(instruction.opcode, O::MADD | O::MSUB | O::UMADDL | O::UMSUBL | O::SMADDL | O::SMSUBL);
        if product && (left == Value::ZERO || right == Value::ZERO) {
            return self.read(fourth).known();
        }
        let left = left.known()?;
        let right = || right.known();
        let amount = || Some(u32::from(byte(right()? % u64::from(bits))));
        let signed = |number: u64| sign_extend(number, size).cast_signed();
        let low = |number: u64| sign_extend(number & mask(4), 4);
        let wide = |product: u64, adds: bool| {
            let third = self.read(fourth).known()?;
            Some(if adds { third.wrapping_add(product) } else { third.wrapping_sub(product) })
        };
        let result = match instruction.opcode {
            O::EXTR => {
                let shift = u32::from(byte(self.read(fourth).known()?));
                let both = u128::from(left) << bits | u128::from(right()?);
                low_half(both.checked_shr(shift)?)
            }
            O::LSLV => left << amount()?,
            O::LSRV => left >> amount()?,
            O::ASRV => (signed(left) >> amount()?).cast_unsigned(),
            O::RORV => rotated(left, amount()?, bits),
            O::MADD | O::UMADDL => wide(left.wrapping_mul(right()?), true)?,
            O::MSUB | O::UMSUBL => wide(left.wrapping_mul(right()?), false)?,
            O::SMADDL => wide(low(left).wrapping_mul(low(right()?)), true)?,
            O::SMSUBL => wide(low(left).wrapping_mul(low(right()?)), false)?,
            O::UMULH => ((u128::from(left) * u128::from(right()?)) >> 64) as u64,
            O::SMULH => low_half(
                ((i128::from(left.cast_signed()) * i128::from(right()?.cast_signed())) >> 64).cast_unsigned(),
            ),
            // A division by zero gives zero.
            O::UDIV => left.checked_div(right()?).unwrap_or(0),
            O::SDIV => match signed(right()?) {
                0 => 0,
                right => signed(left).wrapping_div(right).cast_unsigned(),
            },
            O::RBIT => left.reverse_bits() >> (64 - bits),
            O::REV => left.swap_bytes() >> (64 - bits),
            O::REV16 => (left & 0x00ff_00ff_00ff_00ff) << 8 | left >> 8 & 0x00ff_00ff_00ff_00ff,
            O::REV32 => left.swap_bytes().rotate_right(32),
            O::CLZ => u64::from(left.leading_zeros() - (64 - bits)),
            _ => return None,
        };
        Some(result & all)
    }
}

/// Whether the result of a comparison is thrown away.
fn is_zero(operand: Operand) -> bool {
    matches!(operand, Operand::Register(_, 31))
}

fn is_negative(number: u64, size: u8) -> bool {
    number & mask(size) > mask(size) >> 1
}

fn low_bits(count: u32) -> u64 {
    1_u64.checked_shl(count).map_or(u64::MAX, |bit| bit - 1)
}

fn compared(register: Operand, size: u8, number: Option<u64>) -> Option<Compared> {
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

fn and(left: Value, right: Value, same: bool, size: u8) -> Value {
    match (left, right) {
        (Value::Known(left), Value::Known(right)) => Value::Known(left & right),
        (Value::Known(0), _) | (_, Value::Known(0)) => Value::ZERO,
        (value, Value::Known(number)) | (Value::Known(number), value) if number == mask(size) => value,
        (value, _) if same => value,
        _ => Value::Unknown,
    }
}

fn or(left: Value, right: Value, same: bool, size: u8) -> Value {
    match (left, right) {
        (Value::Known(left), Value::Known(right)) => Value::Known(left | right),
        (value, Value::Known(0)) | (Value::Known(0), value) => value,
        (_, Value::Known(number)) | (Value::Known(number), _) if number == mask(size) => Value::Known(number),
        (_, Value::Known(_)) | (Value::Known(_), _) if size == 8 => Value::NonNull,
        (value, _) if same => value,
        _ => Value::Unknown,
    }
}

fn exclusive_or(left: Value, right: Value, same: bool) -> Value {
    match (left, right) {
        (Value::Known(left), Value::Known(right)) => Value::Known(left ^ right),
        _ if same => Value::ZERO,
        (value, Value::Known(0)) | (Value::Known(0), value) => value,
        _ => Value::Unknown,
    }
}
