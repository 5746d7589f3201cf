//! Where a computed jump may lead: the entries of the table that a `switch` was compiled to.

use super::X86;
use crate::inspect::init::memory::Memory;
use crate::inspect::init::value::{Value, mask};
use iced_x86::{ConditionCode, Instruction, Mnemonic, OpKind, Register};

/// Entries of a table. Compilers make longer ones of nothing but generated parsers.
const MAX_ENTRIES: u64 = 512;

/// The sign bit of an entry.
const SIGN: u64 = 1 << 31;

impl X86 {
    /// The targets of the jump that was just met, by its table. All compilers write the same few instructions: a
    /// comparison with the last index and a way out above it, a load from a known table by that index, and an addition
    /// of what the entries are relative to. None where anything of that is different.
    pub(super) fn table_targets(&self, memory: &Memory) -> Option<Vec<u64>> {
        let (jump, before) = self.block.get(..self.passed)?.split_last()?;
        if jump.mnemonic() != Mnemonic::Jmp || jump.op_kind(0) != OpKind::Register {
            return None;
        }
        let target = jump.op_register(0).full_register();
        let (adds, add) = last_writer(before, target)?;
        if add.mnemonic() != Mnemonic::Add || add.op_kind(1) != OpKind::Register {
            return None;
        }
        let origin = self.register(add.op_register(1)).known()?;
        let (loads, load) = last_writer(before.get(..adds)?, target)?;
        let is_signed = match load.mnemonic() {
            Mnemonic::Movsxd => true,
            Mnemonic::Mov if load.memory_size().size() == 4 => false,
            _ => return None,
        };
        let (base, index) = (load.memory_base(), load.memory_index());
        if load.op_kind(1) != OpKind::Memory || load.memory_index_scale() != 4 || index == Register::None {
            return None;
        }
        let kept = |register: Register| {
            let since = before.get(loads..).unwrap_or_default();
            !since.iter().any(|instruction| writes(instruction, register.full_register()))
        };
        if !kept(add.op_register(1)) && add.op_register(1).full_register() != target {
            return None;
        }
        let mut start = load.memory_displacement64();
        if base != Register::None {
            start = start.wrapping_add(self.register(base).known().filter(|_| kept(base))?);
        }
        let count = bound(before.get(..loads)?, index)?;
        let entry = |index: u64| {
            let address = start.wrapping_add(index * 4) & mask(self.pointer);
            let Value::Known(offset) = memory.load(address, 4) else { return None };
            // The sign of 32 bits, carried on.
            let offset = if is_signed { (offset ^ SIGN).wrapping_sub(SIGN) } else { offset };
            Some(origin.wrapping_add(offset) & mask(self.pointer))
        };
        let mut targets = (0..count).map(entry).collect::<Option<Vec<u64>>>()?;
        targets.sort_unstable();
        targets.dedup();
        Some(targets)
    }
}

/// How many entries the index of a table is held to, by the comparison that stands before the load.
fn bound(before: &[Instruction], index: Register) -> Option<u64> {
    let (at, compare) =
        before.iter().enumerate().rev().find(|(_, instruction)| instruction.mnemonic() == Mnemonic::Cmp)?;
    let way_out = before.get(at + 1)?;
    let last = compare.try_immediate(1).ok()?;
    let compared = (compare.op_kind(0) == OpKind::Register).then(|| compare.op_register(0))?;
    let since = before.get(at + 2..)?;
    let is_index = |register: Register| register.full_register() == index.full_register();
    // What was compared is the index, or became it: a move that widens it, perhaps.
    let same = if is_index(compared) && compared.size() >= 4 {
        since.iter().all(|instruction| {
            !writes(instruction, compared.full_register()) || widens(instruction, compared)
        })
    } else {
        last_writer(since, index.full_register())
            .is_some_and(|(_, instruction)| widens(instruction, compared))
    };
    let count = match way_out.condition_code() {
        ConditionCode::a => last.checked_add(1)?,
        ConditionCode::ae => last,
        _ => return None,
    };
    (same && count <= MAX_ENTRIES).then_some(count)
}

/// Whether an instruction copies a register's value, which is no negative number, into a wider or another one.
fn widens(instruction: &Instruction, from: Register) -> bool {
    let is_copy = matches!(instruction.mnemonic(), Mnemonic::Mov | Mnemonic::Movzx | Mnemonic::Movsxd);
    is_copy
        && instruction.op_kind(1) == OpKind::Register
        && instruction.op_register(1).full_register() == from.full_register()
        && instruction.op_register(1).size() <= from.size().max(4)
}

/// The last instruction that writes a register, and where it stands.
fn last_writer(before: &[Instruction], register: Register) -> Option<(usize, &Instruction)> {
    before.iter().enumerate().rev().find(|(_, instruction)| writes(instruction, register))
}

/// Whether an instruction may write a register. Of those that a compiler puts between, every other one counts.
fn writes(instruction: &Instruction, register: Register) -> bool {
    match instruction.mnemonic() {
        Mnemonic::Cmp | Mnemonic::Test | Mnemonic::Nop | Mnemonic::Endbr64 | Mnemonic::Endbr32 => false,
        _ if instruction.is_jcc_short_or_near() => false,
        Mnemonic::Mov
        | Mnemonic::Movzx
        | Mnemonic::Movsx
        | Mnemonic::Movsxd
        | Mnemonic::Lea
        | Mnemonic::Add
        | Mnemonic::Sub => {
            instruction.op_kind(0) == OpKind::Register
                && instruction.op_register(0).full_register() == register
        }
        _ => true,
    }
}
