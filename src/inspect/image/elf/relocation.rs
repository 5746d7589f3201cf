//! What a relocation type does, for each machine: numbers from the psABI supplements, as in glibc's `elf.h`.
//! Apart because it is a table that grows with the machines.

use goblin::elf::header::{EM_386, EM_AARCH64, EM_ARM, EM_LOONGARCH, EM_PPC64, EM_RISCV, EM_S390, EM_X86_64};

/// What the loader computes. S is the symbol's value, A the addend, B the address the image is loaded at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// B + A.
    Relative,
    /// S + A.
    Absolute,
    /// S; glibc ignores the addend of a `GLOB_DAT` or `JUMP_SLOT` on this machine.
    Slot,
    /// A word of thread-local storage bookkeeping.
    ThreadLocal,
    /// A TLS descriptor: two words.
    Descriptor,
    /// What the function at B + A returns.
    Resolver,
    /// Anything else.
    Other,
}

/// The action of a type on a machine (`e_machine`).
pub(super) fn action(machine: u16, kind: u32) -> Action {
    match machine {
        EM_X86_64 => x86_64(kind),
        EM_386 => i386(kind),
        EM_AARCH64 => aarch64(kind),
        EM_ARM => arm(kind),
        EM_PPC64 => ppc64(kind),
        EM_S390 => s390(kind),
        EM_RISCV => riscv(kind),
        EM_LOONGARCH => loongarch(kind),
        _ => Action::Other,
    }
}

/// AMD64 psABI, table 4.9. `R_X86_64_RELATIVE64` (38) is x32's; pointers there are narrower.
const fn x86_64(kind: u32) -> Action {
    match kind {
        1 => Action::Absolute,
        6 | 7 => Action::Slot,
        8 => Action::Relative,
        16..=18 => Action::ThreadLocal,
        36 => Action::Descriptor,
        37 => Action::Resolver,
        _ => Action::Other,
    }
}

/// Intel386 psABI, table 4.9.
const fn i386(kind: u32) -> Action {
    match kind {
        1 => Action::Absolute,
        6 | 7 => Action::Slot,
        8 => Action::Relative,
        14 | 35..=37 => Action::ThreadLocal,
        41 => Action::Descriptor,
        42 => Action::Resolver,
        _ => Action::Other,
    }
}

/// ELF for the Arm 64-bit Architecture, "Dynamic relocations".
const fn aarch64(kind: u32) -> Action {
    match kind {
        257 | 1025 | 1026 => Action::Absolute,
        1027 => Action::Relative,
        1028..=1030 => Action::ThreadLocal,
        1031 => Action::Descriptor,
        1032 => Action::Resolver,
        _ => Action::Other,
    }
}

/// ELF for the Arm Architecture, "Relocation codes".
const fn arm(kind: u32) -> Action {
    match kind {
        2 => Action::Absolute,
        13 => Action::Descriptor,
        17..=19 => Action::ThreadLocal,
        21 | 22 => Action::Slot,
        23 => Action::Relative,
        160 => Action::Resolver,
        _ => Action::Other,
    }
}

/// `OpenPOWER` ELF V2 ABI, table 3.22.
const fn ppc64(kind: u32) -> Action {
    match kind {
        20 | 21 | 38 | 43 => Action::Absolute,
        22 => Action::Relative,
        68 | 73 | 78 => Action::ThreadLocal,
        247 | 248 => Action::Resolver,
        _ => Action::Other,
    }
}

/// ELF ABI s390x supplement, "Relocation types".
const fn s390(kind: u32) -> Action {
    match kind {
        10 | 11 | 22 => Action::Absolute,
        12 => Action::Relative,
        54..=56 => Action::ThreadLocal,
        61 => Action::Resolver,
        _ => Action::Other,
    }
}

