//! Loads, stores and atomic accesses. One path is one thread: an exclusive store succeeds.

use super::flow::Flags;
use super::operands::{Place, size_of, vector_bytes};
use super::{Arm64, LINK};
use crate::inspect::init::memory::{Full, Memory};
use crate::inspect::init::value::{Value, mask, sign_extend};
use yaxpeax_arm::armv8::a64::{Instruction, Opcode, Operand};

/// `ob_ref_local` in a free-threaded `PyObject` (`Include/object.h`).
pub(super) const LOCAL_COUNT: u64 = 12;

/// Bytes that an access which is not modelled writes at most: four vector registers.
const LARGEST_ACCESS: u64 = 64;

/// A plain load or store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Transfer {
    kind: Kind,
    /// Bytes in memory; those of the register where the instruction's name does not say.
    size: Option<u8>,
    extends_sign: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Load,
    LoadPair,
    Store,
    StorePair,
    /// The first operand takes 0 for success.
    StoreExclusive,
    StorePairExclusive,
}

/// What an atomic access leaves in memory, of what was there and its operand.
type Change = fn(u64, u64, u8) -> u64;

fn transfer_of(opcode: Opcode) -> Option<Transfer> {
    use Opcode as O;
    let plain = |kind, size| Some(Transfer { kind, size, extends_sign: false });
    let signed = |size| Some(Transfer { kind: Kind::Load, size: Some(size), extends_sign: true });
    match opcode {
        O::LDR | O::LDUR | O::LDTR | O::LDAR | O::LDLAR | O::LDAPR | O::LDAPUR | O::LDXR | O::LDAXR => {
            plain(Kind::Load, None)
        }
        O::LDRAA | O::LDRAB => plain(Kind::Load, Some(8)),
        O::LDRH
        | O::LDURH
        | O::LDTRH
        | O::LDARH
        | O::LDLARH
        | O::LDAPRH
        | O::LDAPURH
        | O::LDXRH
        | O::LDAXRH => plain(Kind::Load, Some(2)),
        O::LDRB
        | O::LDURB
        | O::LDTRB
        | O::LDARB
        | O::LDLARB
        | O::LDAPRB
        | O::LDAPURB
        | O::LDXRB
        | O::LDAXRB => plain(Kind::Load, Some(1)),
        O::LDRSW | O::LDURSW | O::LDTRSW | O::LDAPURSW => signed(4),
        O::LDRSH | O::LDURSH | O::LDTRSH | O::LDAPURSH => signed(2),
        O::LDRSB | O::LDURSB | O::LDTRSB | O::LDAPURSB => signed(1),
        O::LDP | O::LDNP | O::LDXP | O::LDAXP => plain(Kind::LoadPair, None),
        O::LDPSW => Some(Transfer { kind: Kind::LoadPair, size: Some(4), extends_sign: true }),
        O::STR | O::STUR | O::STTR | O::STLR | O::STLLR | O::STLUR => plain(Kind::Store, None),
        O::STRH | O::STURH | O::STTRH | O::STLRH | O::STLLRH | O::STLURH => plain(Kind::Store, Some(2)),
        O::STRB | O::STURB | O::STTRB | O::STLRB | O::STLLRB | O::STLURB => plain(Kind::Store, Some(1)),
        O::STP | O::STNP => plain(Kind::StorePair, None),
        O::STXR | O::STLXR => plain(Kind::StoreExclusive, None),
        O::STXRH | O::STLXRH => plain(Kind::StoreExclusive, Some(2)),
        O::STXRB | O::STLXRB => plain(Kind::StoreExclusive, Some(1)),
        O::STXP | O::STLXP => plain(Kind::StorePairExclusive, None),
        _ => None,
    }
}

/// What an atomic access does, and its size where its name says it.
fn change_of(opcode: Opcode) -> Option<(Change, Option<u8>)> {
    use Opcode as O;
    let half = Some(2);
    let byte = Some(1);
    let add: Change = |old, operand, _| old.wrapping_add(operand);
    let clear: Change = |old, operand, _| old & !operand;
    let toggle: Change = |old, operand, _| old ^ operand;
    let set: Change = |old, operand, _| old | operand;
    let swap: Change = |_, operand, _| operand;
    let largest: Change = |old, operand, size| {
        if sign_extend(old, size).cast_signed() < sign_extend(operand, size).cast_signed() {
            operand
        } else {
            old
        }
    };
    let smallest: Change = |old, operand, size| {
        if sign_extend(old, size).cast_signed() < sign_extend(operand, size).cast_signed() {
            old
        } else {
            operand
        }
    };
    let largest_unsigned: Change = |old, operand, _| old.max(operand);
    let smallest_unsigned: Change = |old, operand, _| old.min(operand);
    Some(match opcode {
        O::LDADD(_) => (add, None),
        O::LDADDH(_) => (add, half),
        O::LDADDB(_) => (add, byte),
        O::LDCLR(_) => (clear, None),
        O::LDCLRH(_) => (clear, half),
        O::LDCLRB(_) => (clear, byte),
        O::LDEOR(_) => (toggle, None),
        O::LDEORH(_) => (toggle, half),
        O::LDEORB(_) => (toggle, byte),
        O::LDSET(_) => (set, None),
        O::LDSETH(_) => (set, half),
        O::LDSETB(_) => (set, byte),
        O::LDSMAX(_) => (largest, None),
        O::LDSMAXH(_) => (largest, half),
        O::LDSMAXB(_) => (largest, byte),
        O::LDSMIN(_) => (smallest, None),
        O::LDSMINH(_) => (smallest, half),
        O::LDSMINB(_) => (smallest, byte),
        O::LDUMAX(_) => (largest_unsigned, None),
        O::LDUMAXH(_) => (largest_unsigned, half),
        O::LDUMAXB(_) => (largest_unsigned, byte),
        O::LDUMIN(_) => (smallest_unsigned, None),
        O::LDUMINH(_) => (smallest_unsigned, half),
        O::LDUMINB(_) => (smallest_unsigned, byte),
        O::SWP(_) => (swap, None),
        O::SWPH(_) => (swap, half),
        O::SWPB(_) => (swap, byte),
        _ => return None,
    })
}

