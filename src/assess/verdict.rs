//! The verdict for a module: what a target does with it, step after step, as its import system goes.
//!
//! It looks for a file name it knows ([`find`]), loads the code whatever that was built for ([`load`]), calls
//! the init function and reads what that declares ([`run`]). The first step that fails decides. Facts come in,
//! a verdict with its reason and evidence goes out; the table in the tests is the specification.

use super::evidence::{self, Source};
use super::slots::{self, Accepted, Declared, Holder};
use super::suffix::Suffix;
use crate::model::{
    Abi, Creation, Definition, Evidence, EvidenceKind, Facts, GilCall, Head, Init, Judgement, ModuleName,
    Outcome, Reason, Slice, SlotArray, Target, Verdict,
};

/// What a target does with a module, as far as its file shows; an error says why it could not be read.
///
/// A universal file is judged by its worst slice: one machine that turns the GIL on is reason enough.
#[must_use]
pub fn judge(name: &ModuleName, facts: Result<&Facts, &str>, target: Target) -> Judgement {
    let facts = match facts {
        Ok(facts) => facts,
        Err(why) => return judgement(Verdict::Undetermined, Reason::Unread(why.to_owned()), Vec::new()),
    };
    let judged = judge_slices(name, facts, target).map(|(_, judged)| judged);
    let worst = judged.reduce(|worst, next| if next.verdict > worst.verdict { next } else { worst });
    worst.unwrap_or_else(|| cannot_tell("the file holds code for no machine"))
}

/// The same for the code of each machine. Where there are several, the evidence names the machine.
pub(super) fn judge_slices<'a>(
    name: &ModuleName,
    facts: &'a Facts,
    target: Target,
) -> impl Iterator<Item = (&'a Slice, Judgement)> {
    let is_universal = facts.slices.len() > 1;
    facts.slices.iter().map(move |slice| {
        let judged = judge_slice(name, slice, target);
        (slice, if is_universal { naming_arch(slice, judged) } else { judged })
    })
}

fn naming_arch(slice: &Slice, judged: Judgement) -> Judgement {
    let name =
        |evidence: Evidence| Evidence { text: format!("{}: {}", slice.arch, evidence.text), ..evidence };
    Judgement { evidence: judged.evidence.into_iter().map(name).collect(), ..judged }
}

/// The same for the code of one machine.
pub(super) fn judge_slice(name: &ModuleName, slice: &Slice, target: Target) -> Judgement {
    let Some(init) = slice.init.get(&target) else {
        return cannot_tell(format!("what the init function does on {target} was not looked at"));
    };
    let mut judged = find(name, init, target)
        .and_then(|()| load(name, slice, init, target))
        .map_or_else(|refused| *refused, |evidence| run(init, target).with(evidence));
    judged.evidence.extend(init.trail.iter().cloned());
    judged
}

/// A step passed, or the verdict it ends with.
type Step<T> = Result<T, Box<Judgement>>;

/// Whether the target's import system finds the file and, in it, an init function of the file's name.
///
/// A library that happens to be named as a module would be has none. A module that has an export hook only is
/// one for 3.15 alone.
fn find(name: &ModuleName, init: &Init, target: Target) -> Step<()> {
    let refuse = |verdict, reason, evidence| Err(Box::new(judgement(verdict, reason, evidence)));
    let (prefix, stem) =
        if name.stem.is_ascii() { ("", name.stem.replace('-', "_")) } else { ("U", "<punycode>".to_owned()) };
    let expected = format!("PyInit{prefix}_{stem}");
    let no_hook = Reason::NoHook { expected: expected.clone(), others: init.other_hooks.clone() };
    let missing = || {
        let text = format!("the file exports no {expected}");
        vec![Evidence::new(EvidenceKind::Symbol, text).of(expected.clone())]
    };
    let has_hook = init.outcome != Outcome::NoHook;
    let export_hook = format!("PyModExport{prefix}_{stem}");
    // What a name outside ASCII is encoded to, the file tells.
    let is_export_hook =
        |hook: &&String| **hook == export_hook || prefix == "U" && hook.starts_with("PyModExportU_");
    let has_export_hook = init.other_hooks.iter().find(is_export_hook).is_some();
    let suffix = Suffix::parse(&name.suffix);
    if !has_hook && !has_export_hook {
        refuse(Verdict::NotAnExtension, no_hook, missing())
    } else if !suffix.is_loaded_by(target) {
        let text = format!("the file name ends in {}, which {target} does not look for", name.suffix);
        let mut evidence = vec![Evidence::new(EvidenceKind::FileName, text)];
        evidence.extend(evidence::declaration(init));
        let made_for = suffix.made_for();
        let reason = Reason::SuffixNotLoaded { suffix: name.suffix.clone(), made_for, target };
        refuse(Verdict::IncompatibleAbi, reason, evidence)
    } else if !has_hook {
        refuse(Verdict::IncompatibleAbi, no_hook, missing())
    } else {
        Ok(())
    }
}

