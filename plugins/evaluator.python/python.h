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
    X(void *, Py_CompileStringExFlags,                                                             \
      (const char *, const char *, int, struct python_flags *, int))                               \
    X(void *, PyEval_EvalCode, (void *, void *, void *))                                           \
    X(void *, PyEval_SaveThread, (void))                                                           \
    X(int, PyGILState_Ensure, (void))                                                              \
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
    X(void, PyOS_AfterFork_Child, (void))

struct python {
#define PYTHON_MEMBER(result, name, args) result(*name) args;
    PYTHON_FUNCTIONS(PYTHON_MEMBER)
#undef PYTHON_MEMBER
    void *system_exit, *memory_error; /* the exceptions' classes */
    void *none;                       /* None */
};

/* Fills in *out from the interpreter that this process runs. */
bool python_load(struct python *out, struct leti_error *err);

#endif
