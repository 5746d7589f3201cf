//! The sentences that a verdict rests on, each with what a person needs to check it with `objdump`.

use super::slots::Holder;
use crate::model::{
    Abi, Definition, Evidence, EvidenceKind, GilCall, Init, Outcome, Slot, SlotArray, SlotValue,
};

/// The symbol of the hook, as sentences name it.
pub(super) fn hook(init: &Init) -> &str {
    init.hook.as_ref().map_or("the init function", |hook| &hook.symbol)
}

/// An array and where the interpreter gets it from.
pub(super) struct Source<'a> {
    pub array: &'a SlotArray,
    pub holder: Holder,
    pub init: &'a Init,
}

impl Source<'_> {
    /// How the array came to the interpreter: the moment at which it was read.
    fn moment(&self) -> String {
        match (&self.init.outcome, self.holder) {
            (Outcome::MultiPhase(Definition { address, .. }), Holder::Definition) => {
                format!("read when PyModuleDef_Init got the definition at {address:#x}")
            }
            _ => format!("read from the array at {:#x} that {} returns", self.array.address, hook(self.init)),
        }
    }

    /// `Py_mod_gil (slot 4) = 0 (Py_MOD_GIL_USED) at 0x4f2a90, read when …`.
    pub(super) fn slot(&self, slot: &Slot) -> Evidence {
        let Slot { id, address, .. } = slot;
        let text = format!(
            "{} (slot {id}) = {} at {address:#x}, {}",
            slot_name(*id),
            slot_value(slot),
            self.moment()
        );
        Evidence::new(EvidenceKind::Slot, text).at(*address).of(hook(self.init))
    }

    /// The same for a slot that is not there.
    pub(super) fn without(&self, missing: &str) -> Evidence {
        let text = if self.array.address == 0 {
            format!("there is no slot array (m_slots is NULL), {}", self.moment())
        } else {
            let ids: Vec<String> = self.array.slots.iter().map(|slot| slot.id.to_string()).collect();
            let held = match ids.len() {
                0 => "no slot".to_owned(),
                1 => format!("slot {}", ids[0]),
                _ => format!("slots {}", ids.join(", ")),
            };
            format!(
                "the slot array at {:#x} holds {held} and no {missing}, {}",
                self.array.address,
                self.moment()
            )
        };
        Evidence::new(EvidenceKind::Slot, text).at(self.array.address).of(hook(self.init))
    }
}

/// A slot's macro name, under its old and its new number.
pub(super) fn slot_name(id: u16) -> &'static str {
    match id {
        1 | 84 => "Py_mod_create",
        2 | 85 => "Py_mod_exec",
        3 | 86 => "Py_mod_multiple_interpreters",
        4 | 87 => "Py_mod_gil",
        92 => "Py_slot_subslots",
        94 => "Py_mod_slots",
        100 => "Py_mod_name",
        101 => "Py_mod_doc",
        102 => "Py_mod_state_size",
        103 => "Py_mod_methods",
        104 => "Py_mod_state_traverse",
        105 => "Py_mod_state_clear",
        106 => "Py_mod_state_free",
        109 => "Py_mod_abi",
        110 => "Py_mod_token",
        _ => "a slot without a known name",
    }
}

/// A slot's value, with the name that CPython's headers give it.
pub(super) fn slot_value(slot: &Slot) -> String {
    match (slot.id, slot.value) {
        (4 | 87, value) => gil_value(value),
        (3 | 86, SlotValue::Known(0)) => "0 (Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED)".to_owned(),
        (3 | 86, SlotValue::Known(1)) => "1 (Py_MOD_MULTIPLE_INTERPRETERS_SUPPORTED)".to_owned(),
        (3 | 86, SlotValue::Known(2)) => "2 (Py_MOD_PER_INTERPRETER_GIL_SUPPORTED)".to_owned(),
        (_, SlotValue::Known(value)) => format!("{value:#x}"),
        (_, SlotValue::NonNull) => "something that is not NULL".to_owned(),
        (_, SlotValue::Unknown) => "an unknown value".to_owned(),
    }
}

