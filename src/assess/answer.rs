//! The answer for the code of one machine with what each slot means, for people who follow it step by step.

use super::evidence;
use super::slots::{self, Declared, Holder};
use super::verdict::judge_slice;
use crate::model::{
    Answer, Creation, ModuleName, Outcome, Slice, Slot, SlotArray, SlotMeaning, SlotValue, Target,
};

/// What a target makes of the code for one machine.
#[must_use]
pub fn answer(name: &ModuleName, slice: &Slice, target: Target) -> Answer {
    let judgement = judge_slice(name, slice, target);
    let (array, holder) = match slice.init.get(&target).map(|init| &init.outcome) {
        Some(Outcome::MultiPhase(definition)) => (&definition.slots, Holder::Definition),
        Some(Outcome::Exported(array)) => (array, Holder::Export),
        _ => return Answer { judgement, slots: Vec::new() },
    };
    Answer { judgement, slots: meanings(array, holder, target) }
}

fn meanings(array: &SlotArray, holder: Holder, target: Target) -> Vec<SlotMeaning> {
    let refusal = slots::read(array, holder, target).err();
    let refused = refusal.as_ref().map(|refusal| (refusal.slot, &refusal.text));
    let mut is_over = false;
    let meaning = |slot: &Slot| {
        let text = match refused {
            Some((culprit, why)) if std::ptr::eq(culprit, slot) => {
                is_over = true;
                format!("the import fails with SystemError: {why}")
            }
            _ if is_over => "not reached".to_owned(),
            _ => meaning(slot, target),
        };
        let (name, value) = (evidence::slot_name(slot.id), evidence::slot_value(slot));
        SlotMeaning { slot: *slot, name, value, meaning: text }
    };
    array.slots.iter().map(meaning).collect()
}

/// What a target makes of a slot that it accepts.
fn meaning(slot: &Slot, target: Target) -> String {
    let text = match evidence::slot_name(slot.id) {
        "Py_mod_gil" => return declaration(slot.value, target),
        "Py_mod_create" if slot.value == SlotValue::Known(0) => "none: the interpreter makes the module",
        "Py_mod_create" => match slot.creates {
            Some(Creation::Module) => {
                "makes the module object, before the GIL check; it was seen to return a module"
            }
            Some(Creation::NotAModule) => {
                "makes the object, before the GIL check; it was seen to return something that is no module"
            }
            Some(Creation::Unknown) | None => {
                "makes the object, before the GIL check; what it returns was not seen"
            }
        },
        "Py_mod_exec" => "runs after the GIL check: PyUnstable_Module_SetGIL in there has no effect",
        "Py_mod_multiple_interpreters" => "about sub-interpreters; says nothing of the GIL",
        "Py_slot_subslots" | "Py_mod_slots" => "the slots of another array follow",
        "Py_mod_abi" => "the build of Python that it is for",
        name if name.starts_with("Py_") => "says nothing of the GIL",
        _ => "not known, optional: passed over",
    };
    text.to_owned()
}

fn declaration(value: SlotValue, target: Target) -> String {
    match slots::declared(value, target) {
        Declared::Used => "the GIL is turned on".to_owned(),
        Declared::NotUsed => "the GIL stays off".to_owned(),
        Declared::OddUsed(_) => format!("the GIL is turned on: {target} takes anything but 1 for \"used\""),
        Declared::OddNotUsed(_) => {
            format!("the GIL stays off: {target} takes anything but 0 for \"not used\"")
        }
        Declared::Unknown => "could be either".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::made_up::{array, built_for, facts, multi_phase, slot};
    use crate::model::{Abi, Verdict};
    use Target::{Py314t, Py315t};

    fn in_words(slots: &[Slot], target: Target) -> Vec<String> {
        let words = meanings(&array(slots), Holder::Definition, target).into_iter();
        words.map(|slot| format!("{} = {}: {}", slot.name, slot.value, slot.meaning)).collect()
    }

    #[test]
    fn each_slot_has_its_meaning_for_the_target() {
        let slots = [slot(2, 0x1200), slot(3, 2), slot(4, 2)];
        assert_eq!(
            in_words(&slots, Py314t),
            [
                "Py_mod_exec = 0x1200: runs after the GIL check: PyUnstable_Module_SetGIL in there has no effect",
                "Py_mod_multiple_interpreters = 2 (Py_MOD_PER_INTERPRETER_GIL_SUPPORTED): about sub-interpreters; \
                 says nothing of the GIL",
                "Py_mod_gil = 0x2: the GIL stays off: 3.14t takes anything but 0 for \"not used\"",
            ]
        );
        assert!(in_words(&slots, Py315t)[2].contains("the GIL is turned on: 3.15t takes anything but 1"));
    }

    #[test]
    fn what_follows_a_refused_slot_is_not_reached() {
        let words = in_words(&[slot(2, 0x1200), slot(87, 1), slot(4, 1)], Py314t);
        assert!(
            words[1].ends_with("the import fails with SystemError: no module slot of 3.14t has this number")
        );
        assert!(words[2].ends_with("not reached"));
    }

    #[test]
    fn an_answer_is_the_verdict_with_its_slots() {
        let facts = facts(built_for(Some(Abi::FreeThreaded), None), &multi_phase(&[slot(4, 1)]));
        let name = ModuleName::of_member("x.so");
        let answer = answer(&name, &facts.slices[0], Py314t);
        assert_eq!((answer.judgement.verdict, answer.slots.len()), (Verdict::GilFree, 1));
    }
}
