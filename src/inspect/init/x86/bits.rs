//! Bit tests, scans and rotations, and products and quotients of double width.
//!
//! A result is known where all operands are; the flags that the manual leaves undefined are not known.

use super::X86;
use super::flow::{Flags, result_flags};
use crate::inspect::init::memory::{Full, Memory};
use crate::inspect::init::value::{Value, byte, low_half, mask, sign_extend};
use iced_x86::{Instruction, Mnemonic, OpKind};

/// `rax`, `eax`, `ax` or `al`.
const ACCUMULATOR: usize = 0;

/// `rdx`, `edx` or `dx`, the upper half of a double-width number.
const DATA: usize = 2;

impl X86 {
    /// Executes one of this file's instructions; where an operand is unknown, all that it writes is.
    pub(super) fn bits(
        &mut self,
        memory: &mut Memory,
        instruction: &Instruction,
        size: u8,
    ) -> Result<(), Full> {
        use Mnemonic as M;
        let done = match instruction.mnemonic() {
            M::Bt | M::Bts | M::Btr | M::Btc => self.bit_test(memory, instruction, size)?,
            M::Rol | M::Ror => self.rotate(memory, instruction, size)?,
            M::Bsf | M::Bsr | M::Tzcnt | M::Lzcnt | M::Popcnt => self.scan(memory, instruction, size)?,
            M::Bswap => {
                let swapped = |number: u64| number.swap_bytes() >> (64 - u32::from(size) * 8);
                let value = self.read(memory, instruction, 0).map(swapped);
                self.write(memory, instruction, 0, value)?;
                true
            }
            M::Shld | M::Shrd => self.double_shift(memory, instruction, size)?,
            M::Shlx | M::Shrx | M::Sarx | M::Rorx | M::Andn => {
                self.three_operands(memory, instruction, size)?
            }
            M::Mul | M::Imul => self.wide_product(memory, instruction, size),
            M::Div | M::Idiv => self.quotient(memory, instruction, size),
            M::Cwde | M::Cbw | M::Cwd | M::Cdq | M::Cqo => self.extend_accumulator(instruction),
            _ => false,
        };
        if done { Ok(()) } else { self.forget(memory, instruction) }
    }

    /// A bit of a register. With a register for its number, one of memory may lie anywhere.
    fn bit_test(&mut self, memory: &mut Memory, instruction: &Instruction, size: u8) -> Result<bool, Full> {
        let anywhere = instruction.op_kind(0) == OpKind::Memory && instruction.op_kind(1) == OpKind::Register;
        let (Value::Known(old), Value::Known(number), false) =
            (self.read(memory, instruction, 0), self.read(memory, instruction, 1), anywhere)
        else {
            return Ok(false);
        };
        let bit = 1_u64 << (number % (u64::from(size) * 8));
        let new = match instruction.mnemonic() {
            Mnemonic::Bts => Some(old | bit),
            Mnemonic::Btr => Some(old & !bit),
            Mnemonic::Btc => Some(old ^ bit),
            _ => None,
        };
        if let Some(new) = new {
            self.write(memory, instruction, 0, Value::Known(new))?;
        }
        self.flags = Flags { carry: Some(old & bit != 0), zero: self.flags.zero, ..Flags::default() };
        Ok(true)
    }

    fn rotate(&mut self, memory: &mut Memory, instruction: &Instruction, size: u8) -> Result<bool, Full> {
        let (Value::Known(old), Value::Known(count)) =
            (self.read(memory, instruction, 0), self.read(memory, instruction, 1))
        else {
            return Ok(false);
        };
        let left = instruction.mnemonic() == Mnemonic::Rol;
        let rotated = rotated(old & mask(size), byte(count), size, left);
        self.write(memory, instruction, 0, Value::Known(rotated))?;
        if byte(count) & if size == 8 { 63 } else { 31 } != 0 {
            // The bit that came around.
            let bit = if left { rotated } else { rotated >> (size * 8 - 1) } & 1;
            let Flags { zero, sign, parity, .. } = self.flags;
            self.flags = Flags { zero, sign, parity, carry: Some(bit == 1), ..Flags::default() };
        }
        Ok(true)
    }