/// Whether the target can run the code. The binary's own evidence counts; where it has none, a file name that
/// only the target looks for does.
fn load(name: &ModuleName, slice: &Slice, init: &Init, target: Target) -> Step<Vec<Evidence>> {
    let suffix = Suffix::parse(&name.suffix);
    let mut shown = slice.built_for.evidence.clone();
    let abi = slice.built_for.abi.or_else(|| {
        let (abi, evidence) = evidence::layout(init)?;
        shown.push(evidence);
        Some(abi)
    });
    let refuse = |reason, shown: Vec<Evidence>| {
        let evidence = shown.into_iter().chain(evidence::declaration(init)).collect();
        Err(Box::new(judgement(Verdict::IncompatibleAbi, reason, evidence)))
    };
    let by_name = |text: String| vec![Evidence::new(EvidenceKind::FileName, text)];
    match (abi, slice.built_for.python) {
        (Some(Abi::Gil | Abi::Abi3), _) => refuse(Reason::BuiltForGil(target), shown),
        (Some(Abi::FreeThreaded), Some(python)) if python.minor != target.minor() => {
            let built_for = format!("free-threaded CPython {python}");
            refuse(Reason::BuiltForOther { built_for, target }, shown)
        }
        (Some(Abi::Abi3t), python)
            if target < Target::Py315t || python.is_some_and(|python| python.minor > target.minor()) =>
        {
            let since = python.map_or(15, |python| python.minor.max(15));
            let built_for = format!("the stable ABI of free-threaded CPython 3.{since} and later (abi3t)");
            refuse(Reason::BuiltForOther { built_for, target }, shown)
        }
        (Some(Abi::FreeThreaded | Abi::Abi3t), _) => Ok(Vec::new()),
        (None, _) if suffix.names(target) => Ok(by_name(format!(
            "nothing in the binary tells which build of Python it is for; its name ends in {}, which is for {target}",
            name.suffix
        ))),
        (None, _) if suffix.is_for_gil() => {
            let text = format!(
                "the file name ends in {}: that stable ABI has the object layout of builds with the GIL",
                name.suffix
            );
            refuse(Reason::BuiltForGil(target), by_name(text))
        }
        (None, _) => Err(Box::new(cannot_tell(format!(
            "nothing in the binary tells which build of Python it is for, and its name ends in just {}",
            name.suffix
        )))),
    }
}

/// What calling the init function comes to.
fn run(init: &Init, target: Target) -> Judgement {
    match &init.outcome {
        Outcome::NoHook => cannot_tell("no init function was found"),
        Outcome::MultiPhase(definition) => multi_phase(definition, init, target),
        Outcome::SinglePhase { definition, gil } => {
            single_phase(definition.as_ref(), gil.as_ref(), init, target)
        }
        Outcome::Exported(array) => exported(array, init, target),
        Outcome::Delegated { to } => cannot_tell(format!(
            "its init function leaves making the module to {to}, and the {to} that is installed decides"
        )),
        Outcome::Fails { why } => {
            let text = format!("every path through {} that could be followed raises", evidence::hook(init));
            let evidence = evidence::at_hook(Evidence::new(EvidenceKind::Call, text), init);
            judgement(Verdict::IncompatibleAbi, Reason::InitFails(why.clone()), vec![evidence])
        }
        Outcome::Undetermined { why, address } => cannot_tell(why).with(vec![evidence::stop(*address, init)]),
    }
}

