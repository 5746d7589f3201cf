//! What the interpreter does to a static type object: it fills in what the type leaves to its bases.

use crate::inspect::init::machine::Machine;
use crate::inspect::init::memory::Full;
use crate::inspect::init::path::Path;
use crate::inspect::init::value::Value;
use crate::inspect::layout::TypeLayout;

/// Calls a function that changes a type object.
pub(super) fn call<M: Machine>(name: &str, path: &mut Path<M>) -> Result<Option<Value>, Full> {
    if name != "PyType_Ready" {
        return Ok(None);
    }
    if let Value::Known(address) = path.argument(0) {
        let pointer = path.memory.space.pointer;
        let layout = TypeLayout::free_threaded(pointer);
        let is_left_out = |path: &Path<M>, at| path.memory.load(at, pointer) == Value::ZERO;
        let class = address.wrapping_add(layout.class);
        if is_left_out(path, class) {
            path.memory.store(class, pointer, Value::NonNull)?;
        }
        for offset in (layout.fields..layout.size).step_by(pointer.into()) {
            let field = address.wrapping_add(offset);
            if is_left_out(path, field) {
                path.memory.store(field, pointer, Value::Unknown)?;
            }
        }
    }
    Ok(Some(Value::ZERO))
}
