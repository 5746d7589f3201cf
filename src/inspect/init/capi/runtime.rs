//! The C++ run time, threads, and what the interpreter tells of itself.

use super::Effect;
use crate::inspect::init::machine::Machine;
use crate::inspect::init::memory::Full;
use crate::inspect::init::path::Path;
use crate::inspect::init::threads;
use crate::inspect::init::value::Value;

/// What a module's state, an exception's globals or `errno` may take.
const STATE: u64 = 1 << 16;

/// `getauxval`'s argument for the processor's features, and what every `AArch64` Linux says there: floating
/// point and vectors. Zero would mean that the system does not tell.
const AT_HWCAP: u64 = 16;
const BASIC_FEATURES: u64 = 3;

/// What stands for the process itself in Windows.
const THIS_PROCESS: Value = Value::Known(u64::MAX);

/// Calls a function that is the same for every module.
pub(super) fn call<M: Machine>(name: &str, path: &mut Path<M>) -> Result<Option<Effect>, Full> {
    let [first, second, third] = [0, 1, 2].map(|index| path.argument(index));
    let value = match name {
        "Py_GetVersion" => version_text(path)?,
        // A table that this import has just made holds nothing yet.
        "PyDict_GetItemRef" | "PyDict_GetItemStringRef" => {
            if let Value::Known(place) = third {
                path.memory.store(place, path.memory.space.pointer, Value::ZERO)?;
            }
            Value::ZERO
        }
        "__cxa_guard_acquire" => guard(path, first),
        "__cxa_guard_release" => {
            if let Value::Known(guard) = first {
                path.memory.store(guard, 1, Value::Known(1))?;
            }
            Value::ZERO
        }
        "__tls_get_addr" | "___tls_get_addr" | "_tlv_bootstrap" => thread_local(path, first),
        "pthread_once" | "__pthread_once" => return once(path, first, second).map(Some),
        "__cxa_get_globals"
        | "__errno_location"
        | "_errno"
        | "__error"
        | "PyModule_GetState"
        | "PyType_GetModuleState" => path.memory.allocate(STATE, true),
        "_setjmp" | "setjmp" | "__sigsetjmp" | "sigsetjmp" => {
            return Ok(Some(Effect::Stop("calls setjmp, which may return twice")));
        }
        "dlsym" | "dlvsym" | "GetProcAddress" => looked_up(path),
        // Any number of processors is as good as another: tables are sized by it.
        "Py_IsInitialized"
        | "_ZNSt6thread20hardware_concurrencyEv"
        | "_ZNSt3__16thread20hardware_concurrencyEv"
        | "_Thrd_hardware_concurrency"
        | "get_nprocs" => Value::Known(1),
        // Nothing is set in the environment: what modules ask for there are switches of their own, off by default.
        // What is evaluated is the first import, in the main interpreter, with nothing registered yet.
        "getenv" | "secure_getenv" | "_wgetenv" | "PyInterpreterState_GetID" | "PyState_FindModule" => {
            Value::ZERO
        }
        // No optional feature of the processor: code for those that it has does the same faster.
        "getauxval" | "__getauxval" => {
            Value::Known(if first == Value::Known(AT_HWCAP) { BASIC_FEATURES } else { 0 })
        }
        _ => return windows(name, path),
    };
    Ok(Some(Effect::Return(value)))
}