/// The verdict for a module that another one makes, by what that one was seen to make. `maker` names it.
pub(super) fn judge_made(outcome: &Outcome, maker: &str, init: &Init, target: Target) -> Judgement {
    let (definition, gil) = match outcome {
        Outcome::SinglePhase { definition, gil } => (definition, gil),
        Outcome::Undetermined { why, .. } => {
            return cannot_tell(format!("its module is made by {maker}, which could not be followed: {why}"));
        }
        _ => return cannot_tell(format!("{maker} is to make its module, but was seen to make none")),
    };
    let judged = single_phase(definition.as_ref(), gil.as_ref(), init, target);
    let reason = match judged.verdict {
        Verdict::GilFree => Reason::DelegatedNotUsed(maker.to_owned()),
        Verdict::RequiresGil => Reason::DelegatedUsed(maker.to_owned()),
        _ => return judged,
    };
    let text = match gil {
        Some(call) => {
            format!("{maker} calls PyUnstable_Module_SetGIL for it, at {:#x} of its own file", call.address)
        }
        None => format!("{maker} does not call PyUnstable_Module_SetGIL for it"),
    };
    judgement(
        judged.verdict,
        reason,
        [vec![Evidence::new(EvidenceKind::Call, text)], init.trail.clone()].concat(),
    )
}

/// `PyModuleDef_Init`, then `PyModule_FromDefAndSpec2`, then the check of the module.
fn multi_phase(definition: &Definition, init: &Init, target: Target) -> Judgement {
    let source = Source { array: &definition.slots, holder: Holder::Definition, init };
    guarded(Some(definition), target, || {
        let accepted = match accept(&source, target) {
            Ok(accepted) => accepted,
            Err(refused) => return *refused,
        };
        match (declared_by_slot(&source, &accepted, target), accepted.creation(), accepted.create) {
            (_, Creation::NotAModule, Some(create)) => {
                judgement(Verdict::RequiresGil, Reason::CreatesNoModule, vec![source.slot(create)])
            }
            (judged, Creation::Unknown, Some(create)) if judged.verdict == Verdict::GilFree => cannot_tell(
                "what Py_mod_create returns was not seen, and anything but a module turns the GIL on",
            )
            .with(vec![source.slot(create)])
            .with(judged.evidence),
            (judged, ..) => judged,
        }
    })
}

/// `PyModule_Create2`, then the check of the module.
fn single_phase(
    definition: Option<&Definition>,
    gil: Option<&GilCall>,
    init: &Init,
    target: Target,
) -> Judgement {
    if definition.is_some_and(|definition| !definition.slots.slots.is_empty()) {
        return cannot_tell("the module is made at once from a definition that has slots");
    }
    guarded(definition, target, || {
        let Some(call) = gil else {
            let evidence = vec![evidence::no_call(definition, init)];
            return judgement(Verdict::RequiresGil, Reason::SinglePhase, evidence);
        };
        let evidence = vec![evidence::call(call, init)];
        match slots::declared(call.value, target) {
            Declared::Used => judgement(Verdict::RequiresGil, Reason::CallUsed, evidence),
            Declared::NotUsed => judgement(Verdict::GilFree, Reason::CallNotUsed, evidence),
            Declared::OddUsed(value) => judgement(Verdict::RequiresGil, Reason::CallOdd(value), evidence),
            Declared::OddNotUsed(value) => judgement(Verdict::GilFree, Reason::CallOdd(value), evidence),
            Declared::Unknown => {
                cannot_tell("what PyUnstable_Module_SetGIL gets is not known").with(evidence)
            }
        }
    })
}

/// `PyModule_FromSlotsAndSpec`: here an object that is no module does not turn the GIL on.
fn exported(array: &SlotArray, init: &Init, target: Target) -> Judgement {
    let source = Source { array, holder: Holder::Export, init };
    let accepted = match accept(&source, target) {
        Ok(accepted) => accepted,
        Err(refused) => return *refused,
    };
    if accepted.abi.is_none() {
        let reason =
            Reason::AbiSlot("there is no Py_mod_abi slot, which an export hook must give".to_owned());
        return judgement(Verdict::IncompatibleAbi, reason, vec![source.without("Py_mod_abi (109)")]);
    }
    declared_by_slot(&source, &accepted, target)
}

