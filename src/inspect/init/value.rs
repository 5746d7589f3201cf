//! What the evaluator knows of a word.

use crate::model::SlotValue;

/// An abstract machine word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Value {
    /// A number, or an address of the evaluator's address space.
    Known(u64),
    /// A reference to an object that the interpreter or an allocator gave: not null, content unknown.
    /// Two different numbers may still be the same object.
    Object(u32),
    /// Not zero, nothing else known.
    NonNull,
    /// The low `bytes` of it are those of `number`, the others are not known.
    Low { number: u64, bytes: u8 },
    /// Nothing known.
    Unknown,
}

impl Value {
    pub(super) const ZERO: Self = Self::Known(0);

    /// The number, where it is one.
    pub(super) const fn known(self) -> Option<u64> {
        match self {
            Self::Known(number) => Some(number),
            _ => None,
        }
    }

    /// Whether it is zero, where that is known.
    pub(super) const fn is_zero(self) -> Option<bool> {
        match self {
            Self::Known(number) => Some(number == 0),
            Self::Object(_) | Self::NonNull => Some(false),
            Self::Low { number, .. } if number != 0 => Some(false),
            Self::Low { .. } | Self::Unknown => None,
        }
    }

    /// The low `bytes` of it, zero-extended. A reference survives only where all of it is kept.
    pub(super) const fn low(self, bytes: u8, pointer: u8) -> Self {
        match self {
            Self::Known(number) => Self::Known(number & mask(bytes)),
            Self::Low { number, bytes: known } if known >= bytes => Self::Known(number & mask(bytes)),
            reference if bytes >= pointer => reference,
            _ => Self::Unknown,
        }
    }

    /// What a function makes of the number, where it is one.
    pub(super) fn map(self, function: impl FnOnce(u64) -> u64) -> Self {
        self.known().map_or(Self::Unknown, |number| Self::Known(function(number)))
    }

    /// What holds for both.
    pub(super) fn join(self, other: Self) -> Self {
        if self == other {
            return self;
        }
        match (self.is_zero(), other.is_zero()) {
            (Some(false), Some(false)) => Self::NonNull,
            _ => Self::Unknown,
        }
    }

    /// A number added to it, as to an address: what lies behind an object is not null either.
    pub(super) const fn plus(self, number: u64) -> Self {
        match self {
            Self::Known(old) => Self::Known(old.wrapping_add(number)),
            value if number == 0 => value,
            Self::Object(_) | Self::NonNull => Self::NonNull,
            Self::Low { .. } | Self::Unknown => Self::Unknown,
        }
    }

    pub(super) const fn slot_value(self) -> SlotValue {
        match self {
            Self::Known(number) => SlotValue::Known(number),
            Self::Object(_) | Self::NonNull => SlotValue::NonNull,
            Self::Low { .. } | Self::Unknown => SlotValue::Unknown,
        }
    }
}

/// All ones in the low `bytes`.
pub(super) const fn mask(bytes: u8) -> u64 {
    if bytes >= 8 { u64::MAX } else { (1 << (bytes as u32 * 8)) - 1 }
}

/// `number`, a two's complement value of `bytes`, extended to 64 bits.
pub(super) const fn sign_extend(number: u64, bytes: u8) -> u64 {
    if bytes >= 8 {
        return number;
    }
    let shift = 64 - bytes as u32 * 8;
    ((number << shift).cast_signed() >> shift).cast_unsigned()
}

/// The low 8 bits.
pub(super) const fn byte(number: u64) -> u8 {
    let [byte, ..] = number.to_le_bytes();
    byte
}

/// The low 16 bits.
pub(super) const fn half(number: u64) -> u16 {
    let [low, high, ..] = number.to_le_bytes();
    u16::from_le_bytes([low, high])
}

/// Room for a block of unknown size on the stack (`alloca`). Which size it has, is of no more account than for one
/// on the heap; only the stack's other words have to stay apart from it.
const UNKNOWN_BLOCK: u64 = 1 << 16;

/// Where the stack ends when such a block has been taken.
pub(super) fn below_block(top: Value) -> Value {
    top.map(|top| top.wrapping_sub(UNKNOWN_BLOCK))
}

/// What an adder gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sum {
    pub result: u64,
    /// Carried out of the top bit.
    pub carry: bool,
    /// The sign is wrong for two's complement.
    pub overflow: bool,
}

/// The low 64 bits.
pub(super) fn low_half(number: u128) -> u64 {
    u64::try_from(number & u128::from(u64::MAX)).unwrap_or(0)
}

/// Adds the low `size` bytes of two numbers and a carry. A difference is the sum with the complement and a
/// carry, and carries where it does not borrow.
pub(super) fn add_with_carry(left: u64, right: u64, carry: bool, size: u8) -> Sum {
    let all = mask(size);
    let top = (all >> 1) + 1;
    let (left, right) = (left & all, right & all);
    let wide = u128::from(left) + u128::from(right) + u128::from(carry);
    let result = low_half(wide) & all;
    Sum { result, carry: wide > u128::from(all), overflow: (left ^ result) & (right ^ result) & top != 0 }
}
