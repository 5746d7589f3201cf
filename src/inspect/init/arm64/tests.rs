//! Instruction words as the assembler makes them, executed one after the other and looked at.

mod control;

use super::*;
use crate::inspect::image::testing::Elf;
use crate::inspect::image::{self, Image};
use crate::inspect::init::machine::Flow;
use crate::inspect::init::space::Space;
use crate::model::Arch;
use proptest::prelude::*;

const CODE: u64 = 0x1000;
/// Zeros that can be written.
const DATA: u64 = 0x2100;

fn with_image(words: &[u32], relocations: Vec<(u64, u32, u32, i64)>, test: impl FnOnce(&Image)) {
    let halves = |pair: &[u32]| pair.iter().rev().fold(0, |all, word| all << 32 | u64::from(*word));
    let places = (usize::try_from(CODE).unwrap()..).step_by(8);
    let data = places.zip(words.chunks(2).map(halves)).collect();
    let file = Elf { machine: 183, data, relocations, ..Elf::x86_64() }.build();
    let images = image::parse(&file).unwrap();
    assert_eq!(images[0].arch, Arch::Aarch64);
    test(&images[0]);
}

/// Lets `test` have a machine whose program counter stands at these instructions.
fn with(words: &[u32], test: impl FnOnce(&mut Arm64, &mut Memory)) {
    with_image(words, Vec::new(), |image| {
        let space = Space::new(image, &[], 14);
        let mut memory = Memory::new(&space);
        let mut machine = Arm64::enter(&mut memory, CODE, &[]).unwrap();
        test(&mut machine, &mut memory);
    });
}

/// Executes these instructions, with numbers in some registers, then lets `check` look.
fn after(words: &[u32], registers: &[(u16, u64)], check: impl FnOnce(&Arm64, &Memory)) {
    let registers: Vec<_> = registers.iter().map(|&(number, value)| (number, Value::Known(value))).collect();
    after_values(words, &registers, check);
}

fn after_values(words: &[u32], registers: &[(u16, Value)], check: impl FnOnce(&Arm64, &Memory)) {
    with(words, |machine, memory| {
        for &(register, value) in registers {
            machine.set_general(register, value);
        }
        for _ in words {
            assert_eq!(machine.step(memory), Ok(Flow::Next));
        }
        check(machine, memory);
    });
}

/// What one instruction leaves in `x0`, `x0` to `x3` being these before.
fn gives(word: u32, operands: [u64; 4]) -> u64 {
    let mut result = None;
    let registers: Vec<_> = (0..).zip(operands).collect();
    after(&[word], &registers, |machine, _| result = machine.general(0).known());
    result.unwrap()
}

#[track_caller]
fn is(machine: &Arm64, expected: &[(u16, u64)]) {
    for &(register, value) in expected {
        assert_eq!(machine.general(register), Value::Known(value), "x{register}");
    }
}

#[test]
fn constants_and_addresses_are_built() {
    let words = [
        0xd2a2_4680, // movz x0, #0x1234, lsl #16
        0xf28a_cf00, // movk x0, #0x5678
        0x1280_0001, // movn w1, #0
        0x9100_03e2, // mov x2, sp
        0xaa00_03e3, // mov x3, x0
        0xb000_0004, // adrp x4, #0x1000
        0x9100_4084, // add x4, x4, #0x10
        0x1000_0045, // adr x5, #8
    ];
    after(&words, &[], |machine, memory| {
        is(machine, &[(0, 0x1234_5678), (1, 0xffff_ffff), (3, 0x1234_5678), (4, 0x2010), (5, CODE + 36)]);
        is(machine, &[(2, memory.space.regions.stack - 0x1000), (LINK, memory.space.regions.exit)]);
    });
}

#[test]
fn registers_are_shifted_and_extended() {
    // add x0, x1, w2, uxtw #3: the bits above the 32 of w2 are zeros, those of the sum are kept.
    assert_eq!(gives(0x8b22_4c20, [0, 1, 0xdead_ffff_ffff, 0]), 0x7_ffff_fff9);
    // add x0, x1, w2, sxtw #2
    assert_eq!(gives(0x8b22_c820, [0, 0x1000, 0xffff_ffff, 0]), 0xffc);
    // add w0, w1, w2
    assert_eq!(gives(0x0b02_0020, [0, 0xffff_ffff, 2, 0]), 1);
    // sub x0, x1, #1, lsl #12
    assert_eq!(gives(0xd140_0420, [0, 0x5000, 0, 0]), 0x4000);
    // eor x0, x1, x2, lsr #4
    assert_eq!(gives(0xca42_1020, [0, 0xff, 0xff0, 0]), 0);
    // bic x0, x1, x2
    assert_eq!(gives(0x8a22_0020, [0, 0xff, 0x0f, 0]), 0xf0);
    // orn x0, xzr, x2
    assert_eq!(gives(0xaa22_03e0, [0, 0, 0x0f, 0]), !0x0f);
    // orr x0, x1, #0xff00
    assert_eq!(gives(0xb278_1c20, [0, 1, 0, 0]), 0xff01);
}

