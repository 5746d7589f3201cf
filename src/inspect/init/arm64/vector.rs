//! What passes through vector registers: constants, copies and the halves that structures are built from.
//! Arithmetic on them is not modelled.

use super::operands::{size_of, vector_bytes};
use super::{Arm64, LANES};
use crate::inspect::init::memory::{Full, Memory};
use crate::inspect::init::value::{Value, mask, sign_extend};
use yaxpeax_arm::armv8::a64::{Instruction, Opcode, Operand, SIMDSizeCode};

impl Arm64 {
    /// Executes an instruction on vector registers; what it writes is unknown where it is not modelled.
    pub(super) fn vector(&mut self, memory: &mut Memory, instruction: &Instruction) -> Result<(), Full> {
        use Opcode as O;
        let done = match instruction.opcode {
            O::MOVI | O::MVNI => self.constant(instruction),
            O::FMOV => self.float_move(instruction),
            O::DUP => self.duplicate(instruction),
            O::INS => self.insert(instruction),
            O::UMOV | O::SMOV => self.extract_element(instruction),
            O::AND | O::ORR | O::EOR | O::BIC | O::ORN => self.bitwise(instruction),
            O::NOT => self.complement(instruction),
            O::EXT => self.extract(instruction),
            O::ZIP1 | O::ZIP2 | O::UZP1 | O::UZP2 | O::TRN1 | O::TRN2 => self.interleave(instruction),
            O::LD1 => self.load_whole(memory, instruction),
            O::ST1 => self.store_whole(memory, instruction)?,
            _ => None,
        };
        match done {
            Some(()) => Ok(()),
            None => self.forget(memory, instruction),
        }
    }

    fn constant(&mut self, instruction: &Instruction) -> Option<()> {
        let [to, number, ..] = instruction.operands;
        let element = vector_bytes(element_of(to)?);
        let number = match number {
            Operand::ImmShift(number, shift) => u64::from(number).checked_shl(shift.into())?,
            Operand::ImmShiftMSL(number, shift) => {
                u64::from(number).checked_shl(shift.into())? | (1_u64.checked_shl(shift.into())? - 1)
            }
            Operand::Imm64(number) => number,
            _ => return None,
        };
        let number = if instruction.opcode == Opcode::MVNI { !number } else { number };
        self.fill_vector(to, Value::Known(repeated(number, element)))
    }

    fn float_move(&mut self, instruction: &Instruction) -> Option<()> {
        let [to, from, ..] = instruction.operands;
        if let Operand::ImmediateDouble(number) = from {
            let bits = match element_of(to)? {
                SIMDSizeCode::D => number.to_bits(),
                SIMDSizeCode::S => u64::from(narrowed(number).to_bits()),
                _ => return None,
            };
            return self.fill_vector(to, Value::Known(bits));
        }
        if size_of(to).is_some() {
            let value = self.element(from)?;
            self.set(to, value);
            return Some(());
        }
        let value = if size_of(from).is_some() { self.read(from) } else { self.element(from)? };
        self.set_element(to, value)
    }

    /// `dup`: one element, or a general register, into all elements.
    fn duplicate(&mut self, instruction: &Instruction) -> Option<()> {
        let [to, from, ..] = instruction.operands;
        let value = if size_of(from).is_some() { self.read(from) } else { self.element(from)? };
        let element = vector_bytes(element_of(to)?);
        if matches!(to, Operand::SIMDRegister(..)) {
            return self.set_element(to, value);
        }
        let value = match value {
            Value::Known(number) => Value::Known(repeated(number, element)),
            value if element == 8 => value,
            _ => Value::Unknown,
        };
        self.fill_vector(to, value)
    }

    fn insert(&mut self, instruction: &Instruction) -> Option<()> {
        let [to, from, ..] = instruction.operands;
        let value = if size_of(from).is_some() { self.read(from) } else { self.element(from)? };
        self.set_element(to, value)
    }

    fn extract_element(&mut self, instruction: &Instruction) -> Option<()> {
        let [to, from, ..] = instruction.operands;
        let size = vector_bytes(element_of(from)?);
        let value = match self.element(from)? {
            Value::Known(number) if instruction.opcode == Opcode::SMOV => {
                Value::Known(sign_extend(number, size))
            }
            value => value,
        };
        self.set(to, value);
        Some(())
    }

