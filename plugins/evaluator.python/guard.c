/* guard.c - the guard against programs that pass without solving what the tests ask.
 * SPDX-License-Identifier: Apache-2.0 */
#include "guard.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "audit.h"
#include "classes.h"
#include "replaced.h"

/* What the tests ask of check(); boot.py has the same numbers. 0 to 5 are CPython's. */
enum {
    ASK_EQUAL = 2,
    ASK_IN = 6,
    ASK_NOT_IN,
    ASK_TRUTH,       /* (value) -> value */
    ASK_CALLEE,      /* (function) -> what to call in its place */
    ASK_MATCH,       /* (value) -> value */
    ASK_CHAIN_FIRST, /* (slot, operand) -> operand */
    ASK_CHAIN_NEXT,
    ASK_IN_PLACE,       /* (number, target, value) -> value */
    ASK_BUILTIN,        /* (name, function) -> function */
    ASK_BUILTIN_CALLED, /* (name, function) -> what to call in its place */
    ASK_OWN,            /* (name, function) -> function */
    ASK_ITEM,           /* (container, key) -> item */
    ASK_SEARCH,         /* (function) -> what to call in its place */
    ASK_NUMBER = 20,
};

enum { SLOTS = 64, MARKED_MAX = 64, ARGUMENTS_MAX = 8 };
enum { METHOD_FASTCALL = 0x80, METHOD_KEYWORDS = 0x02 }; /* METH_ of CPython */

/* PyMethodDef and PyModuleDef, unchanged since CPython 3.5. */
struct method {
    const char *name;
    void (*function)(void);
    int flags;
    const char *doc;
};

struct module {
    ptrdiff_t references;
    void *class, *init;
    ptrdiff_t index;
    void *copy;
    const char *name, *doc;
    ptrdiff_t size;
    struct method *methods;
    void *slots, *traverse, *clear, *free;
};

static struct python python;
static const struct python *const py = &python;
static void *is_instance, *is_subclass, *absolute, *rounded, *sorting[3]; /* the builtins */

/* What a program's arithmetic made of a plain operand, and may tell later: abs(f(x) - y). */
struct mark {
    void *value;
    char text[DECIDER_TEXT_MAX];
};

static struct {
    enum guard_phase phase;
    struct report *report;
    char noted[NOTE_MAX];
    char said[64];                  /* what of the program's names leads to the tests */
    struct deciders chains[SLOTS];  /* of a chain's operand before */
    struct mark marked[MARKED_MAX]; /* the last n_marked */
    size_t n_marked;
} state;

/* ---- notes ---- */

enum guard_phase guard_phase(void)
{
    return state.phase;
}

void guard_note(const char *format, ...)
{
    va_list args;
    if (state.phase < GUARD_PROGRAM || state.noted[0])
        return;
    va_start(args, format);
    vsnprintf(state.noted, sizeof state.noted, format, args);
    va_end(args);
    report_note(state.report, state.noted);
}

const char *guard_noted(void)
{
    return state.noted[0] ? state.noted : NULL;
}

void guard_begin(struct report *report)
{
    state.report = report;
    state.phase = GUARD_COMPILE;
}

void guard_program_begins(void)
{
    state.phase = GUARD_PROGRAM;
}

void guard_tests_begin(void *tests)
{
    classes_own(tests);
    replaced_check();
    state.phase = GUARD_TESTS;
}

void guard_tests_ended(void)
{
    if (state.said[0])
        guard_note("looks for the tests with %s", state.said);
    replaced_check();
}

/* ---- what the tests ask ---- */

static void *keep(void *value)
{
    py->Py_IncRef(value);
    return value;
}

/* A call of ours counts as one level of recursion; the program's shall not notice. */
static void leave_call(void)
{
    if (py->Py_LeaveRecursiveCall)
        py->Py_LeaveRecursiveCall();
}

