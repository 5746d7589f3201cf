//! Moves and arithmetic on words.

use super::bits::is_of_bits;
use super::flow::{Flags, is_conditional_move, result_flags};
use super::operand::{bytes, writes_stack_pointer};
use super::{STACK_POINTER, X86};
use crate::inspect::init::memory::{Full, Memory};
use crate::inspect::init::value::{Value, below_block, mask, sign_extend};
use iced_x86::{ConditionCode, Instruction, Mnemonic, Register};

impl X86 {
    pub(super) fn compute(&mut self, memory: &mut Memory, instruction: &Instruction) -> Result<(), Full> {
        use Mnemonic as M;
        let size = if instruction.op_count() > 0 { Self::size(instruction, 0) } else { 0 };
        match instruction.mnemonic() {
            M::Mov | M::Movzx | M::Movnti if size <= 8 => {
                let value = self.read(memory, instruction, 1).low(size, self.pointer);
                self.write(memory, instruction, 0, value)
            }
            M::Movsx | M::Movsxd => {
                let from = Self::size(instruction, 1);
                let value = match self.read(memory, instruction, 1) {
                    Value::Known(number) => Value::Known(sign_extend(number, from) & mask(size)),
                    value => value.low(from, self.pointer),
                };
                self.write(memory, instruction, 0, value)
            }
            M::Lea => {
                let value = match self.address(instruction) {
                    Some(address) => Value::Known(address & mask(size)),
                    None => self.displaced(instruction),
                };
                self.write(memory, instruction, 0, value)
            }
            M::Add | M::Sub | M::Adc | M::Sbb | M::And | M::Or | M::Xor | M::Cmp | M::Test => {
                self.arithmetic(memory, instruction, size)
            }
            M::Inc | M::Dec | M::Neg | M::Not => self.unary(memory, instruction, size),
            M::Shl | M::Sal | M::Shr | M::Sar => self.shift(memory, instruction, size),
            M::Imul if instruction.op_count() > 1 => self.multiply(memory, instruction, size),
            mnemonic if is_of_bits(mnemonic) => self.bits(memory, instruction, size),
            M::Xchg => self.exchange(memory, instruction),
            M::Cmpxchg => self.compare_exchange(memory, instruction, size),
            M::Xadd => self.exchange_add(memory, instruction, size),
            M::Push | M::Pop | M::Leave => self.stack(memory, instruction),
            M::Cdqe => {
                let value = self.general(0).known().map(|number| sign_extend(number & mask(4), 4));
                self.set_general(0, value.map_or(Value::Unknown, Value::Known));
                Ok(())
            }
            M::Stosb | M::Stosd | M::Stosq | M::Movsb | M::Movsd | M::Movsq
                if instruction.is_string_instruction() =>
            {
                self.string(memory, instruction)
            }
            _ if is_conditional_move(instruction) => self.conditional_move(memory, instruction, size),
            _ if instruction.condition_code() != ConditionCode::None && size == 1 => {
                let value =
                    self.condition(instruction).map_or(Value::Unknown, |set| Value::Known(set.into()));
                self.write(memory, instruction, 0, value)
            }
            M::Nop | M::Endbr64 | M::Endbr32 | M::Pause | M::Mfence | M::Lfence | M::Sfence | M::Cld => {
                Ok(())
            }
            _ => self.vector_move(memory, instruction),
        }
    }

    /// What moves the stack pointer along with a value.
    fn stack(&mut self, memory: &mut Memory, instruction: &Instruction) -> Result<(), Full> {
        match instruction.mnemonic() {
            Mnemonic::Push => {
                let value = self.read(memory, instruction, 0).low(self.pointer, self.pointer);
                self.push(memory, value)
            }
            Mnemonic::Pop => {
                let value = self.pop(memory);
                self.write(memory, instruction, 0, value)
            }
            _ => {
                self.set_general(STACK_POINTER, self.general(5));
                let frame = self.pop(memory);
                self.set_general(5, frame);
                Ok(())
            }
        }
    }

    /// `lea` from a reference: still a reference, no longer the object itself.
    pub(super) fn displaced(&self, instruction: &Instruction) -> Value {
        let base = self.register(instruction.memory_base());
        if instruction.memory_index() == Register::None && instruction.memory_base() != Register::None {
            self.add(base, instruction.memory_displacement64())
        } else {
            Value::Unknown
        }
    }