    fn bitwise(&mut self, instruction: &Instruction) -> Option<()> {
        let [to, left, right, _] = instruction.operands;
        // With an immediate the first operand is one of the two that are combined.
        let immediate = match left {
            Operand::ImmShift(number, shift) => {
                Some(repeated(u64::from(number).checked_shl(shift.into())?, vector_bytes(element_of(to)?)))
            }
            _ => None,
        };
        let (left, right, same) = match immediate {
            Some(number) => (self.whole(to)?, [Value::Known(number); LANES], false),
            None => (self.whole(left)?, self.whole(right)?, left == right),
        };
        let combine = |left: Value, right: Value| match (instruction.opcode, left, right) {
            (Opcode::AND, Value::Known(left), Value::Known(right)) => Value::Known(left & right),
            (Opcode::ORR, Value::Known(left), Value::Known(right)) => Value::Known(left | right),
            (Opcode::EOR, Value::Known(left), Value::Known(right)) => Value::Known(left ^ right),
            (Opcode::BIC, Value::Known(left), Value::Known(right)) => Value::Known(left & !right),
            (Opcode::ORN, Value::Known(left), Value::Known(right)) => Value::Known(left | !right),
            (Opcode::AND | Opcode::ORR, value, _) if same => value,
            (Opcode::EOR | Opcode::BIC, _, _) if same => Value::ZERO,
            (Opcode::ORR | Opcode::EOR | Opcode::BIC, value, Value::Known(0))
            | (Opcode::ORR | Opcode::EOR, Value::Known(0), value) => value,
            (Opcode::AND | Opcode::BIC, Value::Known(0), _) | (Opcode::AND, _, Value::Known(0)) => {
                Value::ZERO
            }
            _ => Value::Unknown,
        };
        self.set_whole(to, [combine(left[0], right[0]), combine(left[1], right[1])])
    }

    fn complement(&mut self, instruction: &Instruction) -> Option<()> {
        let [to, from, ..] = instruction.operands;
        let lanes = self.whole(from)?;
        self.set_whole(to, lanes.map(|lane| lane.known().map_or(Value::Unknown, |n| Value::Known(!n))))
    }

    /// `ext` by half a register: the upper half of one and the lower of the other.
    fn extract(&mut self, instruction: &Instruction) -> Option<()> {
        let [to, low, high, Operand::Imm16(8)] = instruction.operands else { return None };
        let (low, high) = (self.whole(low)?, self.whole(high)?);
        self.set_whole(to, [low[1], high[0]])
    }

    /// With elements of 64 bits they all take one half of each register.
    fn interleave(&mut self, instruction: &Instruction) -> Option<()> {
        let [to, low, high, _] = instruction.operands;
        if element_of(to)? != SIMDSizeCode::D {
            return None;
        }
        let upper = matches!(instruction.opcode, Opcode::ZIP2 | Opcode::UZP2 | Opcode::TRN2);
        let half = |lanes: [Value; LANES]| if upper { lanes[1] } else { lanes[0] };
        let values = [half(self.whole(low)?), half(self.whole(high)?)];
        self.set_whole(to, values)
    }

    // ---- whole registers in a row ----------------------------------------------------------------------

    fn load_whole(&mut self, memory: &Memory, instruction: &Instruction) -> Option<()> {
        let [Operand::SIMDRegisterGroup(size, first, _, count), place, ..] = instruction.operands else {
            return None;
        };
        let place = self.place(place);
        let mut address = place.address?;
        for index in 0..u16::from(count) {
            let low = memory.load(address, 8);
            let high =
                if size == SIMDSizeCode::Q { memory.load(address.wrapping_add(8), 8) } else { Value::ZERO };
            self.set_lanes((first + index) % 32, [low, high]);
            address = address.wrapping_add(vector_bytes(size).into());
        }
        self.move_base(place);
        Some(())
    }

