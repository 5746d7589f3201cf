//! Registers and the operands that name them.

use super::transfer::LOCAL_COUNT;
use super::{Arm64, LANES};
use crate::inspect::init::value::{Value, mask, sign_extend};
use std::rc::Rc;
use yaxpeax_arm::armv8::a64::{Operand, SIMDSizeCode, ShiftStyle, SizeCode};

/// Where a load or store goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The address, where it is known.
    pub address: Option<u64>,
    /// Base and distance of a plain access.
    pub field: Option<(Value, u64)>,
    /// A register that the access moves, and what to.
    pub moved: Option<(u16, Value)>,
}

/// Bytes of a general register's part.
pub(super) const fn bytes(size: SizeCode) -> u8 {
    match size {
        SizeCode::X => 8,
        SizeCode::W => 4,
    }
}

/// Bytes of a vector register's part.
pub(super) const fn vector_bytes(size: SIMDSizeCode) -> u8 {
    match size {
        SIMDSizeCode::B => 1,
        SIMDSizeCode::H => 2,
        SIMDSizeCode::S => 4,
        SIMDSizeCode::D => 8,
        SIMDSizeCode::Q => 16,
    }
}

/// Bytes of the general register that an operand names.
pub(super) const fn size_of(operand: Operand) -> Option<u8> {
    match operand {
        Operand::Register(size, _) | Operand::RegisterOrSP(size, _) => Some(bytes(size)),
        _ => None,
    }
}

/// The general register that an operand names, if it is not zero.
pub(super) const fn register_of(operand: Operand) -> Option<u16> {
    match operand {
        Operand::Register(_, number @ 0..=30)
        | Operand::RegisterOrSP(_, number)
        | Operand::RegShift(ShiftStyle::LSL | ShiftStyle::UXTX, 0, _, number @ 0..=30) => Some(number),
        _ => None,
    }
}

impl Arm64 {
    pub(super) fn general(&self, register: u16) -> Value {
        self.general.get(usize::from(register)).copied().unwrap_or(Value::Unknown)
    }

    pub(super) fn set_general(&mut self, register: u16, value: Value) {
        if self.flags.compared.is_some_and(|compared| compared.register == register) {
            self.flags.compared = None;
        }
        if let Some(place) = self.general.get_mut(usize::from(register)) {
            *place = value;
            self.learnt &= !(1 << register);
            self.loaded &= !(1 << register);
            self.counts &= !(1 << register);
        }
    }

    /// Whether an operand is a register whose value was learnt from a choice.
    pub(super) fn is_learnt(&self, operand: Operand) -> bool {
        register_of(operand).is_some_and(|register| self.learnt & 1 << register != 0)
    }

    /// Whether an operand is a register that a pointer was loaded into.
    pub(super) fn is_loaded(&self, operand: Operand) -> bool {
        register_of(operand).is_some_and(|register| self.loaded & 1 << register != 0)
    }

    /// Remembers that a pointer was loaded into a register.
    pub(super) fn mark_loaded(&mut self, operand: Operand) {
        if let Some(register) = register_of(operand) {
            self.loaded |= 1 << register;
        }
    }

    /// Remembers that a register points to an object's local reference count, which loops keep at hand.
    pub(super) fn mark_count(&mut self, operand: Operand) {
        if let Some(register) = register_of(operand) {
            self.counts |= 1 << register;
        }
    }

    fn zero_or_general(&self, register: u16) -> Value {
        if register == 31 { Value::ZERO } else { self.general(register) }
    }

    /// The value of a general register or an immediate.
    pub(super) fn read(&self, operand: Operand) -> Value {
        match operand {
            Operand::Register(size, number) => self.zero_or_general(number).low(bytes(size), 8),
            Operand::RegisterOrSP(size, number) => self.general(number).low(bytes(size), 8),
            Operand::Immediate(number) => Value::Known(number.into()),
            Operand::Imm16(number) => Value::Known(number.into()),
            Operand::Imm64(number) => Value::Known(number),
            Operand::ImmShift(number, shift) => {
                Value::Known(u64::from(number).checked_shl(shift.into()).unwrap_or(0))
            }
            Operand::RegShift(style, amount, size, number) => {
                shifted(self.zero_or_general(number).low(bytes(size), 8), style, amount, bytes(size))
            }
            _ => Value::Unknown,
        }
    }

    /// Writes a general register; a write of its lower half clears the upper one.
    pub(super) fn set(&mut self, operand: Operand, value: Value) {
        match operand {
            Operand::Register(size, number @ 0..=30) | Operand::RegisterOrSP(size, number) => {
                self.set_general(number, value.low(bytes(size), 8));
            }
            _ => {}
        }
    }

