//! Properties of the evaluation as a whole, on hand-made files.

use crate::inspect::image::testing::Elf;
use crate::inspect::{inspect, trace};
use crate::model::{Alone, Facts, ModuleName, Outcome, SlotValue, Target};
use proptest::prelude::*;

const DEFINITION: u32 = 0x2000;
const SLOTS: u32 = 0x20a0;
const PLACE_OF_INIT: u32 = 0x2048 + 0x40;
const CODE: usize = 0x1010;
const STACK_POINTER: u8 = 4;

/// A file whose data holds a definition with one slot, `Py_mod_gil` of value 0.
fn module(machine: u16, code: &[u8]) -> Vec<u8> {
    let wide = machine != 3;
    // GLOB_DAT of PyModuleDef_Init.
    let kind = if machine == 183 { 1025 } else { 6 };
    let word = if wide { 8 } else { 4 };
    let (head, slots) = if wide { (0xffff_ffff_0000_0004, 88) } else { (4, 48) };
    let at = |offset: u32| (DEFINITION + offset) as usize;
    let elf = Elf {
        machine,
        wide,
        relocations: vec![(PLACE_OF_INIT.into(), kind, 1, 0)],
        has_addends: wide,
        data: vec![(at(word), head), (at(slots), SLOTS.into()), (SLOTS as usize, 4)],
        ..Elf::x86_64()
    };
    let mut file = elf.build();
    file[CODE..CODE + code.len()].copy_from_slice(code);
    file
}

fn facts(file: &[u8]) -> Facts {
    inspect(file, &ModuleName::of_member("x.so"), &[Target::Py314t], &Alone).unwrap()
}

/// Where the value that a program carries is moved to.
#[derive(Debug, Clone)]
enum Move {
    Register(u8),
    /// A word below the stack pointer, and back into this register.
    Stack(u8, u8),
    /// Pushed, and popped into this register.
    Push(u8),
    Exchange(u8),
}

/// x86 code for 32 or 64 bits.
struct Assembler {
    wide: bool,
    code: Vec<u8>,
}

impl Assembler {
    /// An instruction with a register and a register or memory operand.
    fn with_registers(&mut self, opcode: u8, register: u8, operand: u8, mode: u8, rest: &[u8]) {
        if self.wide {
            self.code.push(0x48 | (register >> 3) << 2 | operand >> 3);
        }
        self.code.extend([opcode, mode | (register & 7) << 3 | operand & 7]);
        self.code.extend(rest);
    }

    fn short(&mut self, opcode: u8, register: u8) {
        if register > 7 {
            self.code.push(0x41);
        }
        self.code.push(opcode | register & 7);
    }

    /// An address in an instruction that ends `behind` bytes after it.
    fn address(&self, to: u32, before: usize, behind: usize) -> [u8; 4] {
        let next = CODE + self.code.len() + before + 4 + behind;
        let distance = to.wrapping_sub(u32::try_from(next).unwrap());
        if self.wide { distance } else { to }.to_le_bytes()
    }

    fn moved(&mut self, at: u8, to: &Move) -> u8 {
        match *to {
            Move::Register(register) => {
                self.with_registers(0x89, at, register, 0xc0, &[]);
                register
            }
            Move::Stack(word, register) => {
                // [rsp - 8 * word]
                let place = [0x24, 0_u8.wrapping_sub(word * 8)];
                self.with_registers(0x89, at, STACK_POINTER, 0x40, &place);
                self.with_registers(0x8b, register, STACK_POINTER, 0x40, &place);
                register
            }
            Move::Push(register) => {
                self.short(0x50, at);
                self.short(0x58, register);
                register
            }
            Move::Exchange(register) => {
                self.with_registers(0x87, at, register, 0xc0, &[]);
                register
            }
        }
    }

    /// Carries a number through all moves into the slot, and hands the definition over.
    fn program(mut self, number: u32, moves: &[Move]) -> Vec<u8> {
        self.with_registers(0xc7, 0, 0, 0xc0, &number.to_le_bytes());
        let mut at = 0;
        for to in moves {
            at = self.moved(at, to);
        }
        let (value, before) = if self.wide { (SLOTS + 8, 3) } else { (SLOTS + 4, 2) };
        let place = self.address(value, before, 0);
        self.with_registers(0x89, at, 5, 0, &place);
        if self.wide {
            let place = self.address(DEFINITION, 3, 0);
            self.with_registers(0x8d, 7, 5, 0, &place);
            let place = self.address(PLACE_OF_INIT, 2, 0);
            self.code.extend([0xff, 0x25]);
            self.code.extend(place);
        } else {
            self.code.push(0x68);
            self.code.extend(DEFINITION.to_le_bytes());
            self.code.extend([0xff, 0x15]);
            self.code.extend(PLACE_OF_INIT.to_le_bytes());
            self.code.extend([0x83, 0xc4, 4, 0xc3]);
        }
        self.code
    }
}

fn moves(registers: u8) -> impl Strategy<Value = Vec<Move>> {
    let register = move || (0..registers).prop_filter("is no place", |register| *register != STACK_POINTER);
    let one = prop_oneof![
        register().prop_map(Move::Register),
        (1_u8..16, register()).prop_map(|(word, register)| Move::Stack(word, register)),
        register().prop_map(Move::Push),
        register().prop_map(Move::Exchange),
    ];
    prop::collection::vec(one, 0..16)
}

fn declared(file: &[u8]) -> Option<SlotValue> {
    match &facts(file).slices[0].init[&Target::Py314t].outcome {
        Outcome::MultiPhase(definition) => Some(definition.slots.slots.first()?.value),
        _ => None,
    }
}

proptest! {
    /// However a compiler carries a declaration about, it arrives.
    #[test]
    fn a_value_arrives_wherever_it_is_carried(number in 0_u32..0x7fff_ffff, moves in moves(16)) {
        let code = Assembler { wide: true, code: Vec::new() }.program(number, &moves);
        prop_assert_eq!(declared(&module(62, &code)), Some(SlotValue::Known(number.into())));
    }

    #[test]
    fn a_value_arrives_on_32_bits(number in any::<u32>(), moves in moves(8)) {
        let code = Assembler { wide: false, code: Vec::new() }.program(number, &moves);
        prop_assert_eq!(declared(&module(3, &code)), Some(SlotValue::Known(number.into())));
    }

    /// Bytes that are no program end in an answer.
    #[test]
    fn any_code_ends(
        machine in prop::sample::select(vec![62_u16, 3, 183]),
        code in prop::collection::vec(any::<u8>(), 0..0xe0),
    ) {
        let name = ModuleName::of_member("x.so");
        let facts = trace(&module(machine, &code), &name, &Target::ALL, &Alone).unwrap();
        prop_assert_eq!(facts.slices[0].init.len(), 3);
    }

    /// A program with one byte changed ends in an answer too; most of these are programs.
    #[test]
    fn any_change_to_a_program_ends(
        moves in moves(16),
        wide in any::<bool>(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let moves: Vec<Move> = if wide { moves } else { Vec::new() };
        let mut code = Assembler { wide, code: Vec::new() }.program(1, &moves);
        let at = at.index(code.len());
        code[at] = byte;
        let facts = facts(&module(if wide { 62 } else { 3 }, &code));
        prop_assert_eq!(facts.slices.len(), 1);
    }
}