#[test]
fn bits_are_moved() {
    // lsl x0, x1, #4
    assert_eq!(gives(0xd37c_ec20, [0, 0xff, 0, 0]), 0xff0);
    // lsr w0, w1, #4
    assert_eq!(gives(0x5304_7c20, [0, 0xf_0000_00f0, 0, 0]), 0xf);
    // asr x0, x1, #63
    assert_eq!(gives(0x937f_fc20, [0, 1 << 63, 0, 0]), u64::MAX);
    // sxtw x0, w1
    assert_eq!(gives(0x9340_7c20, [0, 0x8000_0000, 0, 0]), 0xffff_ffff_8000_0000);
    // ubfx x0, x1, #8, #8
    assert_eq!(gives(0xd348_3c20, [0, 0x1234_5678, 0, 0]), 0x56);
    // sbfx w0, w1, #4, #4
    assert_eq!(gives(0x1304_1c20, [0, 0xf0, 0, 0]), 0xffff_ffff);
    // bfi x0, x1, #8, #4
    assert_eq!(gives(0xb378_0c20, [0xffff, 0x5, 0, 0]), 0xf5ff);
    // bfxil x0, x1, #8, #4
    assert_eq!(gives(0xb348_2c20, [0xffff, 0x500, 0, 0]), 0xfff5);
    // extr x0, x1, x2, #16
    assert_eq!(gives(0x93c2_4020, [0, 0x1234, 0x5678_0000, 0]), 0x1234_0000_0000_5678);
    // ror w0, w1, #8
    assert_eq!(gives(0x1381_2020, [0, 0x1122_3344, 0, 0]), 0x4411_2233);
    // lsl x0, x1, x2
    assert_eq!(gives(0x9ac2_2020, [0, 1, 65, 0]), 2);
    // rbit x0, x1; rev w0, w1; rev16 w0, w1; clz w0, w1
    assert_eq!(gives(0xdac0_0020, [0, 1, 0, 0]), 1 << 63);
    assert_eq!(gives(0x5ac0_0820, [0, 0x1122_3344, 0, 0]), 0x4433_2211);
    assert_eq!(gives(0x5ac0_0420, [0, 0x1122_3344, 0, 0]), 0x2211_4433);
    assert_eq!(gives(0x5ac0_1020, [0, 1, 0, 0]), 31);
}

#[test]
fn products_and_quotients_are_calculated() {
    // madd x0, x1, x2, x3
    assert_eq!(gives(0x9b02_0c20, [0, 6, 7, 1]), 43);
    // msub w0, w1, w2, w3
    assert_eq!(gives(0x1b02_8c20, [0, 6, 7, 1]), 0xffff_ffff - 40);
    // smaddl x0, w1, w2, x3
    assert_eq!(gives(0x9b22_0c20, [0, 0xffff_ffff, 5, 6]), 1);
    // umulh x0, x1, x2
    assert_eq!(gives(0x9bc2_7c20, [0, u64::MAX, u64::MAX, 0]), u64::MAX - 1);
    // udiv x0, x1, x2; sdiv w0, w1, w2
    assert_eq!(gives(0x9ac2_0820, [0, 7, 0, 0]), 0);
    assert_eq!(gives(0x1ac2_0c20, [0, 0x8000_0000, 0xffff_ffff, 0]), 0x8000_0000);
}

#[test]
fn conditions_select() {
    let words = [
        0xf100_169f, // cmp x20, #5
        0x1a9f_07e0, // cset w0, ne
        0x9a82_0041, // csel x1, x2, x2, eq
        0xda83_b462, // csneg x2, x3, x3, lt
        0xfa45_1a80, // ccmp x20, #5, #0, ne
        0x1a9f_17e4, // cset w4, eq
        0x3100_051f, // cmn w8, #1
        0x1a9f_17e5, // cset w5, eq
        0xeb14_0286, // subs x6, x20, x20
        0x1a9f_37e7, // cset w7, hs
        0xf240_029f, // tst x20, #1
        0x5a9f_13e9, // csetm w9, eq
    ];
    after(&words, &[(20, 6), (2, 22), (3, 3), (8, 0xffff_ffff)], |machine, _| {
        is(machine, &[(0, 1), (1, 22), (2, 3u64.wrapping_neg()), (4, 0), (5, 1), (6, 0), (7, 1)]);
        is(machine, &[(9, 0xffff_ffff)]);
    });
}