    pub(super) fn arithmetic(
        &mut self,
        memory: &mut Memory,
        instruction: &Instruction,
        size: u8,
    ) -> Result<(), Full> {
        use Mnemonic as M;
        let mnemonic = instruction.mnemonic();
        let left = self.read(memory, instruction, 0);
        let right = self.read(memory, instruction, 1).low(size, self.pointer);
        let place = self.place(memory, instruction, 0);
        let same = place.is_some() && place == self.place(memory, instruction, 1);
        let borrow = match mnemonic {
            M::Adc | M::Sbb => self.flags.carry.map(u64::from),
            _ => Some(0),
        };
        let result = match (left, right, borrow) {
            (Value::Known(left), Value::Known(right), Some(borrow)) => {
                Value::Known(self.known_arithmetic(mnemonic, left, right, borrow, size))
            }
            _ => self.unknown_arithmetic(mnemonic, (left, right), same, size),
        };
        if let (M::Cmp | M::Test, Some(place)) = (mnemonic, place) {
            self.flags.compared = match (mnemonic, right) {
                (M::Cmp, Value::Known(number)) => Some((place, size, number)),
                (M::Test, _) if same => Some((place, size, 0)),
                _ => None,
            };
            return Ok(());
        }
        let result = match (mnemonic, result, left) {
            (M::Sub, Value::Unknown, top) if writes_stack_pointer(instruction) => below_block(top),
            _ => result,
        };
        self.write(memory, instruction, 0, result)?;
        // `and r, r` and the like leave the register as the result that the flags speak of.
        let plain = matches!(mnemonic, M::And | M::Or | M::Xor | M::Sub | M::Add);
        self.flags.compared = place.filter(|_| plain).map(|place| (place, size, 0));
        Ok(())
    }

    pub(super) fn known_arithmetic(
        &mut self,
        mnemonic: Mnemonic,
        left: u64,
        right: u64,
        borrow: u64,
        size: u8,
    ) -> u64 {
        use Mnemonic as M;
        let all = mask(size);
        let top = (all >> 1) + 1;
        let (left, right) = (left & all, right & all);
        let (result, carry, overflow) = match mnemonic {
            M::Add | M::Adc => {
                let wide = u128::from(left) + u128::from(right) + u128::from(borrow);
                let result = left.wrapping_add(right).wrapping_add(borrow) & all;
                (result, wide > u128::from(all), (left ^ result) & (right ^ result) & top != 0)
            }
            M::Sub | M::Cmp | M::Sbb => {
                let result = left.wrapping_sub(right).wrapping_sub(borrow) & all;
                let carry = u128::from(left) < u128::from(right) + u128::from(borrow);
                (result, carry, (left ^ right) & (left ^ result) & top != 0)
            }
            M::And | M::Test => (left & right, false, false),
            M::Or => (left | right, false, false),
            _ => (left ^ right, false, false),
        };
        self.flags = Flags { carry: Some(carry), overflow: Some(overflow), ..result_flags(result, size) };
        result
    }

    pub(super) fn unknown_arithmetic(
        &mut self,
        mnemonic: Mnemonic,
        operands: (Value, Value),
        same: bool,
        size: u8,
    ) -> Value {
        use Mnemonic as M;
        let carry = self.flags.carry;
        self.flags = Flags::default();
        let whole = size == self.pointer;
        match (mnemonic, operands) {
            (M::Xor | M::Sub, _) if same => {
                self.flags = Flags { carry: Some(false), overflow: Some(false), ..result_flags(0, size) };
                Value::ZERO
            }
            (M::Sbb, _) if same => match carry {
                Some(carry) => Value::Known(if carry { mask(size) } else { 0 }),
                None => Value::Unknown,
            },
            (M::Cmp, (Value::Object(one), Value::Object(other))) if one == other && whole => {
                self.flags = Flags { carry: Some(false), overflow: Some(false), ..result_flags(0, size) };
                Value::ZERO
            }
            (M::Cmp, (left, Value::Known(0)) | (Value::Known(0), left)) if whole => {
                self.flags.zero = left.is_zero();
                Value::Unknown
            }
            (M::Test, (value, _)) if same && whole => {
                self.flags.zero = value.is_zero();
                self.flags.carry = Some(false);
                self.flags.overflow = Some(false);
                Value::Unknown
            }
            (M::And | M::Test, (_, Value::Known(0)) | (Value::Known(0), _)) => {
                self.flags = Flags { carry: Some(false), overflow: Some(false), ..result_flags(0, size) };
                Value::ZERO
            }
            (M::Or, (_, Value::Known(number)) | (Value::Known(number), _)) if number == mask(size) => {
                self.flags =
                    Flags { carry: Some(false), overflow: Some(false), ..result_flags(number, size) };
                Value::Known(number)
            }
            (M::Add, (reference @ (Value::Object(_) | Value::NonNull), Value::Known(number))) if whole => {
                self.add(reference, number)
            }
            (M::And | M::Or, (value, _)) if same => {
                self.flags.zero = value.is_zero();
                value
            }
            _ => Value::Unknown,
        }
    }