    fn scan(&mut self, memory: &mut Memory, instruction: &Instruction, size: u8) -> Result<bool, Full> {
        use Mnemonic as M;
        let Value::Known(number) = self.read(memory, instruction, 1) else { return Ok(false) };
        let number = number & mask(size);
        let bits = u32::from(size) * 8;
        let leading = number.leading_zeros().saturating_sub(64 - bits);
        let result = match instruction.mnemonic() {
            // The destination is undefined where there is no bit.
            M::Bsf | M::Bsr if number == 0 => None,
            M::Bsf | M::Tzcnt => Some(number.trailing_zeros().min(bits)),
            M::Bsr => Some(bits - 1 - leading),
            M::Lzcnt => Some(leading),
            _ => Some(number.count_ones()),
        };
        let value = result.map_or(Value::Unknown, |result| Value::Known(result.into()));
        self.write(memory, instruction, 0, value)?;
        let counted = matches!(instruction.mnemonic(), M::Tzcnt | M::Lzcnt);
        self.flags = Flags {
            zero: if counted { result.map(|result| result == 0) } else { Some(number == 0) },
            carry: if counted { Some(number == 0) } else { None },
            ..Flags::default()
        };
        Ok(true)
    }

    fn double_shift(
        &mut self,
        memory: &mut Memory,
        instruction: &Instruction,
        size: u8,
    ) -> Result<bool, Full> {
        let operand = |index| self.read(memory, instruction, index).known();
        let (Some(to), Some(from), Some(count)) = (operand(0), operand(1), operand(2)) else {
            return Ok(false);
        };
        let bits = u64::from(size) * 8;
        let count = count & if size == 8 { 63 } else { 31 };
        if count >= bits || size < 4 {
            return Ok(false);
        }
        let (to, from) = (u128::from(to & mask(size)), u128::from(from & mask(size)));
        let result = if instruction.mnemonic() == Mnemonic::Shld {
            low_half((to << bits | from) << count >> bits)
        } else {
            low_half((from << bits | to) >> count)
        } & mask(size);
        self.write(memory, instruction, 0, Value::Known(result))?;
        if count != 0 {
            self.flags = result_flags(result, size);
        }
        Ok(true)
    }

    /// The shifts of BMI2, which leave the flags alone, and `andn` of BMI1.
    fn three_operands(
        &mut self,
        memory: &mut Memory,
        instruction: &Instruction,
        size: u8,
    ) -> Result<bool, Full> {
        let (Value::Known(left), Value::Known(right)) =
            (self.read(memory, instruction, 1), self.read(memory, instruction, 2))
        else {
            return Ok(false);
        };
        let left = left & mask(size);
        let count = right & (u64::from(size) * 8 - 1);
        let result = match instruction.mnemonic() {
            Mnemonic::Shlx => left << count,
            Mnemonic::Shrx => left >> count,
            Mnemonic::Sarx => (sign_extend(left, size).cast_signed() >> count).cast_unsigned(),
            Mnemonic::Rorx => rotated(left, byte(right), size, false),
            _ => !left & right,
        } & mask(size);
        self.write(memory, instruction, 0, Value::Known(result))?;
        if instruction.mnemonic() == Mnemonic::Andn {
            self.flags = Flags { carry: Some(false), overflow: Some(false), ..result_flags(result, size) };
        }
        Ok(true)
    }

    /// `mul` and `imul` with one operand: the product fills two registers.
    fn wide_product(&mut self, memory: &Memory, instruction: &Instruction, size: u8) -> bool {
        let (Value::Known(factor), Value::Known(own)) =
            (self.read(memory, instruction, 0), self.general(ACCUMULATOR).low(size, self.pointer))
        else {
            return false;
        };
        if size < 4 {
            return false;
        }
        let product = if instruction.mnemonic() == Mnemonic::Mul {
            u128::from(factor & mask(size)) * u128::from(own)
        } else {
            let signed = |number| i128::from(sign_extend(number, size).cast_signed());
            (signed(factor & mask(size)) * signed(own)).cast_unsigned()
        };
        self.set_general(ACCUMULATOR, Value::Known(low_half(product) & mask(size)));
        self.set_general(DATA, Value::Known(low_half(product >> (u32::from(size) * 8)) & mask(size)));
        self.flags = Flags::default();
        true
    }