impl Arm64 {
    /// Executes a load or store, or passes the instruction on to those of the vector registers.
    pub(super) fn transfer(&mut self, memory: &mut Memory, instruction: &Instruction) -> Result<(), Full> {
        if let Some(transfer) = transfer_of(instruction.opcode) {
            return self.plain(memory, instruction, transfer);
        }
        if let Some((change, size)) = change_of(instruction.opcode) {
            return self.atomic(memory, instruction, change, size);
        }
        match instruction.opcode {
            Opcode::CAS(_) => self.compare_and_swap(memory, instruction, None),
            Opcode::CASH(_) => self.compare_and_swap(memory, instruction, Some(2)),
            Opcode::CASB(_) => self.compare_and_swap(memory, instruction, Some(1)),
            _ => self.vector(memory, instruction),
        }
    }

    fn plain(
        &mut self,
        memory: &mut Memory,
        instruction: &Instruction,
        transfer: Transfer,
    ) -> Result<(), Full> {
        let [first, second, third, fourth] = instruction.operands;
        let (registers, place) = match transfer.kind {
            Kind::Load | Kind::Store => ([first, Operand::Nothing], second),
            Kind::LoadPair | Kind::StorePair => ([first, second], third),
            Kind::StoreExclusive => ([second, Operand::Nothing], third),
            Kind::StorePairExclusive => ([second, third], fourth),
        };
        let place = self.place(place);
        let mut offset = 0;
        for register in registers {
            let Some(of_register) = register_bytes(register) else { continue };
            let size = transfer.size.unwrap_or(of_register);
            if matches!(transfer.kind, Kind::Load | Kind::LoadPair) {
                let values = loaded(memory, place, offset, size);
                self.take(register, values, size, transfer.extends_sign);
                if size == 8 && place.field.is_some() {
                    self.mark_loaded(register);
                }
            } else if let Some(address) = place.address {
                let address = address.wrapping_add(offset);
                let [low, high] = self.given(register);
                memory.store(address, size.min(8), low)?;
                if size == 16 {
                    memory.store(address.wrapping_add(8), 8, high)?;
                }
            }
            offset += u64::from(size);
        }
        self.move_base(place);
        if matches!(transfer.kind, Kind::StoreExclusive | Kind::StorePairExclusive) {
            self.set(first, Value::ZERO);
        }
        Ok(())
    }

    /// Puts what was loaded into a register.
    fn take(&mut self, register: Operand, values: [Value; 2], size: u8, extends_sign: bool) {
        if let Operand::SIMDRegister(_, number) = register {
            return self.set_lanes(number, values);
        }
        let value = match values[0] {
            Value::Known(number) if extends_sign => Value::Known(sign_extend(number, size)),
            value => value,
        };
        self.set(register, value);
    }

    /// What a register gives to a store.
    fn given(&self, register: Operand) -> [Value; 2] {
        match register {
            Operand::SIMDRegister(_, number) => self.lanes(number),
            register => [self.read(register), Value::ZERO],
        }
    }

    fn atomic(
        &mut self,
        memory: &mut Memory,
        instruction: &Instruction,
        change: Change,
        size: Option<u8>,
    ) -> Result<(), Full> {
        let [operand, result, place, _] = instruction.operands;
        let Some(size) = size.or_else(|| size_of(operand)) else { return Ok(()) };
        let given = self.read(operand).low(size, 8);
        let place = self.place(place);
        let [old, _] = loaded(memory, place, 0, size);
        if let Some(address) = place.address {
            let new = match (old, given) {
                (Value::Known(old), Value::Known(given)) => {
                    Value::Known(change(old, given, size) & mask(size))
                }
                (_, given) if matches!(instruction.opcode, Opcode::SWP(_)) => given,
                _ => Value::Unknown,
            };
            memory.store(address, size, new)?;
        }
        self.set(result, old);
        Ok(())
    }

