/* python.h - the few functions of CPython that the zygote calls.
 *
 * They are looked up in the interpreter that loaded us instead of at build time, so that one
 * build of the plugin serves every CPython from 3.8 on, and no Python headers are needed.
 * Objects are void pointers: all that happens to them happens in these functions.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PYTHON_H
#define PYTHON_H

#include <stdbool.h>
#include <stddef.h>

#include "leti/error.h"

/* struct PyCompilerFlags, unchanged since CPython 3.8. */
struct python_flags {
    int flags, feature_version;
};

enum {
    PYTHON_FILE_INPUT = 257,       /* Py_file_input */
    PYTHON_IGNORE_COOKIE = 0x0800, /* PyCF_IGNORE_COOKIE: the text is UTF-8, whatever it says */
};

/* What the C API calls it, and its type, which is the one in CPython's documentation. */
#define PYTHON_FUNCTIONS(X)                                                                        \
    X(void, Py_IncRef, (void *))                                                                   \
    X(const char *, Py_GetVersion, (void))                                                         \
    X(void, Py_DecRef, (void *))                                                                   \
    X(void *, Py_CompileStringExFlags,                                                             \
      (const char *, const char *, int, struct python_flags *, int))                               \
    X(void *, PyEval_EvalCode, (void *, void *, void *))                                           \
    X(void *, PyThreadState_Get, (void))                                                           \
    X(void *, PyEval_SaveThread, (void))                                                           \
    X(int, PyGILState_Ensure, (void))                                                              \
    X(void, PyErr_Print, (void))                                                                   \
    X(int, PyErr_CheckSignals, (void))                                                             \
    X(void, PyErr_Clear, (void))                                                                   \
    X(void, PyErr_Fetch, (void **, void **, void **))                                              \
    X(void, PyErr_NormalizeException, (void **, void **, void **))                                 \
    X(void, PyErr_Display, (void *, void *, void *))                                               \
    X(int, PyErr_GivenExceptionMatches, (void *, void *))                                          \
    X(const char *, PyExceptionClass_Name, (void *))                                               \
    X(int, PyException_SetTraceback, (void *, void *))                                             \
    X(void *, PySys_GetObject, (const char *))                                                     \
    X(int, PySys_SetObject, (const char *, void *))                                                \
    X(void *, PyObject_CallObject, (void *, void *))                                               \
    X(void *, PyObject_CallFunctionObjArgs, (void *, ...))                                         \
    X(void *, PyObject_CallMethod, (void *, const char *, const char *, ...))                      \
    X(void *, PyObject_GetAttrString, (void *, const char *))                                      \
    X(void *, PyObject_Str, (void *))                                                              \
    X(void *, PyBytes_FromStringAndSize, (const char *, ptrdiff_t))                                \
    X(int, PyBytes_AsStringAndSize, (void *, char **, ptrdiff_t *))                                \
    X(void *, PyUnicode_DecodeUTF8, (const char *, ptrdiff_t, const char *))                       \
    X(void *, PyUnicode_AsEncodedString, (void *, const char *, const char *))                     \
    X(void *, PyTuple_GetItem, (void *, ptrdiff_t))                                                \
    X(void *, PyLong_FromLong, (long))                                                             \
    X(ptrdiff_t, PyList_Size, (void *))                                                            \
    X(void *, PyList_GetItem, (void *, ptrdiff_t))                                                 \
    X(void, PyOS_BeforeFork, (void))                                                               \
    X(void, PyOS_AfterFork_Child, (void))                                                          \
    /* what only the guard calls */                                                                \
    X(void *, PyModuleDef_Init, (void *))                                                          \
    X(void *, PyCFunction_NewEx, (void *, void *, void *))                                         \
    X(int, PySys_AddAuditHook, (int (*)(const char *, void *, void *), void *))                    \
    X(void *, PyEval_GetFrame, (void))                                                             \
    X(void *, PyErr_Occurred, (void))                                                              \
    X(void, PyErr_Restore, (void *, void *, void *))                                               \
    X(void, PyErr_SetString, (void *, const char *))                                               \
    X(ptrdiff_t, PyObject_Size, (void *))                                                          \
    X(void *, PyObject_Type, (void *))                                                             \
    X(int, PyObject_IsTrue, (void *))                                                              \
    X(void *, PyObject_Call, (void *, void *, void *))                                             \
    X(void *, PyObject_GetIter, (void *))                                                          \
    X(void *, PyObject_GetItem, (void *, void *))                                                  \
    X(void *, PyObject_RichCompare, (void *, void *, int))                                         \
    X(int, PyObject_RichCompareBool, (void *, void *, int))                                        \
    X(void *, PyIter_Next, (void *))                                                               \
    X(int, PySequence_Contains, (void *, void *))                                                  \
    X(void *, PyBool_FromLong, (long))                                                             \
    X(long, PyLong_AsLong, (void *))                                                               \
    X(void *, PyTuple_New, (ptrdiff_t))                                                            \
    X(int, PyTuple_SetItem, (void *, ptrdiff_t, void *))                                           \
    X(ptrdiff_t, PyTuple_Size, (void *))                                                           \
    X(void *, PyDict_New, (void))                                                                  \
    X(int, PyDict_SetItem, (void *, void *, void *))                                               \
    X(void *, PyDict_GetItem, (void *, void *))                                                    \
    X(void *, PyDict_GetItemString, (void *, const char *))                                        \
    X(int, PyDict_Next, (void *, ptrdiff_t *, void **, void **))                                   \
    X(int, PyType_IsSubtype, (void *, void *))                                                     \
    X(unsigned long, PyType_GetFlags, (void *))                                                    \
    X(void *, _PyType_Lookup, (void *, void *))                                                    \
    X(void *, PyFunction_GetCode, (void *))                                                        \
    X(void *, PyFunction_GetGlobals, (void *))                                                     \
    X(void *, PyMethod_Function, (void *))                                                         \
    X(void *, PyModule_GetDict, (void *))                                                          \
    X(void *, PyUnicode_InternFromString, (const char *))                                          \
    X(const char *, PyUnicode_AsUTF8, (void *))                                                    \
    PYTHON_NUMBERS(X)

