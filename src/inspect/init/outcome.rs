//! What all successful paths of a hook have in common.

use super::Request;
use super::ends::{End, Explored};
use super::machine::Machine;
use super::path::{self, Module, Path, Thing, Trail};
use super::value::Value;
use super::{sites, slots};
use crate::inspect::layout::SlotId;
use crate::model::{
    Creation, Definition, Evidence, GilCall, Hook, HookKind, Outcome, Slot, SlotArray, SlotValue,
};

type Ends<'s, 'a, 'data, M> = Vec<End<'s, 'a, 'data, M>>;

/// Why nothing is known where no path succeeds.
const THROWS: &str = "every path that was followed throws, and whoever catches that was not followed";
const FAILS_WHERE_FOLLOWED: &str =
    "every path that was followed fails, but some calls on it could not be followed";
const NONE_SUCCEEDS: &str = "none of the paths that were followed succeeds, and not every path was";

/// Why what all paths agree on does not do.
const LEFT_OPEN: &str = "some of its paths were left open that may declare something else";
const PASSED_OVER: &str = "calls that take long were passed over, and may declare something else";

/// What the paths say that did not return, the first of each kind.
#[derive(Default)]
struct Fruitless {
    unfinished: Option<(String, u64, Trail)>,
    /// What each path that stopped had declared so far.
    stopped: Vec<Vec<Option<Value>>>,
    failure: Option<String>,
    thrown: Option<u64>,
}

impl Fruitless {
    fn add<M>(&mut self, end: End<'_, '_, '_, M>) {
        match end {
            End::Returned(..) => {}
            End::Failed { .. } => {
                self.failure.get_or_insert("every path that was followed returns NULL".to_owned());
            }
            End::Died { why, address } => {
                let first = || format!("every path that was followed {why} (the first at {address:#x})");
                self.failure.get_or_insert_with(first);
            }
            End::Thrown { address } => {
                self.thrown.get_or_insert(address);
            }
            End::Stopped { why, address, trail, declared, .. } => {
                self.unfinished.get_or_insert((why, address, trail));
                self.stopped.push(declared);
            }
        }
    }
}

/// Joins the paths into one outcome and the steps that led there.
pub(super) fn join<M: Machine>(
    explored: Explored<'_, '_, '_, M>,
    hook: &Hook,
    request: &Request,
) -> (Outcome, Vec<Evidence>) {
    let Explored { ends, left, hurried, guessed, merged, .. } = explored;
    let mut agreed: Option<(Outcome, Box<Path<M>>)> = None;
    let mut rest = Fruitless::default();
    for end in ends {
        let End::Returned(value, path) = end else {
            rest.add(end);
            continue;
        };
        let outcome = observe(value, &path, hook, request);
        match &agreed {
            None => agreed = Some((outcome, path)),
            Some((other, _)) if means_the_same(other, &outcome) => {}
            Some((other, first)) => return (disagreement(other, &outcome, hook), path::steps(&first.trail)),
        }
    }
    let Fruitless { mut unfinished, stopped, failure, thrown } = rest;
    if let Some((outcome @ Outcome::SinglePhase { .. }, _)) = &agreed
        && covers(outcome, &stopped, request)
    {
        unfinished = None;
    }
    let undetermined = |why: &str, address: u64, trail: Vec<Evidence>| {
        (Outcome::Undetermined { why: why.to_owned(), address: Some(address) }, trail)
    };
    match (agreed, unfinished) {
        // What an unfinished path would have done may differ from what the others agree on.
        (_, Some((why, address, trail))) => undetermined(&why, address, path::steps(&trail)),
        (Some((outcome, path)), None) => {
            if !covers(&outcome, &left, request) {
                undetermined(LEFT_OPEN, hook.address, path::steps(&path.trail))
            } else if hurried && !stands_alone(&outcome, &path, request) {
                undetermined(PASSED_OVER, hook.address, path::steps(&path.trail))
            } else {
                decided(outcome, &path)
            }
        }
        (None, None) => {
            if let Some((why, address)) = nothing_agreed(thrown, guessed, merged) {
                undetermined(why, address.unwrap_or(hook.address), Vec::new())
            } else {
                let why = failure.unwrap_or_else(|| "no path reaches its end".to_owned());
                (Outcome::Fails { why }, Vec::new())
            }
        }
    }
}

/// Why it is not known that a hook fails, of which no path succeeds; with the address that shows it.
fn nothing_agreed(thrown: Option<u64>, guessed: bool, merged: bool) -> Option<(&'static str, Option<u64>)> {
    match (thrown, guessed, merged) {
        (Some(address), ..) => Some((THROWS, Some(address))),
        (None, true, _) => Some((FAILS_WHERE_FOLLOWED, None)),
        (None, false, true) => Some((NONE_SUCCEEDS, None)),
        (None, false, false) => None,
    }
}

