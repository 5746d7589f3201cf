//! Whether an exception is set: a path that returns with one has failed.

use crate::inspect::init::machine::Machine;
use crate::inspect::init::memory::Full;
use crate::inspect::init::path::Path;
use crate::inspect::init::value::Value;

/// Calls a function that sets, takes or asks for the current exception.
pub(super) fn call<M: Machine>(name: &str, path: &mut Path<M>) -> Result<Option<Value>, Full> {
    let current = if path.raised { Value::NonNull } else { Value::ZERO };
    let value = match name {
        "PyErr_Occurred" => current,
        "PyErr_Fetch" => {
            for place in (0..3).filter_map(|index| path.argument(index).known()).collect::<Vec<_>>() {
                path.memory.store(place, path.memory.space.pointer, current)?;
            }
            path.raised = false;
            Value::ZERO
        }
        "PyErr_GetRaisedException" => {
            path.raised = false;
            current
        }
        "PyErr_Restore" | "PyErr_SetRaisedException" => {
            path.raised = path.argument(0).is_zero() == Some(false);
            Value::ZERO
        }
        name if raises(name) => {
            path.raised = true;
            Value::ZERO
        }
        name if clears(name) => {
            path.raised = false;
            Value::ZERO
        }
        _ => return Ok(None),
    };
    Ok(Some(value))
}

fn raises(name: &str) -> bool {
    matches!(
        name,
        "PyErr_SetString"
            | "PyErr_SetObject"
            | "PyErr_SetNone"
            | "PyErr_Format"
            | "PyErr_FormatV"
            | "PyErr_NoMemory"
            | "PyErr_BadArgument"
            | "PyErr_BadInternalCall"
            | "_PyErr_BadInternalCall"
            | "PyErr_SetFromErrno"
            | "PyErr_SetImportError"
            | "_PyErr_FormatFromCause"
            | "PyErr_SetFromErrnoWithFilename"
            | "PyErr_SetImportErrorSubclass"
    )
}

fn clears(name: &str) -> bool {
    matches!(name, "PyErr_Clear" | "PyErr_Print" | "PyErr_PrintEx" | "PyErr_WriteUnraisable")
}