    /// `div` and `idiv`. One that traps (by zero, or too large a quotient) makes nothing known.
    fn quotient(&mut self, memory: &Memory, instruction: &Instruction, size: u8) -> bool {
        if size < 4 {
            return false;
        }
        let low = |value: Value| value.low(size, self.pointer).known();
        let operands =
            (low(self.general(DATA)), low(self.general(ACCUMULATOR)), low(self.read(memory, instruction, 0)));
        let (Some(high), Some(low), Some(divisor)) = operands else { return false };
        let bits = u32::from(size) * 8;
        let dividend = u128::from(high) << bits | u128::from(low);
        let both = if instruction.mnemonic() == Mnemonic::Div {
            let divisor = u128::from(divisor);
            let quotient = dividend.checked_div(divisor).filter(|quotient| *quotient <= mask(size).into());
            quotient.map(|quotient| (low_half(quotient), low_half(dividend % divisor)))
        } else {
            let unused = 128 - bits * 2;
            let dividend = (dividend << unused).cast_signed() >> unused;
            let divisor = i128::from(sign_extend(divisor, size).cast_signed());
            let largest = i128::from(mask(size) >> 1);
            let fits = |quotient: &i128| (-largest - 1..=largest).contains(quotient);
            let quotient = dividend.checked_div(divisor).filter(fits);
            let all = |number: i128| low_half(number.cast_unsigned()) & mask(size);
            quotient.map(|quotient| (all(quotient), all(dividend % divisor)))
        };
        let Some((quotient, rest)) = both else { return false };
        self.set_general(ACCUMULATOR, Value::Known(quotient));
        self.set_general(DATA, Value::Known(rest));
        self.flags = Flags::default();
        true
    }

    /// The sign of the accumulator goes into its upper half or into `rdx`.
    fn extend_accumulator(&mut self, instruction: &Instruction) -> bool {
        let Some(number) = self.general(ACCUMULATOR).known() else { return false };
        match instruction.mnemonic() {
            Mnemonic::Cwde => {
                let value = sign_extend(number & mask(2), 2) & mask(4);
                self.set_general(ACCUMULATOR, Value::Known(value));
            }
            Mnemonic::Cdq => {
                let sign = sign_extend(number & mask(4), 4) >> 32;
                self.set_general(DATA, Value::Known(sign));
            }
            Mnemonic::Cqo => {
                let sign = (number.cast_signed() >> 63).cast_unsigned();
                self.set_general(DATA, Value::Known(sign));
            }
            // Of 16 bits: no compiler needs them.
            _ => return false,
        }
        true
    }
}

/// Whether an instruction is one of this file's. Products of two or three operands are plain arithmetic.
pub(super) fn is_of_bits(mnemonic: Mnemonic) -> bool {
    use Mnemonic as M;
    matches!(
        mnemonic,
        M::Bt
            | M::Bts
            | M::Btr
            | M::Btc
            | M::Rol
            | M::Ror
            | M::Bsf
            | M::Bsr
            | M::Tzcnt
            | M::Lzcnt
            | M::Popcnt
            | M::Bswap
            | M::Shld
            | M::Shrd
            | M::Shlx
            | M::Shrx
            | M::Sarx
            | M::Rorx
            | M::Andn
            | M::Mul
            | M::Imul
            | M::Div
            | M::Idiv
            | M::Cwde
            | M::Cbw
            | M::Cwd
            | M::Cdq
            | M::Cqo
    )
}

/// The low `size` bytes rotated.
fn rotated(number: u64, count: u8, size: u8, left: bool) -> u64 {
    let bits = u32::from(size) * 8;
    let count = u32::from(count & if size == 8 { 63 } else { 31 }) % bits;
    let count = if left { count } else { (bits - count) % bits };
    let number = u128::from(number & mask(size));
    low_half(number << count | (number << count) >> bits) & mask(size)
}