/// What all paths agree on, with what its create slots make.
fn decided<M: Machine>(mut outcome: Outcome, path: &Path<M>) -> (Outcome, Vec<Evidence>) {
    let trail = path::steps(&path.trail);
    creations(&mut outcome, path);
    (outcome, trail)
}

/// What a path that returned says.
pub(super) fn observe<M: Machine>(value: Value, path: &Path<M>, hook: &Hook, request: &Request) -> Outcome {
    if hook.kind == HookKind::Export {
        return Outcome::Exported(slots::exported(&path.memory, value));
    }
    let undetermined =
        |why: &str, address: u64| Outcome::Undetermined { why: why.to_owned(), address: Some(address) };
    if let Some(call) = path.handed_over {
        return undetermined("data of the module is handed to a function of another library", call);
    }
    if let Value::Known(address) = value {
        let initialised = path.definitions.iter().rev().find(|definition| definition.address == address);
        return match initialised {
            Some(definition) => {
                Outcome::MultiPhase(slots::definition(&path.memory, definition, request.free_threaded))
            }
            None => Outcome::Fails {
                why: format!("it returns {address:#x}, which is no object that was initialised"),
            },
        };
    }
    match path.what(value) {
        Some(Thing::Module(_)) if hook.symbol.starts_with("PyInitU_") => {
            // `_PyImport_RunModInitFunc`: only multi-phase modules may have such names (PEP 489).
            Outcome::Fails {
                why: "a module with a name that is not ASCII has to use multi-phase initialization"
                    .to_owned(),
            }
        }
        // `_PyImport_RunModInitFunc`: "did not return a valid extension module". An export hook never gets here.
        Some(Thing::Module(module)) if module.bare => {
            Outcome::Fails { why: "it returns a module that was made without a definition".to_owned() }
        }
        Some(Thing::Module(module)) => single_phase(module, path, request),
        Some(Thing::MadeBy(to) | Thing::Imported(to)) => Outcome::Delegated { to: to.clone() },
        _ => undetermined("what the init function returns is not known", hook.address),
    }
}

fn single_phase<M: Machine>(module: &Module, path: &Path<M>, request: &Request) -> Outcome {
    let doubt = match (module.gil, path.unknown_gil_call, path.escaped) {
        (None, Some(call), _) => {
            Some((call, "PyUnstable_Module_SetGIL is called on an object that could not be followed"))
        }
        (None, None, Some(call)) if declares_by_call(request) => {
            Some((call, "the module is handed to a function that could not be followed"))
        }
        _ => None,
    };
    if let Some((address, why)) = doubt {
        return Outcome::Undetermined { why: why.to_owned(), address: Some(address) };
    }
    let definition = module
        .definition
        .as_ref()
        .map(|definition| slots::definition(&path.memory, definition, request.free_threaded));
    let called = module.gil.map(|(address, value)| GilCall { address, value: value.slot_value() });
    let gil = called.or_else(|| module.from_slots.then(|| slot_of(module, definition.as_ref())).flatten());
    Outcome::SinglePhase { definition, gil }
}

/// What `PyModule_FromDefAndSpec2` has set by the definition's slot.
fn slot_of(module: &Module, definition: Option<&Definition>) -> Option<GilCall> {
    let slot = definition?.slots.slots.iter().find(|slot| SlotId::of(slot.id) == SlotId::Gil)?;
    Some(GilCall { address: module.definition.as_ref()?.call, value: slot.value })
}

/// Whether paths that were left open cannot be expected to end otherwise: a single-phase module is declared
/// once, and what has been declared is kept.
fn covers(outcome: &Outcome, left: &[Vec<Option<Value>>], request: &Request) -> bool {
    let Outcome::SinglePhase { gil, .. } = outcome else { return true };
    match gil {
        None => left.is_empty() || !declares_by_call(request),
        Some(call) => left
            .iter()
            .flatten()
            .all(|declared| declared.is_some_and(|value| value.slot_value() == call.value)),
    }
}

/// Whether what was passed over cannot change what a path comes to: nothing else in the file makes or declares modules.
/// What code can change at any time, a definition that is handed over, is no such outcome.
fn stands_alone<M>(outcome: &Outcome, path: &Path<M>, request: &Request) -> bool {
    match (outcome, &path.made_in, &path.declared_in) {
        (Outcome::SinglePhase { gil: None, .. }, ..) => !declares_by_call(request),
        (Outcome::SinglePhase { gil: Some(_), .. }, Some(made_in), Some(declared_in)) => {
            sites::is_only_creation(request, made_in) && sites::is_only_declaration(request, declared_in)
        }
        _ => false,
    }
}