/// The slots of an array that was read to its end and that the target accepts.
fn accept<'a>(source: &Source<'a>, target: Target) -> Step<Accepted<'a>> {
    let accepted = slots::read(source.array, source.holder, target).map_err(|refusal| {
        let mut slot = source.slot(refusal.slot);
        slot.text = format!("{}: {}", slot.text, refusal.text);
        Box::new(judgement(Verdict::IncompatibleAbi, refusal.reason, vec![slot]))
    })?;
    if let Some(why) = &source.array.unread {
        let text = format!("the slot array at {:#x} was read up to what is not known", source.array.address);
        let stop = Evidence::new(EvidenceKind::Stop, text).at(source.array.address);
        let why = format!("its slots were not read to their end: {why}");
        return Err(Box::new(cannot_tell(why).with(vec![stop])));
    }
    match (accepted.creation(), accepted.create, accepted.exec) {
        (Creation::NotAModule, Some(create), Some(exec)) => {
            let why = "Py_mod_create returns no module, and Py_mod_exec is for modules only";
            let evidence = vec![source.slot(create), source.slot(exec)];
            let reason = Reason::InitFails(why.to_owned());
            Err(Box::new(judgement(Verdict::IncompatibleAbi, reason, evidence)))
        }
        _ => Ok(accepted),
    }
}

fn declared_by_slot(source: &Source<'_>, accepted: &Accepted<'_>, target: Target) -> Judgement {
    let Some(slot) = accepted.gil else {
        let number = if target < Target::Py315t { "Py_mod_gil (4)" } else { "Py_mod_gil (4 or 87)" };
        return judgement(Verdict::RequiresGil, Reason::NoSlot, vec![source.without(number)]);
    };
    let evidence = vec![source.slot(slot)];
    match slots::declared(slot.value, target) {
        Declared::Used => judgement(Verdict::RequiresGil, Reason::SlotUsed, evidence),
        Declared::NotUsed => judgement(Verdict::GilFree, Reason::SlotNotUsed, evidence),
        Declared::OddUsed(value) => judgement(Verdict::RequiresGil, Reason::SlotOddUsed(value), evidence),
        Declared::OddNotUsed(value) => judgement(Verdict::GilFree, Reason::SlotOddNotUsed(value), evidence),
        Declared::Unknown => cannot_tell("the value of the Py_mod_gil slot is not known").with(evidence),
    }
}

/// Applies 3.15's guard in `PyModuleDef_Init` (gh-137956), `(ob_flags & 6) == 4`, to what follows it. Where the
/// flags are not known, only a verdict that the target does not load the module stands without it.
fn guarded(definition: Option<&Definition>, target: Target, then: impl FnOnce() -> Judgement) -> Judgement {
    if target < Target::Py315t {
        return then();
    }
    let flags = definition.and_then(|Definition { head: Head { flags, .. }, .. }| *flags);
    match (flags, definition) {
        (Some(flags), Some(definition)) if flags & 6 != 4 => {
            let text = format!(
                "ob_flags of the definition at {:#x} is {flags:#x}; PyModuleDef_Init wants bit 2 set and bit 1 clear",
                definition.address
            );
            let evidence = Evidence::new(EvidenceKind::DefinitionHead, text).at(definition.address);
            judgement(Verdict::IncompatibleAbi, Reason::HeadRefused { flags }, vec![evidence])
        }
        (Some(_), _) => then(),
        (None, _) => match then() {
            judged if judged.verdict == Verdict::IncompatibleAbi => judged,
            judged => cannot_tell(format!(
                "{target} checks ob_flags of the module's definition, which were not seen"
            ))
            .with(judged.evidence),
        },
    }
}

fn judgement(verdict: Verdict, reason: Reason, evidence: Vec<Evidence>) -> Judgement {
    Judgement { verdict, reason, evidence }
}

fn cannot_tell(why: impl Into<String>) -> Judgement {
    judgement(Verdict::Undetermined, Reason::CannotTell(why.into()), Vec::new())
}