static void *enter_call(void *result)
{
    if (!py->Py_EnterRecursiveCall)
        return result;
    void *class = NULL, *value = NULL, *traceback = NULL;
    if (!result)
        py->PyErr_Fetch(&class, &value, &traceback);
    if (py->Py_EnterRecursiveCall("") != 0)
        py->PyErr_Clear(); /* the limit was lowered meanwhile */
    if (!result)
        py->PyErr_Restore(class, value, traceback);
    return result;
}

/* The method that made the value of a plain operand, or NULL. */
static const char *marked(void *value)
{
    for (size_t i = 0; i < MARKED_MAX && i < state.n_marked; i++)
        if (state.marked[i].value == value)
            return state.marked[i].text;
    return NULL;
}

/* A class on one side only decides alone: the program wrote the answer and what is right. */
static void look_at_pair(void *a, void *b)
{
    char text[DECIDER_TEXT_MAX];
    if (classes_plain(classes_of(a)) && classes_plain(classes_of(b)))
        return;
    const char *seen = marked(a) ? marked(a) : marked(b);
    if (seen && classes_of(a) != classes_of(b))
        guard_note("decided arithmetic in the tests with %s", seen);
    struct deciders left = { .n = 0 }, right = { .n = 0 };
    classes_find(a, false, &left);
    classes_find(b, false, &right);
    if (classes_differ(&left, &right, text))
        guard_note("decided a comparison in the tests with %s", text);
}

/* Membership where the class has no say in it: item by item, as the interpreter does, for the
 * items may be the program's. -1: an exception. */
static int search(void *needle, void *iterator)
{
    void *item;
    int found = 0;
    bool old = !py->PyFrame_GetCode; /* 3.8 has the operands the other way round */
    while (!found && (item = py->PyIter_Next(iterator))) {
        look_at_pair(needle, item);
        found = old ? py->PyObject_RichCompareBool(needle, item, ASK_EQUAL)
                    : py->PyObject_RichCompareBool(item, needle, ASK_EQUAL);
        py->Py_DecRef(item);
    }
    return found == 0 && py->PyErr_Occurred() ? -1 : found;
}

/* Whether it is the large dict or set that was last found to be without such classes, and is as
 * large as it was: to look for something in there takes less time than to look through it. */
static bool is_known(void *container)
{
    enum { LARGE = 256 };
    static void *known;
    static ptrdiff_t known_size;
    void *class = classes_of(container);
    if (class != py->PyDict_Type && class != py->PySet_Type && class != py->PyFrozenSet_Type)
        return false;
    ptrdiff_t size = py->PyObject_Size(container);
    if (size < LARGE)
        return false;
    if (container == known && size == known_size)
        return true;
    struct deciders found = { .n = 0 };
    classes_find(container, false, &found);
    if (found.n == 0) {
        py->Py_IncRef(container); /* or another takes its address */
        if (known)
            py->Py_DecRef(known);
        known = container;
        known_size = size;
    }
    return found.n == 0;
}

static int contains(void *needle, void *container)
{
    char text[DECIDER_TEXT_MAX];
    look_at_pair(needle, is_known(container) ? py->none : container);
    if (classes_decides(classes_of(container), "__contains__", text))
        guard_note("decided a comparison in the tests with %s", text);
    if (!classes_iterated(classes_of(container)))
        return py->PySequence_Contains(container, needle);
    void *iterator = py->PyObject_GetIter(container);
    if (!iterator) {
        py->PyErr_Clear();
        return py->PySequence_Contains(container, needle); /* which says why */
    }
    int found = search(needle, iterator);
    py->Py_DecRef(iterator);
    return found;
}

static void *compare(long how, void *a, void *b)
{
    leave_call();
    if (how < ASK_IN) {
        look_at_pair(a, b);
        return enter_call(py->PyObject_RichCompare(a, b, (int)how));
    }
    int found = contains(a, b);
    return enter_call(found < 0 ? NULL : py->PyBool_FromLong(how == ASK_IN ? found : !found));
}

