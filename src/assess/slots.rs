//! How each target reads a slot array: which slots it refuses, and what it takes `Py_mod_gil` for.
//!
//! 3.13 and 3.14: `PyModule_FromDefAndSpec2` in `Objects/moduleobject.c`. 3.15: the slot iterator of
//! `Python/slots.c`, with the properties of each slot in `Python/slots.toml`.

use crate::model::{Creation, Reason, Slot, SlotArray, SlotValue, Target};

/// `PySlot_OPTIONAL`: an unknown slot may be passed over.
const OPTIONAL: u16 = 1;
/// `PySlot_STATIC`.
const STATIC: u16 = 2;
/// `_PySlot_MAX_NESTING`.
const MAX_NESTING: u8 = 5;

/// Slots under the numbers that 3.15 resolves the older ones to.
mod id {
    pub(super) const CREATE: u16 = 84;
    pub(super) const EXEC: u16 = 85;
    pub(super) const MULTIPLE_INTERPRETERS: u16 = 86;
    pub(super) const GIL: u16 = 87;
    pub(super) const SUBSLOTS: u16 = 92;
    pub(super) const MOD_SLOTS: u16 = 94;
    // Between these two: doc, state size, methods, traverse, clear.
    pub(super) const NAME: u16 = 100;
    pub(super) const STATE_FREE: u16 = 106;
    pub(super) const STATE_SIZE: u16 = 102;
    pub(super) const ABI: u16 = 109;
    pub(super) const TOKEN: u16 = 110;
}

/// Whether an array belongs to a `PyModuleDef` or was returned by an export hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    /// `m_slots` of a definition.
    Definition,
    /// The result of `PyModExport_<name>`.
    Export,
}

/// What a target makes of the slots that it accepts.
#[derive(Debug, Default)]
pub(super) struct Accepted<'a> {
    /// `Py_mod_gil`.
    pub gil: Option<&'a Slot>,
    /// `Py_mod_create`, where it is not null.
    pub create: Option<&'a Slot>,
    /// `Py_mod_exec`.
    pub exec: Option<&'a Slot>,
    /// `Py_mod_abi`.
    pub abi: Option<&'a Slot>,
}

impl Accepted<'_> {
    /// What `Py_mod_create` returns: a module where there is no such slot.
    pub(super) fn creation(&self) -> Creation {
        self.create.map_or(Creation::Module, |slot| slot.creates.unwrap_or(Creation::Unknown))
    }
}

/// A slot for which the import raises, and why.
#[derive(Debug)]
pub(super) struct Refusal<'a> {
    pub slot: &'a Slot,
    pub reason: Reason,
    pub text: String,
}

/// Reads an array as the target does. A refusal ends the import, whatever follows.
pub(super) fn read(array: &SlotArray, holder: Holder, target: Target) -> Result<Accepted<'_>, Refusal<'_>> {
    let mut seen = Seen { accepted: Accepted::default(), ids: Vec::new(), target };
    for slot in &array.slots {
        let Some(id) = resolve(slot, target) else {
            if target >= Target::Py315t && slot.flags.is_some_and(|flags| flags & OPTIONAL != 0) {
                continue;
            }
            return Err(refused(slot, target, format!("no module slot of {target} has this number")));
        };
        if target >= Target::Py315t {
            refuse_misplaced(slot, id, holder, target)?;
        }
        seen.note(slot, id, holder)?;
    }
    Ok(seen.accepted)
}

/// The number that the target takes a slot for; none where it knows no such slot.
fn resolve(slot: &Slot, target: Target) -> Option<u16> {
    match (slot.id, target >= Target::Py315t) {
        (old @ 1..=4, _) => Some(old + 83),
        (
            known @ (id::CREATE..=id::GIL
            | id::SUBSLOTS
            | id::MOD_SLOTS
            | id::NAME..=id::STATE_FREE
            | id::ABI
            | id::TOKEN),
            true,
        ) => Some(known),
        _ => None,
    }
}