#[test]
fn references_pass_through_and_are_not_null() {
    let words = [
        0xaa14_03e0, // mov x0, x20
        0x9100_4281, // add x1, x20, #16
        0x2a14_03e2, // mov w2, w20
        0xb940_0e83, // ldr w3, [x20, #12]
        0xf940_0684, // ldr x4, [x20, #8]
    ];
    after_values(&words, &[(20, Value::Object(7))], |machine, _| {
        let values = (0..5).map(|register| machine.general(register)).collect::<Vec<_>>();
        // The local reference count is that of an immortal object.
        let count = Value::Known(0xffff_ffff);
        assert_eq!(values, [Value::Object(7), Value::NonNull, Value::Unknown, count, Value::Unknown]);
    });
}

#[test]
fn every_addressing_mode_reaches_its_place() {
    let words = [
        0xf900_0281, // str x1, [x20]
        0xf840_8e82, // ldr x2, [x20, #8]!
        0xf85f_8283, // ldur x3, [x20, #-8]
        0xf81f_0681, // str x1, [x20], #-16
        0xa940_9684, // ldp x4, x5, [x20, #8]
        0xf868_7a86, // ldr x6, [x20, x8, lsl #3]
        0xf868_ca87, // ldr x7, [x20, w8, sxtw]
        0x5800_0029, // ldr x9, #4
        0xa9bf_07e0, // stp x0, x1, [sp, #-16]!
    ];
    let one = 0x0807_0605_8483_8281;
    after(&words, &[(20, DATA), (1, one), (8, 1), (0, 77)], |machine, memory| {
        is(machine, &[(2, 0), (3, one), (20, DATA - 8), (4, one), (5, one), (6, one)]);
        is(machine, &[(9, 0xa9bf_07e0)]);
        assert_eq!(machine.general(7), Value::Known(one << 56), "one byte further");
        let top = memory.space.regions.stack - 0x1010;
        is(machine, &[(STACK_POINTER, top)]);
        assert_eq!(memory.load(top, 8), Value::Known(77));
        assert_eq!(memory.load(top + 8, 8), Value::Known(one));
    });
}

#[test]
fn parts_are_extended_and_nothing_beside_them_is_written() {
    let words = [
        0xf900_0281, // str x1, [x20]
        0x3900_0682, // strb w2, [x20, #1]
        0x7900_0a82, // strh w2, [x20, #4]
        0x3940_0683, // ldrb w3, [x20, #1]
        0x39c0_0684, // ldrsb w4, [x20, #1]
        0x7980_0a85, // ldrsh x5, [x20, #4]
        0xb980_0286, // ldrsw x6, [x20]
        0xf940_0287, // ldr x7, [x20]
    ];
    after(&words, &[(20, DATA), (1, 0x1122_3344_5566_7788), (2, 0xffff_80f0)], |machine, _| {
        is(machine, &[(3, 0xf0), (4, 0xffff_fff0), (5, 0xffff_ffff_ffff_80f0), (6, 0x5566_f088)]);
        is(machine, &[(7, 0x1122_80f0_5566_f088)]);
    });
}

#[test]
fn exclusive_and_atomic_accesses_act_at_once() {
    let words = [
        0xc89f_fe82, // stlr x2, [x20]
        0xc85f_fe80, // ldaxr x0, [x20]
        0xc801_fe83, // stlxr w1, x3, [x20]
        0xf8e2_0284, // ldaddal x2, x4, [x20]
        0xf8e2_8285, // swpal x2, x5, [x20]
        0xf822_1286, // ldclr x2, x6, [x20]
        0xf823_329f, // stset x3, [x20]
        0xc8e3_fe82, // casal x3, x2, [x20]
        0xc8df_fe87, // ldar x7, [x20]
        0xd503_3bbf, // dmb ish
    ];
    after(&words, &[(20, DATA), (2, 5), (3, 9)], |machine, _| {
        is(machine, &[(0, 5), (1, 0), (4, 9), (5, 14), (6, 5), (3, 9), (7, 5)]);
    });
    // ldsmax w1, w0, [x20]: a signed comparison of 32 bits.
    after(&[0xb821_4280], &[(20, DATA), (1, 0xffff_fff0)], |_, memory| {
        assert_eq!(memory.load(DATA, 8), Value::ZERO);
    });
}