impl Judgement {
    /// The same with more evidence behind what it has.
    fn with(mut self, evidence: Vec<Evidence>) -> Self {
        self.evidence.extend(evidence);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::made_up::{array, built_for, facts, multi_phase, single_phase, slot};
    use crate::model::{Arch, BuiltFor, Slot, SlotValue};
    use Target::{Py313t, Py314t, Py315t};

    const FT: Option<Abi> = Some(Abi::FreeThreaded);

    /// The verdict and the reason's identifier.
    fn verdict(suffix: &str, built_for: &BuiltFor, outcome: &Outcome, target: Target) -> String {
        let name = ModuleName::of_member(&format!("p/x{suffix}"));
        let judged = judge(&name, Ok(&facts(built_for.clone(), outcome)), target);
        format!("{} {}", judged.verdict, judged.reason.id())
    }

    /// The same on 3.13t, 3.14t and 3.15t, for a file that each of them can load.
    fn on_all(outcome: &Outcome) -> [String; 3] {
        Target::ALL.map(|target| verdict(".so", &built_for(FT, None), outcome, target))
    }

    fn free() -> Outcome {
        multi_phase(&[slot(1, 0x10), slot(2, 0x20), slot(4, 1)])
    }

    #[test]
    fn what_the_slots_declare() {
        let odd = Slot { value: SlotValue::NonNull, ..slot(4, 0) };
        let unknown = Slot { value: SlotValue::Unknown, ..slot(4, 0) };
        let creates = |creates, id| Slot { creates: Some(creates), ..slot(id, 0x10) };
        let no_module = creates(Creation::NotAModule, 1);
        let unseen = creates(Creation::Unknown, 1);
        let same = |text: &'static str| [text; 3];
        for (what, slots, expected) in [
            ("not used", vec![slot(2, 0x20), slot(4, 1)], same("gil-free slot-not-used")),
            ("used", vec![slot(2, 0x20), slot(4, 0)], same("requires-gil slot-used")),
            ("no slot", vec![slot(2, 0x20)], same("requires-gil no-slot")),
            ("no slots", vec![], same("requires-gil no-slot")),
            (
                "2",
                vec![slot(4, 2)],
                ["gil-free slot-odd-value", "gil-free slot-odd-value", "requires-gil slot-odd-value"],
            ),
            (
                "not null",
                vec![odd],
                ["gil-free slot-not-used", "gil-free slot-not-used", "undetermined cannot-tell"],
            ),
            ("unknown", vec![unknown], same("undetermined cannot-tell")),
            ("twice", vec![slot(4, 1), slot(4, 1)], same("incompatible-abi slot-twice")),
            ("number 9", vec![slot(4, 1), slot(9, 1)], same("incompatible-abi slot-refused")),
            (
                "new number",
                vec![slot(85, 0x20), slot(87, 1)],
                ["incompatible-abi slot-refused", "incompatible-abi slot-refused", "gil-free slot-not-used"],
            ),
            ("no module", vec![no_module, slot(4, 1)], same("requires-gil creates-no-module")),
            (
                "no module to run",
                vec![no_module, slot(2, 1), slot(4, 1)],
                same("incompatible-abi init-fails"),
            ),
            ("unseen module", vec![unseen, slot(4, 1)], same("undetermined cannot-tell")),
            ("unseen module, used", vec![unseen, slot(4, 0)], same("requires-gil slot-used")),
        ] {
            assert_eq!(on_all(&multi_phase(&slots)), expected, "{what}");
        }
    }

    #[test]
    fn what_the_call_declares() {
        use SlotValue::{Known, NonNull, Unknown};
        let same = |text: &'static str| [text; 3];
        for (value, expected) in [
            (None, same("requires-gil single-phase")),
            (Some(Known(0)), same("requires-gil call-used")),
            (Some(Known(1)), same("gil-free call-not-used")),
            (
                Some(Known(7)),
                ["gil-free call-odd-value", "gil-free call-odd-value", "requires-gil call-odd-value"],
            ),
            (Some(NonNull), ["gil-free call-not-used", "gil-free call-not-used", "undetermined cannot-tell"]),
            (Some(Unknown), same("undetermined cannot-tell")),
        ] {
            assert_eq!(on_all(&single_phase(value)), expected, "{value:?}");
        }
    }

    #[test]
    fn what_else_an_init_function_may_do() {
        let same = |text: &'static str| [text; 3];
        for (outcome, expected) in [
            (Outcome::NoHook, same("not-an-extension no-hook")),
            (Outcome::Delegated { to: "_cffi_backend".to_owned() }, same("undetermined cannot-tell")),
            (Outcome::Fails { why: "PyErr_SetString".to_owned() }, same("incompatible-abi init-fails")),
            (
                Outcome::Undetermined { why: "a loop".to_owned(), address: None },
                same("undetermined cannot-tell"),
            ),
        ] {
            assert_eq!(on_all(&outcome), expected, "{outcome:?}");
        }
    }

    #[test]
    fn an_unread_array_is_undetermined_unless_a_slot_of_it_is_refused() {
        let unread = |slots: &[Slot]| {
            let Outcome::MultiPhase(mut definition) = multi_phase(slots) else { unreachable!() };
            definition.slots.unread = Some("the address is unknown".to_owned());
            on_all(&Outcome::MultiPhase(definition))
        };
        assert_eq!(unread(&[slot(4, 1)]), ["undetermined cannot-tell"; 3]);
        assert_eq!(unread(&[slot(4, 0)]), ["undetermined cannot-tell"; 3]);
        assert_eq!(unread(&[slot(9, 0)]), ["incompatible-abi slot-refused"; 3]);
    }

    #[test]
    fn export_hooks_on_315() {
        let no_module = Slot { creates: Some(Creation::NotAModule), ..slot(84, 0x10) };
        let abi = slot(109, 0x30);
        for (slots, expected) in [
            (vec![slot(85, 0x20), abi, slot(87, 1), slot(100, 0x40)], "gil-free slot-not-used"),
            (vec![abi, slot(87, 0)], "requires-gil slot-used"),
            (vec![abi, slot(87, 3)], "requires-gil slot-odd-value"),
            (vec![abi, slot(85, 0x20)], "requires-gil no-slot"),
            (vec![slot(85, 0x20), slot(87, 1)], "incompatible-abi abi-slot"),
            (vec![abi, slot(85, 0x20), slot(85, 0x20), slot(87, 1)], "incompatible-abi slot-twice"),
            (vec![abi, slot(101, 0), slot(87, 1)], "incompatible-abi slot-refused"),
            (vec![abi, no_module, slot(87, 1)], "gil-free slot-not-used"),
            (vec![abi, no_module], "requires-gil no-slot"),
            (vec![abi, no_module, slot(85, 0x20), slot(87, 1)], "incompatible-abi init-fails"),
        ] {
            let outcome = Outcome::Exported(array(&slots));
            assert_eq!(verdict(".abi3t.so", &built_for(None, None), &outcome, Py315t), expected, "{slots:?}");
        }
    }

    #[test]
    fn the_head_guard_of_315() {
        let with_flags = |outcome: Outcome, flags| match outcome {
            Outcome::MultiPhase(mut definition) => {
                definition.head.flags = flags;
                Outcome::MultiPhase(definition)
            }
            Outcome::SinglePhase { definition: Some(mut definition), gil } => {
                definition.head.flags = flags;
                Outcome::SinglePhase { definition: Some(definition), gil }
            }
            other => other,
        };
        let called = || single_phase(Some(SlotValue::Known(1)));
        let refused = || multi_phase(&[slot(9, 1)]);
        for (outcome, flags, expected) in [
            (free(), Some(4), "gil-free slot-not-used"),
            (free(), Some(5), "gil-free slot-not-used"),
            (free(), Some(0), "incompatible-abi head-refused"),
            (free(), Some(6), "incompatible-abi head-refused"),
            (free(), None, "undetermined cannot-tell"),
            (refused(), None, "incompatible-abi slot-refused"),
            (called(), Some(4), "gil-free call-not-used"),
            (called(), Some(0), "incompatible-abi head-refused"),
            (called(), None, "undetermined cannot-tell"),
        ] {
            let outcome = with_flags(outcome, flags);
            let judged = on_all(&outcome);
            assert_eq!(judged[2], expected, "{outcome:?}");
            assert!(!judged[1].contains("head"), "3.14t has no such guard");
        }
        let nowhere = Outcome::SinglePhase { definition: None, gil: None };
        assert_eq!(on_all(&nowhere)[1..], ["requires-gil single-phase", "undetermined cannot-tell"]);
    }

    #[test]
    fn names_and_builds() {
        let gil = built_for(Some(Abi::Gil), Some(14));
        let abi3 = built_for(Some(Abi::Abi3), None);
        let free_threaded = |minor| built_for(FT, Some(minor));
        let abi3t = built_for(Some(Abi::Abi3t), None);
        let nothing = built_for(None, None);
        let (t314, t313) = (".cpython-314t-x86_64-linux-gnu.so", ".cpython-313t-x86_64-linux-gnu.so");
        let loads = "gil-free slot-not-used";
        for (suffix, built_for, target, expected) in [
            (t314, &free_threaded(14), Py314t, loads),
            (t314, &nothing, Py314t, loads),
            (t314, &gil, Py314t, "incompatible-abi built-for-gil"),
            (t314, &free_threaded(14), Py313t, "incompatible-abi suffix-not-loaded"),
            (t314, &free_threaded(14), Py315t, "incompatible-abi suffix-not-loaded"),
            (t313, &free_threaded(13), Py314t, "incompatible-abi suffix-not-loaded"),
            (".cpython-314-x86_64-linux-gnu.so", &gil, Py314t, "incompatible-abi suffix-not-loaded"),
            (".pypy311-pp73-x86_64-linux-gnu.so", &nothing, Py314t, "incompatible-abi suffix-not-loaded"),
            (".cp314t-win_amd64.pyd", &nothing, Py314t, loads),
            (".cp314-win_amd64.pyd", &gil, Py314t, "incompatible-abi suffix-not-loaded"),
            (".so", &free_threaded(14), Py314t, loads),
            (".so", &free_threaded(13), Py314t, "incompatible-abi built-for-other"),
            (".so", &built_for(FT, None), Py314t, loads),
            (".so", &gil, Py314t, "incompatible-abi built-for-gil"),
            (".abi3.so", &abi3, Py313t, "incompatible-abi built-for-gil"),
            (".abi3.so", &nothing, Py315t, "incompatible-abi suffix-not-loaded"),
            (".abi3.so", &free_threaded(14), Py314t, loads),
            (".abi3t.so", &abi3t, Py314t, "incompatible-abi suffix-not-loaded"),
            (".abi3t.so", &abi3t, Py315t, loads),
            (".abi3t.so", &nothing, Py315t, loads),
            (".so", &abi3t, Py314t, "incompatible-abi built-for-other"),
            (".pyd", &abi3t, Py315t, loads),
            (".so", &built_for(Some(Abi::Abi3t), Some(16)), Py315t, "incompatible-abi built-for-other"),
        ] {
            assert_eq!(verdict(suffix, built_for, &free(), target), expected, "{suffix} on {target}");
        }
        // Delegating shows no definition, and with it no layout.
        let delegated = Outcome::Delegated { to: "_cffi_backend".to_owned() };
        for (suffix, expected) in [
            (".so", "undetermined cannot-tell"),
            (".pyd", "undetermined cannot-tell"),
            (".abi3.so", "incompatible-abi built-for-gil"),
        ] {
            assert_eq!(verdict(suffix, &nothing, &delegated, Py314t), expected, "{suffix}");
        }
    }

    #[test]
    fn the_definition_tells_where_nothing_else_does() {
        let with_layout = |free_threaded| match free() {
            Outcome::MultiPhase(mut definition) => {
                definition.head.free_threaded = free_threaded;
                Outcome::MultiPhase(definition)
            }
            other => other,
        };
        let t314 = ".cpython-314t-x86_64-linux-gnu.so";
        for (suffix, free_threaded, expected) in [
            (".so", Some(true), "gil-free slot-not-used"),
            (".so", Some(false), "incompatible-abi built-for-gil"),
            (".so", None, "undetermined cannot-tell"),
            (t314, Some(false), "incompatible-abi built-for-gil"),
            (t314, None, "gil-free slot-not-used"),
        ] {
            let judged = verdict(suffix, &built_for(None, None), &with_layout(free_threaded), Py314t);
            assert_eq!(judged, expected, "{suffix} {free_threaded:?}");
        }
    }

    #[test]
    fn libraries_are_no_extensions_whatever_their_name() {
        for suffix in [".so", ".abi3.so", ".cpython-314-x86_64-linux-gnu.so", ".pypy311-pp73.so", ".1.so"] {
            let judged = verdict(suffix, &built_for(None, None), &Outcome::NoHook, Py314t);
            assert_eq!(judged, "not-an-extension no-hook", "{suffix}");
        }
    }

    #[test]
    fn an_export_hook_alone_is_for_315() {
        let mut facts = facts(built_for(FT, None), &Outcome::NoHook);
        for init in facts.slices[0].init.values_mut() {
            init.other_hooks = vec!["PyModExport_x".to_owned()];
        }
        let reason = |path: &str| judge(&ModuleName::of_member(path), Ok(&facts), Py314t).reason.id();
        assert_eq!(reason("x.so"), "no-hook");
        assert_eq!(reason("x.abi3t.so"), "suffix-not-loaded");
        let judged = judge(&ModuleName::of_member("x.so"), Ok(&facts), Py314t);
        assert_eq!(judged.verdict, Verdict::IncompatibleAbi);
    }

    #[test]
    fn the_worst_slice_counts_and_is_named() {
        let mut facts = facts(built_for(FT, None), &free());
        let mut other = facts.slices[0].clone();
        other.arch = Arch::Aarch64;
        for init in other.init.values_mut() {
            init.outcome = multi_phase(&[slot(4, 0)]);
        }
        facts.slices.push(other);
        let judged = judge(&ModuleName::of_member("x.so"), Ok(&facts), Py314t);
        assert_eq!(judged.verdict, Verdict::RequiresGil);
        assert!(judged.evidence[0].text.starts_with("aarch64: Py_mod_gil (slot 4) = 0"));
    }

    #[test]
    fn what_could_not_be_read_is_undetermined() {
        let judged = judge(&ModuleName::of_member("x.so"), Err("0 bytes"), Py314t);
        assert_eq!(judged.verdict, Verdict::Undetermined);
        assert_eq!(judged.reason, Reason::Unread("0 bytes".to_owned()));
        let nothing = Facts { format: crate::model::Format::Elf, slices: Vec::new() };
        let judged = judge(&ModuleName::of_member("x.so"), Ok(&nothing), Py314t);
        assert_eq!(judged.verdict, Verdict::Undetermined);
    }

    #[test]
    fn evidence_can_be_checked_with_objdump() {
        let text = |outcome: Outcome, suffix: &str| {
            let name = ModuleName::of_member(&format!("x{suffix}"));
            judge(&name, Ok(&facts(built_for(FT, None), &outcome)), Py314t).evidence[0].text.clone()
        };
        insta::assert_snapshot!(text(multi_phase(&[slot(4, 0)]), ".so"), @"Py_mod_gil (slot 4) = 0 (Py_MOD_GIL_USED) at 0x3f40, read when PyModuleDef_Init got the definition at 0x4000");
        insta::assert_snapshot!(text(multi_phase(&[slot(2, 0x20)]), ".so"), @"the slot array at 0x3f00 holds slot 2 and no Py_mod_gil (4), read when PyModuleDef_Init got the definition at 0x4000");
        insta::assert_snapshot!(text(single_phase(None), ".so"), @"PyInit_x returns a finished module, made from the definition at 0x4000, and calls PyUnstable_Module_SetGIL for it on no path");
        insta::assert_snapshot!(text(single_phase(Some(SlotValue::Known(0))), ".so"), @"PyUnstable_Module_SetGIL gets 0 (Py_MOD_GIL_USED) at 0x1150, before PyInit_x returns the module");
        insta::assert_snapshot!(text(free(), ".cpython-312-x86_64-linux-gnu.so"), @"the file name ends in .cpython-312-x86_64-linux-gnu.so, which 3.14t does not look for");
    }
}