    pub(super) fn unary(
        &mut self,
        memory: &mut Memory,
        instruction: &Instruction,
        size: u8,
    ) -> Result<(), Full> {
        let Value::Known(old) = self.read(memory, instruction, 0) else {
            if instruction.mnemonic() != Mnemonic::Not {
                self.flags = Flags { carry: self.flags.carry, ..Flags::default() };
            }
            return self.write(memory, instruction, 0, Value::Unknown);
        };
        let carry = self.flags.carry;
        let result = match instruction.mnemonic() {
            Mnemonic::Inc => {
                let result = self.known_arithmetic(Mnemonic::Add, old, 1, 0, size);
                self.flags.carry = carry;
                result
            }
            Mnemonic::Dec => {
                let result = self.known_arithmetic(Mnemonic::Sub, old, 1, 0, size);
                self.flags.carry = carry;
                result
            }
            Mnemonic::Neg => self.known_arithmetic(Mnemonic::Sub, 0, old, 0, size),
            _ => !old & mask(size),
        };
        self.write(memory, instruction, 0, Value::Known(result))
    }

    pub(super) fn shift(
        &mut self,
        memory: &mut Memory,
        instruction: &Instruction,
        size: u8,
    ) -> Result<(), Full> {
        let count =
            self.read(memory, instruction, 1).known().map(|count| count & if size == 8 { 63 } else { 31 });
        let old = self.read(memory, instruction, 0).known();
        let bits = u64::from(size) * 8;
        let result = if let (Some(old), Some(count)) = (old, count) {
            let number = match instruction.mnemonic() {
                Mnemonic::Shr if count < bits => old >> count,
                Mnemonic::Sar => (sign_extend(old, size).cast_signed() >> count.min(63)).cast_unsigned(),
                Mnemonic::Shl | Mnemonic::Sal if count < bits => old << count,
                _ => 0,
            };
            if count != 0 {
                self.flags = result_flags(number & mask(size), size);
            }
            Value::Known(number & mask(size))
        } else {
            self.flags = Flags::default();
            Value::Unknown
        };
        self.write(memory, instruction, 0, result)
    }

    pub(super) fn multiply(
        &mut self,
        memory: &mut Memory,
        instruction: &Instruction,
        size: u8,
    ) -> Result<(), Full> {
        let (left, right) = if instruction.op_count() == 3 { (1, 2) } else { (0, 1) };
        let factors = (self.read(memory, instruction, left), self.read(memory, instruction, right));
        self.flags = Flags::default();
        let product = match factors {
            (Value::Known(left), Value::Known(right)) => Value::Known(left.wrapping_mul(right) & mask(size)),
            (Value::Known(0), _) | (_, Value::Known(0)) => Value::ZERO,
            _ => Value::Unknown,
        };
        self.write(memory, instruction, 0, product)
    }

    pub(super) fn conditional_move(
        &mut self,
        memory: &mut Memory,
        instruction: &Instruction,
        size: u8,
    ) -> Result<(), Full> {
        let taken = self.forced.take().or_else(|| self.condition(instruction));
        let operand = u32::from(taken == Some(true));
        let value = self.read(memory, instruction, operand).low(size, self.pointer);
        self.write(memory, instruction, 0, value)
    }

    /// `rep stos` and `rep movs`, upwards, with a known count.
    pub(super) fn string(&mut self, memory: &mut Memory, instruction: &Instruction) -> Result<(), Full> {
        let unit = bytes(instruction.memory_size().size()).clamp(1, 8);
        let repeated = instruction.has_rep_prefix();
        let count = if repeated { self.general(1).known() } else { Some(1) };
        let (to, from) = (self.general(7), self.general(6));
        let stores = matches!(instruction.mnemonic(), Mnemonic::Stosb | Mnemonic::Stosd | Mnemonic::Stosq);
        let length = count.and_then(|count| count.checked_mul(u64::from(unit)));
        if let (Some(to), Some(length)) = (to.known(), length) {
            match (stores, from) {
                (true, _) => {
                    let value = self.general(0).low(unit, self.pointer);
                    for index in 0..length / u64::from(unit) {
                        self.store(memory, to.wrapping_add(index * u64::from(unit)), unit, value)?;
                    }
                }
                (false, Value::Known(from)) => memory.copy(to, from, length)?,
                (false, _) => memory.fill(to, None, length)?,
            }
        }
        let moved = |value: Value| length.map_or(Value::Unknown, |length| self.add(value, length));
        let (to, from) = (moved(to), moved(from));
        self.set_general(7, to);
        if !stores {
            self.set_general(6, from);
        }
        if repeated {
            self.set_general(1, Value::ZERO);
        }
        Ok(())
    }
}
