/* audit.c - notices when a program looks into its interpreter, or rewrites it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "audit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "classes.h"
#include "guard.h"

enum { FILE_MAX = 1024, DEPTH_MAX = 64 };

/* Whose code it is. */
enum owner { OWNER_PROGRAM, OWNER_TESTS, OWNER_LIBRARY };

struct place {
    enum owner owner;
    char file[FILE_MAX];
};

static const struct python *py;
static const char *overlooked; /* an event of our own, once */

void audit_overlook(const char *event)
{
    overlooked = event;
}

/* ---- who asks ---- */

static void *code_of(void *frame)
{
    if (py->PyFrame_GetCode)
        return py->PyFrame_GetCode(frame);
    audit_overlook("object.__getattr__"); /* in 3.8 */
    void *code = py->PyObject_GetAttrString(frame, "f_code");
    audit_overlook(NULL);
    return code;
}

static bool contains(const char *text, const char *const *parts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strstr(text, parts[i]))
            return true;
    return false;
}

/* A library's functions that call whatever they are given. */
static bool calls_for_others(const char *file)
{
    static const char *const files[] = { "/threading.py",  "/concurrent/futures/",
                                         "/contextlib.py", "/functools.py",
                                         "/weakref.py",    "/asyncio/",
                                         "/timeit.py",     "/unittest/",
                                         "/runpy.py",      "/code.py",
                                         "/bdb.py",        "/trace.py",
                                         "/cProfile.py",   "/profile.py" };
    return contains(file, files, sizeof files / sizeof *files);
}

static struct place place_of(void *code)
{
    struct place place = { .owner = OWNER_PROGRAM };
    void *file = py->PyObject_GetAttrString(code, "co_filename");
    const char *text = file ? py->PyUnicode_AsUTF8(file) : NULL;
    snprintf(place.file, sizeof place.file, "%s", text ? text : "");
    if (file)
        py->Py_DecRef(file);
    if (!text)
        py->PyErr_Clear();
    if (classes_owns(code))
        place.owner = OWNER_TESTS;
    else if (classes_library(code))
        place.owner = OWNER_LIBRARY;
    return place;
}

/* The frame below; takes over the reference to frame. */
static void *back(void *frame)
{
    void *next = py->PyObject_GetAttrString(frame, "f_back");
    py->Py_DecRef(frame);
    if (!next)
        py->PyErr_Clear();
    if (next == py->none) {
        py->Py_DecRef(next);
        next = NULL;
    }
    return next;
}

/* The first place, from the innermost, whose file has none of the parts in its name; with all,
 * the first that is no library's. *code, if wanted, is its code, to be released. */
static struct place caller(const char *const *parts, size_t n, bool all, void **code)
{
    struct place place = { .owner = OWNER_PROGRAM }; /* a thread that begins in C */
    void *frame = py->PyEval_GetFrame();
    if (code)
        *code = NULL;
    if (frame)
        py->Py_IncRef(frame);
    for (int depth = 0; frame && depth < DEPTH_MAX; depth++) {
        void *here = code_of(frame);
        if (!here) {
            py->PyErr_Clear();
            break;
        }
        place = place_of(here);
        bool pass = place.owner == OWNER_LIBRARY && (all || contains(place.file, parts, n));
        if (!pass && code)
            *code = here;
        else
            py->Py_DecRef(here);
        if (!pass)
            break;
        place.owner = OWNER_PROGRAM;
        frame = back(frame);
    }
    if (frame)
        py->Py_DecRef(frame);
    return place;
}

/* Whether the program's own code asks. */
static bool program_itself(void)
{
    return caller(NULL, 0, false, NULL).owner == OWNER_PROGRAM;
}

/* Whether the program asks, by itself or through what calls functions for it. */
static bool program_asks(void)
{
    struct place place = caller(NULL, 0, false, NULL);
    return place.owner == OWNER_PROGRAM ||
           (place.owner == OWNER_LIBRARY && calls_for_others(place.file));
}

/* Whether the program had any library ask. */
static bool program_behind(void)
{
    return caller(NULL, 0, true, NULL).owner == OWNER_PROGRAM;
}

/* ---- frames ---- */

/* Whether the code has the name among those that it uses. */
static bool mentions(void *code, const char *const *names, size_t n)
{
    bool found = false;
    void *used = py->PyObject_GetAttrString(code, "co_names");
    ptrdiff_t count = used ? py->PyTuple_Size(used) : 0;
    for (ptrdiff_t i = 0; i < count && !found; i++) {
        const char *text = py->PyUnicode_AsUTF8(py->PyTuple_GetItem(used, i));
        for (size_t j = 0; j < n && text && !found; j++)
            found = strcmp(text, names[j]) == 0;
    }
    if (used)
        py->Py_DecRef(used);
    py->PyErr_Clear();
    return found;
}

/* The frame of a function that the tests call leads to theirs. One that asks for its own name or
 * line does not go there. */