    fn store_whole(&mut self, memory: &mut Memory, instruction: &Instruction) -> Result<Option<()>, Full> {
        let [Operand::SIMDRegisterGroup(size, first, _, count), place, ..] = instruction.operands else {
            return Ok(None);
        };
        let place = self.place(place);
        if let Some(start) = place.address {
            let mut address = start;
            for index in 0..u16::from(count) {
                let [low, high] = self.lanes((first + index) % 32);
                memory.store(address, 8, low)?;
                if size == SIMDSizeCode::Q {
                    memory.store(address.wrapping_add(8), 8, high)?;
                }
                address = address.wrapping_add(vector_bytes(size).into());
            }
        }
        self.move_base(place);
        Ok(Some(()))
    }

    // ---- elements --------------------------------------------------------------------------------------

    /// A whole register that is used as a vector.
    fn whole(&self, operand: Operand) -> Option<[Value; LANES]> {
        match operand {
            Operand::SIMDRegisterElements(_, register, _) => Some(self.lanes(register)),
            _ => None,
        }
    }

    /// Writes a whole register; one of 64 bits clears the upper half.
    fn set_whole(&mut self, operand: Operand, values: [Value; LANES]) -> Option<()> {
        let (Operand::SIMDRegisterElements(size, register, _) | Operand::SIMDRegister(size, register)) =
            operand
        else {
            return None;
        };
        let high = if size == SIMDSizeCode::Q { values[1] } else { Value::ZERO };
        self.set_lanes(register, [values[0], high]);
        Some(())
    }

    /// The same word in each lane of a register, or in as many of its bytes as are named.
    fn fill_vector(&mut self, operand: Operand, word: Value) -> Option<()> {
        match operand {
            Operand::SIMDRegister(..) => self.set_element(operand, word),
            _ => self.set_whole(operand, [word; LANES]),
        }
    }

    /// A scalar in a vector register, or one element of it.
    fn element(&self, operand: Operand) -> Option<Value> {
        let (register, size, index) = element_place(operand)?;
        let lanes = self.lanes(register);
        let per_lane = 8 / size;
        let lane = lanes.get(usize::from(index / per_lane))?;
        if size == 8 {
            return Some(*lane);
        }
        let shift = u32::from(index % per_lane) * u32::from(size) * 8;
        Some(lane.known().map_or(Value::Unknown, |number| Value::Known(number >> shift & mask(size))))
    }

    /// Writes a scalar, which clears the rest of the register, or one element, which keeps it.
    fn set_element(&mut self, operand: Operand, value: Value) -> Option<()> {
        let (register, size, index) = element_place(operand)?;
        let value = value.low(size, 8);
        if matches!(operand, Operand::SIMDRegister(..)) {
            self.set_lanes(register, [value, Value::ZERO]);
            return Some(());
        }
        let mut lanes = self.lanes(register);
        let per_lane = 8 / size;
        let lane = lanes.get_mut(usize::from(index / per_lane))?;
        let shift = u32::from(index % per_lane) * u32::from(size) * 8;
        *lane = match (*lane, value) {
            (_, value) if size == 8 => value,
            (Value::Known(old), Value::Known(new)) => {
                Value::Known(old & !(mask(size) << shift) | new << shift)
            }
            _ => Value::Unknown,
        };
        self.set_lanes(register, lanes);
        Some(())
    }
}

/// Register, size in bytes (at most 8) and index of an element.
fn element_place(operand: Operand) -> Option<(u16, u8, u8)> {
    let (register, size, index) = match operand {
        Operand::SIMDRegister(size, register) => (register, size, 0),
        Operand::SIMDRegisterElementsLane(_, register, size, index) => (register, size, index),
        _ => return None,
    };
    (size != SIMDSizeCode::Q).then_some((register, vector_bytes(size), index))
}

/// The size of an operand's elements.
fn element_of(operand: Operand) -> Option<SIMDSizeCode> {
    match operand {
        Operand::SIMDRegister(size, _)
        | Operand::SIMDRegisterElements(_, _, size)
        | Operand::SIMDRegisterElementsLane(_, _, size, _) => Some(size),
        _ => None,
    }
}

/// The constant of an `fmov`, as a number of 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "it has four bits of fraction: no format rounds it")]
const fn narrowed(number: f64) -> f32 {
    number as f32
}

/// A number of `size` bytes repeated over 64 bits.
fn repeated(number: u64, size: u8) -> u64 {
    let mut word = 0;
    let mut shift = 0;
    while shift < 64 {
        word |= (number & mask(size)) << shift;
        shift += u32::from(size.max(1)) * 8;
    }
    word
}
