/* classes.c - whose methods decide what the tests ask.
 * SPDX-License-Identifier: Apache-2.0 */
#include "classes.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "guard.h"

enum { OWN_MAX = 4096, WALK_MAX = 1 << 20, HEAP_CLASS = 1 << 9 /* Py_TPFLAGS_HEAPTYPE */ };

struct name {
    const char *text;
    void *object;   /* the same, interned */
    void *standard; /* what object() has under it, or NULL */
};

/* Comparisons first; then what else sees another operand. */
static struct name deciding[] = {
    { .text = "__eq__" },       { .text = "__ne__" },          { .text = "__lt__" },
    { .text = "__le__" },       { .text = "__gt__" },          { .text = "__ge__" },
    { .text = "__sub__" },      { .text = "__rsub__" },        { .text = "__add__" },
    { .text = "__radd__" },     { .text = "__truediv__" },     { .text = "__rtruediv__" },
    { .text = "__contains__" }, { .text = "__array_ufunc__" }, { .text = "__array_function__" },
};

/* Where a comparison of the library's, written in Python, asks the object. */
static struct name consulted[] = {
    { .text = "__getitem__" }, { .text = "__missing__" },      { .text = "__contains__" },
    { .text = "__iter__" },    { .text = "__getattribute__" }, { .text = "__getattr__" },
};

enum { N_COMPARISONS = 6, N_DECIDING = sizeof deciding / sizeof *deciding };
enum { N_CONSULTED = sizeof consulted / sizeof *consulted };

static const struct python *py;
static void *main_scope, *proxy_classes, *get_referents, *class_name, *module_name;
static void *own[OWN_MAX];
static size_t n_own;

bool classes_load(const struct python *python, void *proxies, void *referents, void *scope)
{
    py = python;
    main_scope = scope;
    proxy_classes = proxies;
    get_referents = referents;
    struct name *const tables[] = { deciding, consulted };
    const size_t sizes[] = { N_DECIDING, N_CONSULTED };
    for (size_t t = 0; t < 2; t++)
        for (size_t i = 0; i < sizes[t]; i++) {
            struct name *name = &tables[t][i];
            name->object = py->PyUnicode_InternFromString(name->text);
            if (!name->object)
                return false;
            name->standard = py->_PyType_Lookup(py->PyBaseObject_Type, name->object);
        }
    void *text = py->PyUnicode_InternFromString("__name__");
    class_name = text ? py->_PyType_Lookup(py->PyType_Type, text) : NULL;
    module_name = py->PyUnicode_InternFromString("__module__");
    return class_name && module_name;
}

void *classes_of(void *value)
{
    void *class = py->PyObject_Type(value);
    py->Py_DecRef(class); /* the value keeps it */
    return class;
}

bool classes_plain(void *class)
{
    static size_t none_is = 0;
    if (!none_is)
        none_is = (size_t)classes_of(py->none);
    return class == py->PyLong_Type || class == py->PyUnicode_Type || class == py->PyFloat_Type ||
           class == py->PyBool_Type || (size_t) class == none_is || class == py->PyBytes_Type ||
           class == py->PyComplex_Type;
}

/* ---- codes ---- */

void classes_own(void *code)
{
    void *consts = n_own < OWN_MAX ? py->PyObject_GetAttrString(code, "co_consts") : NULL;
    if (!consts) {
        py->PyErr_Clear();
        return;
    }
    own[n_own++] = code; /* which lives as long as the process */
    ptrdiff_t n = py->PyTuple_Size(consts);
    for (ptrdiff_t i = 0; i < n; i++) {
        void *item = py->PyTuple_GetItem(consts, i);
        if (classes_of(item) == py->PyCode_Type)
            classes_own(item);
    }
    py->Py_DecRef(consts);
}

bool classes_owns(void *code)
{
    for (size_t i = 0; i < n_own; i++)
        if (own[i] == code)
            return true;
    return false;
}

/* The text of an attribute of one of the interpreter's own objects, or "". */
static void read_text(void *object, const char *attribute, char *out, size_t size)
{
    void *text = py->PyObject_GetAttrString(object, attribute);
    const char *s = text ? py->PyUnicode_AsUTF8(text) : NULL;
    snprintf(out, size, "%s", s && strlen(s) < size ? s : ""); /* half a name says nothing */
    if (text)
        py->Py_DecRef(text);
    if (!s)
        py->PyErr_Clear();
}