    fn compare_and_swap(
        &mut self,
        memory: &mut Memory,
        instruction: &Instruction,
        size: Option<u8>,
    ) -> Result<(), Full> {
        let [expected, new, place, _] = instruction.operands;
        let Some(size) = size.or_else(|| size_of(expected)) else { return Ok(()) };
        let place = self.place(place);
        let [old, _] = loaded(memory, place, 0, size);
        let equal = match (old, self.read(expected).low(size, 8)) {
            (Value::Known(old), Value::Known(expected)) => Some(old == expected),
            (reference, Value::Known(0)) if reference.is_zero() == Some(false) => Some(false),
            _ => None,
        };
        let new = match equal {
            Some(true) => self.read(new),
            Some(false) => old,
            None => Value::Unknown,
        };
        if let Some(address) = place.address {
            memory.store(address, size, new)?;
        }
        self.set(expected, if equal.is_none() { Value::Unknown } else { old });
        Ok(())
    }

    /// An instruction that is not modelled: what it may write is unknown from here on.
    pub(super) fn forget(&mut self, memory: &mut Memory, instruction: &Instruction) -> Result<(), Full> {
        let name = instruction.opcode;
        if sets_flags(name) {
            self.flags = Flags::default();
        }
        for operand in instruction.operands {
            match operand {
                Operand::RegPreIndex(..)
                | Operand::RegPostIndex(..)
                | Operand::RegPostIndexReg(..)
                | Operand::RegRegOffset(..) => {
                    let place = self.place(operand);
                    if let Some(address) = place.address
                        && !is_load(name)
                    {
                        memory.fill(address, None, LARGEST_ACCESS)?;
                    }
                    self.move_base(place);
                }
                _ => {}
            }
        }
        if !is_store(name) {
            self.forget_register(instruction.operands[0]);
        }
        Ok(())
    }

    fn forget_register(&mut self, operand: Operand) {
        let vectors = match operand {
            Operand::SIMDRegisterGroup(_, first, _, count)
            | Operand::SIMDRegisterGroupLane(first, _, count, _) => (first, count),
            Operand::SIMDRegister(_, first)
            | Operand::SIMDRegisterElements(_, first, _)
            | Operand::SIMDRegisterElementsLane(_, first, _, _)
            | Operand::SIMDRegisterElementsMultipleLane(_, first, _, _, _) => (first, 1),
            Operand::RegisterPair(_, first) => {
                self.set_general(first.min(LINK), Value::Unknown);
                return self.set_general((first + 1).min(LINK), Value::Unknown);
            }
            operand => return self.set(operand, Value::Unknown),
        };
        for index in 0..u16::from(vectors.1) {
            // The registers of a group go round at the last one.
            self.set_lanes((vectors.0 + index) % 32, [Value::Unknown; 2]);
        }
    }
}

/// Bytes of a register, of either kind.
fn register_bytes(operand: Operand) -> Option<u8> {
    match operand {
        Operand::SIMDRegister(size, _) => Some(vector_bytes(size)),
        operand => size_of(operand),
    }
}

fn loaded(memory: &Memory, place: Place, offset: u64, size: u8) -> [Value; 2] {
    let Some(address) = place.address else {
        return [field(place, offset, size), if size == 16 { Value::Unknown } else { Value::ZERO }];
    };
    let address = address.wrapping_add(offset);
    let high = if size == 16 { memory.load(address.wrapping_add(8), 8) } else { Value::ZERO };
    [memory.load(address, size.min(8)), high]
}

/// A field of an object that the interpreter gave: its reference count is that of an immortal object (PEP
/// 683), so that inlined counting needs no choice.
fn field(place: Place, offset: u64, size: u8) -> Value {
    match place.field {
        Some((Value::Object(_), distance)) if size == 4 && distance.wrapping_add(offset) == LOCAL_COUNT => {
            Value::Known(mask(4))
        }
        _ => Value::Unknown,
    }
}

/// Instructions that set flags, besides those that are modelled.
fn sets_flags(opcode: Opcode) -> bool {
    use Opcode as O;
    matches!(
        opcode,
        O::FCMP
            | O::FCMPE
            | O::FCCMP
            | O::FCCMPE
            | O::SETF8
            | O::SETF16
            | O::RMIF
            | O::MSR
            | O::SUBPS
            | O::SYS(_)
            | O::SYSL(_)
    )
}

/// Instructions whose first operand is only read, besides those that are modelled.
fn is_store(opcode: Opcode) -> bool {
    use Opcode as O;
    matches!(opcode, O::ST1 | O::ST2 | O::ST3 | O::ST4 | O::FCMP | O::FCMPE | O::FCCMP | O::FCCMPE)
}

/// Instructions that only read memory, besides those that are modelled.
fn is_load(opcode: Opcode) -> bool {
    use Opcode as O;
    matches!(
        opcode,
        O::LD1
            | O::LD2
            | O::LD3
            | O::LD4
            | O::LD1R
            | O::LD2R
            | O::LD3R
            | O::LD4R
            | O::LDG
            | O::LDGM
            | O::PRFM
            | O::PRFUM
    )
}