/// RISC-V ELF psABI, "Relocations". There is no `GLOB_DAT`; `R_RISCV_64` is used.
const fn riscv(kind: u32) -> Action {
    match kind {
        2 | 5 => Action::Absolute,
        3 => Action::Relative,
        7 | 9 | 11 => Action::ThreadLocal,
        12 => Action::Descriptor,
        58 => Action::Resolver,
        _ => Action::Other,
    }
}

/// ELF for the `LoongArch` architecture, "Relocations".
const fn loongarch(kind: u32) -> Action {
    match kind {
        2 | 5 => Action::Absolute,
        3 => Action::Relative,
        7 | 9 | 11 => Action::ThreadLocal,
        12 => Action::Resolver,
        14 => Action::Descriptor,
        _ => Action::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use goblin::elf::reloc;

    #[test]
    fn numbers_are_those_of_the_supplements() {
        let rows = [
            (EM_X86_64, reloc::R_X86_64_64, Action::Absolute),
            (EM_X86_64, reloc::R_X86_64_GLOB_DAT, Action::Slot),
            (EM_X86_64, reloc::R_X86_64_JUMP_SLOT, Action::Slot),
            (EM_X86_64, reloc::R_X86_64_RELATIVE, Action::Relative),
            (EM_X86_64, reloc::R_X86_64_DTPMOD64, Action::ThreadLocal),
            (EM_X86_64, reloc::R_X86_64_TLSDESC, Action::Descriptor),
            (EM_X86_64, reloc::R_X86_64_IRELATIVE, Action::Resolver),
            (EM_X86_64, reloc::R_X86_64_COPY, Action::Other),
            (EM_386, reloc::R_386_32, Action::Absolute),
            (EM_386, reloc::R_386_JMP_SLOT, Action::Slot),
            (EM_386, reloc::R_386_RELATIVE, Action::Relative),
            (EM_386, reloc::R_386_TLS_TPOFF, Action::ThreadLocal),
            (EM_386, reloc::R_386_IRELATIVE, Action::Resolver),
            (EM_AARCH64, reloc::R_AARCH64_ABS64, Action::Absolute),
            (EM_AARCH64, reloc::R_AARCH64_JUMP_SLOT, Action::Absolute),
            (EM_AARCH64, reloc::R_AARCH64_RELATIVE, Action::Relative),
            (EM_AARCH64, reloc::R_AARCH64_TLSDESC, Action::Descriptor),
            (EM_AARCH64, reloc::R_AARCH64_IRELATIVE, Action::Resolver),
            (EM_ARM, reloc::R_ARM_ABS32, Action::Absolute),
            (EM_ARM, reloc::R_ARM_GLOB_DAT, Action::Slot),
            (EM_ARM, reloc::R_ARM_RELATIVE, Action::Relative),
            (EM_ARM, reloc::R_ARM_IRELATIVE, Action::Resolver),
            (EM_PPC64, reloc::R_PPC64_ADDR64, Action::Absolute),
            (EM_PPC64, reloc::R_PPC64_GLOB_DAT, Action::Absolute),
            (EM_PPC64, reloc::R_PPC64_RELATIVE, Action::Relative),
            (EM_PPC64, reloc::R_PPC64_TPREL64, Action::ThreadLocal),
            (EM_S390, 22, Action::Absolute),
            (EM_S390, 10, Action::Absolute),
            (EM_S390, 12, Action::Relative),
            (EM_S390, 61, Action::Resolver),
            (EM_RISCV, reloc::R_RISCV_64, Action::Absolute),
            (EM_RISCV, reloc::R_RISCV_JUMP_SLOT, Action::Absolute),
            (EM_RISCV, reloc::R_RISCV_RELATIVE, Action::Relative),
            (EM_LOONGARCH, 2, Action::Absolute),
            (EM_LOONGARCH, 3, Action::Relative),
            (EM_LOONGARCH, 12, Action::Resolver),
            (0, 8, Action::Other),
        ];
        for (machine, kind, expected) in rows {
            assert_eq!(action(machine, kind), expected, "machine {machine}, type {kind}");
        }
    }
}