    /// The place that a memory operand means. `size` counts all bytes of the access.
    pub(super) fn place(&self, operand: Operand) -> Place {
        let base = |register| self.general(register);
        match operand {
            Operand::PCOffset(_) => {
                Place { address: self.code_address(operand).known(), field: None, moved: None }
            }
            Operand::RegPreIndex(register, offset, moves) => {
                let distance = i64::from(offset).cast_unsigned();
                let target = base(register).plus(distance);
                Place {
                    address: target.known(),
                    field: Some(self.field(register, distance)),
                    moved: moves.then_some((register, target)),
                }
            }
            Operand::RegPostIndex(register, offset) => Place {
                address: base(register).known(),
                field: Some((base(register), 0)),
                moved: Some((register, base(register).plus(i64::from(offset).cast_unsigned()))),
            },
            Operand::RegPostIndexReg(register, by) => {
                let moved = match self.zero_or_general(by) {
                    Value::Known(distance) => base(register).plus(distance),
                    _ => Value::Unknown,
                };
                Place { address: base(register).known(), field: None, moved: Some((register, moved)) }
            }
            Operand::RegRegOffset(register, index, size, style, amount) => {
                let index =
                    shifted(self.zero_or_general(index).low(bytes(size), 8), style, amount, bytes(size));
                let address = match (base(register), index) {
                    (Value::Known(base), Value::Known(index)) => Some(base.wrapping_add(index)),
                    _ => None,
                };
                Place { address, field: None, moved: None }
            }
            _ => Place { address: None, field: None, moved: None },
        }
    }

    /// The object that a register points to or into, and how far from its start a distance leads.
    fn field(&self, register: u16, distance: u64) -> (Value, u64) {
        /// Which one it is, does not matter for what is known of its count; none has this number.
        const SOME_OBJECT: Value = Value::Object(0);
        if self.counts & 1 << register == 0 {
            (self.general(register), distance)
        } else {
            (SOME_OBJECT, distance.wrapping_add(LOCAL_COUNT))
        }
    }

    /// Applies the part of an access that moves its base register.
    pub(super) fn move_base(&mut self, place: Place) {
        if let Some((register, value)) = place.moved {
            self.set_general(register, value);
        }
    }

    // ---- vector registers ------------------------------------------------------------------------------

    pub(super) fn lanes(&self, register: u16) -> [Value; LANES] {
        self.vector.get(usize::from(register)).copied().unwrap_or([Value::Unknown; LANES])
    }

    pub(super) fn set_lanes(&mut self, register: u16, values: [Value; LANES]) {
        if let Some(lanes) = Rc::make_mut(&mut self.vector).get_mut(usize::from(register)) {
            *lanes = values;
        }
    }
}

/// A register operand with its shift or extension. `size` is that of the register, in bytes. An extended `w`
/// register keeps what is shifted beyond its 32 bits; elsewhere the width of the result cuts it off.
fn shifted(value: Value, style: ShiftStyle, amount: u8, size: u8) -> Value {
    if amount == 0 && matches!(style, ShiftStyle::LSL | ShiftStyle::LSR | ShiftStyle::UXTX | ShiftStyle::SXTX)
    {
        return value;
    }
    let Value::Known(number) = value else {
        return Value::Unknown;
    };
    let bits = u32::from(size) * 8;
    let amount = u32::from(amount);
    let left = |number: u64| number.checked_shl(amount).unwrap_or(0);
    Value::Known(match style {
        ShiftStyle::LSL | ShiftStyle::UXTX | ShiftStyle::SXTX => left(number),
        ShiftStyle::LSR => number.checked_shr(amount).unwrap_or(0),
        ShiftStyle::ASR => {
            (sign_extend(number, size).cast_signed() >> amount.min(63)).cast_unsigned() & mask(size)
        }
        ShiftStyle::ROR => rotated(number, amount, bits),
        ShiftStyle::UXTB => left(number & mask(1)),
        ShiftStyle::UXTH => left(number & mask(2)),
        ShiftStyle::UXTW => left(number & mask(4)),
        ShiftStyle::SXTB => left(sign_extend(number & mask(1), 1)),
        ShiftStyle::SXTH => left(sign_extend(number & mask(2), 2)),
        ShiftStyle::SXTW => left(sign_extend(number & mask(4), 4)),
    })
}

/// The low `bits` (32 or 64) of a number rotated to the right.
pub(super) const fn rotated(number: u64, amount: u32, bits: u32) -> u64 {
    if bits == 64 { number.rotate_right(amount) } else { rotated_low(number, amount) }
}
/// The low 32 bits, rotated to the right.
const fn rotated_low(number: u64, amount: u32) -> u64 {
    let low = number & 0xffff_ffff;
    let both = low << 32 | low;
    both >> (amount % 32) & 0xffff_ffff
}