#[test]
fn structures_pass_through_vector_registers() {
    let words = [
        0x9e67_0280, // fmov d0, x20
        0x4e18_1ea0, // mov v0.d[1], x21
        0x3d80_02c0, // str q0, [x22]
        0xad40_06c1, // ldp q1, q1, [x22]
        0x3dc0_02c1, // ldr q1, [x22]
        0xfd40_06c2, // ldr d2, [x22, #8]
        0x6e01_4023, // ext v3.16b, v1.16b, v1.16b, #8
        0x4ec3_3824, // zip1 v4.2d, v1.2d, v3.2d
        0x4e18_0425, // dup v5.2d, v1.d[1]
        0x9eae_0020, // fmov x0, v1.d[1]
        0x0e0c_3c21, // mov w1, v1.s[1]
        0x4e03_2c22, // smov x2, v1.b[1]
        0xbd40_02c6, // ldr s6, [x22]
        0x4c9f_7ec1, // st1 {v1.2d}, [x22], #16
    ];
    let number = 0x1234_5678_89ab_80ef;
    let values = [(20, Value::Known(number)), (21, Value::Object(3)), (22, Value::Known(DATA))];
    after_values(&words, &values, |machine, memory| {
        let (low, high) = (Value::Known(number), Value::Object(3));
        assert_eq!(machine.lanes(1), [low, high]);
        assert_eq!(machine.lanes(2), [high, Value::ZERO]);
        assert_eq!(machine.lanes(3), [high, low]);
        assert_eq!(machine.lanes(4), [low, high]);
        assert_eq!(machine.lanes(5), [high, high]);
        assert_eq!(machine.lanes(6), [Value::Known(0x89ab_80ef), Value::ZERO]);
        assert_eq!(machine.general(0), high);
        is(machine, &[(1, 0x1234_5678), (2, 0xffff_ffff_ffff_ff80), (22, DATA + 16)]);
        assert_eq!(memory.load(DATA + 8, 8), high);
    });
}

#[test]
fn vector_constants_are_known() {
    let words = [
        0x6f00_e400, // movi v0.2d, #0
        0x4f07_e7e1, // movi v1.16b, #0xff
        0x4f00_2422, // movi v2.4s, #1, lsl #8
        0x2f00_0423, // mvni v3.2s, #1
        0x4e04_0e84, // dup v4.4s, w20
        0x1e2e_1005, // fmov s5, #1.0
        0x6e24_1c86, // eor v6.16b, v4.16b, v4.16b
        0x4ea1_1c27, // mov v7.16b, v1.16b
    ];
    after(&words, &[(20, 9)], |machine, _| {
        let expected: [(u64, u64); 8] = [
            (0, 0),
            (u64::MAX, u64::MAX),
            (0x100_0000_0100, 0x100_0000_0100),
            (0xffff_fffe_ffff_fffe, 0),
            (0x9_0000_0009, 0x9_0000_0009),
            (0x3f80_0000, 0),
            (0, 0),
            (u64::MAX, u64::MAX),
        ];
        for (register, (low, high)) in (0..).zip(expected) {
            assert_eq!(machine.lanes(register), [Value::Known(low), Value::Known(high)], "v{register}");
        }
    });
}

#[test]
fn what_is_not_modelled_is_forgotten() {
    let words = [
        0x1e62_2820, // fadd d0, d1, d2
        0x9e78_0000, // fcvtzs x0, d0
        0x4c40_8282, // ld2 {v2.16b, v3.16b}, [x20]
        0x4c9f_8280, // st2 {v0.16b, v1.16b}, [x20], #32
        0x1e61_2000, // fcmp d0, d1
        0xd53b_0021, // mrs x1, ctr_el0
        0xd400_0001, // svc #0
    ];
    with(&words, |machine, memory| {
        (0..32).for_each(|register| machine.set_lanes(register, [Value::ZERO; LANES]));
        for (register, value) in [(0, 0), (1, 1), (20, DATA)] {
            machine.set_general(register, Value::Known(value));
        }
        machine.flags.zero = Some(true);
        for _ in words {
            assert_eq!(machine.step(memory), Ok(Flow::Next));
        }
        assert_eq!([machine.general(0), machine.general(1)], [Value::Unknown; 2]);
        let forgotten = [0, 2, 3].map(|register| machine.lanes(register));
        assert_eq!(forgotten, [[Value::Unknown; LANES]; 3]);
        assert_eq!(machine.lanes(1), [Value::ZERO; LANES]);
        assert_eq!(machine.flags.zero, None);
        assert_eq!(memory.load(DATA, 8), Value::Unknown);
        assert_eq!(machine.general(20), Value::Known(DATA + 32));
    });
}
