//! What a file shows whose code is not evaluated: the functions that it imports, and module definitions that stand
//! in its data.
//!
//! Imports decide in one case: a module object cannot declare anything where `PyUnstable_Module_SetGIL` is not at
//! hand, and is all that an init function can return where `PyModuleDef_Init` is not. Data decides nothing, as code
//! may change it, or make another definition, before it hands one over (pybind11 and Nuitka do): it is evidence.

use super::path::Initialised;
use super::slots::{self, Content};
use super::value::{Value, mask};
use super::{Evaluated, Request};
use crate::inspect::image::{Fixup, Image};
use crate::inspect::layout::{DefLayout, SlotId};
use crate::model::{Definition, Evidence, EvidenceKind, Hook, HookKind, Outcome, SlotValue};

/// Functions that hand a definition, with its slots, to the interpreter.
const BY_DEFINITION: [&str; 3] =
    ["PyModuleDef_Init", "PyModule_FromDefAndSpec2", "PyModule_FromSlotsAndSpec"];

/// Functions that make a module object from a definition without slots.
const AT_ONCE: [&str; 2] = ["PyModule_Create2", "PyModule_Create2TraceRefs"];

const SET_GIL: &str = "PyUnstable_Module_SetGIL";

/// Libraries that come with the systems of these machines alone: the loader of PowerPC and IBM Z, and the operations
/// that narrow RISC-V and Arm processors lack.
const COMES_WITH: [&str; 2] = ["ld64.so", "libatomic.so"];

/// Definitions that are told: no real file has more than one of a name.
const MAX_DEFINITIONS: usize = 8;

/// Fixups that are looked at: the largest published libraries have below a million.
const MAX_LOOKS: usize = 1 << 20;

/// Bytes of a module's name.
const MAX_NAME: u64 = 256;

/// What imports and data say of a hook.
pub(super) fn evaluate(request: &Request, hook: &Hook) -> Evaluated {
    let arch = &request.image.arch;
    let (why, shown) = match doubt(request, hook) {
        None => {
            let outcome = Outcome::SinglePhase { definition: None, gil: None };
            return Evaluated { outcome, trail: vec![imports_at_once(request.image)], trace: None };
        }
        Some(Doubt { why, import }) => (why, import),
    };
    let mut trail: Vec<Evidence> = shown.map(imports).into_iter().collect();
    trail.extend(definitions(request.image, request.stem).iter().map(Found::evidence));
    let why = format!("the code of {arch} is not evaluated, and {why}");
    Evaluated { outcome: Outcome::Undetermined { why, address: Some(hook.address) }, trail, trace: None }
}

/// Why imports do not decide.
struct Doubt {
    why: &'static str,
    import: Option<&'static str>,
}

/// None where the hook can only return a module object that nobody declares anything for.
fn doubt(request: &Request, hook: &Hook) -> Option<Doubt> {
    let images = || std::iter::once(request.image).chain(request.libraries);
    let imported = |name: &'static str| {
        let is_it = |image: &Image| image.imports().iter().any(|import| import.name == name);
        images().any(is_it).then_some(name)
    };
    let doubt = |why, import| Some(Doubt { why, import });
    if hook.kind == HookKind::Export {
        return doubt("data alone does not show which slots its export hook returns", None);
    }
    if let Some(name) = BY_DEFINITION.into_iter().find_map(imported) {
        let why =
            "data alone does not show which definition it hands over, nor that code leaves that as it is";
        return doubt(why, Some(name));
    }
    if let Some(name) = imported(SET_GIL) {
        return doubt("imports alone do not show what it calls PyUnstable_Module_SetGIL with", Some(name));
    }
    if AT_ONCE.into_iter().find_map(imported).is_none() {
        return doubt("it imports none of the functions that make a module", None);
    }
    // What is not imported can still be looked up by its name.
    let names = || BY_DEFINITION.into_iter().chain([SET_GIL]);
    let holds = |text: &str| images().any(|image| holds_text(image, text));
    if names().any(holds) {
        return doubt(
            "it holds the name of a function that declares for a module, and may look that up",
            None,
        );
    }
    let is_absent = |library: &&&str| {
        let file = library.rsplit(['/', '\\']).next().unwrap_or(library);
        !super::is_system(library)
            && !COMES_WITH.iter().any(|prefix| file.starts_with(prefix))
            && !request.library_names.iter().any(|known| known == file)
    };
    if images().any(|image| image.libraries().iter().any(|library| is_absent(&library))) {
        return doubt("it needs a library that is not at hand, which may make the module", None);
    }
    None
}

