//! Logic, shifts, bit fields, and what else is calculated bit by bit.

use super::Arm64;
use super::flow::Flags;
use super::integer::{compared, is_negative, is_zero};
use super::operands::{register_of, rotated};
use crate::inspect::init::value::{Value, byte, low_half, mask, sign_extend};
use yaxpeax_arm::armv8::a64::{Instruction, Opcode, Operand};

impl Arm64 {
    pub(super) fn logic(&mut self, instruction: &Instruction, size: u8) {
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
    pub(super) fn bit_field(&mut self, instruction: &Instruction, size: u8) {
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
    pub(super) fn calculated(&self, instruction: &Instruction, size: u8) -> Option<u64> {
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
        // The low byte says it: 256 is a multiple of both widths.
        let amount = || Some(u32::from(byte(right()?)) % bits);
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
            O::UMULH => low_half((u128::from(left) * u128::from(right()?)) >> 64),
            O::SMULH => {
                let product = i128::from(left.cast_signed()) * i128::from(right()?.cast_signed());
                low_half((product >> 64).cast_unsigned())
            }
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

fn low_bits(count: u32) -> u64 {
    1_u64.checked_shl(count).map_or(u64::MAX, |bit| bit - 1)
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
