//! What a binary uses that matters where several threads run its code at once: names of imports and sizes of memory, and
//! not what its code does with them.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What is used of that kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Imported functions that hand out borrowed references, as [`BORROWING`] lists them.
    pub borrowing: Vec<Cow<'static, str>>,
    /// Those of their replacements that are imported.
    pub owning: Vec<Cow<'static, str>>,
    /// Whether `PyDict_Next` is imported.
    pub iterates: bool,
    /// Whether critical sections are (`PyCriticalSection_Begin` and its like).
    pub enters_critical_sections: bool,
    /// Whether anything is that threads wait on, tell one another by or keep apart: a lock, a flag for doing something
    /// once, thread-local storage. Atomic instructions need no import, and are not seen.
    pub synchronises: bool,
    /// Bytes of writable memory that hold nothing before code writes to them (`.bss`, `__common`), without thread-local
    /// storage.
    pub zeroed: u64,
}

/// Functions that return a reference which is only good while no other thread runs, with the function that returns one of
/// the caller's own ("C API Extension Support for Free Threading" of Python's documentation, "Borrowed References").
pub const BORROWING: [(&str, &str); 7] = [
    ("PyDict_GetItem", "PyDict_GetItemRef"),
    ("PyDict_GetItemString", "PyDict_GetItemStringRef"),
    ("PyDict_GetItemWithError", "PyDict_GetItemRef"),
    ("PyDict_SetDefault", "PyDict_SetDefaultRef"),
    ("PyImport_AddModule", "PyImport_AddModuleRef"),
    ("PyList_GetItem", "PyList_GetItemRef"),
    ("PyWeakref_GetObject", "PyWeakref_GetRef"),
];

/// The function to take instead of one that hands out borrowed references.
#[must_use]
pub fn owning(borrowing: &str) -> Option<&'static str> {
    BORROWING.iter().find(|(name, _)| *name == borrowing).map(|(_, owning)| *owning)
}