fn holds_text(image: &Image, text: &str) -> bool {
    image.data_slices().into_iter().any(|data| memchr::memmem::find(data, text.as_bytes()).is_some())
}

fn imports(name: &str) -> Evidence {
    Evidence::new(EvidenceKind::Symbol, format!("it imports {name}")).of(name)
}

fn imports_at_once(image: &Image) -> Evidence {
    let name = AT_ONCE.into_iter().find(|name| image.imports().iter().any(|import| import.name == *name));
    let name = name.unwrap_or(AT_ONCE[0]);
    let text = format!(
        "it imports {name}, and neither a function that hands over slots nor PyUnstable_Module_SetGIL: nothing it \
         makes can declare anything"
    );
    Evidence::new(EvidenceKind::Symbol, text).of(name)
}

/// A definition that stands in a file's data.
pub(crate) struct Found {
    pub definition: Definition,
    /// Its `m_name`.
    pub name: String,
}

impl Found {
    fn evidence(&self) -> Evidence {
        let Definition { address, slots, .. } = &self.definition;
        let gil = slots.slots.iter().find(|slot| SlotId::of(slot.id) == SlotId::Gil);
        let declared = match (gil.map(|slot| (slot.address, slot.value)), slots.address, &slots.unread) {
            (Some((at, SlotValue::Known(value))), ..) => format!("Py_mod_gil = {value} at {at:#x}"),
            (Some((at, _)), ..) => format!("Py_mod_gil at {at:#x}, of unknown value"),
            (None, 0, _) => "no slots".to_owned(),
            (None, at, None) if slots.slots.is_empty() => {
                format!("slots at {at:#x} that are empty, as code is to fill them")
            }
            (None, at, Some(_)) => format!("slots at {at:#x} that are not all in the file"),
            (None, at, None) => format!("slots at {at:#x} without Py_mod_gil"),
        };
        let text = format!(
            "in the file, before code may change it, the definition of {:?} has {declared}",
            self.name
        );
        Evidence::new(EvidenceKind::Slot, text).at(*address)
    }
}

/// The definitions that stand in a file's data, by address: whatever has the header that `PyModuleDef_HEAD_INIT`
/// gives and behind it the name that a module of this stem has.
pub(crate) fn definitions(image: &Image, stem: &str) -> Vec<Found> {
    let content = Initial { image };
    let pointer = image.pointer_size;
    let mut found: Vec<Found> = Vec::new();
    for &(place, fixup) in image.fixups().iter().take(MAX_LOOKS) {
        let Fixup::Address(text) = fixup else { continue };
        for (layout, free_threaded) in
            [(DefLayout::free_threaded(pointer), true), (DefLayout::gil(pointer), false)]
        {
            let Some(address) = place.checked_sub(layout.name) else { continue };
            let Some(head) = content.head(address, free_threaded) else { continue };
            let Some(name) =
                content.text(text, MAX_NAME).filter(|name| name.rsplit('.').next() == Some(stem))
            else {
                continue;
            };
            let definition = slots::definition(&content, &head, Some(free_threaded));
            if definition.head.free_threaded == Some(free_threaded) {
                found.push(Found { definition, name });
            }
        }
        if found.len() == MAX_DEFINITIONS {
            break;
        }
    }
    found
}