static void look_at_getframe(void *frame)
{
    static const char *const proxies[] = { "/inspect.py", "/traceback.py" };
    static const char *const harmless[] = { "f_code", "f_lineno" };
    static const char *const walking[] = { "f_back",  "f_locals",   "f_globals",
                                           "getattr", "attrgetter", "eval",
                                           "exec",    "stack",      "__getattribute__" };
    void *code;
    if (guard_phase() != GUARD_TESTS)
        return;
    struct place place = caller(proxies, 2, false, &code);
    bool ours = place.owner == OWNER_PROGRAM;
    void *target = classes_of(frame) == py->PyFrame_Type ? code_of(frame) : NULL;
    if (ours && target && classes_owns(target))
        guard_note("called sys._getframe");
    if (target)
        py->Py_DecRef(target);
    bool own_name = code && mentions(code, harmless, 2) &&
                    !mentions(code, walking, sizeof walking / sizeof *walking);
    if (ours && !own_name)
        guard_note("called sys._getframe");
    if (code)
        py->Py_DecRef(code);
}

/* ---- attributes ---- */

static void look_at_getattr(void *object, const char *name)
{
    static const char *const frames[] = { "gi_frame", "cr_frame", "ag_frame" };
    if (strcmp(name, "__code__") == 0) {
        if (classes_of(object) == py->PyFunction_Type &&
            classes_owns(py->PyFunction_GetCode(object)) && program_behind())
            guard_note("read the code of the tests");
    } else if (strcmp(name, "f_code") == 0) {
        void *code = classes_of(object) == py->PyFrame_Type ? code_of(object) : NULL;
        if (code && classes_owns(code) && program_behind())
            guard_note("read the code of the tests");
        if (code)
            py->Py_DecRef(code);
    } else if (strcmp(name, "tb_frame") == 0) {
        if (guard_phase() == GUARD_TESTS && program_itself())
            guard_note("read %s", name);
    } else if (contains(name, frames, 3) && program_itself())
        guard_note("read %s", name);
}

static void look_at_setattr(void *object, const char *name)
{
    if (strcmp(name, "__code__") != 0 || classes_of(object) != py->PyFunction_Type)
        return;
    struct place place = place_of(py->PyFunction_GetCode(object));
    if (place.owner != OWNER_PROGRAM && program_itself())
        guard_note("replaced the code of a function that is not its own");
}

/* ---- the rest ---- */

static const char *text_at(void *args, ptrdiff_t i)
{
    void *item = i < py->PyTuple_Size(args) ? py->PyTuple_GetItem(args, i) : NULL;
    if (!item || classes_of(item) != py->PyUnicode_Type)
        return "";
    const char *text = py->PyUnicode_AsUTF8(item);
    if (!text)
        py->PyErr_Clear();
    return text ? text : "";
}

static bool is_foreign(const char *file)
{
    return file[0] && !classes_library_file(file);
}

static void look_at_import(const char *name, const char *file)
{
    static const char *const importers[] = { "<frozen importlib", "/importlib/", "<frozen runpy",
                                             "/runpy.py", "/pkgutil.py" };
    static const char *const lower[] = { "ctypes",
                                         "_ctypes",
                                         "cffi",
                                         "_cffi_backend",
                                         "_testcapi",
                                         "_testinternalcapi",
                                         "_testlimitedcapi",
                                         "_xxsubinterpreters",
                                         "_interpreters",
                                         "_testclinic" };
    bool listed = false;
    for (size_t i = 0; i < sizeof lower / sizeof *lower; i++)
        listed = listed || strcmp(name, lower[i]) == 0;
    if (file[0] && program_itself())
        guard_note("loaded %.80s", file); /* past the importer */
    if (!listed && !is_foreign(file))
        return;
    struct place place = caller(importers, 5, false, NULL);
    if (place.owner == OWNER_PROGRAM ||
        (place.owner == OWNER_LIBRARY && calls_for_others(place.file)))
        guard_note("imported %s", name);
}

static void look_at_ctypes(const char *event)
{
    static const char *const own[] = { "/ctypes/" };
    if (caller(own, 1, false, NULL).owner == OWNER_PROGRAM)
        guard_note("called %s", event);
}