bool classes_library_file(const char *file)
{
    bool detour = strstr(file, "/../") || strstr(file, "/./") || strstr(file, "//");
    return (file[0] == '/' && !detour && strncmp(file, "/sandbox/", 9) != 0) ||
           strncmp(file, "<frozen ", 8) == 0;
}

bool classes_library(void *code)
{
    char file[1024];
    read_text(code, "co_filename", file, sizeof file);
    return classes_library_file(file);
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* ---- methods ---- */

/* Whether a library's function may stand for that method in that class: __ne__ for __eq__ may not,
 * and what a program puts into a class of its own has to be what it is called. */
static bool fits(void *class, const char *file, const char *function, const char *method)
{
    if (strcmp(function, method) == 0)
        return true;
    void *module = py->_PyType_Lookup(class, module_name);
    const char *text =
        module && classes_of(module) == py->PyUnicode_Type ? py->PyUnicode_AsUTF8(module) : NULL;
    if ((!text || strcmp(text, "__main__") == 0) && !ends_with(file, "/functools.py"))
        return false;
    for (size_t i = 0; i < N_COMPARISONS; i++)
        if (strcmp(function, deciding[i].text) == 0)
            return false;
    return true;
}

/* Whether the method comes from the interpreter, a library or the tests. */
static bool trusted(void *class, void *method, const char *name)
{
    char text[1024];
    void *kind = classes_of(method);
    if (kind == py->PyWrapperDescr_Type || kind == py->PyMethodDescr_Type) {
        read_text(method, "__name__", text, sizeof text);
        return strcmp(text, name) == 0;
    }
    if (kind != py->PyFunction_Type)
        return false;
    void *code = py->PyFunction_GetCode(method);
    if (classes_owns(code))
        return true;
    if (py->PyFunction_GetGlobals(method) == main_scope)
        return false;
    read_text(code, "co_filename", text, sizeof text);
    /* mock.ANY and ALWAYS_EQ are a library's objects that are equal to everything. */
    if (!classes_library_file(text) || ends_with(text, "/unittest/mock.py") ||
        strstr(text, "/test/support/"))
        return false;
    char function[128];
    read_text(code, "co_name", function, sizeof function);
    return fits(class, text, function, name);
}

static void *lookup(void *class, const struct name *name)
{
    void *method = py->_PyType_Lookup(class, name->object);
    if (!method && py->PyErr_Occurred())
        py->PyErr_Clear();
    return method;
}

static void write_text(void *class, const char *method, char out[DECIDER_TEXT_MAX])
{
    void *text = py->PyObject_CallMethod(class_name, "__get__", "O", class);
    const char *s = text ? py->PyUnicode_AsUTF8(text) : NULL;
    snprintf(out, DECIDER_TEXT_MAX, "%.100s.%s", s ? s : "?", method);
    if (text)
        py->Py_DecRef(text);
    if (!s)
        py->PyErr_Clear();
}

bool classes_may_change(void *class)
{
    return (py->PyType_GetFlags(class) & HEAP_CLASS) != 0;
}

/* The name of the method with which the class decides, or NULL. *in_python: it compares with a
 * function of the library's that is written in Python. */
static const char *decides(void *class, bool all, bool *in_python)
{
    *in_python = false;
    if (!classes_may_change(class))
        return NULL;
    for (size_t i = 0; i < (all ? N_DECIDING : N_COMPARISONS); i++) {
        void *method = lookup(class, &deciding[i]);
        if (!method || method == deciding[i].standard)
            continue;
        if (!trusted(class, method, deciding[i].text))
            return deciding[i].text;
        *in_python = *in_python || classes_of(method) == py->PyFunction_Type;
    }
    for (size_t i = 0; *in_python && i < N_CONSULTED; i++) {
        void *method = lookup(class, &consulted[i]);
        if (method && method != consulted[i].standard &&
            classes_of(method) == py->PyFunction_Type && !trusted(class, method, consulted[i].text))
            return consulted[i].text;
    }
    return NULL;
}

static void *lookup_text(void *class, const char *text)
{
    struct name name = { .text = text, .object = py->PyUnicode_InternFromString(text) };
    if (!name.object) {
        py->PyErr_Clear();
        return NULL;
    }
    void *method = lookup(class, &name);
    py->Py_DecRef(name.object);
    return method;
}

bool classes_decides(void *class, const char *method, char text[DECIDER_TEXT_MAX])
{
    if (!classes_may_change(class))
        return false;
    void *found = lookup_text(class, method);
    if (!found || trusted(class, found, method))
        return false;
    write_text(class, method, text);
    return true;
}

bool classes_overrides(void *class, const char *name, char text[DECIDER_TEXT_MAX])
{
    if (!classes_may_change(class))
        return false;
    void *found = lookup_text(class, name), *kind = found ? classes_of(found) : NULL;
    if (!found || kind == py->PyGetSetDescr_Type || kind == py->PyWrapperDescr_Type ||
        kind == py->PyMethodDescr_Type ||
        (kind == py->PyFunction_Type && trusted(class, found, name)))
        return false;
    write_text(class, name, text);
    return true;
}

bool classes_has(void *class, const char *name)
{
    return lookup_text(class, name) != NULL;
}

bool classes_iterated(void *class)
{
    return !classes_plain(class) && !classes_has(class, "__contains__") &&
           classes_has(class, "__iter__");
}

/* ---- what a value contains ---- */

struct walk {
    void **todo, **seen; /* seen: by address, open addressing */
    size_t n_todo, todo_room, n_seen, seen_room;
    bool all;
    struct deciders *out;
};

static bool seen_insert(void **seen, size_t room, void *item)
{
    size_t i = ((uintptr_t)item >> 4) * 0x9e3779b97f4a7c15u % room;
    while (seen[i] && seen[i] != item)
        i = (i + 1) % room;
    bool is_new = !seen[i];
    seen[i] = item;
    return is_new;
}

/* Whether the walk comes by here for the first time; without memory it ends. */
static bool first_visit(struct walk *walk, void *item)
{
    if (2 * walk->n_seen >= walk->seen_room) {
        size_t room = walk->seen_room ? 4 * walk->seen_room : 64;
        void **seen = walk->n_seen < WALK_MAX ? calloc(room, sizeof *seen) : NULL;
        if (!seen) {
            guard_note("gave the tests more than can be looked through");
            return false;
        }
        for (size_t i = 0; i < walk->seen_room; i++)
            if (walk->seen[i])
                seen_insert(seen, room, walk->seen[i]);
        free(walk->seen);
        walk->seen = seen;
        walk->seen_room = room;
    }
    bool is_new = seen_insert(walk->seen, walk->seen_room, item);
    walk->n_seen += is_new;
    return is_new;
}

static void push(struct walk *walk, void *item)
{
    if (classes_plain(classes_of(item)))
        return;
    if (walk->n_todo == walk->todo_room) {
        size_t room = walk->todo_room ? 2 * walk->todo_room : 32;
        void **todo = realloc(walk->todo, room * sizeof *todo);
        if (!todo) {
            guard_note("gave the tests more than can be looked through");
            return;
        }
        walk->todo = todo;
        walk->todo_room = room;
    }
    py->Py_IncRef(item); /* a collection of garbage may run the program's finalizers */
    walk->todo[walk->n_todo++] = item;
}

static void push_list(struct walk *walk, void *list, bool skip_classes)
{
    for (ptrdiff_t i = 0; i < py->PyList_Size(list); i++) {
        void *item = py->PyList_GetItem(list, i);
        if (!skip_classes || !py->PyType_IsSubtype(classes_of(item), py->PyType_Type))
            push(walk, item);
    }
}

/* Through the iterator of that class, whatever a class derived from it has. */
static void push_iterated(struct walk *walk, void *class, void *value)
{
    void *next, *iterator = class == classes_of(value)
                                ? py->PyObject_GetIter(value)
                                : py->PyObject_CallMethod(class, "__iter__", "O", value);
    while (iterator && (next = py->PyIter_Next(iterator))) {
        push(walk, next);
        py->Py_DecRef(next);
    }
    if (iterator)
        py->Py_DecRef(iterator);
    py->PyErr_Clear();
}

/* All that the object refers to: attributes, slots, items. */
static void push_referents(struct walk *walk, void *value)
{
    audit_overlook("gc.get_referents");
    void *list = py->PyObject_CallFunctionObjArgs(get_referents, value, NULL);
    audit_overlook(NULL);
    if (list) {
        push_list(walk, list, true);
        py->Py_DecRef(list);
    }
    py->PyErr_Clear();
}

/* numpy's arrays of objects. */
static void push_array(struct walk *walk, void *array)
{
    void *dtype = py->PyObject_GetAttrString(array, "dtype");
    void *objects = dtype ? py->PyObject_GetAttrString(dtype, "hasobject") : NULL;
    if (objects && py->PyObject_IsTrue(objects) == 1) {
        void *list = py->PyObject_CallMethod(array, "tolist", NULL);
        if (list)
            push(walk, list);
        if (list)
            py->Py_DecRef(list);
    }
    if (dtype)
        py->Py_DecRef(dtype);
    if (objects)
        py->Py_DecRef(objects);
    py->PyErr_Clear();
}

static bool is_proxy(void *class)
{
    return class == py->PyTuple_GetItem(proxy_classes, 0) ||
           class == py->PyTuple_GetItem(proxy_classes, 1);
}

/* What refers to half the interpreter, and is equal to nothing but itself. */
static bool is_leaf(void *class)
{
    return class == py->PyFunction_Type || class == py->PyCFunction_Type ||
           class == py->PyMethod_Type || class == py->PyModule_Type || class == py->PyGen_Type ||
           class == py->PyFrame_Type || class == py->PyCode_Type;
}

/* False: it is no container that is known. */
static bool push_contents(struct walk *walk, void *class, void *value)
{
    if (py->PyType_IsSubtype(class, py->PyList_Type))
        push_list(walk, value, false);
    else if (py->PyType_IsSubtype(class, py->PyTuple_Type))
        for (ptrdiff_t i = 0, n = py->PyTuple_Size(value); i < n; i++)
            push(walk, py->PyTuple_GetItem(value, i));
    else if (py->PyType_IsSubtype(class, py->PyDict_Type)) {
        void *key, *item;
        for (ptrdiff_t i = 0; py->PyDict_Next(value, &i, &key, &item);) {
            push(walk, key);
            push(walk, item);
        }
    } else if (py->PyType_IsSubtype(class, py->PySet_Type))
        push_iterated(walk, py->PySet_Type, value);
    else if (py->PyType_IsSubtype(class, py->PyFrozenSet_Type))
        push_iterated(walk, py->PyFrozenSet_Type, value);
    else if (is_proxy(class) && py->PyWeakref_GetObject)
        push(walk, py->PyWeakref_GetObject(value));
    else
        return false;
    return true;
}

static void add(struct deciders *out, void *class, const char *method)
{
    for (size_t i = 0; i < out->n; i++)
        if (out->items[i].class == class)
            return;
    if (out->n == DECIDERS_MAX)
        return;
    out->items[out->n].class = class;
    write_text(class, method, out->items[out->n++].text);
}

static void visit(struct walk *walk, void *value)
{
    void *class = classes_of(value);
    if (is_leaf(class) || !first_visit(walk, value))
        return;
    bool in_python, contains = push_contents(walk, class, value);
    const char *method = decides(class, walk->all, &in_python);
    if (method)
        add(walk->out, class, method);
    else if (in_python || (!contains && lookup(class, &deciding[0]) != deciding[0].standard)) {
        push_referents(walk, value); /* for what it is equal to depends on them */
        if (!contains && lookup_text(class, "__array_finalize__"))
            push_array(walk, value);
    }
}

void classes_find(void *value, bool all, struct deciders *out)
{
    if (classes_plain(classes_of(value)))
        return;
    struct walk walk = { .all = all, .out = out };
    push(&walk, value);
    while (walk.n_todo > 0) {
        void *item = walk.todo[--walk.n_todo];
        visit(&walk, item);
        py->Py_DecRef(item);
    }
    free(walk.todo);
    free(walk.seen);
}

static bool has(const struct deciders *list, void *class)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->items[i].class == class)
            return true;
    return false;
}

bool classes_differ(const struct deciders *a, const struct deciders *b, char text[DECIDER_TEXT_MAX])
{
    const struct deciders *const both[] = { a, b };
    for (size_t side = 0; side < 2; side++)
        for (size_t i = 0; i < both[side]->n; i++)
            if (!has(both[1 - side], both[side]->items[i].class)) {
                memcpy(text, both[side]->items[i].text, DECIDER_TEXT_MAX);
                return true;
            }
    return false;
}