/// Those that Windows has.
fn windows<M: Machine>(name: &str, path: &mut Path<M>) -> Result<Option<Effect>, Full> {
    let [first, second] = [0, 1].map(|index| path.argument(index));
    let value = match name {
        "GetSystemInfo" | "GetNativeSystemInfo" => {
            // `SYSTEM_INFO.dwNumberOfProcessors`, behind two words and three pointers.
            let offset = 8 + 3 * u64::from(path.memory.space.pointer);
            if let Value::Known(place) = first {
                path.memory.store(place.wrapping_add(offset), 4, Value::Known(1))?;
            }
            Value::ZERO
        }
        // Any time and any number is as good as another: Microsoft's run time makes its stack cookie of them.
        "GetCurrentThreadId" | "GetCurrentProcessId" | "GetTickCount" | "GetTickCount64" => Value::Known(4),
        "TlsAlloc" | "FlsAlloc" | "TlsGetValue" | "FlsGetValue" | "TlsSetValue" | "FlsSetValue" => {
            thread_slot(path, name, first, second)?
        }
        "RaiseException" if is_exception(first, second) => return Ok(Some(Effect::Throw)),
        "GetCurrentProcess" => THIS_PROCESS,
        "TerminateProcess" if first == THIS_PROCESS => {
            return Ok(Some(Effect::End("ends the process")));
        }
        "GetSystemTimeAsFileTime" | "QueryPerformanceCounter" => {
            if let Value::Known(place) = first {
                path.memory.store(place, 8, Value::Known(0x01dd_5afe_c0de_0000))?;
            }
            Value::Known(1)
        }
        _ => return Ok(None),
    };
    Ok(Some(Effect::Return(value)))
}

/// One address for each variable, told apart by the entry of the global offset table that names it.
fn thread_local<M: Machine>(path: &mut Path<M>, entry: Value) -> Value {
    match entry {
        Value::Known(entry) => Value::Known(path.memory.space.regions.thread + threads::variable(entry)),
        _ => Value::NonNull,
    }
}

/// Windows' slots for thread-local values: each is a word on the heap, and its index the distance to there.
fn thread_slot<M: Machine>(
    path: &mut Path<M>,
    name: &str,
    index: Value,
    value: Value,
) -> Result<Value, Full> {
    let (start, pointer) = (path.memory.space.regions.heap, path.memory.space.pointer);
    if name.ends_with("Alloc") {
        return Ok(path.memory.allocate(pointer.into(), true).map(|place| place.wrapping_sub(start)));
    }
    let Value::Known(index) = index else { return Ok(Value::Unknown) };
    let place = start.wrapping_add(index);
    if name.ends_with("GetValue") {
        return Ok(path.memory.load(place, pointer));
    }
    path.memory.store(place, pointer, value)?;
    Ok(Value::Known(1))
}

/// Whether `RaiseException` is what a `throw` of C++ comes to, by the codes of Microsoft's compiler and of GCC
/// (`libgcc/unwind-seh.c`), or is said not to return. Others may: debuggers are told names of threads this way.
fn is_exception(code: Value, flags: Value) -> bool {
    const NONCONTINUABLE: u64 = 1;
    let thrown = [0xe06d_7363, 0x2047_4343, 0x2147_4343, 0x2247_4343];
    code.known().is_some_and(|code| thrown.contains(&code))
        || flags.known().is_some_and(|flags| flags & NONCONTINUABLE != 0)
}

/// `3.14.0 …`: pybind11 and others compare the first part with what they were compiled for.
fn version_text<M: Machine>(path: &mut Path<M>) -> Result<Value, Full> {
    let text = format!("3.{}.0 free-threading build", path.memory.space.minor);
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

/// A function that is looked up by name. That it is not among the imports hides it from tables, not from here.
fn looked_up<M: Machine>(path: &mut Path<M>) -> Value {
    let address = path.text(1).and_then(|name| path.memory.space.import(&name));
    address.map_or(Value::NonNull, Value::Known)
}

fn once<M: Machine>(path: &mut Path<M>, control: Value, function: Value) -> Result<Effect, Full> {
    let proxy = function.known().and_then(|function| path.memory.space.import_at(function));
    if proxy.is_some() {
        return Ok(Effect::Stop("leaves a call to std::call_once, which is not followed"));
    }
    if let Value::Known(control) = control {
        if path.memory.byte(control).is_some_and(|done| done != 0) {
            return Ok(Effect::Return(Value::ZERO));
        }
        path.memory.store(control, 1, Value::Known(1))?;
    }
    Ok(Effect::Become { function, arguments: Vec::new() })
}
