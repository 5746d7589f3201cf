//! Functions that take their arguments off the stack when they return: on 32-bit Windows those of the system
//! (`__stdcall`) and methods of C++ classes (`__thiscall`). Everything else leaves that to its caller.

use crate::inspect::init::machine::Machine;
use crate::inspect::init::path::Path;
use crate::model::Format;

/// Libraries whose C functions are `__cdecl`: the C and C++ run times, and Python. All others that come with
/// Windows are `__stdcall`.
const CDECL: [&str; 8] =
    ["api-ms-win-crt-", "concrt", "msvcp", "msvcr", "python", "ucrtbase", "vcomp", "vcruntime"];

/// Words that system functions take off the stack. Init functions and what runs before them call few: locks,
/// thread-local storage, clocks, and what looks up others.
const WORDS: [(&[&str], u64); 7] = [
    (
        &[
            "GetCommandLineA",
            "GetCommandLineW",
            "GetCurrentProcess",
            "GetCurrentProcessId",
            "GetCurrentThread",
            "GetCurrentThreadId",
            "GetLastError",
            "GetProcessHeap",
            "GetTickCount",
            "GetTickCount64",
            "IsDebuggerPresent",
            "SwitchToThread",
            "TlsAlloc",
        ],
        0,
    ),
    (
        &[
            "AcquireSRWLockExclusive",
            "AcquireSRWLockShared",
            "CloseHandle",
            "DecodePointer",
            "DeleteCriticalSection",
            "DisableThreadLibraryCalls",
            "EncodePointer",
            "EnterCriticalSection",
            "FlsAlloc",
            "FlsFree",
            "FlsGetValue",
            "FreeLibrary",
            "GetModuleHandleA",
            "GetModuleHandleW",
            "GetNativeSystemInfo",
            "GetStdHandle",
            "GetSystemInfo",
            "GetSystemTimeAsFileTime",
            "GetSystemTimePreciseAsFileTime",
            "GetVersionExA",
            "GetVersionExW",
            "InitializeConditionVariable",
            "InitializeCriticalSection",
            "InitializeSListHead",
            "InitializeSRWLock",
            "InterlockedFlushSList",
            "IsProcessorFeaturePresent",
            "LeaveCriticalSection",
            "LoadLibraryA",
            "LoadLibraryW",
            "OutputDebugStringA",
            "QueryPerformanceCounter",
            "QueryPerformanceFrequency",
            "ReleaseSRWLockExclusive",
            "ReleaseSRWLockShared",
            "ResetEvent",
            "SetEvent",
            "SetLastError",
            "SetUnhandledExceptionFilter",
            "Sleep",
            "TlsFree",
            "TlsGetValue",
            "TryAcquireSRWLockExclusive",
            "TryEnterCriticalSection",
            "UnhandledExceptionFilter",
            "WakeAllConditionVariable",
            "WakeByAddressAll",
            "WakeByAddressSingle",
            "WakeConditionVariable",
        ],
        1,
    ),
    (
        &[
            "AddVectoredExceptionHandler",
            "FlsSetValue",
            "GetConsoleMode",
            "GetProcAddress",
            "InitializeCriticalSectionAndSpinCount",
            "InterlockedPushEntrySList",
            "ProcessPrng",
            "SetConsoleMode",
            "SystemFunction036",
            "TerminateProcess",
            "TlsSetValue",
            "WSAStartup",
            "WaitForSingleObject",
        ],
        2,
    ),
    (
        &[
            "CreateMutexA",
            "CreateMutexW",
            "GetEnvironmentVariableA",
            "GetEnvironmentVariableW",
            "GetModuleFileNameA",
            "GetModuleFileNameW",
            "GetModuleHandleExA",
            "GetModuleHandleExW",
            "HeapAlloc",
            "HeapCreate",
            "HeapFree",
            "InitOnceComplete",
            "InitializeCriticalSectionEx",
            "LoadLibraryExA",
            "LoadLibraryExW",
            "SleepConditionVariableCS",
            "VirtualFree",
            "VirtualQuery",
            "WaitForSingleObjectEx",
        ],
        3,
    ),
    (
        &[
            "BCryptGenRandom",
            "CreateEventA",
            "CreateEventW",
            "CreateSemaphoreA",
            "CreateSemaphoreW",
            "HeapReAlloc",
            "InitOnceBeginInitialize",
            "InitOnceExecuteOnce",
            "SleepConditionVariableSRW",
            "VirtualAlloc",
            "VirtualProtect",
            "WaitOnAddress",
        ],
        4,
    ),
    (&["CreateThread", "MultiByteToWideChar"], 6),
    (&["WideCharToMultiByte"], 8),
];

