//! Functions that create modules, declare for them, or hand over to another module.

use crate::inspect::init::machine::Machine;
use crate::inspect::init::path::{Initialised, Module, Path, Thing};
use crate::inspect::init::value::Value;
use crate::inspect::layout::DefLayout;
use std::rc::Rc;

/// Functions that create modules and declare for them.
pub(super) fn call<M: Machine>(name: &str, path: &mut Path<M>, site: u64) -> Option<Value> {
    create(name, path, site).or_else(|| delegate(name, path, site))
}

/// Those that create modules, and the one that declares for them.
fn create<M: Machine>(name: &str, path: &mut Path<M>, site: u64) -> Option<Value> {
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
            if name != "PyModule_FromDefAndSpec2" && has_slots(path, first) {
                // "PyModule_Create is incompatible with m_slots".
                path.raised = true;
                return Some(Value::ZERO);
            }
            let definition = initialise(path, first, site);
            path.made_in = Some(path.way());
            path.thing(Thing::Module(Module {
                definition,
                bare: false,
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
            path.thing(Thing::Module(Module { bare: true, ..Module::default() }))
        }
        "PyUnstable_Module_SetGIL" => {
            let gil = path.argument(1);
            path.note(name, format!("PyUnstable_Module_SetGIL(module, {})", show(path, gil)), site);
            match path.module(first) {
                Some(module) => {
                    module.gil = Some((site, gil));
                    path.declared_in = Some(path.way());
                }
                None => path.unknown_gil_call = Some(site),
            }
            Value::ZERO
        }
        _ => return None,
    };
    Some(value)
}

/// Those that may get a module from another one, and objects that are none.
fn delegate<M: Machine>(name: &str, path: &mut Path<M>, site: u64) -> Option<Value> {
    let first = path.argument(0);
    let value = match name {
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

/// Whether a definition of a free-threaded build has slots.
fn has_slots<M: Machine>(path: &Path<M>, definition: Value) -> bool {
    let pointer = path.memory.space.pointer;
    let layout = DefLayout::free_threaded(pointer);
    let word =
        |offset| definition.known().map(|start: u64| path.memory.load(start.wrapping_add(offset), pointer));
    let name = word(layout.name).and_then(Value::known).and_then(|name| path.memory.text(name, 256));
    name.is_some_and(|name| !name.is_empty()) && word(layout.slots).and_then(Value::is_zero) == Some(false)
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
