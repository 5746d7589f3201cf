//! What binding tools put into every module that they make: that a module imports it tells nothing of its own code.

use crate::model::{BindingTool, Slice};

/// Functions that modules import which do nothing, made by a tool: `tests/accuracy` holds that against the fixtures. Of
/// three tools it was read in the source of what they link to every module: `PyO3` walks over keyword arguments
/// (`extract_argument.rs`), Pythran over those of a call that it refuses (`pythonic/python/core.hpp`), and mypyc brings
/// all of `lib-rt`.
const BROUGHT: [(&str, &[&str]); 9] = [
    ("Cython", &["PyDict_GetItemString", "PyDict_Next", "PyDict_SetDefault"]),
    ("PyO3", &["PyDict_Next"]),
    ("Pythran", &["PyDict_Next"]),
    ("SIP", &["PyDict_GetItem", "PyDict_GetItemString", "PyDict_GetItemWithError", "PyDict_Next"]),
    ("SWIG", &["PyDict_GetItem", "PyImport_AddModule"]),
    ("f2py", &["PyDict_GetItemString"]),
    ("mypyc", &["PyDict_GetItemWithError", "PyDict_Next", "PyDict_SetDefault"]),
    ("nanobind", &["PyDict_GetItem", "PyDict_GetItemWithError", "PyDict_Next"]),
    ("pybind11", &["PyDict_GetItemWithError", "PyDict_Next", "PyDict_SetDefault", "PyList_GetItem"]),
];

/// Whether the tool that made it writes an `m_size` of -1 into every definition.
pub(super) fn size_by_tool(slice: &Slice) -> bool {
    slice.origin.as_ref().is_some_and(|tool| ["Pythran", "f2py"].contains(&tool.name.as_ref()))
}

/// Whether the tool that made it keeps the state of every module that it makes in zeroed memory: Cython does, in one
/// structure that grows with the names and constants that a module has.
pub(super) fn state_by_tool(slice: &Slice) -> bool {
    slice.origin.as_ref().is_some_and(|tool| tool.name == "Cython")
}

/// Whether the tool that made it brings the function into every module.
pub(super) fn by_tool(slice: &Slice, function: &str) -> bool {
    let Some(BindingTool { name, .. }) = &slice.origin else { return false };
    BROUGHT.iter().any(|(tool, brought)| tool == name && brought.contains(&function))
}
