//! Instructions as the assembler makes them, executed and looked at.

use super::*;
use crate::inspect::image;
use crate::inspect::image::testing::Elf;
use crate::inspect::init::space::Space;

const CODE: u64 = 0x1000;

/// Executes one instruction, `rax`, `rcx` and `rdx` holding these numbers before; gives `rax` and `rdx`.
fn after(code: &[u8], registers: [u64; 3]) -> (X86, [Option<u64>; 2]) {
    let mut word = [0x90; 8];
    word[..code.len()].copy_from_slice(code);
    let data = vec![(usize::try_from(CODE).unwrap(), u64::from_le_bytes(word))];
    let file = Elf { data, ..Elf::x86_64() }.build();
    let images = image::parse(&file).unwrap();
    let space = Space::new(&images[0], &[], 14);
    let mut memory = Memory::new(&space);
    let mut machine = X86::enter(&mut memory, CODE, &[]).unwrap();
    for (register, number) in registers.into_iter().enumerate() {
        machine.set_general(register, Value::Known(number));
    }
    assert_eq!(machine.step(&mut memory), Ok(Flow::Next));
    assert_eq!(machine.counter(), CODE + code.len() as u64);
    let results = [0, 2].map(|register| machine.general(register).known());
    (machine, results)
}

fn gives(code: &[u8], registers: [u64; 3]) -> Option<u64> {
    after(code, registers).1[0]
}

#[test]
fn bits_go_round() {
    const HIGH_AND_LOW: u64 = 0x8000_0000_0000_0001;
    assert_eq!(gives(&[0x48, 0xc1, 0xc0, 0x10], [0x1234_0000_0000_5678, 0, 0]), Some(0x0000_0000_5678_1234));
    assert_eq!(gives(&[0x48, 0xd1, 0xc8], [HIGH_AND_LOW, 0, 0]), Some(0xc000_0000_0000_0000), "ror rax, 1");
    assert_eq!(gives(&[0xd3, 0xc0], [0x8000_0001, 33, 0]), Some(3), "rol eax, cl: five bits count");
    assert_eq!(gives(&[0x66, 0xc1, 0xc0, 0x08], [0xffff_1234, 0, 0]), Some(0xffff_3412), "rol ax, 8");
    assert_eq!(gives(&[0x48, 0xd3, 0xc0], [HIGH_AND_LOW, 0, 0]), Some(HIGH_AND_LOW), "rol rax, cl by none");
}

#[test]
fn shifts_take_bits_from_another_register() {
    let high = 0xaaaa_bbbb_cccc_dddd;
    assert_eq!(gives(&[0x48, 0x0f, 0xa4, 0xd0, 0x10], [0x1, 0, high]), Some(0x1_aaaa), "shld rax, rdx, 16");
    assert_eq!(gives(&[0x48, 0x0f, 0xac, 0xd0, 0x10], [0, 0, high]), Some(0xdddd_0000_0000_0000), "shrd");
    assert_eq!(gives(&[0x48, 0x0f, 0xa5, 0xd0], [7, 0, high]), Some(7), "shld rax, rdx, cl by none");
}

#[test]
fn bits_are_found_and_counted() {
    assert_eq!(gives(&[0x48, 0x0f, 0xbc, 0xc1], [9, 0x100, 0]), Some(8), "bsf rax, rcx");
    assert_eq!(gives(&[0x48, 0x0f, 0xbd, 0xc1], [9, 0x1ff, 0]), Some(8), "bsr rax, rcx");
    assert_eq!(gives(&[0x48, 0x0f, 0xbd, 0xc1], [9, 0, 0]), None, "bsr rax, rcx of nothing");
    assert_eq!(gives(&[0xf3, 0x0f, 0xbc, 0xc1], [9, 0, 0]), Some(32), "tzcnt eax, ecx");
    assert_eq!(gives(&[0xf3, 0x0f, 0xbd, 0xc1], [9, 1, 0]), Some(31), "lzcnt eax, ecx");
    assert_eq!(gives(&[0xf3, 0x48, 0x0f, 0xb8, 0xc1], [9, 0xf0f, 0]), Some(8), "popcnt rax, rcx");
    assert_eq!(after(&[0x48, 0x0f, 0xba, 0xe0, 0x05], [0x20, 0, 0]).0.flags.carry, Some(true), "bt rax, 5");
    assert_eq!(gives(&[0x48, 0x0f, 0xab, 0xc8], [0, 67, 0]), Some(8), "bts rax, rcx");
    assert_eq!(gives(&[0x48, 0x0f, 0xba, 0xf0, 0x05], [0x21, 0, 0]), Some(1), "btr rax, 5");
    assert_eq!(gives(&[0x0f, 0xba, 0xf8, 0x1f], [0, 0, 0]), Some(0x8000_0000), "btc eax, 31");
    assert_eq!(gives(&[0x0f, 0xc8], [0xffff_ffff_1234_5678, 0, 0]), Some(0x7856_3412), "bswap eax");
}

#[test]
fn products_and_quotients_take_two_registers() {
    let all = u64::MAX;
    assert_eq!(after(&[0x48, 0xf7, 0xe1], [all, all, 5]).1, [Some(1), Some(all - 1)], "mul rcx");
    assert_eq!(after(&[0x48, 0xf7, 0xe9], [all, all, 5]).1, [Some(1), Some(0)], "imul rcx");
    assert_eq!(after(&[0xf7, 0xe1], [all, 2, 5]).1, [Some(0xffff_fffe), Some(1)], "mul ecx");
    assert_eq!(after(&[0x48, 0xf7, 0xf1], [7, 2, 1]).1, [Some((1 << 63) + 3), Some(1)], "div rcx");
    assert_eq!(after(&[0xf7, 0xf9], [0xffff_fff9, 2, all]).1, [Some(0xffff_fffd), Some(0xffff_ffff)], "idiv");
    assert_eq!(after(&[0x48, 0xf7, 0xf1], [7, 0, 0]).1, [None, None], "div rcx by zero");
    assert_eq!(after(&[0x99], [0x8000_0000, 0, 5]).1, [Some(0x8000_0000), Some(0xffff_ffff)], "cdq");
    assert_eq!(after(&[0x48, 0x99], [0x8000_0000, 0, 5]).1, [Some(0x8000_0000), Some(0)], "cqo");
    assert_eq!(gives(&[0x98], [0x1234_8000, 0, 0]), Some(0xffff_8000), "cwde");
}

#[test]
fn a_block_of_unknown_size_leaves_the_stack_known() {
    let code = &[0x48, 0x29, 0xdc]; // sub rsp, rbx
    let (machine, _) = after(code, [0; 3]);
    assert!(machine.general(STACK_POINTER).known().is_some());
}

#[test]
fn functions_of_windows_take_arguments_off_the_stack() {
    let file = image::testing::pe(false);
    let images = image::parse(&file).unwrap();
    let space = Space::new(&images[0], &[], 14);
    let mut memory = Memory::new(&space);
    let arguments = [Value::Known(5), Value::Known(6)];
    let mut machine = X86::enter(&mut memory, CODE, &arguments).unwrap();
    let before = machine.general(STACK_POINTER).known().unwrap();
    machine.discard_arguments(&mut memory, 2).unwrap();
    machine.leave(&memory, Value::ZERO);
    assert_eq!(machine.general(STACK_POINTER), Value::Known(before + 4 + 2 * 4));
    assert_eq!(machine.counter(), space.regions.exit);
}