/// What 3.15 refuses of a slot that it knows: a null pointer, too deep nesting, and an array nested into that
/// of a definition without the promise to be static.
fn refuse_misplaced(slot: &Slot, id: u16, holder: Holder, target: Target) -> Result<(), Refusal<'_>> {
    let null = slot.value == SlotValue::Known(0);
    let nested = matches!(id, id::SUBSLOTS | id::MOD_SLOTS);
    let may_be_null = matches!(
        id,
        id::CREATE | id::MULTIPLE_INTERPRETERS | id::GIL | id::SUBSLOTS | id::MOD_SLOTS | id::STATE_SIZE
    );
    let why = if null && !may_be_null {
        "it is NULL, which this slot may not be"
    } else if slot.depth >= MAX_NESTING {
        "it is nested too deep"
    } else if nested
        && !null
        && holder == Holder::Definition
        && slot.flags.is_some_and(|flags| flags & STATIC == 0)
    {
        "slots included from a PyModuleDef must carry PySlot_STATIC"
    } else {
        return Ok(());
    };
    Err(refused(slot, target, why.to_owned()))
}

fn refused(slot: &Slot, target: Target, text: String) -> Refusal<'_> {
    Refusal { slot, reason: Reason::SlotRefused { id: slot.id, target }, text }
}

/// The slots gone through so far.
struct Seen<'a> {
    accepted: Accepted<'a>,
    ids: Vec<u16>,
    target: Target,
}

impl<'a> Seen<'a> {
    fn note(&mut self, slot: &'a Slot, id: u16, holder: Holder) -> Result<(), Refusal<'a>> {
        if self.ids.contains(&id) && !self.may_repeat(id, holder) {
            let reason = Reason::SlotTwice { id: slot.id, target: self.target };
            return Err(Refusal { slot, reason, text: "a slot of this kind stands before it".to_owned() });
        }
        self.ids.push(id);
        match id {
            id::GIL => self.accepted.gil = Some(slot),
            id::CREATE if slot.value != SlotValue::Known(0) => self.accepted.create = Some(slot),
            id::EXEC => self.accepted.exec = Some(slot),
            id::ABI => self.accepted.abi = Some(slot),
            _ => {}
        }
        Ok(())
    }

    fn may_repeat(&self, id: u16, holder: Holder) -> bool {
        match id {
            id::SUBSLOTS | id::MOD_SLOTS | id::ABI => true,
            // An export hook's array has one place for it.
            id::EXEC => holder == Holder::Definition,
            // 3.13 and 3.14 ask whether an earlier one was not NULL; 3.15 whether there was one.
            id::CREATE => self.target < Target::Py315t && self.accepted.create.is_none(),
            _ => false,
        }
    }
}

/// What a target takes a declaration for: the value of `Py_mod_gil`, or what `PyUnstable_Module_SetGIL` got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Declared {
    /// 0.
    Used,
    /// 1; where the target compares with 0 only, any value that is known not to be 0.
    NotUsed,
    /// Neither 0 nor 1, taken for "used".
    OddUsed(u64),
    /// Neither 0 nor 1, taken for "not used".
    OddNotUsed(u64),
    /// The value is not known well enough.
    Unknown,
}

