/* zygote.c - the warden whose cells are clones of a Python interpreter.
 *
 * It is a Python interpreter that has imported its modules and then called us, through boot.py,
 * as if we were an extension module; we do not return. It makes the namespaces and then forks
 * once from a new thread. What that gives:
 *
 *  - the new process is the first of its pid namespace: when it ends, for whatever reason, the
 *    kernel ends all that is inside;
 *  - it has no Python frame below it, and is its process's main thread: a program sees the stack,
 *    and counts its recursion, from where `python -c` does;
 *  - it has one thread, so that a program can be forked from it without the interpreter having
 *    anything to repair.
 *
 * The process outside waits, so that the plugin has a child to kill and to reap.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "jail.h"
#include "leti/plugin.h"
#include "program.h"
#include "python.h"
#include "warden.h"

enum { SOCKET = 3, PATHS_MAX = 256, STACK_BYTES = 8 << 20 };

struct paths {
    char *items[PATHS_MAX];
    size_t n;
};

struct zygote {
    struct python python;
    struct prepared prepared;
    struct paths paths; /* that the interpreter imports from */
    void *first_thread; /* the interpreter's state of it */
    struct jail jail;
};

/* The program of one message, in its cell. */
static void run_program(void *arg, const char *message, size_t size, struct report *report)
{
    const struct zygote *zygote = arg;
    struct program program;
    report->ending = ENDING_BROKEN; /* unless it is run */
    if (size < sizeof program)
        return;
    memcpy(&program, message, sizeof program);
    size -= sizeof program;
    if (program.setup_size > size || program.tests_from > size - program.setup_size)
        return;
    const char *setup = message + sizeof program;
    struct text text = { .setup = setup,
                         .setup_size = program.setup_size,
                         .data = setup + program.setup_size,
                         .size = size - program.setup_size,
                         .tests_from = program.tests_from,
                         .tests_line = program.tests_line };
    report->ending = ENDING_NONE;
    child_run(&zygote->python, &zygote->prepared, &text, report);
}

static void warm_up(void *arg)
{
    const struct zygote *zygote = arg;
    child_warm(&zygote->python, &zygote->prepared);
}

/* ---- what the interpreter knows ---- */

static bool take_prepared(const struct python *py, struct prepared *out, struct leti_error *err)
{
    void *tuple = py->PySys_GetObject("_leti");
    void *members[5];
    if (!tuple)
        return leti_error_set(err, "boot.py left nothing in sys._leti");
    for (size_t i = 0; i < 5; i++) {
        members[i] = py->PyTuple_GetItem(tuple, (ptrdiff_t)i);
        if (!members[i])
            return leti_error_set(err, "sys._leti is too short");
        py->Py_IncRef(members[i]); /* ours for good */
    }
    *out = (struct prepared){ .main = members[0],
                              .guard = members[1],
                              .text_io = members[2],
                              .compile = members[3],
                              .sources = members[4] };
    return py->PySys_SetObject("_leti", NULL) == 0 ||
           leti_error_set(err, "sys._leti cannot be removed");
}

/* Adds a path and, under its own name, what a symbolic link there stands for. */
static bool add_path(const struct python *py, void *text, struct paths *out)
{
    char *bytes;
    ptrdiff_t size;
    void *object = text ? py->PyUnicode_AsEncodedString(text, "utf-8", "surrogateescape") : NULL;
    if (!object || py->PyBytes_AsStringAndSize(object, &bytes, &size) != 0) {
        py->PyErr_Clear();
        return true; /* None, or an importer's own kind of entry */
    }
    char *real = realpath(bytes, NULL), *plain = strdup(bytes);
    if (!plain || out->n + 2 > PATHS_MAX) {
        free(real);
        free(plain);
        return false;
    }
    out->items[out->n++] = plain;
    if (real)
        out->items[out->n++] = real;
    return true;
}