/// How many words a function takes off the stack; none where that is not known.
pub(super) fn words<M: Machine>(name: &str, path: &Path<M>) -> Option<u64> {
    let space = path.memory.space;
    if space.pointer != 4 || space.images.first().is_none_or(|loaded| loaded.image.format != Format::Pe) {
        return Some(0);
    }
    let import = space.images.iter().flat_map(|loaded| loaded.image.imports()).find(|one| one.name == name);
    let library = import.and_then(|import| import.library).unwrap_or_default().to_ascii_lowercase();
    if name.starts_with('?') {
        return of_method(name);
    }
    if library.is_empty() || CDECL.iter().any(|prefix| library.starts_with(prefix)) {
        return Some(0);
    }
    WORDS.iter().find_map(|(names, words)| names.contains(&name).then_some(*words))
}

/// A decorated C++ name: `@@Y` is a function, `@@Q` and its like a method, and the letter that follows the access
/// (and a method's `const`) is the convention: `A` for `__cdecl`, `E` for `__thiscall`, `G` for `__stdcall`.
/// <https://learn.microsoft.com/en-us/cpp/build/reference/decorated-names>
fn of_method(name: &str) -> Option<u64> {
    let (_, kind) = name.rsplit_once("@@").filter(|(_, kind)| !kind.is_empty())?;
    let is_cdecl = kind.starts_with("YA") || kind.starts_with("SA");
    // Without arguments nothing but `this` is handed over, and that is in a register.
    (is_cdecl || kind.ends_with("XZ")).then_some(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::image::testing::pe;
    use crate::inspect::inspect;
    use crate::model::{Alone, ModuleName, Outcome, Target};

    /// What a module comes to whose init function calls this function of `kernel32.dll` with one word, and then
    /// `PyModuleDef_Init`.
    fn outcome_behind(function: [u8; 5]) -> Outcome {
        let mut file = pe(false);
        let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
        put(0x2280, b"kernel32.dll\0");
        put(0x2292, &function);
        put(0x1010, &[0x6a, 1]); // push 1
        put(0x1012, &[0xff, 0x15, 0x40, 0x30, 0, 0x10]); // call [0x10003040]
        put(0x1018, &[0x68, 0, 0x31, 0, 0x10]); // push 0x10003100
        put(0x101d, &[0xff, 0x15, 0, 0x30, 0, 0x10]); // call [0x10003000]
        put(0x1023, &[0x83, 0xc4, 4, 0xc3]); // add esp, 4; ret
        put(0x3104, &[4, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
        put(0x3120, &0x1000_2070_u32.to_le_bytes());
        put(0x3130, &0x1000_3180_u32.to_le_bytes());
        put(0x3180, &[4, 0, 0, 0, 1]);
        let facts = inspect(&file, &ModuleName::of_member("x.pyd"), &[Target::Py314t], &Alone).unwrap();
        facts.slices[0].init[&Target::Py314t].outcome.clone()
    }

    #[test]
    fn what_a_system_function_takes_is_gone_behind_it() {
        let Outcome::MultiPhase(definition) = outcome_behind(*b"Sleep") else { panic!("the stack is lost") };
        assert_eq!((definition.address, definition.slots.slots.len()), (0x1000_3100, 1));
        let Outcome::Undetermined { why, .. } = outcome_behind(*b"Snore") else { panic!("this was a guess") };
        assert!(why.contains("takes nobody knows how much off the stack"), "{why}");
    }

    #[test]
    fn no_function_stands_twice() {
        let mut names: Vec<&str> = WORDS.iter().flat_map(|(names, _)| names.iter().copied()).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn decorated_names_tell_the_convention() {
        assert_eq!(of_method("?_Xlength_error@std@@YAXPBD@Z"), Some(0));
        assert_eq!(of_method("?__uncaught_exception@@YA_NXZ"), Some(0));
        assert_eq!(of_method("??0_Lockit@std@@QAE@H@Z"), None, "it takes a word off the stack");
        assert_eq!(of_method("??1_Lockit@std@@QAE@XZ"), Some(0));
    }
}
