//! Where control goes, what a choice teaches, and what calls leave.

use super::*;

/// What follows one instruction, with an address in `x8`.
fn flow(word: u32) -> (Flow, u64) {
    let mut result = None;
    with(&[word], |machine, memory| {
        machine.set_general(8, Value::Known(0x1040));
        result = Some((machine.step(memory).unwrap(), machine.counter()));
    });
    result.unwrap()
}

#[test]
fn control_goes_where_it_is_told() {
    let there = Value::Known(0x1040);
    assert_eq!(flow(0x1400_0002).0, Flow::Jump(Value::Known(CODE + 8)), "b #8");
    assert_eq!(flow(0x9400_0002), (Flow::Call(Value::Known(CODE + 8)), CODE + 4), "bl #8");
    assert_eq!(flow(0xd63f_0100), (Flow::Call(there), CODE + 4), "blr x8");
    assert_eq!(flow(0xd73f_0909), (Flow::Call(there), CODE + 4), "blraa x8, x9");
    assert_eq!(flow(0xd61f_0100).0, Flow::Jump(there), "br x8");
    assert_eq!(flow(0xd61f_091f).0, Flow::Jump(there), "braaz x8");
    assert_eq!(flow(0xd61f_0140).0, Flow::Jump(Value::Unknown), "br x10");
    let exit = flow(0xd65f_03c0).0;
    assert!(matches!(exit, Flow::Return(Value::Known(_))), "ret");
    assert_eq!(flow(0xd65f_0bff).0, exit, "retaa");
    assert_eq!(flow(0xd420_0020).0, Flow::Trap, "brk #1");
    assert_eq!(flow(0).0, Flow::Trap, "udf #0");
    // nop, bti c, pacibsp, autibsp, xpaclri, xpaci x8, pacia x8, x9, prfm pldl1keep, [x8]
    let hints = [0xd503_201f, 0xd503_245f, 0xd503_237f, 0xd503_23ff, 0xd503_20ff, 0xdac1_43e8, 0xdac1_0128];
    for word in hints.into_iter().chain([0xf980_0100]) {
        assert_eq!(flow(word), (Flow::Next, CODE + 4), "{word:#x}");
    }
}

/// Takes the choice that stands at these instructions; gives where that leads.
fn decide(words: &[u32], before: &[(u16, Value)], taken: bool, check: impl FnOnce(&Arm64)) {
    with(words, |machine, memory| {
        for &(register, value) in before {
            machine.set_general(register, value);
        }
        while machine.step(memory) != Ok(Flow::Choice) {
            assert!(machine.counter() < CODE + 4 * words.len() as u64, "there is a choice");
        }
        machine.decide(memory, taken).unwrap();
        assert_eq!(machine.step(memory), Ok(Flow::Next));
        assert_eq!(machine.decided(), 0);
        check(machine);
    });
}

#[test]
fn a_choice_teaches_what_it_hangs_on() {
    let zero = [0xb400_0054]; // cbz x20, #8
    decide(&zero, &[], true, |machine| is(machine, &[(20, 0)]));
    decide(&zero, &[], false, |machine| assert_eq!(machine.general(20), Value::NonNull));
    let equal = [0xf100_169f, 0x5400_0040]; // cmp x20, #5; b.eq #8
    decide(&equal, &[], true, |machine| is(machine, &[(20, 5)]));
    decide(&equal, &[], false, |machine| assert_eq!(machine.general(20), Value::Unknown));
    let overwritten = [0xf100_169f, 0xaa15_03f4, 0x5400_0040]; // cmp x20, #5; mov x20, x21; b.eq #8
    decide(&overwritten, &[], true, |machine| assert_eq!(machine.general(20), Value::Unknown));
    // The upper half may be the sign's or zeros.
    let negative = [0x3100_069f, 0x5400_0040]; // cmn w20, #1; b.eq #8
    decide(&negative, &[], true, |machine| assert_eq!(machine.general(20), Value::Unknown));
    let bit = [0x3718_0054]; // tbnz w20, #3, #8
    decide(&bit, &[], true, |machine| assert_eq!(machine.general(20), Value::NonNull));
    let selection = [0xf100_029f, 0x9a82_0020]; // cmp x20, #0; csel x0, x1, x2, eq
    let values = [(1, Value::Known(1)), (2, Value::Known(2))];
    decide(&selection, &values, true, |machine| is(machine, &[(0, 1), (20, 0)]));
    decide(&selection, &values, false, |machine| is(machine, &[(0, 2)]));
    let comparison = [0xf100_029f, 0xfa43_1a84]; // cmp x20, #0; ccmp x20, #3, #4, ne
    decide(&comparison, &[], false, |machine| assert_eq!(machine.condition(0), Some(true)));
    decide(&comparison, &[], true, |machine| assert_eq!(machine.condition(0), None));
}