/* The folders that this interpreter imports from, its prefix first. */
static bool python_paths(const struct python *py, struct paths *out, struct leti_error *err)
{
    static const char *const prefixes[] = { "base_prefix", "prefix", "exec_prefix",
                                            "base_exec_prefix" };
    bool ok = true;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes && ok; i++)
        ok = add_path(py, py->PySys_GetObject(prefixes[i]), out);
    void *entries = py->PySys_GetObject("path");
    ptrdiff_t count = entries ? py->PyList_Size(entries) : 0;
    for (ptrdiff_t i = 0; i < count && ok; i++)
        ok = add_path(py, py->PyList_GetItem(entries, i), out);
    return ok || leti_error_set(err, "sys.path has more than %d entries", PATHS_MAX / 2);
}

/* ---- the steps to the warden ---- */

/* The prelude's code, for it is the same before each program. */
static bool compile_prelude(const struct python *py, const char *text, size_t size, void **out,
                            struct leti_error *err)
{
    if (size == 0)
        return true;
    *out = child_compile_own(py, text, size, "<prelude>");
    if (*out)
        return true;
    py->PyErr_Print(); /* the plugin shows its last line */
    return leti_error_set(err, "the prelude does not compile");
}

/* CPython 3.13 wakes up for signals what it takes to be the main thread's state, and forgets to set
 * that after a fork from another thread. It stands behind the main thread's id, which is set. */
static void adopt_signals(const struct python *py, void *former)
{
    enum { SLOTS = 1024 };
    bool forgets = strncmp(py->Py_GetVersion(), "3.13", 4) == 0;
    uintptr_t *runtime = forgets ? dlsym(RTLD_DEFAULT, "_PyRuntime") : NULL;
    for (size_t i = 0; runtime && i + 1 < SLOTS; i++)
        if (runtime[i] == (uintptr_t)pthread_self() && runtime[i + 1] == (uintptr_t)former) {
            runtime[i + 1] = (uintptr_t)py->PyThreadState_Get();
            return;
        }
}

/* The thread that forks. The plugin's end, or the zygote's, is the end of all. */
static void *cross(void *arg)
{
    struct zygote *zygote = arg;
    struct leti_error err;
    zygote->python.PyGILState_Ensure();
    if (!jail_unshare_pids(&zygote->jail, &err))
        warden_die(SOCKET, &err);
    zygote->python.PyOS_BeforeFork();
    pid_t pid = fork();
    if (pid < 0) {
        leti_error_set(&err, "fork: %s", strerror(errno));
        warden_die(SOCKET, &err);
    }
    if (pid == 0) {
        zygote->python.PyOS_AfterFork_Child();
        adopt_signals(&zygote->python, zygote->first_thread);
        const struct warden_work work = { run_program, warm_up, zygote, .announces = true };
        warden_inside(&zygote->jail, SOCKET, zygote->paths.items, zygote->paths.n, &work);
    }
    close(SOCKET); /* so that the plugin hears when the one inside ends */
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    _exit(0);
}

static bool cross_start(struct zygote *zygote, pthread_t *thread, struct leti_error *err)
{
    pthread_attr_t attr;
    int rc = pthread_attr_init(&attr);
    if (rc == 0)
        rc = pthread_attr_setstacksize(&attr, STACK_BYTES);
    if (rc == 0)
        rc = pthread_create(thread, &attr, cross, zygote);
    return rc == 0 || leti_error_set(err, "thread: %s", strerror(rc));
}

/* What boot.py calls, as the entry of an extension module. */
LETI_EXPORT void *PyInit_leti_zygote(void);

LETI_EXPORT void *PyInit_leti_zygote(void)
{
    static struct zygote zygote; /* of which a process has one, for as long as it lives */
    struct python *python = &zygote.python;
    struct leti_error err;
    pthread_t thread;
    char *prelude = NULL;
    size_t size = 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* the end of the socket tells us too */
    if (!python_load(python, &err) || !(zygote.first_thread = python->PyThreadState_Get()) ||
        !take_prepared(python, &zygote.prepared, &err) ||
        !python_paths(python, &zygote.paths, &err) ||
        !warden_outside(&zygote.jail, SOCKET, &prelude, &size, &err) ||
        !compile_prelude(python, prelude, size, &zygote.prepared.prelude, &err) ||
        !cross_start(&zygote, &thread, &err))
        warden_die(SOCKET, &err);
    python->PyEval_SaveThread(); /* the other thread has the interpreter from here on */
    pthread_join(thread, NULL);
    _exit(1);
}