/* Truth does not see what is expected; a class that the tests name is what they test. */
static void look_at_truth(void *value)
{
    char text[DECIDER_TEXT_MAX];
    void *class = classes_of(value);
    if (classes_plain(class) || replaced_names_class(class))
        return;
    if (classes_decides(class, "__bool__", text) ||
        (!classes_has(class, "__bool__") && classes_decides(class, "__len__", text)))
        guard_note("decided a condition of the tests with %s", text);
}

/* Nor do these see it. */
static void look_at_unary(const char *method, void *value)
{
    char text[DECIDER_TEXT_MAX];
    void *class = classes_of(value);
    if (!replaced_names_class(class) && classes_decides(class, method, text))
        guard_note("decided arithmetic in the tests with %s", text);
}

static void look_at_match(void *value)
{
    struct deciders found = { .n = 0 };
    classes_find(value, false, &found);
    if (found.n > 0)
        guard_note("decided a comparison in the tests with %s", found.items[0].text);
}

static void look_at_chain(bool first, long slot, void *value)
{
    char text[DECIDER_TEXT_MAX];
    struct deciders *before = &state.chains[(unsigned long)slot % SLOTS], here = { .n = 0 };
    classes_find(value, false, &here);
    const char *seen = marked(value);
    if (seen)
        guard_note("decided arithmetic in the tests with %s", seen);
    if (!first && classes_differ(before, &here, text))
        guard_note("decided a comparison in the tests with %s", text);
    *before = here;
}

/* ---- arithmetic ---- */

static const char *const numbers[][2] = {
    { "__add__", "__radd__" },         { "__sub__", "__rsub__" },
    { "__mul__", "__rmul__" },         { "__matmul__", "__rmatmul__" },
    { "__truediv__", "__rtruediv__" }, { "__floordiv__", "__rfloordiv__" },
    { "__mod__", "__rmod__" },         { "__lshift__", "__rlshift__" },
    { "__rshift__", "__rrshift__" },   { "__and__", "__rand__" },
    { "__or__", "__ror__" },           { "__xor__", "__rxor__" },
    { "__pow__", "__rpow__" },
};

enum { N_NUMBERS = sizeof numbers / sizeof *numbers };

static void *compute(long number, void *a, void *b)
{
    void *(*const functions[])(void *,
                               void *) = { py->PyNumber_Add,        py->PyNumber_Subtract,
                                           py->PyNumber_Multiply,   py->PyNumber_MatrixMultiply,
                                           py->PyNumber_TrueDivide, py->PyNumber_FloorDivide,
                                           py->PyNumber_Remainder,  py->PyNumber_Lshift,
                                           py->PyNumber_Rshift,     py->PyNumber_And,
                                           py->PyNumber_Or,         py->PyNumber_Xor };
    if (number == N_NUMBERS - 1)
        return py->PyNumber_Power(a, b, py->none);
    return functions[number](a, b);
}

/* The class that alone sees the other operand, or NULL; text names its method. */
static void *lone_operand(long number, void *a, void *b, char text[DECIDER_TEXT_MAX])
{
    char other[DECIDER_TEXT_MAX];
    void *left = classes_of(a), *right = classes_of(b);
    const char *forward = numbers[number][0], *reflected = numbers[number][1];
    if ((classes_plain(left) && classes_plain(right)) || left == right)
        return NULL;
    bool by_left = classes_decides(left, forward, text);
    bool by_right = classes_decides(right, reflected, by_left ? other : text);
    if (by_left && !by_right && !classes_decides(right, forward, other))
        return left;
    if (by_right && !by_left && !classes_decides(left, reflected, other))
        return right;
    return NULL;
}

static void mark(void *value, const char *text)
{
    struct mark *mark = &state.marked[state.n_marked++ % MARKED_MAX];
    void *before = mark->value;
    mark->value = keep(value);
    snprintf(mark->text, sizeof mark->text, "%s", text);
    if (before)
        py->Py_DecRef(before);
}

