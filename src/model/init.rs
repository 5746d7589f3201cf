//! What happens when an interpreter runs a module's init function.

use super::{Evidence, Trace};
use serde::{Deserialize, Serialize};

/// The init function of a module, and what it comes to under one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Init {
    /// The hook that the interpreter calls; none where the file has none of the module's name.
    pub hook: Option<Hook>,
    /// Hooks of the same file that belong to other names, sorted.
    pub other_hooks: Vec<String>,
    /// What calling it leads to.
    pub outcome: Outcome,
    /// The steps that led there, in order: functions entered, calls into the interpreter, what was read.
    pub trail: Vec<Evidence>,
    /// All of its steps, where that was asked for and its code was evaluated.
    #[serde(skip)]
    pub trace: Option<Trace>,
    /// What it makes for modules that leave that to it; only looked at where it is known to do so.
    pub makes: Option<Outcome>,
}

/// A function that the import system looks up by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    /// Which protocol.
    pub kind: HookKind,
    /// Symbol, without the leading underscore that Mach-O adds.
    pub symbol: String,
    /// Virtual address.
    pub address: u64,
}

/// The two protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum HookKind {
    /// `PyInit_<name>` or `PyInitU_<punycode>` (PEP 489).
    Init,
    /// `PyModExport_<name>` or `PyModExportU_<punycode>` (PEP 793), looked up first since 3.15.
    Export,
}

/// What calling a hook leads to, on every path that succeeds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The file has no hook of the module's name.
    NoHook,
    /// `PyModuleDef_Init(def)`: multi-phase initialization.
    MultiPhase(Definition),
    /// A module object is returned: single-phase initialization.
    SinglePhase {
        /// The definition it was created from, where one was seen.
        definition: Option<Definition>,
        /// The last `PyUnstable_Module_SetGIL` on that module; none where it was never called.
        gil: Option<GilCall>,
    },
    /// An export hook returned this array.
    Exported(SlotArray),
    /// Another module makes the module object, and with it the declaration.
    Delegated {
        /// Import name of that module (`_cffi_backend`).
        to: String,
    },
    /// Every path that was followed raises: the import fails.
    Fails {
        /// Which call sees to that.
        why: String,
    },
    /// The analysis could not tell.
    Undetermined {
        /// The cause, as a sentence.
        why: String,
        /// Where it stopped.
        address: Option<u64>,
    },
}

/// A `PyModuleDef`, as it stands in memory when the interpreter is given it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// Virtual address; addresses outside the image stand for stack or heap.
    pub address: u64,
    /// Its object header.
    pub head: Head,
    /// `m_size`, where known: the bytes of state that each module made of it has, or -1 where all share one.
    pub state_size: Option<i64>,
    /// `m_slots`.
    pub slots: SlotArray,
}

/// The object header of a definition, read by the layout that the binary was built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Head {
    /// Whether the fields below it stand where a free-threaded build puts them; none where its bytes and
    /// the fields behind it fit both layouts.
    pub free_threaded: Option<bool>,
    /// `ob_flags` of a free-threaded header (3.14 and later; padding in 3.13), where known.
    pub flags: Option<u16>,
    /// True where the header is all zero, as memory that nobody initialised is.
    pub zero: bool,
}

/// A slot array: `PyModuleDef_Slot[]` or, from 3.15 on, `PySlot[]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotArray {
    /// Virtual address; 0 for a null pointer.
    pub address: u64,
    /// Slots in order, nested arrays opened up in place, without terminators.
    pub slots: Vec<Slot>,
    /// Why the end was not reached, where it was not.
    pub unread: Option<String>,
}

/// One slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Where it stands.
    pub address: u64,
    /// `slot` or `sl_id`.
    pub id: u16,
    /// `sl_flags`; none for a `PyModuleDef_Slot`.
    pub flags: Option<u16>,
    /// Its value.
    pub value: SlotValue,
    /// How deep it is nested: 0 for the outermost array.
    pub depth: u8,
    /// What a `Py_mod_create` function returns, where this is one.
    pub creates: Option<Creation>,
}

/// What a create function was seen to return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Creation {
    /// A module object, on every path that succeeds.
    Module,
    /// Some other object, on every path that succeeds.
    NotAModule,
    /// Not seen.
    Unknown,
}

/// The value of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SlotValue {
    /// A number or an address.
    Known(u64),
    /// Not null, nothing else known.
    NonNull,
    /// Nothing known.
    Unknown,
}

/// A call of `PyUnstable_Module_SetGIL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GilCall {
    /// Address of the call.
    pub address: u64,
    /// Second argument: 0 is `Py_MOD_GIL_USED`, 1 is `Py_MOD_GIL_NOT_USED`.
    pub value: SlotValue,
}
