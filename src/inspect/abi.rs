//! Which interpreter a binary was built for, by what stands in the binary.
//!
//! Strongest first: a `PyABIInfo` record, the Python library that it is linked against, symbols that one build
//! alone has, and the layout and header of the module definition.

use super::image::Image;
use super::layout::SlotId;
use crate::model::{
    Abi, BuiltFor, Definition, Evidence, EvidenceKind, Init, Outcome, PythonVersion, SlotArray, SlotValue,
};

/// Imported by inlined reference counting of free-threaded builds alone (`Include/internal/pycore_object.h`,
/// `Include/refcount.h`), and never exported by builds with the GIL.
const FREE_THREADED_SYMBOLS: [&str; 4] =
    ["_Py_MergeZeroLocalRefcount", "_Py_DecRefShared", "_Py_DecRefSharedDebug", "PyUnstable_Module_SetGIL"];

/// Imported by inlined reference counting of builds with the GIL.
const GIL_SYMBOL: &str = "_Py_Dealloc";

/// Exists since 3.15 only.
const SYMBOLS_OF_3_15: [&str; 3] = ["PyModule_FromSlotsAndSpec", "PyABIInfo_Check", "PyType_FromSlots"];

/// `PyABIInfo_GIL`, `PyABIInfo_FREETHREADED` and `PyABIInfo_STABLE` (`Include/modsupport.h` of 3.15).
const ABI_STABLE: u16 = 1;
const ABI_GIL: u16 = 2;
const ABI_FREE_THREADED: u16 = 4;

/// What the symbols and libraries say, before anything is evaluated.
pub(super) fn from_tables(image: &Image) -> BuiltFor {
    let mut built_for = BuiltFor::default();
    for library in image.libraries() {
        if let Some((python, abi)) = python_library(library) {
            let evidence = Evidence::new(EvidenceKind::Library, format!("it needs the library {library}"));
            conclude(&mut built_for, python, Some(abi), evidence);
        }
    }
    for import in image.imports() {
        let name = import.name;
        let (python, abi, text) = if FREE_THREADED_SYMBOLS.contains(&name) {
            (None, Some(Abi::FreeThreaded), "only free-threaded builds have it")
        } else if name == GIL_SYMBOL {
            (None, Some(Abi::Gil), "only builds with the GIL inline a call of it")
        } else if SYMBOLS_OF_3_15.contains(&name) {
            (Some(PythonVersion { major: 3, minor: 15 }), None, "it exists since 3.15")
        } else {
            continue;
        };
        let evidence = Evidence::new(EvidenceKind::Symbol, format!("it imports {name}: {text}")).of(name);
        conclude(&mut built_for, python, abi, evidence);
    }
    built_for
}

/// Adds what the evaluated definition or slots say.
pub(super) fn with_init(mut built_for: BuiltFor, image: &Image, init: &Init) -> BuiltFor {
    let (definition, slots) = match &init.outcome {
        Outcome::MultiPhase(definition) => (Some(definition), Some(&definition.slots)),
        Outcome::SinglePhase { definition, .. } => (definition.as_ref(), None),
        Outcome::Exported(slots) => (None, Some(slots)),
        _ => (None, None),
    };
    if let Some((python, abi, evidence)) = slots.and_then(|slots| abi_record(image, slots)) {
        // The record outranks everything else: it is what 3.15 itself looks at.
        built_for.abi = Some(abi);
        built_for.python = python.or(built_for.python);
        built_for.evidence.insert(0, evidence);
    }
    if let Some(definition) = definition {
        definition_head(&mut built_for, definition);
    }
    built_for
}

/// Adds what definitions of the module's name say that stand in the data of a file whose code is not evaluated.
/// Code may change what they declare, but not the layout that it was compiled with.
pub(super) fn with_static(mut built_for: BuiltFor, image: &Image, stem: &str) -> BuiltFor {
    for found in super::init::definitions(image, stem) {
        definition_head(&mut built_for, &found.definition);
    }
    built_for
}

fn conclude(built_for: &mut BuiltFor, python: Option<PythonVersion>, abi: Option<Abi>, evidence: Evidence) {
    built_for.python = built_for.python.or(python);
    built_for.abi = built_for.abi.or(abi);
    if !built_for.evidence.contains(&evidence) {
        built_for.evidence.push(evidence);
    }
}