/// A declaration's value with the name that `moduleobject.h` gives it.
fn gil_value(value: SlotValue) -> String {
    match value {
        SlotValue::Known(0) => "0 (Py_MOD_GIL_USED)".to_owned(),
        SlotValue::Known(1) => "1 (Py_MOD_GIL_NOT_USED)".to_owned(),
        SlotValue::Known(odd) => format!("{odd:#x}"),
        SlotValue::NonNull => "something that is not 0".to_owned(),
        SlotValue::Unknown => "an unknown value".to_owned(),
    }
}

/// The last `PyUnstable_Module_SetGIL`.
pub(super) fn call(call: &GilCall, init: &Init) -> Evidence {
    let GilCall { address, value } = call;
    let text = format!(
        "PyUnstable_Module_SetGIL gets {} at {address:#x}, before {} returns the module",
        gil_value(*value),
        hook(init)
    );
    Evidence::new(EvidenceKind::Call, text).at(*address).of("PyUnstable_Module_SetGIL")
}

/// A module that `PyInit` returns without any such call.
pub(super) fn no_call(definition: Option<&Definition>, init: &Init) -> Evidence {
    let from = definition.map_or(String::new(), |Definition { address, .. }| {
        format!(", made from the definition at {address:#x},")
    });
    let text = format!(
        "{} returns a finished module{from} and calls PyUnstable_Module_SetGIL for it on no path",
        hook(init)
    );
    at_hook(Evidence::new(EvidenceKind::Call, text), init)
}

/// Where an analysis ended.
pub(super) fn stop(address: Option<u64>, init: &Init) -> Evidence {
    let hook = hook(init);
    let Some(address) = address else {
        let text = format!("the analysis of {hook} came to no end that decides");
        return at_hook(Evidence::new(EvidenceKind::Stop, text), init);
    };
    let text = format!("the analysis of {hook} stopped at {address:#x}");
    Evidence::new(EvidenceKind::Stop, text).at(address).of(hook)
}

/// The same evidence at the hook's address.
pub(super) fn at_hook(evidence: Evidence, init: &Init) -> Evidence {
    match &init.hook {
        Some(hook) => evidence.at(hook.address).of(hook.symbol.clone()),
        None => evidence,
    }
}

/// The object layout that the module's definition has, where it fits only one of the two.
pub(super) fn layout(init: &Init) -> Option<(Abi, Evidence)> {
    let (Outcome::MultiPhase(definition) | Outcome::SinglePhase { definition: Some(definition), .. }) =
        &init.outcome
    else {
        return None;
    };
    let abi = if definition.head.free_threaded? { Abi::FreeThreaded } else { Abi::Gil };
    let text = format!("the PyModuleDef at {:#x} has the layout of {abi}", definition.address);
    Some((abi, Evidence::new(EvidenceKind::DefinitionHead, text).at(definition.address)))
}

/// What a file that the target does not load declares: information, since a build for Python with the GIL
/// leaves the slot out whatever its author means.
pub(super) fn declaration(init: &Init) -> Option<Evidence> {
    let (array, holder) = match &init.outcome {
        Outcome::MultiPhase(definition) => (&definition.slots, Holder::Definition),
        Outcome::Exported(array) => (array, Holder::Export),
        Outcome::SinglePhase { gil: Some(gil), .. } => return Some(call(gil, init)),
        Outcome::SinglePhase { gil: None, definition } => {
            return Some(silent(no_call(definition.as_ref(), init)));
        }
        _ => return None,
    };
    let source = Source { array, holder, init };
    match array.slots.iter().find(|slot| matches!(slot.id, 4 | 87)) {
        Some(slot) => Some(source.slot(slot)),
        None if array.unread.is_some() => None,
        None => Some(silent(source.without("Py_mod_gil (4)"))),
    }
}

fn silent(evidence: Evidence) -> Evidence {
    let text = format!(
        "{}; a build for Python with the GIL leaves the declaration out whatever its author means",
        evidence.text
    );
    Evidence { text, ..evidence }
}