static bool has_suffix(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* How many of the innermost frames are the importer's. */
static int importer_frames(void)
{
    int n = 0;
    void *frame = py->PyEval_GetFrame();
    if (frame)
        py->Py_IncRef(frame);
    while (frame && n < DEPTH_MAX) {
        void *code = code_of(frame);
        if (!code)
            break;
        struct place place = place_of(code);
        py->Py_DecRef(code);
        if (strncmp(place.file, "<frozen importlib", 17) != 0)
            break;
        n++;
        frame = back(frame);
    }
    if (frame)
        py->Py_DecRef(frame);
    py->PyErr_Clear();
    return n;
}

/* Whether it is the doing of an installed package, or of an honest part of the library. */
static bool is_exempt(const char *const *files, size_t n)
{
    struct place place = caller(NULL, 0, false, NULL);
    return place.owner == OWNER_TESTS ||
           (place.owner == OWNER_LIBRARY &&
            (strstr(place.file, "-packages/") || contains(place.file, files, n)));
}

/* Whether the source is what the file holds. */
static bool is_text_of(const char *file, void *source)
{
    char *text = NULL, block[4096];
    ptrdiff_t size = 0;
    void *class = classes_of(source);
    if (class == py->PyUnicode_Type) {
        text = (char *)py->PyUnicode_AsUTF8(source);
        size = text ? (ptrdiff_t)strlen(text) : 0;
    } else if (class == py->PyBytes_Type) {
        (void)py->PyBytes_AsStringAndSize(source, &text, &size);
    }
    py->PyErr_Clear();
    int fd = text ? open(file, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return false;
    ptrdiff_t at = 0;
    ssize_t n;
    while ((n = read(fd, block, sizeof block)) > 0 && n <= size - at &&
           memcmp(text + at, block, (size_t)n) == 0)
        at += n;
    close(fd);
    return n == 0 && at == size;
}

/* A file name that makes code look like a library's, whatever loader was told to give it. */
static void look_at_compile(const char *file, void *source)
{
    if (classes_library_file(file) && !is_text_of(file, source) && !is_exempt(NULL, 0) &&
        program_behind())
        guard_note("compiled code in the name of %.80s", file);
}

static void look_at_new_code(void)
{
    static const char *const files[] = { "<frozen importlib", "<frozen zipimport", "/types.py" };
    if (!is_exempt(files, 3) && program_behind())
        guard_note("made a code object");
}

static void look_at_hook(const char *event)
{
    static const char *const files[] = { "/doctest.py" };
    if (!is_exempt(files, 1) && program_behind())
        guard_note("called %s", event);
}

/* The importer, when it imports, has more frames than its loading of code. */
static void look_at_marshal(void)
{
    static const char *const zip[] = { "zipimport" };
    int importers = importer_frames();
    if (program_asks() || contains(caller(NULL, 0, false, NULL).file, zip, 1) ||
        (importers > 0 && importers < 3 && program_behind()))
        guard_note("called marshal.loads");
}

static void look_at_event(const char *event, void *args)
{
    switch (event[0]) {
    case 's':
        if (strcmp(event, "sys._getframe") == 0)
            look_at_getframe(py->PyTuple_GetItem(args, 0));
        else if ((strcmp(event, "sys.settrace") == 0 || strcmp(event, "sys.setprofile") == 0 ||
                  strncmp(event, "sys.monitoring.", 15) == 0))
            look_at_hook(event);
        else if (strncmp(event, "sys._current_", 13) == 0 && program_behind())
            guard_note("called %s", event);
        break;
    case 'g':
        if (strncmp(event, "gc.get_", 7) == 0 && program_behind())
            guard_note("called %s", event);
        break;
    case 'o':
        if (strcmp(event, "object.__getattr__") == 0)
            look_at_getattr(py->PyTuple_GetItem(args, 0), text_at(args, 1));
        else if (strcmp(event, "object.__setattr__") == 0)
            look_at_setattr(py->PyTuple_GetItem(args, 0), text_at(args, 1));
        else if (strcmp(event, "open") == 0 && has_suffix(text_at(args, 0), ".pyc") &&
                 is_foreign(text_at(args, 0)) && access(text_at(args, 0), F_OK) == 0)
            guard_note("opened a .pyc file of its own");
        break;
    case 'c':
        if (strcmp(event, "compile") == 0)
            look_at_compile(text_at(args, 1), py->PyTuple_GetItem(args, 0));
        else if (strcmp(event, "code.__new__") == 0)
            look_at_new_code();
        else if (strncmp(event, "ctypes.", 7) == 0)
            look_at_ctypes(event);
        break;
    case 'm':
        if (strcmp(event, "marshal.loads") == 0)
            look_at_marshal();
        break;
    case 'i':
        if (strcmp(event, "import") == 0)
            look_at_import(text_at(args, 0), text_at(args, 1));
        break;
    default:
        break;
    }
}

static bool of_interest(const char *event)
{
    switch (event[0]) {
    case 's':
        return strncmp(event, "sys.", 4) == 0 &&
               (event[4] == '_' || event[4] == 's' || event[4] == 'm');
    case 'g':
    case 'c':
    case 'm':
        return true;
    case 'o':
        return event[1] == 'b' || event[1] == 'p';
    case 'i':
        return event[1] == 'm';
    default:
        return false;
    }
}

static int hook(const char *event, void *args, void *unused)
{
    (void)unused;
    if (overlooked && strcmp(event, overlooked) == 0) {
        overlooked = NULL; /* what runs inside of it is not ours */
        return 0;
    }
    if (guard_phase() < GUARD_PROGRAM || !of_interest(event) || guard_noted())
        return 0;
    void *class = NULL, *value = NULL, *traceback = NULL;
    py->PyErr_Fetch(&class, &value, &traceback);
    look_at_event(event, args);
    py->PyErr_Clear();
    py->PyErr_Restore(class, value, traceback);
    return 0;
}

bool audit_load(const struct python *python)
{
    py = python;
    return py->PySys_AddAuditHook(hook, NULL) == 0;
}