/* Binary operators, in the order of their numbers in boot.py. */
#define PYTHON_NUMBERS(X)                                                                          \
    X(void *, PyNumber_Add, (void *, void *))                                                      \
    X(void *, PyNumber_Subtract, (void *, void *))                                                 \
    X(void *, PyNumber_Multiply, (void *, void *))                                                 \
    X(void *, PyNumber_MatrixMultiply, (void *, void *))                                           \
    X(void *, PyNumber_TrueDivide, (void *, void *))                                               \
    X(void *, PyNumber_FloorDivide, (void *, void *))                                              \
    X(void *, PyNumber_Remainder, (void *, void *))                                                \
    X(void *, PyNumber_Lshift, (void *, void *))                                                   \
    X(void *, PyNumber_Rshift, (void *, void *))                                                   \
    X(void *, PyNumber_And, (void *, void *))                                                      \
    X(void *, PyNumber_Or, (void *, void *))                                                       \
    X(void *, PyNumber_Xor, (void *, void *))                                                      \
    X(void *, PyNumber_Power, (void *, void *, void *))

/* Those that some versions lack, where they are NULL. */
#define PYTHON_OPTIONAL(X)                                                                         \
    X(void *, PyFrame_GetCode, (void *))          /* 3.9 */                                        \
    X(int, Py_EnterRecursiveCall, (const char *)) /* 3.9 */                                        \
    X(void, Py_LeaveRecursiveCall, (void))        /* 3.9 */                                        \
    X(void *, PyWeakref_GetObject, (void *))

/* Classes: what is found under the name is the class itself. */
/* clang-format off */
#define PYTHON_CLASSES(X)                                                                          \
    X(PyBaseObject_Type) X(PyType_Type) X(PyLong_Type) X(PyFloat_Type) X(PyBool_Type)              \
    X(PyUnicode_Type) X(PyBytes_Type) X(PyComplex_Type) X(PyList_Type) X(PyTuple_Type)             \
    X(PyDict_Type) X(PySet_Type) X(PyFrozenSet_Type) X(PyFunction_Type) X(PyCFunction_Type)        \
    X(PyMethod_Type) X(PyModule_Type) X(PyWrapperDescr_Type) X(PyMethodDescr_Type)                 \
    X(PyGetSetDescr_Type) X(PyMemberDescr_Type) X(PyGen_Type) X(PyFrame_Type) X(PyCode_Type)
/* clang-format on */

struct python {
#define PYTHON_MEMBER(result, name, args) result(*name) args;
    PYTHON_FUNCTIONS(PYTHON_MEMBER)
    PYTHON_OPTIONAL(PYTHON_MEMBER)
#undef PYTHON_MEMBER
#define PYTHON_MEMBER(name) void *name;
    PYTHON_CLASSES(PYTHON_MEMBER)
#undef PYTHON_MEMBER
    void *system_exit, *memory_error, *system_error; /* the exceptions' classes */
    void *none;                                      /* None */
    int command_flags;                               /* with which `python -c` compiles */
};

/* Fills in *out from the interpreter that this process runs. */
bool python_load(struct python *out, struct leti_error *err);

#endif