/// 3.13 and 3.14 compare with `Py_MOD_GIL_USED`, 3.15 with `Py_MOD_GIL_NOT_USED`: they differ on the rest.
pub(super) fn declared(value: SlotValue, target: Target) -> Declared {
    let compares_with_zero = target < Target::Py315t;
    match value {
        SlotValue::Known(0) => Declared::Used,
        SlotValue::Known(1) => Declared::NotUsed,
        SlotValue::Known(odd) if compares_with_zero => Declared::OddNotUsed(odd),
        SlotValue::Known(odd) => Declared::OddUsed(odd),
        SlotValue::NonNull if compares_with_zero => Declared::NotUsed,
        SlotValue::NonNull | SlotValue::Unknown => Declared::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::Holder::{Definition, Export};
    use super::*;
    use Target::{Py313t, Py314t, Py315t};

    fn slot(id: u16, value: u64) -> Slot {
        Slot { address: 0x1000, id, flags: None, value: SlotValue::Known(value), depth: 0, creates: None }
    }

    fn outcome(slots: Vec<Slot>, holder: Holder, target: Target) -> Option<Reason> {
        let array = SlotArray { address: 0x1000, slots, unread: None };
        read(&array, holder, target).err().map(|refusal| refusal.reason)
    }

    #[test]
    fn numbers_that_a_target_knows() {
        for (id, refused_by) in [
            (1, vec![]),
            (4, vec![]),
            (5, vec![Py313t, Py314t, Py315t]),
            (84, vec![Py313t, Py314t]),
            (87, vec![Py313t, Py314t]),
            (88, vec![Py313t, Py314t, Py315t]),
            (92, vec![Py313t, Py314t]),
            (93, vec![Py313t, Py314t, Py315t]),
            (94, vec![Py313t, Py314t]),
            (100, vec![Py313t, Py314t]),
            (106, vec![Py313t, Py314t]),
            (107, vec![Py313t, Py314t, Py315t]),
            (109, vec![Py313t, Py314t]),
            (110, vec![Py313t, Py314t]),
            (111, vec![Py313t, Py314t, Py315t]),
        ] {
            let by: Vec<Target> = Target::ALL
                .into_iter()
                .filter(|target| outcome(vec![slot(id, 0x20)], Definition, *target).is_some())
                .collect();
            assert_eq!(by, refused_by, "slot {id}");
        }
    }

    #[test]
    fn optional_slots_are_passed_over_by_315_only() {
        let optional = Slot { flags: Some(OPTIONAL), ..slot(200, 1) };
        assert_eq!(outcome(vec![optional], Export, Py315t), None);
        let reason = Reason::SlotRefused { id: 200, target: Py314t };
        assert_eq!(outcome(vec![optional], Definition, Py314t), Some(reason));
    }

    #[test]
    fn repeated_slots() {
        let twice = |id, value| vec![slot(id, value), slot(id, 0x30)];
        for (slots, holder, target, refused) in [
            (twice(1, 0x20), Definition, Py314t, true),
            (twice(1, 0), Definition, Py314t, false),
            (twice(1, 0), Definition, Py315t, true),
            (twice(2, 0x20), Definition, Py314t, false),
            (twice(2, 0x20), Definition, Py315t, false),
            (twice(85, 0x20), Export, Py315t, true),
            (twice(3, 1), Definition, Py313t, true),
            (twice(4, 1), Definition, Py314t, true),
            (twice(4, 1), Definition, Py315t, true),
            (vec![slot(4, 1), slot(87, 1)], Definition, Py315t, true),
            (twice(109, 0x20), Export, Py315t, false),
            (twice(101, 0x20), Export, Py315t, true),
            (twice(92, 0x20), Export, Py315t, false),
        ] {
            let id = slots[1].id;
            let expected = refused.then_some(Reason::SlotTwice { id, target });
            assert_eq!(outcome(slots, holder, target), expected, "slot {id} on {target}");
        }
    }

    #[test]
    fn what_315_refuses_beyond_numbers() {
        let refuses = |slot: Slot, holder| outcome(vec![slot], holder, Py315t).is_some();
        assert!(refuses(slot(85, 0), Export));
        assert!(!refuses(slot(87, 0), Export));
        assert!(!refuses(slot(92, 0), Export));
        assert!(refuses(Slot { depth: 5, ..slot(87, 1) }, Export));
        let nested = Slot { flags: Some(4), ..slot(92, 0x20) };
        assert!(refuses(nested, Definition));
        assert!(!refuses(nested, Export));
        assert!(!refuses(Slot { flags: Some(STATIC), ..nested }, Definition));
        assert!(!refuses(Slot { flags: None, ..nested }, Definition));
    }

    #[test]
    fn values_by_target() {
        for (value, on_314, on_315) in [
            (SlotValue::Known(0), Declared::Used, Declared::Used),
            (SlotValue::Known(1), Declared::NotUsed, Declared::NotUsed),
            (SlotValue::Known(2), Declared::OddNotUsed(2), Declared::OddUsed(2)),
            (SlotValue::NonNull, Declared::NotUsed, Declared::Unknown),
            (SlotValue::Unknown, Declared::Unknown, Declared::Unknown),
        ] {
            assert_eq!(declared(value, Py313t), on_314);
            assert_eq!(declared(value, Py314t), on_314);
            assert_eq!(declared(value, Py315t), on_315);
        }
    }
}
