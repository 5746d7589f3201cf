//! Functions of which no more needs to be known than how they end.

pub(super) fn ends(name: &str) -> bool {
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
            | "__cxa_pure_virtual"
            | "_ZSt9terminatev"
            | "__clang_call_terminate"
            | "__std_terminate"
            | "terminate"
    )
}

/// Functions that unwind the stack to whoever catches that.
pub(super) fn throws(name: &str) -> bool {
    matches!(
        name,
        "__cxa_throw"
            | "__cxa_rethrow"
            | "__cxa_bad_cast"
            | "__cxa_throw_bad_array_new_length"
            | "_Unwind_Resume"
            | "_Unwind_RaiseException"
            | "_CxxThrowException"
            | "longjmp"
            | "_longjmp"
            | "__longjmp_chk"
            | "siglongjmp"
    ) || (name.starts_with("_ZSt") || name.starts_with("_ZNSt")) && name.contains("__throw_")
}

/// Functions that return 0 on success, or nothing.
pub(super) fn succeeds(name: &str) -> bool {
    adds(name) || keeps_house(name)
}

/// Those that put something into an object, or register it.
fn adds(name: &str) -> bool {
    matches!(
        name,
        "PyModule_Add"
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
            | "PyType_Modified"
            | "PyABIInfo_Check"
            | "PyUnicode_InternInPlace"
            | "PyUnstable_Object_EnableDeferredRefcount"
    )
}

/// Those that count, free, lock and unlock.
fn keeps_house(name: &str) -> bool {
    matches!(
        name,
        "Py_DecRef"
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
            | "PyGILState_Release"
            | "PyEval_RestoreThread"
            | "PyCriticalSection_Begin"
            | "PyCriticalSection_End"
            | "PyCriticalSection2_Begin"
            | "PyCriticalSection2_End"
            | "PyCriticalSection_BeginMutex"
            | "PyThread_release_lock"
            | "PyBuffer_Release"
    )
}

/// Functions that return an object, or another pointer that is not null on success.
pub(super) fn gives_object(name: &str) -> bool {
    const MAKERS: [&str; 7] = [
        "PyType_From",
        "PyUnicode_From",
        "PyLong_From",
        "PyFloat_From",
        "PyBytes_From",
        "PyComplex_From",
        "PyBool_From",
    ];
    answers(name) || makes(name) || MAKERS.iter().any(|start| name.starts_with(start))
}

/// Those that look something up, or call something.
fn answers(name: &str) -> bool {
    matches!(
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
            | "PyType_GetDict"
            | "PyUnicode_AsUTF8"
            | "PyUnicode_AsUTF8AndSize"
            | "PyBytes_AsString"
            | "PyType_GetSlot"
            | "PyCapsule_Import"
            | "PyObject_GenericGetDict"
            | "_PyType_Name"
            | "PyType_GetName"
            | "PyType_GetQualName"
    )
}

/// Those that make a new object.
fn makes(name: &str) -> bool {
    matches!(
        name,
        "PyErr_NewException"
            | "PyErr_NewExceptionWithDoc"
            | "PyTuple_Pack"
            | "PyThread_allocate_lock"
            | "PyType_GenericAlloc"
            | "PyType_GenericNew"
            | "PyCFunction_NewEx"
            | "PyCMethod_New"
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
            | "_PyObject_NewVar"
            | "_PyObject_GC_NewVar"
            | "Py_CompileString"
            | "Py_GenericAlias"
    )
}