#[test]
fn only_branches_on_known_values_are_progress() {
    let words = [0xb400_0034, 0xb400_0034, 0xb400_0035]; // cbz x20, #4, twice; cbz x21, #4
    with(&words, |machine, memory| {
        machine.set_general(21, Value::Known(1));
        assert_eq!(machine.step(memory), Ok(Flow::Choice));
        machine.decide(memory, true).unwrap();
        let decided = words.map(|_| {
            assert_eq!(machine.step(memory), Ok(Flow::Next));
            machine.decided()
        });
        assert_eq!(decided, [0, 0, 1]);
    });
}

#[test]
fn a_loaded_pointer_that_is_jumped_to_is_a_function() {
    let words = [0xf940_0108, 0xd61f_0100]; // ldr x8, [x8]; br x8
    with(&words, |machine, memory| {
        machine.step(memory).unwrap();
        assert_eq!(machine.step(memory), Ok(Flow::Jump(Value::NonNull)));
    });
}

#[test]
fn calls_lose_what_the_convention_lets_them_lose() {
    with(&[], |machine, memory| {
        (0..31).for_each(|register| machine.set_general(register, Value::Known(register.into())));
        (0..32).for_each(|register| machine.set_lanes(register, [Value::ZERO; LANES]));
        let top = machine.general(STACK_POINTER);
        let arguments: Vec<Value> = (0..10).map(|index| Value::Known(100 + index)).collect();
        machine.set_arguments(memory, &arguments).unwrap();
        assert_eq!(machine.argument(memory, 7), Value::Known(107));
        assert_eq!(machine.argument(memory, 9), Value::Known(109));
        machine.leave(memory, Value::NonNull);
        assert_eq!(machine.counter(), u64::from(LINK));
        assert_eq!(machine.result(), Value::NonNull);
        assert!((1..19).all(|register| machine.general(register) == Value::Unknown));
        assert!((19..30).all(|register| machine.general(register) == Value::Known(register.into())));
        assert_eq!(machine.general(STACK_POINTER), top);
        assert_eq!(machine.lanes(7), [Value::Unknown; LANES]);
        assert_eq!(machine.lanes(8), [Value::ZERO, Value::Unknown]);
    });
}

#[test]
fn a_thread_local_descriptor_leads_to_one_variable() {
    let words = [
        0xf940_0001, // ldr x1, [x0]
        0xd63f_0020, // blr x1
        0xd53b_d042, // mrs x2, tpidr_el0
        0x8b00_0043, // add x3, x2, x0
    ];
    // R_AARCH64_TLSDESC
    with_image(&words, vec![(0x2000, 1031, 0, 0)], |image| {
        let space = Space::new(image, &[], 14);
        let mut memory = Memory::new(&space);
        let mut machine = Arm64::enter(&mut memory, CODE, &[Value::Known(0x2000)]).unwrap();
        machine.set_general(9, Value::Known(9));
        for _ in words {
            assert_eq!(machine.step(&mut memory), Ok(Flow::Next));
        }
        is(&machine, &[(9, 9)]);
        let Value::Known(variable) = machine.general(3) else { panic!("the variable has an address") };
        assert!((space.regions.thread..space.regions.stack).contains(&variable));
    });
}

proptest! {
    #[test]
    fn no_word_makes_it_panic(
        words in prop::collection::vec(any::<u32>(), 1..32),
        numbers in prop::collection::vec(any::<u64>(), 32),
        choices in any::<u32>(),
    ) {
        with(&words, |machine, memory| {
            for (register, number) in (0..).zip(&numbers) {
                // Some known numbers, some addresses, some that are not known.
                let value = match number % 3 {
                    0 => Value::Known(number / 3),
                    1 => Value::Known(DATA + number % 0x100),
                    _ => Value::Unknown,
                };
                machine.set_general(register, value);
            }
            for step in 0..words.len() as u64 {
                machine.jump(CODE + step * 4);
                if machine.step(memory) == Ok(Flow::Choice) {
                    machine.decide(memory, choices >> (step % 32) & 1 != 0).unwrap();
                    let _ = machine.step(memory);
                }
            }
        });
    }
}

#[test]
fn a_pointer_to_a_local_count_reads_that_of_an_immortal_object() {
    let words = [0x9100_3262, 0xb940_0041]; // add x2, x19, #12; ldr w1, [x2]
    after_values(&words, &[(19, Value::Object(7))], |machine, _| is(machine, &[(1, 0xffff_ffff)]));
    let words = [0x9100_4262, 0xb940_0041]; // add x2, x19, #16; ldr w1, [x2]
    after_values(&words, &[(19, Value::Object(7))], |machine, _| {
        assert_eq!(machine.general(1), Value::Unknown);
    });
}

#[test]
fn a_block_of_unknown_size_leaves_the_stack_known() {
    // sub sp, sp, x0; and: sub x1, sp, x0; mov sp, x1
    for words in [&[0xcb20_63ff][..], &[0xcb20_63e1, 0x9100_003f]] {
        with(words, |machine, memory| {
            let before = machine.general(STACK_POINTER).known().unwrap();
            for _ in words {
                assert_eq!(machine.step(memory), Ok(Flow::Next));
            }
            assert!(machine.general(STACK_POINTER).known().unwrap() < before);
        });
    }
}