static void *number(long which, void *a, void *b)
{
    char text[DECIDER_TEXT_MAX];
    leave_call();
    void *lone = lone_operand(which, a, b, text);
    void *before = marked(a) ? a : marked(b) ? b : NULL;
    if (!lone && before) {
        lone = classes_of(before);
        snprintf(text, sizeof text, "%s", marked(before));
    }
    void *result = enter_call(compute(which, a, b));
    if (!lone || !result)
        return result;
    if (classes_of(result) == lone)
        mark(result, text);
    else
        guard_note("decided arithmetic in the tests with %s", text);
    return result;
}

/* ---- calls ---- */

/* isinstance asks the object for its class, and the class for its opinion. */
static bool look_at_instance(void *callee, void *const *args, ptrdiff_t n)
{
    char text[DECIDER_TEXT_MAX];
    if (callee != is_instance && callee != is_subclass)
        return false;
    if (n >= 1 && (classes_overrides(classes_of(args[0]), "__class__", text) ||
                   classes_overrides(classes_of(args[0]), "__getattribute__", text)))
        guard_note("decided a call in the tests with %s", text);
    if (n >= 2 && (classes_overrides(classes_of(args[1]), "__instancecheck__", text) ||
                   classes_overrides(classes_of(args[1]), "__subclasscheck__", text)))
        guard_note("decided a call in the tests with %s", text);
    return true;
}

/* list.count and the like compare what they are given with what they have; dict.get does so with
 * its keys. */
static void look_at_search(void *container, void *wanted)
{
    char text[DECIDER_TEXT_MAX];
    struct deciders inside = { .n = 0 }, asked = { .n = 0 };
    classes_find(wanted, false, &asked);
    if (asked.n == 0 && py->PyType_IsSubtype(classes_of(container), py->PyDict_Type))
        return; /* its values may be anything */
    classes_find(container, false, &inside);
    if (classes_differ(&asked, &inside, text))
        guard_note("decided a comparison in the tests with %s", text);
}

static void look_at_method(void *callee, void *const *args, ptrdiff_t n)
{
    void *self = n >= 1 && classes_of(callee) == py->PyCFunction_Type
                     ? py->PyObject_GetAttrString(callee, "__self__")
                     : NULL;
    if (!self)
        py->PyErr_Clear();
    else if (self != py->none && classes_of(self) != py->PyModule_Type)
        look_at_search(self, args[0]);
    if (self)
        py->Py_DecRef(self);
}

static void look_at_arguments(void *callee, void *const *args, ptrdiff_t n, ptrdiff_t n_keywords)
{
    struct deciders found[ARGUMENTS_MAX] = { { .n = 0 } };
    char text[DECIDER_TEXT_MAX];
    if (look_at_instance(callee, args, n))
        return;
    if ((callee == absolute || callee == rounded) && n >= 1)
        look_at_unary(callee == absolute ? "__abs__" : "__round__", args[0]);
    const char *seen = n + n_keywords == 1 ? marked(args[0]) : NULL;
    if (seen)
        guard_note("decided arithmetic in the tests with %s", seen);
    for (size_t i = 0; i < sizeof sorting / sizeof *sorting; i++)
        if (callee == sorting[i] && n == 1)
            return; /* key= or default= beside it; what comes out is yet to be compared */
    n += n_keywords;
    if (n < 2)
        return;
    n = n < ARGUMENTS_MAX ? n : ARGUMENTS_MAX;
    size_t deciding = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        classes_find(args[i], true, &found[i]);
        deciding += found[i].n > 0;
    }
    if (deciding == 1)
        for (ptrdiff_t i = 0; i < n; i++)
            if (found[i].n > 0) {
                memcpy(text, found[i].items[0].text, sizeof text);
                guard_note("decided a call in the tests with %s", text);
            }
}