fn declares_by_call(request: &Request) -> bool {
    let can = ["PyUnstable_Module_SetGIL", "dlsym", "dlvsym", "GetProcAddress"];
    request.image.imports().iter().any(|import| can.contains(&import.name))
        || request.libraries.iter().any(sites::imports_it)
}

/// Runs the create functions of the slots, to see whether they return modules.
fn creations<M: Machine>(outcome: &mut Outcome, path: &Path<'_, '_, '_, M>) {
    let (definition, array): (u64, &mut SlotArray) = match outcome {
        Outcome::MultiPhase(definition) => (definition.address, &mut definition.slots),
        Outcome::Exported(array) => (0, array),
        _ => return,
    };
    for slot in array.slots.iter_mut().filter(|slot| SlotId::of(slot.id) == SlotId::Create) {
        let SlotValue::Known(function) = slot.value else { continue };
        let ends = super::create(path.clone(), function, definition).unwrap_or_default();
        slot.creates = Some(created(ends));
    }
}

fn created<M: Machine>(ends: Ends<M>) -> Creation {
    let mut creation = None;
    for end in ends {
        let End::Returned(value, path) = end else { continue };
        let one = match (value, path.what(value)) {
            (_, Some(Thing::Module(_))) => Creation::Module,
            (_, Some(Thing::NoModule)) => Creation::NotAModule,
            // The interpreter's own data: `None`, a type, an exception.
            (Value::Known(address), _) if path.memory.space.import_at(address).is_some() => {
                Creation::NotAModule
            }
            _ => Creation::Unknown,
        };
        match creation {
            None => creation = Some(one),
            Some(other) if other == one => {}
            // A module kept from an earlier import is unknown here; the first import is what counts.
            Some(Creation::Module) if one == Creation::Unknown => {}
            Some(Creation::Unknown) if one == Creation::Module => creation = Some(one),
            Some(_) => return Creation::Unknown,
        }
    }
    creation.unwrap_or(Creation::Unknown)
}

/// Whether an interpreter would make the same of both.
pub(super) fn means_the_same(one: &Outcome, other: &Outcome) -> bool {
    let slots = |array: &SlotArray| -> Vec<_> {
        let told = |id| matches!(SlotId::of(id), SlotId::Gil | SlotId::Create);
        let alone = |wanted| array.slots.iter().filter(|slot| SlotId::of(slot.id) == wanted).count() == 1;
        let moot = |slot: &&Slot| match SlotId::of(slot.id) {
            SlotId::Exec => true,
            SlotId::MultipleInterpreters => alone(SlotId::MultipleInterpreters),
            _ => false,
        };
        let counting = array.slots.iter().filter(|slot| !moot(slot));
        counting.map(|slot| (slot.id, slot.flags, told(slot.id).then_some(slot.value))).collect()
    };
    match (one, other) {
        (Outcome::MultiPhase(one), Outcome::MultiPhase(other)) => {
            one.head == other.head
                && slots(&one.slots) == slots(&other.slots)
                && one.slots.unread == other.slots.unread
        }
        (Outcome::SinglePhase { gil: one, .. }, Outcome::SinglePhase { gil: other, .. }) => {
            one.map(|call| call.value) == other.map(|call| call.value)
        }
        (Outcome::Exported(one), Outcome::Exported(other)) => {
            slots(one) == slots(other) && one.unread == other.unread
        }
        (one, other) => one == other,
    }
}

fn disagreement(one: &Outcome, other: &Outcome, hook: &Hook) -> Outcome {
    let why = match (one, other) {
        (Outcome::Undetermined { why, address }, _) | (_, Outcome::Undetermined { why, address }) => {
            return Outcome::Undetermined { why: why.clone(), address: *address };
        }
        (one, other) => format!("its paths disagree: one {}, another {}", in_words(one), in_words(other)),
    };
    Outcome::Undetermined { why, address: Some(hook.address) }
}

pub(super) fn in_words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::MultiPhase(definition) => format!("hands over the definition at {:#x}", definition.address),
        Outcome::SinglePhase { gil: None, .. } => {
            "creates the module without PyUnstable_Module_SetGIL".to_owned()
        }
        Outcome::SinglePhase { gil: Some(call), .. } => {
            format!(
                "calls PyUnstable_Module_SetGIL at {:#x} with {}",
                call.address,
                value_in_words(call.value)
            )
        }
        Outcome::Exported(array) => format!("exports the slots at {:#x}", array.address),
        Outcome::Delegated { to } => format!("lets {to} make the module"),
        Outcome::Fails { .. } => "fails".to_owned(),
        Outcome::NoHook | Outcome::Undetermined { .. } => "is not known".to_owned(),
    }
}

fn value_in_words(value: SlotValue) -> String {
    match value {
        SlotValue::Known(number) => number.to_string(),
        SlotValue::NonNull | SlotValue::Unknown => "an unknown value".to_owned(),
    }
}
