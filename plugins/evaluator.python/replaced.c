/* replaced.c - what the tests take from builtins and modules, and whether it is still the same.
 * SPDX-License-Identifier: Apache-2.0 */
#include "replaced.h"

#include <string.h>

#include "classes.h"
#include "guard.h"

enum { EXPECTED_MAX = 1 << 16, NAMES_MAX = 512 };

/* That scope, a dict or a class, has value under key. All borrowed from what never goes. */
struct expected {
    void *scope, *key, *value;
    bool other; /* something else was used */
};

static const struct python *py;
static void *builtins_module, *builtins_scope, *all_modules, *main_scope;
static struct expected expected[EXPECTED_MAX]; /* of which few pages are ever touched */
static size_t n_expected;
static struct expected names[NAMES_MAX];   /* value: the builtin, or NULL */
static struct expected globals[NAMES_MAX]; /* value: the module of that name */
static size_t n_names, n_globals;

bool replaced_load(const struct python *python, void *builtins, void *modules, void *scope)
{
    py = python;
    builtins_module = builtins;
    builtins_scope = py->PyModule_GetDict(builtins);
    all_modules = modules;
    main_scope = scope;
    return builtins_scope != NULL;
}

static void expect(void *scope, void *key)
{
    bool dict = classes_of(scope) == py->PyDict_Type;
    void *value = dict ? py->PyDict_GetItem(scope, key) : py->_PyType_Lookup(scope, key);
    if (!value || n_expected == EXPECTED_MAX)
        return;
    py->Py_IncRef(scope);
    py->Py_IncRef(key);
    py->Py_IncRef(value);
    expected[n_expected++] = (struct expected){ scope, key, value, false };
}

static bool is_class(void *value)
{
    return py->PyType_IsSubtype(classes_of(value), py->PyType_Type) != 0;
}

/* A library rebinds its own settings and caches, hardly its functions and classes. */
static bool is_code(void *value)
{
    void *kind = classes_of(value);
    return kind == py->PyFunction_Type || kind == py->PyCFunction_Type ||
           kind == py->PyModule_Type || is_class(value);
}

/* What a class has of its own; those of C cannot be changed. */
static void expect_class(void *class)
{
    static const char *const inherited[] = { "__eq__", "__ne__", "__lt__",   "__le__",
                                             "__gt__", "__ge__", "__init__", "__new__" };
    void *scope = classes_may_change(class) ? py->PyObject_GetAttrString(class, "__dict__") : NULL;
    void *key, *keys = scope ? py->PyObject_GetIter(scope) : NULL;
    while (keys && (key = py->PyIter_Next(keys)))
        if (classes_of(key) == py->PyUnicode_Type)
            expect(class, key);
    for (size_t i = 0; scope && i < sizeof inherited / sizeof *inherited; i++) {
        void *name = py->PyUnicode_InternFromString(inherited[i]);
        if (name)
            expect(class, name);
    }
    py->PyErr_Clear();
}

static void expect_scope(void *scope)
{
    void *key, *value;
    for (ptrdiff_t i = 0; py->PyDict_Next(scope, &i, &key, &value);)
        if (classes_of(key) == py->PyUnicode_Type && is_code(value)) {
            expect(scope, key);
            if (is_class(value))
                expect_class(value);
        }
}

static void expect_module(void *name)
{
    static const char *const theirs[] = { "sys", "builtins", "__main__" };
    void *module = py->PyDict_GetItem(all_modules, name);
    const char *text = py->PyUnicode_AsUTF8(name);
    if (!module || classes_of(module) != py->PyModule_Type || !text)
        return;
    expect(all_modules, name);
    for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++)
        if (strcmp(text, theirs[i]) == 0)
            return; /* programs may set things in there */
    expect_scope(py->PyModule_GetDict(module));
}

static void expect_attribute(void *pair)
{
    void *module = py->PyDict_GetItem(all_modules, py->PyTuple_GetItem(pair, 0));
    void *key = py->PyTuple_GetItem(pair, 1);
    if (!module || classes_of(module) != py->PyModule_Type)
        return;
    expect(py->PyModule_GetDict(module), key);
}