static void *call_watched(void *callee, void *const *args, ptrdiff_t n, void *keywords)
{
    ptrdiff_t n_keywords = keywords ? py->PyTuple_Size(keywords) : 0;
    look_at_arguments(callee, args, n, n_keywords);
    void *tuple = py->PyTuple_New(n), *dict = n_keywords ? py->PyDict_New() : NULL;
    void *result = NULL;
    bool ok = tuple && (dict || !n_keywords);
    for (ptrdiff_t i = 0; i < n && ok; i++)
        ok = py->PyTuple_SetItem(tuple, i, keep(args[i])) == 0;
    for (ptrdiff_t i = 0; i < n_keywords && ok; i++)
        ok = py->PyDict_SetItem(dict, py->PyTuple_GetItem(keywords, i), args[n + i]) == 0;
    if (ok) {
        leave_call();
        result = enter_call(py->PyObject_Call(callee, tuple, dict));
    }
    if (tuple)
        py->Py_DecRef(tuple);
    if (dict)
        py->Py_DecRef(dict);
    return result;
}

static struct method watched_method = { "check", (void (*)(void))call_watched,
                                        METHOD_FASTCALL | METHOD_KEYWORDS, NULL };

static void *call_search(void *callee, void *const *args, ptrdiff_t n, void *keywords)
{
    look_at_method(callee, args, n);
    return call_watched(callee, args, n, keywords);
}

static struct method search_method = { "check", (void (*)(void))call_search,
                                       METHOD_FASTCALL | METHOD_KEYWORDS, NULL };

/* Functions of the program, and classes, are called as they are: no one sees the difference, and
 * what they are given is theirs. */
static void *choose_callee(void *callee, struct method *method)
{
    void *kind = classes_of(callee), *function = callee;
    if (kind == py->PyMethod_Type)
        function = py->PyMethod_Function(callee);
    bool python_function = classes_of(function) == py->PyFunction_Type;
    if (python_function ? classes_library(py->PyFunction_GetCode(function))
                        : kind == py->PyCFunction_Type || classes_has(kind, "__call__")) {
        char text[DECIDER_TEXT_MAX];
        bool own = !python_function && classes_decides(kind, "__call__", text);
        if (!own && !py->PyType_IsSubtype(kind, py->PyType_Type))
            return py->PyCFunction_NewEx(method, callee, NULL);
    }
    return keep(callee);
}

/* Whether the tests' own function is still what they call. */
static void look_at_own(void *name, void *function)
{
    if (classes_of(function) == py->PyFunction_Type &&
        classes_owns(py->PyFunction_GetCode(function)))
        return;
    const char *text = py->PyUnicode_AsUTF8(name);
    guard_note("replaced %s, which the tests define", text ? text : "a function");
}

/* ---- the module ---- */

static void *fail(void)
{
    py->PyErr_SetString(py->system_error, "leti_guard: not for you");
    return NULL;
}

