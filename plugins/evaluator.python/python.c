/* python.c - finds CPython's functions in the running process.
 * SPDX-License-Identifier: Apache-2.0 */
#include "python.h"

#include <dlfcn.h>
#include <string.h>

static bool find(const char *name, void *out, struct leti_error *err)
{
    void *symbol = dlsym(RTLD_DEFAULT, name);
    if (!symbol)
        return leti_error_set(err, "this Python has no %s; CPython 3.8 or later is needed", name);
    /* ISO C has no cast from an object pointer to a function pointer; POSIX says they are alike. */
    memcpy(out, &symbol, sizeof symbol);
    return true;
}

static void find_optional(const char *name, void *out)
{
    void *symbol = dlsym(RTLD_DEFAULT, name);
    memcpy(out, &symbol, sizeof symbol);
}

static bool find_class(const char *name, void **out, struct leti_error *err)
{
    void **variable = NULL;
    if (!find(name, &variable, err))
        return false;
    *out = *variable;
    return true;
}

bool python_load(struct python *out, struct leti_error *err)
{
#define PYTHON_FIND(result, name, args)                                                            \
    if (!find(#name, &out->name, err))                                                             \
        return false;
    PYTHON_FUNCTIONS(PYTHON_FIND)
#undef PYTHON_FIND
#define PYTHON_FIND(result, name, args) find_optional(#name, &out->name);
    PYTHON_OPTIONAL(PYTHON_FIND)
#undef PYTHON_FIND
#define PYTHON_FIND(name)                                                                          \
    if (!find(#name, &out->name, err))                                                             \
        return false;
    PYTHON_CLASSES(PYTHON_FIND)
#undef PYTHON_FIND
    /* Before 3.10 even a command may name its encoding, and columns are counted differently. */
    const char *version = out->Py_GetVersion();
    bool old = strncmp(version, "3.8.", 4) == 0 || strncmp(version, "3.9.", 4) == 0;
    out->command_flags = old ? 0 : PYTHON_IGNORE_COOKIE;
    return find("_Py_NoneStruct", &out->none, err) &&
           find_class("PyExc_SystemExit", &out->system_exit, err) &&
           find_class("PyExc_SystemError", &out->system_error, err) &&
           find_class("PyExc_MemoryError", &out->memory_error, err);
}