/// A file's memory as the loader leaves it, in the byte order of the file.
struct Initial<'a, 'data> {
    image: &'a Image<'data>,
}

impl Content for Initial<'_, '_> {
    fn pointer(&self) -> u8 {
        self.image.pointer_size
    }

    fn load(&self, address: u64, size: u8) -> Value {
        let pointer = u64::from(self.image.pointer_size);
        let end = address.saturating_add(size.into());
        let mut fixups = self.image.fixups_within(address.saturating_sub(pointer - 1), end);
        match fixups.next() {
            None => self.number(address, size),
            Some((at, Fixup::Address(to))) if at == address && u64::from(size) == pointer => {
                Value::Known(to & mask(size))
            }
            Some((at, Fixup::Import { .. })) if at == address && u64::from(size) == pointer => Value::NonNull,
            Some(_) => Value::Unknown,
        }
    }

    fn text(&self, address: u64, limit: u64) -> Option<String> {
        let mut text = Vec::new();
        for index in 0..limit {
            let mut byte = [0];
            match (self.image.read(address.checked_add(index)?, &mut byte), byte) {
                (true, [0]) => return String::from_utf8(text).ok(),
                (true, [byte]) => text.push(byte),
                (false, _) => return None,
            }
        }
        None
    }
}

impl Initial<'_, '_> {
    fn number(&self, address: u64, size: u8) -> Value {
        let mut bytes = [0; 8];
        let Some(part) = bytes.get_mut(..size.into()) else { return Value::Unknown };
        if !self.image.read(address, part) {
            return Value::Unknown;
        }
        if self.image.big_endian {
            part.reverse();
        }
        Value::Known(u64::from_le_bytes(bytes))
    }

    fn is(&self, address: u64, size: u8, number: u64) -> bool {
        self.load(address, size) == Value::Known(number)
    }

    /// The header of a definition, if there is one as `PyModuleDef_HEAD_INIT` of that build makes it: an object
    /// without a type, then `m_init`, `m_index` and `m_copy`, all zero.
    fn head(&self, address: u64, free_threaded: bool) -> Option<Initialised> {
        let pointer = self.image.pointer_size;
        let word = u64::from(pointer);
        let zeros = |from: u64, count: u64| {
            (0..count).all(|index| self.is(address + from + index * word, pointer, 0))
        };
        let (first, second) = if free_threaded {
            let flags =
                self.load(address.checked_add(word)?, 2).known().filter(|flags| matches!(flags, 0 | 4))?;
            // Behind the flags a mutex and the collector's bits, then the local count, which is immortal.
            let is_it = self.is(address, pointer, 0)
                && self.is(address + word + 2, 2, 0)
                && self.is(address + word + 4, 4, 0xffff_ffff)
                && zeros(word + 8, 5);
            (is_it.then_some(0)?, flags | 0xffff_ffff << 32 & mask(pointer))
        } else {
            let first =
                self.load(address, pointer).known().filter(|count| is_static_count(*count, pointer))?;
            (zeros(word, 4).then_some(first)?, 0)
        };
        Some(Initialised { address, call: address, first: Value::Known(first), second: Value::Known(second) })
    }
}

