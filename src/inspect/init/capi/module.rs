//! Functions that create modules, declare for them, or hand over to another module.

use crate::inspect::init::machine::Machine;
use crate::inspect::init::path::{Initialised, Module, Path, Thing};
use crate::inspect::init::value::Value;
use std::rc::Rc;

/// Functions that create modules and declare for them.
pub(super) fn call<M: Machine>(name: &str, path: &mut Path<M>, site: u64) -> Option<Value> {
    let first = path.argument(0);
    let value = match name {
        "PyModuleDef_Init" => {
            path.note(name, format!("PyModuleDef_Init({})", show(path, first)), site);
            initialise(path, first, site)
                .map_or(Value::NonNull, |definition| Value::Known(definition.address))
        }
        // The `TraceRefs` name stands in debug builds with reference tracing.
        "PyModule_Create2" | "PyModule_Create2TraceRefs" | "PyModule_FromDefAndSpec2" => {
            path.note(name, format!("{name}({}, …) makes the module object", show(path, first)), site);
            let definition = initialise(path, first, site);
            path.thing(Thing::Module(Module {
                definition,
                from_slots: name == "PyModule_FromDefAndSpec2",
                gil: None,
            }))
        }
        "PyModule_NewObject"
        | "PyModule_New"
        | "PyImport_AddModule"
        | "PyImport_AddModuleRef"
        | "PyImport_AddModuleObject"
        | "PyModule_FromSlotsAndSpec" => {
            path.note(name, format!("{name}(…) gives a module object"), site);
            path.thing(Thing::Module(Module::default()))
        }
        "PyUnstable_Module_SetGIL" => {
            let gil = path.argument(1);
            path.note(name, format!("PyUnstable_Module_SetGIL(module, {})", show(path, gil)), site);
            match path.module(first) {
                Some(module) => module.gil = Some((site, gil)),
                None => path.unknown_gil_call = Some(site),
            }
            Value::ZERO
        }
        "PyImport_ImportModule" | "PyImport_ImportModuleNoBlock" => match path.text(0) {
            Some(module) => {
                path.note(name, format!("imports {module}"), site);
                path.thing(Thing::Imported(module))
            }
            None => path.object(),
        },
        "PyObject_GetAttrString" => match (path.what(first).cloned(), path.text(1)) {
            (Some(Thing::Imported(module)), Some(name)) => path.thing(Thing::Attribute { module, name }),
            _ => path.object(),
        },
        "PyObject_CallMethod" | "_PyObject_CallMethod_SizeT" => match path.what(first).cloned() {
            Some(Thing::Imported(module)) => {
                path.note(name, format!("calls {module}.{}", path.text(1).unwrap_or_default()), site);
                path.thing(Thing::MadeBy(module))
            }
            _ => path.object(),
        },
        "PyCapsule_GetPointer" => match path.what(first).cloned() {
            Some(Thing::Attribute { module, name: attribute }) => {
                path.note(name, format!("takes a function out of the capsule {module}.{attribute}"), site);
                path.thing(Thing::Attribute { module, name: attribute })
            }
            _ => path.object(),
        },
        "PyDict_New"
        | "PyList_New"
        | "PyTuple_New"
        | "PySet_New"
        | "PyLong_FromLong"
        | "PyUnicode_FromString"
        | "PyBytes_FromString"
        | "PyFloat_FromDouble"
        | "Py_BuildValue"
        | "_Py_BuildValue_SizeT"
        | "PyCapsule_New" => path.thing(Thing::NoModule),
        "PyModule_Check" => Value::NonNull,
        _ => return None,
    };
    Some(value)
}

/// A definition that is handed to the interpreter, with its header as it stands now.
fn initialise<M: Machine>(path: &mut Path<M>, definition: Value, site: u64) -> Option<Initialised> {
    let address = definition.known()?;
    let pointer = path.memory.space.pointer;
    let word = |index: u64| path.memory.load(address.wrapping_add(index * u64::from(pointer)), pointer);
    let initialised = Initialised { address, call: site, first: word(0), second: word(1) };
    Rc::make_mut(&mut path.definitions).push(initialised);
    Some(initialised)
}

fn show<M: Machine>(path: &Path<M>, value: Value) -> String {
    match value {
        Value::Known(number) if number < 0x100 => number.to_string(),
        Value::Known(address) => path.memory.space.describe(address),
        Value::Object(_) | Value::NonNull => "a reference".to_owned(),
        Value::Low { .. } | Value::Unknown => "an unknown value".to_owned(),
    }
}