/* check(what, ...): what the compiled tests call. */
static void *check(void *self, void *const *args, ptrdiff_t n)
{
    (void)self;
    long what = n >= 2 && classes_of(args[0]) == py->PyLong_Type ? py->PyLong_AsLong(args[0]) : -1;
    if (n == 3 && what >= 0 && what <= ASK_NOT_IN)
        return compare(what, args[1], args[2]);
    if (n == 3 && what >= ASK_NUMBER && what < ASK_NUMBER + N_NUMBERS)
        return number(what - ASK_NUMBER, args[1], args[2]);
    if (n == 3 && what == ASK_ITEM) {
        if (py->PyType_IsSubtype(classes_of(args[1]), py->PyDict_Type))
            look_at_search(args[1], args[2]);
        leave_call();
        return enter_call(py->PyObject_GetItem(args[1], args[2]));
    }
    if (n == 2 && what == ASK_CALLEE)
        return choose_callee(args[1], &watched_method);
    if (n == 2 && what == ASK_SEARCH)
        return choose_callee(args[1], &search_method);
    if (n == 3 && classes_of(args[1]) == py->PyUnicode_Type) {
        if (what == ASK_OWN)
            look_at_own(args[1], args[2]);
        else if (what == ASK_BUILTIN || what == ASK_BUILTIN_CALLED)
            replaced_used(args[1], args[2]);
        py->PyErr_Clear();
        return what == ASK_BUILTIN_CALLED ? choose_callee(args[2], &watched_method) : keep(args[2]);
    }
    if (n == 2 && what == ASK_TRUTH)
        look_at_truth(args[1]);
    else if (n == 2 && what == ASK_MATCH)
        look_at_match(args[1]);
    else if (n == 3 && (what == ASK_CHAIN_FIRST || what == ASK_CHAIN_NEXT) &&
             classes_of(args[1]) == py->PyLong_Type) {
        look_at_chain(what == ASK_CHAIN_FIRST, py->PyLong_AsLong(args[1]), args[2]);
        py->PyErr_Clear();
    } else if (n == 4 && what == ASK_IN_PLACE && classes_of(args[1]) == py->PyLong_Type) {
        char text[DECIDER_TEXT_MAX];
        long which = py->PyLong_AsLong(args[1]) - ASK_NUMBER;
        py->PyErr_Clear();
        if (which >= 0 && which < N_NUMBERS && lone_operand(which, args[2], args[3], text))
            guard_note("decided arithmetic in the tests with %s", text);
    } else {
        py->PyErr_Clear();
        return fail();
    }
    return keep(args[n - 1]);
}

/* load(main, builtins, modules, walked, referents) */
static void *load(void *self, void *const *args, ptrdiff_t n)
{
    (void)self;
    if (n != 5 || state.phase != GUARD_OFF || is_instance)
        return fail();
    for (ptrdiff_t i = 0; i < n; i++)
        py->Py_IncRef(args[i]);
    void *scope = py->PyModule_GetDict(args[1]);
    is_instance = py->PyDict_GetItemString(scope, "isinstance");
    is_subclass = py->PyDict_GetItemString(scope, "issubclass");
    absolute = py->PyDict_GetItemString(scope, "abs");
    rounded = py->PyDict_GetItemString(scope, "round");
    sorting[0] = py->PyDict_GetItemString(scope, "sorted");
    sorting[1] = py->PyDict_GetItemString(scope, "max");
    sorting[2] = py->PyDict_GetItemString(scope, "min");
    if (!is_instance || !is_subclass || !classes_load(py, args[3], args[4], args[0]) ||
        !replaced_load(py, args[1], args[2], args[0]) || !audit_load(py))
        return py->PyErr_Occurred() ? NULL : fail();
    return keep(py->none);
}

/* watch(names, modules, attributes, globals, said) */
static void *watch(void *self, void *const *args, ptrdiff_t n)
{
    (void)self;
    if (n != 5 || state.phase > GUARD_COMPILE)
        return fail();
    const char *text = args[4] == py->none ? NULL : py->PyUnicode_AsUTF8(args[4]);
    snprintf(state.said, sizeof state.said, "%s", text ? text : "");
    if (state.phase == GUARD_COMPILE) /* rather than a warming up */
        replaced_remember(args[0], args[1], args[2], args[3]);
    return keep(py->none);
}

void *PyInit_leti_guard(void)
{
    static struct method methods[] = {
        { "check", (void (*)(void))check, METHOD_FASTCALL, NULL },
        { "load", (void (*)(void))load, METHOD_FASTCALL, NULL },
        { "watch", (void (*)(void))watch, METHOD_FASTCALL, NULL },
        { 0 },
    };
    static struct module module = { .references = 1, .name = "leti_guard", .methods = methods };
    struct leti_error err;
    if (!python_load(&python, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return NULL;
    }
    return py->PyModuleDef_Init(&module);
}
