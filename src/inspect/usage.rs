//! Which of a binary's imports, and how much of its memory, matter where several threads run its code.

use super::image::{Fixup, Image};
use crate::model::{BORROWING, Usage};

/// Imports that threads wait on, tell one another by or keep apart, by how their names start: `CPython`'s, POSIX's, those
/// of C11, C++ and OpenMP, Apple's, and Windows'. Rust's locks end in `syscall` (futex) or in the system's.
const SYNCHRONISING: [&str; 43] = [
    "AcquireSRWLock",
    "EnterCriticalSection",
    "GOMP_",
    "InitOnce",
    "PyCriticalSection",
    "PyMutex_",
    "PyThread_",
    "PyUnstable_TryIncRef",
    "ReleaseSRWLock",
    "SleepConditionVariable",
    "TlsGetValue",
    "TryAcquireSRWLock",
    "TryEnterCriticalSection",
    "WaitForSingleObject",
    "WaitOnAddress",
    "_Cnd_",
    "_Mtx_",
    "_PyOnceFlag",
    "_ZNSt10lock_guard",
    "_ZNSt11this_thread",
    "_ZNSt12__shared_mutex",
    "_ZNSt15recursive_mutex",
    "_ZNSt18condition_variable",
    "_ZNSt3__15mutex",
    "_ZNSt3__118condition_variable",
    "_ZNSt3__111__call_once",
    "_ZNSt5mutex",
    "__atomic_",
    "__cxa_guard_",
    "__kmpc_",
    "__tls_get_addr",
    "__ulock_",
    "_tlv_bootstrap",
    "call_once",
    "dispatch_",
    "mtx_",
    "omp_",
    "os_unfair_lock",
    "pthread_",
    "sem_",
    "syscall",
    "tbb",
    "tss_",
];

/// Names that start like these and keep nothing apart.
const NOT_SYNCHRONISING: [&str; 4] =
    ["PyThread_get_thread_ident", "dispatch_time", "omp_get_max_threads", "pthread_self"];

/// What a binary uses of that kind.
pub(super) fn find(image: &Image) -> Usage {
    let mut usage = Usage { zeroed: image.zeroed(), ..Usage::default() };
    let has_thread_local = || {
        image.thread_template().is_some()
            || image.fixups().iter().any(|(_, fixup)| matches!(fixup, Fixup::ThreadLocal))
    };
    for import in image.imports() {
        let name = import.name;
        if let Some((borrowing, _)) = BORROWING.iter().find(|(borrowing, _)| *borrowing == name) {
            usage.borrowing.push((*borrowing).into());
        } else if let Some((_, owning)) = BORROWING.iter().find(|(_, owning)| *owning == name) {
            usage.owning.push((*owning).into());
        }
        usage.iterates |= name == "PyDict_Next";
        usage.enters_critical_sections |= name.starts_with("PyCriticalSection") && name.contains("_Begin");
        usage.synchronises = usage.synchronises
            || SYNCHRONISING.iter().any(|start| name.starts_with(start))
                && !NOT_SYNCHRONISING.contains(&name);
    }
    usage.synchronises = usage.synchronises || has_thread_local();
    for names in [&mut usage.borrowing, &mut usage.owning] {
        names.sort_unstable();
        names.dedup();
    }
    usage
}
