//! The model of the functions that init code imports: what each returns, and what it does to a module.
//!
//! The evaluation follows an import that succeeds: a function that returns a status succeeds, one that returns
//! an object gives a reference that is not null. A function that is not named here returns something unknown,
//! so that both ways behind it are taken.

use super::machine::Machine;
use super::memory::Full;
use super::path::{Initialised, Module, Path, Thing};
use super::value::Value;

/// What calling an imported function comes to.
pub(super) enum Effect {
    /// It returns.
    Return(Value),
    /// It does not return: the import, or the process, ends.
    End(&'static str),
    /// It calls this function, and returns when that does.
    Become { function: Value, arguments: Vec<Value> },
}

/// Blocks that are copied, set or compared byte by byte at most: what an init function moves in one go is a
/// table of a few kilobytes. A larger block becomes unknown instead.
const MAX_BLOCK: u64 = 1 << 16;

/// `getauxval`'s argument for the processor's features, and what every AArch64 Linux says there: floating
/// point and vectors. Zero would mean that the system does not tell.
const AT_HWCAP: u64 = 16;
const BASIC_FEATURES: u64 = 3;

/// Calls an imported function whose arguments stand where the calling convention puts them.
pub(super) fn call<M: Machine>(name: &str, path: &mut Path<M>, site: u64) -> Result<Effect, Full> {
    // Mach-O's libSystem and Windows' C runtime decorate some names.
    let name = name.strip_prefix("__imp_").unwrap_or(name);
    if let Some(value) = module_call(name, path, site) {
        return Ok(Effect::Return(value));
    }
    if let Some(effect) = library_call(name, path)? {
        return Ok(effect);
    }
    if ends(name) {
        return Ok(Effect::End("calls a function that does not return"));
    }
    if raises(name) {
        path.raised = true;
        return Ok(Effect::Return(Value::ZERO));
    }
    if clears(name) {
        path.raised = false;
        return Ok(Effect::Return(Value::ZERO));
    }
    if succeeds(name) {
        return Ok(Effect::Return(Value::ZERO));
    }
    if gives_object(name) {
        return Ok(Effect::Return(path.object()));
    }
    Ok(Effect::Return(Value::Unknown))
}

/// Functions that create modules and declare for them.
fn module_call<M: Machine>(name: &str, path: &mut Path<M>, site: u64) -> Option<Value> {
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
            path.thing(Thing::Module(Module { definition, gil: None }))
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
    std::rc::Rc::make_mut(&mut path.definitions).push(initialised);
    Some(initialised)
}

fn show<M: Machine>(path: &Path<M>, value: Value) -> String {
    match value {
        Value::Known(number) if number < 0x100 => number.to_string(),
        Value::Known(address) => path.memory.space.describe(address),
        Value::Object(_) | Value::NonNull => "a reference".to_owned(),
        Value::Unknown => "an unknown value".to_owned(),
    }
}

/// Functions of the C and C++ run time, and of the interpreter's allocators, that act on memory.
fn library_call<M: Machine>(name: &str, path: &mut Path<M>) -> Result<Option<Effect>, Full> {
    let [first, second, third] = [0, 1, 2].map(|index| path.argument(index));
    let value = match name {
        "malloc"
        | "_Znwm"
        | "_Znam"
        | "_Znwj"
        | "??2@YAPEAX_K@Z"
        | "??2@YAPAXI@Z"
        | "PyMem_Malloc"
        | "PyMem_RawMalloc"
        | "PyObject_Malloc"
        | "__cxa_allocate_exception"
        | "_ZnwmRKSt9nothrow_t"
        | "valloc" => path.memory.allocate(first.known().unwrap_or(MAX_BLOCK), false),
        "calloc" | "PyMem_Calloc" | "PyMem_RawCalloc" | "PyObject_Calloc" => {
            let size = match (first, second) {
                (Value::Known(count), Value::Known(size)) => count.saturating_mul(size),
                _ => MAX_BLOCK,
            };
            path.memory.allocate(size, true)
        }
        "aligned_alloc" | "memalign" => path.memory.allocate(second.known().unwrap_or(MAX_BLOCK), false),
        "posix_memalign" => {
            let block = path.memory.allocate(third.known().unwrap_or(MAX_BLOCK), false);
            if let Value::Known(place) = first {
                path.memory.store(place, path.memory.space.pointer, block)?;
            }
            Value::ZERO
        }
        "realloc" | "PyMem_Realloc" | "PyMem_RawRealloc" | "PyObject_Realloc" => {
            let size = second.known().unwrap_or(MAX_BLOCK);
            let block = path.memory.allocate(size, false);
            if let (Value::Known(to), Value::Known(from)) = (block, first)
                && from != 0
            {
                path.memory.copy(to, from, size.min(MAX_BLOCK))?;
            }
            block
        }
        "memcpy" | "memmove" | "__memcpy_chk" | "__memmove_chk" | "mempcpy" => {
            block(path, first, third, |path, to, size| match second.known() {
                Some(from) => path.memory.copy(to, from, size),
                None => path.memory.fill(to, None, size),
            })?;
            first
        }
        "memset" | "__memset_chk" | "bzero" | "__bzero" => {
            let (byte, size) = if name.ends_with("bzero") { (Value::ZERO, second) } else { (second, third) };
            block(path, first, size, |path, to, size| {
                path.memory.fill(to, byte.known().map(|byte| byte as u8), size)
            })?;
            first
        }
        "strlen" | "strnlen" => {
            text_at(path, first).map_or(Value::Unknown, |text| Value::Known(text.len() as u64))
        }
        "strcmp" | "strncmp" | "memcmp" | "bcmp" => compare(path, name, first, second, third),
        "strchr" | "strrchr" | "strstr" => Value::Unknown,
        "strdup" | "__strdup" | "_strdup" => copied_text(path, first)?,
        "Py_GetVersion" => version_text(path)?,
        "PyErr_Fetch" => {
            for place in [first, second, third].into_iter().filter_map(Value::known) {
                let taken = if path.raised { Value::NonNull } else { Value::ZERO };
                path.memory.store(place, path.memory.space.pointer, taken)?;
            }
            path.raised = false;
            Value::ZERO
        }
        "PyErr_GetRaisedException" => {
            let taken = if path.raised { Value::NonNull } else { Value::ZERO };
            path.raised = false;
            taken
        }
        "PyErr_Restore" | "PyErr_SetRaisedException" => {
            path.raised = first.is_zero() == Some(false);
            Value::ZERO
        }
        // A table that this import has just made holds nothing yet.
        "PyDict_GetItemRef" | "PyDict_GetItemStringRef" => {
            if let Value::Known(place) = third {
                path.memory.store(place, path.memory.space.pointer, Value::ZERO)?;
            }
            Value::ZERO
        }
        "PyErr_Occurred" => {
            if path.raised {
                Value::NonNull
            } else {
                Value::ZERO
            }
        }
        "__cxa_guard_acquire" => guard(path, first),
        "__cxa_guard_release" => {
            if let Value::Known(guard) = first {
                path.memory.store(guard, 1, Value::Known(1))?;
            }
            Value::ZERO
        }
        "__tls_get_addr" | "___tls_get_addr" | "_tlv_bootstrap" => path.memory.allocate(0x1000, false),
        "pthread_once" | "__pthread_once" => return once(path, first, second).map(Some),
        "_setjmp" | "setjmp" | "__sigsetjmp" | "sigsetjmp" => Value::ZERO,
        "__cxa_get_globals" | "__errno_location" | "_errno" | "__error" => path.memory.allocate(64, true),
        "PyModule_GetState" | "PyType_GetModuleState" => path.memory.allocate(MAX_BLOCK, true),
        // The first import is what is evaluated: in the main interpreter, with nothing registered yet.
        "PyInterpreterState_GetID" | "PyState_FindModule" => Value::ZERO,
        // Nothing is set in the environment: what modules ask for there are switches of their own, off by default.
        "getenv" | "secure_getenv" | "_wgetenv" => Value::ZERO,
        // No optional feature of the processor: code for those that it has does the same faster.
        "getauxval" | "__getauxval" => {
            Value::Known(if first == Value::Known(AT_HWCAP) { BASIC_FEATURES } else { 0 })
        }
        // Any number of processors is as good as another: tables are sized by it.
        "Py_IsInitialized"
        | "_ZNSt6thread20hardware_concurrencyEv"
        | "_ZNSt3__16thread20hardware_concurrencyEv"
        | "_Thrd_hardware_concurrency"
        | "get_nprocs" => Value::Known(1),
        _ => return Ok(None),
    };
    Ok(Some(Effect::Return(value)))
}

fn block<'s, 'a, 'd, M: Machine>(
    path: &mut Path<'s, 'a, 'd, M>,
    to: Value,
    size: Value,
    act: impl FnOnce(&mut Path<'s, 'a, 'd, M>, u64, u64) -> Result<(), Full>,
) -> Result<(), Full> {
    match (to, size) {
        (Value::Known(to), Value::Known(size)) if size <= MAX_BLOCK => act(path, to, size),
        (Value::Known(to), Value::Known(_)) => path.memory.fill(to, None, MAX_BLOCK),
        _ => Ok(()),
    }
}

fn text_at<M: Machine>(path: &Path<M>, address: Value) -> Option<String> {
    path.memory.text(address.known()?, 4096)
}

fn compare<M: Machine>(path: &Path<M>, name: &str, first: Value, second: Value, count: Value) -> Value {
    let (Value::Known(first), Value::Known(second)) = (first, second) else { return Value::Unknown };
    let limit = match (name, count) {
        ("strcmp", _) => MAX_BLOCK,
        (_, Value::Known(count)) if count <= MAX_BLOCK => count,
        _ => return Value::Unknown,
    };
    for index in 0..limit {
        let bytes =
            (path.memory.byte(first.wrapping_add(index)), path.memory.byte(second.wrapping_add(index)));
        let (Some(left), Some(right)) = bytes else { return Value::Unknown };
        if left != right {
            return Value::Known(if left < right { 0xffff_ffff } else { 1 });
        }
        if left == 0 && name.starts_with("str") {
            break;
        }
    }
    Value::ZERO
}

fn copied_text<M: Machine>(path: &mut Path<M>, from: Value) -> Result<Value, Full> {
    let Some(text) = text_at(path, from) else { return Ok(Value::NonNull) };
    let size = text.len() as u64 + 1;
    let copy = path.memory.allocate(size, true);
    if let (Value::Known(to), Value::Known(from)) = (copy, from) {
        path.memory.copy(to, from, size)?;
    }
    Ok(copy)
}

/// `3.14.0 …`: pybind11 and others compare the first part with what they were compiled for.
fn version_text<M: Machine>(path: &mut Path<M>) -> Result<Value, Full> {
    let text = format!("3.{}.0 free-threading build", path.minor);
    let block = path.memory.allocate(64, true);
    if let Value::Known(start) = block {
        for (address, byte) in (start..).zip(text.bytes()) {
            path.memory.store(address, 1, Value::Known(byte.into()))?;
        }
    }
    Ok(block)
}

/// Itanium C++ ABI 3.3.3: nonzero where the guarded object is still to be made.
fn guard<M: Machine>(path: &Path<M>, guard: Value) -> Value {
    let done = guard.known().and_then(|guard| path.memory.byte(guard));
    Value::Known(u64::from(done.is_none_or(|done| done == 0)))
}

fn once<M: Machine>(path: &mut Path<M>, control: Value, function: Value) -> Result<Effect, Full> {
    if let Value::Known(control) = control {
        if path.memory.byte(control).is_some_and(|done| done != 0) {
            return Ok(Effect::Return(Value::ZERO));
        }
        path.memory.store(control, 1, Value::Known(1))?;
    }
    Ok(Effect::Become { function, arguments: Vec::new() })
}

fn ends(name: &str) -> bool {
    matches!(
        name,
        "abort"
            | "exit"
            | "_exit"
            | "_Exit"
            | "quick_exit"
            | "__stack_chk_fail"
            | "__fortify_fail"
            | "__chk_fail"
            | "__assert_fail"
            | "__assert_rtn"
            | "_assert"
            | "_wassert"
            | "Py_FatalError"
            | "_Py_FatalErrorFunc"
            | "_Py_FatalErrorFormat"
            | "Py_Exit"
            | "__cxa_throw"
            | "__cxa_rethrow"
            | "__cxa_bad_cast"
            | "__cxa_throw_bad_array_new_length"
            | "__cxa_pure_virtual"
            | "_Unwind_Resume"
            | "_Unwind_RaiseException"
            | "_ZSt9terminatev"
            | "__clang_call_terminate"
            | "_CxxThrowException"
            | "__std_terminate"
            | "terminate"
            | "longjmp"
            | "_longjmp"
            | "__longjmp_chk"
            | "siglongjmp"
            | "PyErr_BadInternalCall_NoReturn"
    ) || name.starts_with("_ZSt") && name.contains("__throw_")
        || name.starts_with("_ZNSt") && name.contains("__throw_")
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

/// Functions that return 0 on success, or nothing.
fn succeeds(name: &str) -> bool {
    matches!(
        name,
        "PyType_Ready"
            | "PyModule_Add"
            | "PyModule_AddObject"
            | "PyModule_AddObjectRef"
            | "PyModule_AddIntConstant"
            | "PyModule_AddStringConstant"
            | "PyModule_AddType"
            | "PyModule_AddFunctions"
            | "PyModule_SetDocString"
            | "PyModule_ExecDef"
            | "PyState_AddModule"
            | "PyDict_SetItem"
            | "PyDict_SetItemString"
            | "PyDict_Update"
            | "PyDict_Merge"
            | "PyDict_DelItemString"
            | "PyObject_SetAttr"
            | "PyObject_SetAttrString"
            | "PyObject_SetItem"
            | "PyList_Append"
            | "PyList_SetItem"
            | "PyTuple_SetItem"
            | "PySet_Add"
            | "PyErr_WarnEx"
            | "PyErr_WarnFormat"
            | "PyErr_WarnExplicit"
            | "PyImport_AppendInittab"
            | "Py_AtExit"
            | "Py_DecRef"
            | "Py_IncRef"
            | "_Py_DecRef"
            | "_Py_IncRef"
            | "_Py_Dealloc"
            | "_Py_MergeZeroLocalRefcount"
            | "_Py_DecRefShared"
            | "PyMutex_Lock"
            | "PyMutex_Unlock"
            | "PyObject_GC_Track"
            | "PyObject_GC_UnTrack"
            | "PyMem_Free"
            | "PyMem_RawFree"
            | "PyObject_Free"
            | "PyObject_GC_Del"
            | "free"
            | "_ZdlPv"
            | "_ZdlPvm"
            | "_ZdaPv"
            | "__cxa_atexit"
            | "atexit"
            | "__cxa_finalize"
            | "__cxa_guard_abort"
            | "__cxa_free_exception"
            | "pthread_mutex_lock"
            | "pthread_mutex_unlock"
            | "pthread_mutex_init"
            | "pthread_mutex_destroy"
            | "pthread_key_create"
            | "pthread_setspecific"
            | "pthread_rwlock_init"
            | "pthread_cond_init"
            | "sem_init"
            | "pthread_rwlock_wrlock"
            | "pthread_rwlock_rdlock"
            | "pthread_rwlock_unlock"
            | "PyThread_tss_create"
            | "PyThread_tss_set"
            | "PyUnstable_Object_EnableDeferredRefcount"
            | "PyABIInfo_Check"
            | "PyGILState_Release"
            | "PyEval_RestoreThread"
            | "PyCriticalSection_Begin"
            | "PyCriticalSection_End"
            | "PyCriticalSection2_Begin"
            | "PyCriticalSection2_End"
            | "PyCriticalSection_BeginMutex"
            | "PyType_Modified"
            | "PyUnicode_InternInPlace"
            | "PyThread_release_lock"
            | "PyBuffer_Release"
    )
}

/// Functions that return an object, or another pointer that is not null on success.
fn gives_object(name: &str) -> bool {
    let listed = matches!(
        name,
        "PyModule_GetDict"
            | "PyModule_GetNameObject"
            | "PyModule_GetName"
            | "PyModule_GetDef"
            | "PyModule_Type"
            | "PyImport_Import"
            | "PyImport_ImportModuleLevel"
            | "PyImport_ImportModuleLevelObject"
            | "PyImport_GetModule"
            | "PyImport_GetModuleDict"
            | "PyObject_GetAttr"
            | "PyObject_Call"
            | "PyObject_CallObject"
            | "PyObject_CallFunction"
            | "PyObject_CallFunctionObjArgs"
            | "PyObject_CallMethodObjArgs"
            | "PyObject_CallNoArgs"
            | "PyObject_CallOneArg"
            | "PyObject_Vectorcall"
            | "PyObject_VectorcallMethod"
            | "PyObject_VectorcallDict"
            | "PyObject_Str"
            | "PyObject_Repr"
            | "PyObject_Type"
            | "PyObject_GetIter"
            | "PyErr_NewException"
            | "PyErr_NewExceptionWithDoc"
            | "PyTuple_Pack"
            | "PyEval_GetBuiltins"
            | "PyEval_SaveThread"
            | "PyThreadState_Get"
            | "PyThreadState_GetUnchecked"
            | "PyThreadState_GetDict"
            | "_PyThreadState_UncheckedGet"
            | "PyInterpreterState_Get"
            | "PyInterpreterState_GetDict"
            | "PyInterpreterState_Main"
            | "PyThreadState_GetInterpreter"
            | "PyThread_allocate_lock"
            | "PyType_GetDict"
            | "PyUnicode_AsUTF8"
            | "PyUnicode_AsUTF8AndSize"
            | "PyBytes_AsString"
            | "PyType_GenericAlloc"
            | "PyType_GenericNew"
            | "PyType_GetSlot"
            | "PyCFunction_NewEx"
            | "PyCMethod_New"
            | "PyCapsule_Import"
            | "PyDescr_NewMethod"
            | "PyDescr_NewClassMethod"
            | "PyDescr_NewGetSet"
            | "PyStaticMethod_New"
            | "PyUnicode_InternFromString"
            | "PyUnicode_Decode"
            | "PyUnicode_DecodeUTF8"
            | "PyUnicode_Concat"
            | "PyStructSequence_NewType"
            | "PyStructSequence_New"
            | "Py_NewRef"
            | "PySequence_Tuple"
            | "PySequence_List"
            | "PyNumber_Add"
            | "PyNumber_Or"
            | "PyFrozenSet_New"
            | "PyContextVar_New"
            | "PyMemoryView_FromMemory"
            | "PyMemoryView_FromObject"
            | "PyDict_Copy"
            | "PyThread_tss_alloc"
            | "PyWeakref_NewRef"
            | "_PyObject_New"
            | "_PyObject_GC_New"
            | "Py_CompileString"
            | "Py_GenericAlias"
            | "PyObject_GenericGetDict"
            | "_PyType_Name"
            | "PyType_GetName"
            | "PyType_GetQualName"
    );
    listed
        || name.starts_with("PyType_From")
        || name.starts_with("PyUnicode_From")
        || name.starts_with("PyLong_From")
        || name.starts_with("PyFloat_From")
        || name.starts_with("PyBytes_From")
        || name.starts_with("PyComplex_From")
        || name.starts_with("PyBool_From")
}
