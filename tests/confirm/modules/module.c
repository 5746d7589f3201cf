/* An extension module that declares what it is told at build time; the name is given as NAME, the hook as HOOK. */
#include <Python.h>
#include <stdlib.h>

static int execute(PyObject *module)
{
#if defined(CRASHES)
    *(volatile int *)8 = 1;
#elif defined(HANGS)
    for (volatile int one = 1; one;) {
    }
#endif
    return PyModule_AddIntConstant(module, "answer", 42);
}

static PyModuleDef_Slot used[] = {{Py_mod_exec, execute}, {Py_mod_gil, Py_MOD_GIL_USED}, {0, NULL}};
static PyModuleDef_Slot not_used[] = {{Py_mod_exec, execute}, {Py_mod_gil, Py_MOD_GIL_NOT_USED}, {0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = NAME, .m_slots = not_used};

PyMODINIT_FUNC HOOK(void)
{
#if defined(CULPRIT)
    definition.m_slots = used;
#elif defined(LIES)
    /* Read from the binary an environment variable counts as unset; HOME never is. */
    if (getenv("HOME") != NULL) {
        definition.m_slots = used;
    }
#else
    (void)used;
#endif
#if defined(NEEDS_LIBRARY)
    extern int needed_function(void);
    needed_function();
#endif
    return PyModuleDef_Init(&definition);
}