/// The reference counts that static objects of builds with the GIL start with (`Include/refcount.h`): 1 up to 3.11
/// and in Rust, the low 32 bits set or 30 of 32 since 3.12, and from 3.14 on `_Py_STATIC_IMMORTAL_INITIAL_REFCNT`.
fn is_static_count(count: u64, pointer: u8) -> bool {
    match pointer {
        8 => matches!(count, 1 | 0xffff_ffff | 0x0005_0000_c000_0000),
        _ => matches!(count, 1 | 0x3fff_ffff | 0x7000_0000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::image::{parse, testing::Elf};
    use crate::inspect::inspect;
    use crate::model::{Abi, Alone, Facts, ModuleName, Target};

    const DEFINITION: usize = 0x2000;
    const NAME: u64 = 0xd80;
    const SLOTS: usize = 0x20a0;

    /// Machine, 64 bits, big-endian, relative relocation, and whether that has an addend of its own.
    const MACHINES: [(u16, bool, bool, u32, bool, &str); 8] = [
        (21, true, false, 22, true, "ppc64le"),
        (21, true, true, 22, true, "ppc64"),
        (22, true, true, 12, true, "s390x"),
        (22, false, true, 12, true, "s390"),
        (40, false, false, 23, false, "arm"),
        (243, true, false, 3, true, "riscv64"),
        (243, false, false, 3, true, "riscv32"),
        (258, true, false, 3, true, "loongarch64"),
    ];

    /// A module for one of them that imports a function, with a definition in its data whose slots say `gil`.
    fn module(machine: usize, free_threaded: bool, import: &'static str, gil: u64) -> Vec<u8> {
        with_slots(machine, free_threaded, import, &[(4, gil)])
    }

    fn with_slots(
        machine: usize,
        free_threaded: bool,
        import: &'static str,
        slots: &[(u64, u64)],
    ) -> Vec<u8> {
        let (machine, wide, big, relative, has_addends, _) = MACHINES[machine];
        let word = if wide { 8 } else { 4 };
        let pointer = u8::try_from(word).unwrap();
        let layout = if free_threaded { DefLayout::free_threaded(pointer) } else { DefLayout::gil(pointer) };
        let at = |offset: u64| DEFINITION as u64 + offset;
        let relocations = [(at(layout.name), NAME), (at(layout.slots), SLOTS as u64)];
        // Numbers that are narrower than a word stand in its first bytes.
        let first = |number: u64, bytes: usize| if big { number << (8 * (word - bytes)) } else { number };
        let entry = |(index, (id, value)): (usize, &(u64, u64))| {
            let at = SLOTS + index * 2 * word;
            [(at, first(*id, 4)), (at + word, *value)]
        };
        let mut data: Vec<(usize, u64)> = slots.iter().enumerate().flat_map(entry).collect();
        match (free_threaded, wide) {
            (true, true) if big => data.push((DEFINITION + 8, 0x0004_0000_ffff_ffff)),
            (true, true) => data.push((DEFINITION + 8, 0xffff_ffff_0000_0004)),
            (true, false) => data.extend([(DEFINITION + 4, first(4, 2)), (DEFINITION + 8, 0xffff_ffff)]),
            (false, true) => data.push((DEFINITION, 0x0005_0000_c000_0000)),
            (false, false) => data.push((DEFINITION, 0x7000_0000)),
        }
        let mut symbols = Elf::x86_64().symbols;
        symbols[0].0 = import;
        let relocations = relocations.map(|(place, to)| (place, relative, 0, to.cast_signed())).to_vec();
        let elf = Elf { machine, wide, big, symbols, relocations, has_addends, data, ..Elf::x86_64() };
        let mut file = elf.build();
        file[0xd80..0xd86].copy_from_slice(b"pkg.x\0");
        file
    }

    fn facts(file: &[u8]) -> Facts {
        inspect(file, &ModuleName::of_member("x.so"), &[Target::Py314t], &Alone).unwrap()
    }

    fn outcome(facts: &Facts) -> &Outcome {
        &facts.slices[0].init[&Target::Py314t].outcome
    }

    #[test]
    fn definitions_are_read_in_every_layout() {
        for (index, machine) in MACHINES.iter().enumerate() {
            for free_threaded in [true, false] {
                let file = module(index, free_threaded, "PyModuleDef_Init", 1);
                let images = parse(&file).unwrap();
                let found = definitions(&images[0], "x");
                let [Found { definition, name }] = found.as_slice() else { panic!("{machine:?}") };
                let slot = definition.slots.slots[0];
                assert_eq!((definition.address, name.as_str()), (DEFINITION as u64, "pkg.x"), "{machine:?}");
                assert_eq!(definition.head.free_threaded, Some(free_threaded), "{machine:?}");
                assert_eq!(definition.head.flags, free_threaded.then_some(4), "{machine:?}");
                assert_eq!((definition.slots.slots.len(), slot.address), (1, SLOTS as u64), "{machine:?}");
                assert_eq!((slot.id, slot.value), (4, SlotValue::Known(1)), "{machine:?}");
                assert_eq!(definition.slots.unread, None, "{machine:?}");
                assert_eq!(definitions(&images[0], "y").len(), 0, "another module's is none of its own");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn slots_are_read_as_they_were_written(
            machine in 0..MACHINES.len(),
            free_threaded in proptest::bool::ANY,
            slots in proptest::collection::vec(
                (proptest::sample::select(vec![1_u64, 2, 3, 4, 84, 85, 86, 87, 109, 0xfff0]), 0..0x7fff_ffff_u64),
                0..5,
            ),
        ) {
            let file = with_slots(machine, free_threaded, "PyModuleDef_Init", &slots);
            let images = parse(&file).unwrap();
            let found = definitions(&images[0], "x");
            let read = found[0].definition.slots.slots.iter().map(|slot| (u64::from(slot.id), slot.value));
            let written = slots.iter().map(|(id, value)| (*id, SlotValue::Known(*value)));
            proptest::prop_assert_eq!(read.collect::<Vec<_>>(), written.collect::<Vec<_>>());
        }
    }

    /// Code may hand over something else, so that data proves nothing good, and nothing bad either.
    #[test]
    fn a_definition_in_the_data_is_evidence_and_no_verdict() {
        for (index, machine) in MACHINES.iter().enumerate() {
            for gil in [0, 1] {
                let facts = facts(&module(index, true, "PyModuleDef_Init", gil));
                let Outcome::Undetermined { why, .. } = outcome(&facts) else { panic!("{machine:?}") };
                assert!(why.starts_with(&format!("the code of {} is not evaluated", machine.5)), "{why}");
                let trail = &facts.slices[0].init[&Target::Py314t].trail;
                let text = format!(
                    "in the file, before code may change it, the definition of \"pkg.x\" has Py_mod_gil = {gil} at 0x20a0"
                );
                assert_eq!(trail.last().map(|evidence| evidence.text.clone()), Some(text));
                assert_eq!(facts.slices[0].built_for.abi, Some(Abi::FreeThreaded));
            }
        }
    }

    /// The layout is that of the headers it was compiled with: an interpreter of the other build crashes on it.
    #[test]
    fn the_layout_of_a_definition_tells_the_build() {
        for (index, machine) in MACHINES.iter().enumerate() {
            let facts = facts(&module(index, false, "PyModuleDef_Init", 1));
            assert_eq!(facts.slices[0].built_for.abi, Some(Abi::Gil), "{machine:?}");
        }
    }

    #[test]
    fn a_module_that_can_only_be_made_at_once_declares_nothing() {
        let facts = facts(&module(0, true, "PyModule_Create2", 1));
        assert_eq!(*outcome(&facts), Outcome::SinglePhase { definition: None, gil: None });
    }

    #[test]
    fn imports_decide_only_where_nothing_else_can_be_meant() {
        let why = |file: &[u8]| match outcome(&facts(file)) {
            Outcome::Undetermined { why, .. } => why.clone(),
            other => panic!("{other:?}"),
        };
        assert!(why(&module(0, true, "PyUnstable_Module_SetGIL", 1)).contains("imports alone do not show"));
        assert!(why(&module(0, true, "PyList_New", 1)).contains("none of the functions that make a module"));
        let mut file = module(0, true, "PyModule_Create2", 1);
        file[0xda0..0xdb0].copy_from_slice(b"PyModuleDef_Init");
        assert!(why(&file).contains("may look that up"), "dlsym finds it");
        let mut file = module(0, true, "PyModule_Create2", 1);
        file[0x201..0x20b].copy_from_slice(b"libx.so.6\0");
        assert!(why(&file).contains("it needs a library that is not at hand"));
    }
}