/// `python314t.dll`, `python3.dll`, `libpython3.14t.so.1.0`, `libpython3.14.dylib` and their debug forms.
fn python_library(name: &str) -> Option<(Option<PythonVersion>, Abi)> {
    let file = name.rsplit(['/', '\\']).next()?.to_ascii_lowercase();
    let version = |digits: &str| digits.parse().ok().map(|minor| PythonVersion { major: 3, minor });
    if let Some(stem) = file.strip_suffix(".dll").and_then(|stem| stem.strip_prefix("python3")) {
        let stem = stem.strip_suffix("_d").unwrap_or(stem);
        let (digits, free_threaded) = match stem.strip_suffix('t') {
            Some(digits) => (digits, true),
            None => (stem, false),
        };
        return match (digits.is_empty(), free_threaded) {
            (true, true) => Some((None, Abi::Abi3t)),
            (true, false) => Some((None, Abi::Abi3)),
            (false, true) => version(digits).map(|version| (Some(version), Abi::FreeThreaded)),
            (false, false) => version(digits).map(|version| (Some(version), Abi::Gil)),
        };
    }
    let stem = file.strip_prefix("libpython3.")?;
    let digits: String = stem.chars().take_while(char::is_ascii_digit).collect();
    let abi = if stem[digits.len()..].starts_with('t') { Abi::FreeThreaded } else { Abi::Gil };
    version(&digits).map(|version| (Some(version), abi))
}

/// The `PyABIInfo` that a `Py_mod_abi` slot points to: the version of the ABI, where it asks for one, and which it is.
fn abi_record(image: &Image, slots: &SlotArray) -> Option<(Option<PythonVersion>, Abi, Evidence)> {
    let slot = slots.slots.iter().find(|slot| SlotId::of(slot.id) == SlotId::Abi)?;
    let SlotValue::Known(address) = slot.value else { return None };
    // u8 major, u8 minor, u16 flags, u32 build version, u32 ABI version.
    let mut record = [0; 12];
    if !image.read(address, &mut record) {
        return None;
    }
    let [_, _, low, high, _, _, _, _, version @ ..] = record;
    let (flags, [major, minor]) = if image.big_endian {
        (u16::from_be_bytes([low, high]), [version[0], version[1]])
    } else {
        (u16::from_le_bytes([low, high]), [version[3], version[2]])
    };
    // As in `PY_VERSION_HEX`; 0 asks for none.
    let python = (major != 0).then_some(PythonVersion { major, minor });
    let abi = match (flags & ABI_STABLE != 0, flags & ABI_GIL != 0, flags & ABI_FREE_THREADED != 0) {
        (true, _, true) => Abi::Abi3t,
        (true, true, false) => Abi::Abi3,
        (false, _, true) => Abi::FreeThreaded,
        (false, true, false) => Abi::Gil,
        (_, false, false) => return None,
    };
    let of = python.map_or(String::new(), |python| format!(" of {python}"));
    let text = format!("its PyABIInfo has flags {flags:#x}: {abi}{of}");
    Some((python, abi, Evidence::new(EvidenceKind::AbiInfo, text).at(address)))
}

fn definition_head(built_for: &mut BuiltFor, definition: &Definition) {
    let head = definition.head;
    let Some(free_threaded) = head.free_threaded else { return };
    let (abi, text) = if free_threaded {
        let flags = head.flags.map_or(String::new(), |flags| format!(" (ob_flags {flags:#x})"));
        (Abi::FreeThreaded, format!("its PyModuleDef has the layout of free-threaded builds{flags}"))
    } else {
        (Abi::Gil, "its PyModuleDef has the layout of builds with the GIL".to_owned())
    };
    let evidence = Evidence::new(EvidenceKind::DefinitionHead, text).at(definition.address);
    conclude(built_for, None, Some(abi), evidence);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn library_names_tell_version_and_build() {
        let version = |minor| Some(PythonVersion { major: 3, minor });
        assert_eq!(python_library("python314t.dll"), Some((version(14), Abi::FreeThreaded)));
        assert_eq!(python_library("PYTHON314.DLL"), Some((version(14), Abi::Gil)));
        assert_eq!(python_library("python313t_d.dll"), Some((version(13), Abi::FreeThreaded)));
        assert_eq!(python_library("python3.dll"), Some((None, Abi::Abi3)));
        assert_eq!(python_library("python3t.dll"), Some((None, Abi::Abi3t)));
        assert_eq!(python_library("libpython3.14t.so.1.0"), Some((version(14), Abi::FreeThreaded)));
        assert_eq!(python_library("/usr/lib/libpython3.12.dylib"), Some((version(12), Abi::Gil)));
        assert_eq!(python_library("libc.so.6"), None);
        assert_eq!(python_library("pythoncom313.dll"), None);
    }
}
