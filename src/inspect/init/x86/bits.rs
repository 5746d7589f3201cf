//! Rotations, double shifts, bit tests and scans, and what spreads over two registers: products, quotients and
//! extensions of the sign.

use super::X86;
use super::flow::{Flags, result_flags};
use crate::inspect::init::memory::{Full, Memory};
use crate::inspect::init::value::{Value, byte, low_half, mask, sign_extend};
use iced_x86::{Instruction, Mnemonic, OpKind};

/// Numbers of the registers that hold the low and the high half of a product or a dividend.
const LOW: usize = 0;
const HIGH: usize = 2;

impl X86 {
    /// Executes one of the instructions of this file; false where it is none of them.
    pub(super) fn bits(
        &mut self,
        memory: &mut Memory,
        instruction: &Instruction,
        size: u8,
    ) -> Result<bool, Full> {
        use Mnemonic as M;
        let unary = instruction.op_count() == 1;
        match instruction.mnemonic() {
            M::Rol | M::Ror => self.rotate(memory, instruction, size)?,
            M::Shld | M::Shrd => self.double_shift(memory, instruction, size)?,
            M::Bsf | M::Bsr | M::Tzcnt | M::Lzcnt | M::Popcnt => self.scan(memory, instruction, size)?,
            M::Bt | M::Bts | M::Btr | M::Btc
                if instruction.op0_kind() == OpKind::Register
                    || instruction.op1_kind() != OpKind::Register =>
            {
                self.bit_test(memory, instruction, size)?;
            }
            M::Bswap if size >= 4 => {
                let unused = 64 - u32::from(size) * 8;
                let swapped = self.read(memory, instruction, 0).map(|number| number.swap_bytes() >> unused);
                self.write(memory, instruction, 0, swapped)?;
            }
            M::Mul | M::Imul if unary && size >= 4 => self.long_product(memory, instruction, size),
            M::Div | M::Idiv if size >= 4 => self.quotient(memory, instruction, size),
            M::Cwde => self.set_half(LOW, 4, self.general(LOW).low(2, 8).map(|n| sign_extend(n, 2))),
            M::Cdq => self.set_half(HIGH, 4, self.general(LOW).low(4, 8).map(|n| sign(n, 4))),
            M::Cqo => self.set_half(HIGH, 8, self.general(LOW).map(|n| sign(n, 8))),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn set_half(&mut self, register: usize, size: u8, value: Value) {
        self.set_general(register, value.low(size, self.pointer));
    }

    /// The count of a shift: of a larger one the processor takes the low bits.
    fn count(&self, memory: &Memory, instruction: &Instruction, operand: u32, size: u8) -> Option<u32> {
        let count = u32::from(byte(self.read(memory, instruction, operand).known()?));
        Some(count & if size == 8 { 63 } else { 31 })
    }

    fn rotate(&mut self, memory: &mut Memory, instruction: &Instruction, size: u8) -> Result<(), Full> {
        let bits = u32::from(size) * 8;
        let count = self.count(memory, instruction, 1, size);
        let old = self.read(memory, instruction, 0).low(size, self.pointer);
        let is_left = instruction.mnemonic() == Mnemonic::Rol;
        let result = match (old, count) {
            (value, Some(0)) => value,
            (Value::Known(number), Some(count)) => {
                let left = if is_left { count % bits } else { (bits - count % bits) % bits };
                let wrapped = number.checked_shr(bits - left).unwrap_or(0);
                Value::Known((number << left | wrapped) & mask(size))
            }
            _ => Value::Unknown,
        };
        if count != Some(0) {
            // Of the others it leaves all as they are.
            let carried = if is_left { 0 } else { bits - 1 };
            self.flags.carry = result.known().map(|number| number >> carried & 1 != 0);
            self.flags.overflow = None;
        }
        self.write(memory, instruction, 0, result)
    }

    fn double_shift(&mut self, memory: &mut Memory, instruction: &Instruction, size: u8) -> Result<(), Full> {
        let bits = u32::from(size) * 8;
        let count = self.count(memory, instruction, 2, size);
        let operands = [0, 1].map(|operand| self.read(memory, instruction, operand).low(size, self.pointer));
        let result = match (operands, count) {
            ([old, _], Some(0)) => return self.write(memory, instruction, 0, old),
            ([Value::Known(old), Value::Known(filler)], Some(count)) if count <= bits => {
                let rest = bits - count;
                let (old, filler) = match instruction.mnemonic() {
                    Mnemonic::Shld => (old.checked_shl(count), filler.checked_shr(rest)),
                    _ => (old.checked_shr(count), filler.checked_shl(rest)),
                };
                Value::Known((old.unwrap_or(0) | filler.unwrap_or(0)) & mask(size))
            }
            _ => Value::Unknown,
        };
        self.flags = result.known().map_or(Flags::default(), |number| result_flags(number, size));
        self.write(memory, instruction, 0, result)
    }

    /// Where the lowest or highest bit is, and how many there are.
    fn scan(&mut self, memory: &mut Memory, instruction: &Instruction, size: u8) -> Result<(), Full> {
        let bits = u32::from(size) * 8;
        let source = self.read(memory, instruction, 1).low(size, self.pointer);
        let mnemonic = instruction.mnemonic();
        let leading = |number: u64| number.leading_zeros() - (64 - bits);
        let found = source.known().and_then(|number| match mnemonic {
            // These leave what was there, or anything, where no bit is set.
            Mnemonic::Bsf | Mnemonic::Bsr if number == 0 => None,
            Mnemonic::Bsr => Some(bits - 1 - leading(number)),
            Mnemonic::Lzcnt => Some(leading(number)),
            Mnemonic::Popcnt => Some(number.count_ones()),
            _ => Some(number.trailing_zeros().min(bits)),
        });
        let counts = matches!(mnemonic, Mnemonic::Tzcnt | Mnemonic::Lzcnt);
        self.flags = Flags {
            zero: if counts { found.map(|count| count == 0) } else { source.is_zero() },
            carry: if counts { source.is_zero() } else { None },
            ..Flags::default()
        };
        self.write(memory, instruction, 0, found.map_or(Value::Unknown, |count| Value::Known(count.into())))
    }

    fn bit_test(&mut self, memory: &mut Memory, instruction: &Instruction, size: u8) -> Result<(), Full> {
        let bits = u64::from(size) * 8;
        let old = self.read(memory, instruction, 0).low(size, self.pointer);
        let bit = self.read(memory, instruction, 1).known().map(|number| 1_u64 << (number % bits));
        let both = old.known().zip(bit);
        let zero = self.flags.zero;
        self.flags = Flags { zero, carry: both.map(|(old, bit)| old & bit != 0), ..Flags::default() };
        let changed = |change: fn(u64, u64) -> u64| {
            both.map_or(Value::Unknown, |(old, bit)| Value::Known(change(old, bit)))
        };
        let result = match instruction.mnemonic() {
            Mnemonic::Bts => changed(|old, bit| old | bit),
            Mnemonic::Btr => changed(|old, bit| old & !bit),
            Mnemonic::Btc => changed(|old, bit| old ^ bit),
            _ => return Ok(()),
        };
        self.write(memory, instruction, 0, result)
    }

    fn long_product(&mut self, memory: &Memory, instruction: &Instruction, size: u8) {
        let factors = [self.general(LOW).low(size, self.pointer), self.read(memory, instruction, 0)];
        let signed = instruction.mnemonic() == Mnemonic::Imul;
        let extended = |number: u64| {
            let wide = i128::from(sign_extend(number, size).cast_signed()).cast_unsigned();
            if signed { wide } else { u128::from(number) }
        };
        self.flags = Flags::default();
        let product = match factors {
            [Value::Known(left), Value::Known(right)] => Some(extended(left).wrapping_mul(extended(right))),
            [Value::Known(0), _] | [_, Value::Known(0)] => Some(0),
            _ => None,
        };
        let half = |shift: u32| {
            product.map_or(Value::Unknown, |wide| Value::Known(low_half(wide >> shift) & mask(size)))
        };
        let halves = [half(0), half(u32::from(size) * 8)];
        self.set_half(LOW, size, halves[0]);
        self.set_half(HIGH, size, halves[1]);
    }

    /// A division by zero, or one whose result has no room, ends the process: what is unknown here is not met.
    fn quotient(&mut self, memory: &Memory, instruction: &Instruction, size: u8) {
        let bits = u32::from(size) * 8;
        let halves = [LOW, HIGH].map(|register| self.general(register).low(size, self.pointer).known());
        let divisor = self.read(memory, instruction, 0).known();
        let divided = match (halves, divisor) {
            ([Some(low), Some(high)], Some(divisor)) => {
                let dividend = u128::from(high) << bits | u128::from(low);
                if instruction.mnemonic() == Mnemonic::Div {
                    unsigned_quotient(dividend, divisor)
                } else {
                    let unused = 128 - 2 * bits;
                    signed_quotient((dividend << unused).cast_signed() >> unused, sign_extend(divisor, size))
                }
            }
            _ => None,
        };
        let (quotient, rest) = divided.unzip();
        let known = |number: Option<u64>| number.map_or(Value::Unknown, Value::Known);
        self.flags = Flags::default();
        self.set_half(LOW, size, known(quotient));
        self.set_half(HIGH, size, known(rest));
    }
}

/// All bits those of the sign of a number of `size` bytes.
fn sign(number: u64, size: u8) -> u64 {
    (sign_extend(number, size).cast_signed() >> 63).cast_unsigned()
}

fn unsigned_quotient(dividend: u128, divisor: u64) -> Option<(u64, u64)> {
    let divisor = u128::from(divisor);
    Some((low_half(dividend.checked_div(divisor)?), low_half(dividend.checked_rem(divisor)?)))
}

fn signed_quotient(dividend: i128, divisor: u64) -> Option<(u64, u64)> {
    let divisor = i128::from(divisor.cast_signed());
    let half = |number: i128| low_half(number.cast_unsigned());
    Some((half(dividend.checked_div(divisor)?), half(dividend.checked_rem(divisor)?)))
}