void replaced_remember(void *used, void *modules, void *attributes, void *shared)
{
    static const char *const hidden[] = { "__import__", "__build_class__", "AssertionError" };
    for (ptrdiff_t i = 0; i < py->PyTuple_Size(modules); i++)
        expect_module(py->PyTuple_GetItem(modules, i));
    for (ptrdiff_t i = 0; i < py->PyTuple_Size(attributes); i++)
        expect_attribute(py->PyTuple_GetItem(attributes, i));
    for (ptrdiff_t i = 0; i < py->PyTuple_Size(shared) && n_globals < NAMES_MAX; i++) {
        void *key = py->PyTuple_GetItem(shared, i), *value = py->PyDict_GetItem(all_modules, key);
        py->Py_IncRef(key);
        globals[n_globals++] = (struct expected){ main_scope, key, value, false };
        expect_module(key);
    }
    for (ptrdiff_t i = 0; i < py->PyTuple_Size(used) && n_names < NAMES_MAX; i++) {
        void *key = py->PyTuple_GetItem(used, i);
        py->Py_IncRef(key);
        names[n_names++] =
            (struct expected){ main_scope, key, py->PyDict_GetItem(builtins_scope, key), false };
    }
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        void *key = py->PyUnicode_InternFromString(hidden[i]);
        if (key)
            expect(builtins_scope, key);
    }
    py->PyErr_Clear();
}

static void note(void *key)
{
    const char *text = py->PyUnicode_AsUTF8(key);
    guard_note("replaced %s, which the tests use", text ? text : "what");
}

/* A function of the library may come by an import under the name of a builtin: pow of math. */
static bool is_function_called(void *value, void *key)
{
    if (classes_of(value) != py->PyCFunction_Type)
        return false;
    void *name = py->PyObject_GetAttrString(value, "__name__");
    bool same = name && py->PyObject_RichCompareBool(name, key, 2 /* Py_EQ */) == 1;
    if (name)
        py->Py_DecRef(name);
    return same;
}

void replaced_used(void *name, void *function)
{
    for (size_t i = 0; i < n_names; i++) {
        if (names[i].value == function || !names[i].value ||
            py->PyObject_RichCompareBool(names[i].key, name, 2 /* Py_EQ */) != 1 ||
            is_function_called(function, name))
            continue;
        names[i].other = true;
        if (py->PyDict_GetItem(main_scope, name) != function)
            note(name);
    }
}

/* Builtins. One that the program's module defines is the function under test, which may be
 * called sum, if the tests take nothing else from there. */
static void check_names(void)
{
    void *shadowed = NULL;
    size_t n_shadowed = 0, n_others = 0;
    for (size_t i = 0; i < n_names; i++) {
        void *key = names[i].key, *builtin = names[i].value;
        void *value = py->PyDict_GetItem(main_scope, key);
        if (!builtin) {
            n_others += value && classes_of(value) != py->PyModule_Type;
            continue;
        }
        if (py->PyDict_GetItem(builtins_scope, key) != builtin)
            note(key);
        if (names[i].other || (value && value != builtin && !is_function_called(value, key))) {
            shadowed = key;
            n_shadowed++;
        }
    }
    if (shadowed && (n_others > 0 || n_shadowed > 1))
        note(shadowed);
}

/* Names of modules that the tests use as such: "math.isclose(...)". What an import brings from a
 * module under its name is fine: datetime from datetime. */
static void check_globals(void)
{
    for (size_t i = 0; i < n_globals; i++) {
        void *key = globals[i].key, *module = globals[i].value;
        void *value = py->PyDict_GetItem(main_scope, key);
        if (value && value != module &&
            py->PyDict_GetItem(py->PyModule_GetDict(module), key) != value)
            note(key);
    }
}

void replaced_check(void)
{
    for (size_t i = 0; i < n_expected; i++) {
        const struct expected *e = &expected[i];
        bool dict = classes_of(e->scope) == py->PyDict_Type;
        void *value =
            dict ? py->PyDict_GetItem(e->scope, e->key) : py->_PyType_Lookup(e->scope, e->key);
        if (value != e->value)
            note(e->key);
    }
    check_names();
    check_globals();
    void *table = py->PyDict_GetItemString(main_scope, "__builtins__");
    if (table != builtins_module && table != builtins_scope)
        guard_note("replaced __builtins__, which the tests use");
    py->PyErr_Clear();
}

bool replaced_names_class(void *class)
{
    for (size_t i = 0; i < n_names; i++)
        if (py->PyDict_GetItem(main_scope, names[i].key) == class)
            return true;
    return false;
}
