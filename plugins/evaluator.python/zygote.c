/* zygote.c - the process that forks a program for each request.
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
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "jail.h"
#include "leti/plugin.h"
#include "nest.h"
#include "protocol.h"
#include "python.h"
#include "syscalls.h"

enum { SOCKET = 3, PATHS_MAX = 256, STACK_BYTES = 8 << 20 };

struct paths {
    char *items[PATHS_MAX];
    size_t n;
};

struct zygote {
    struct python python;
    struct prepared prepared;
    struct paths paths; /* that the interpreter imports from */
    struct jail jail;
    struct report *report; /* shared with the program */
};

/* ---- the end of a program ---- */

struct run {
    int pidfd, output;
    pid_t pid;
    int64_t start_ns, deadline_ns;
    uint64_t output_left;
    enum ending ending; /* why we killed it; ENDING_NONE: we did not */
};

static void run_kill(struct run *run, enum ending why)
{
    if (run->ending == ENDING_NONE)
        run->ending = why;
    (void)syscall(SYS_pidfd_send_signal, run->pidfd, SIGKILL, NULL, 0); /* it may have ended */
}

/* Reads away what the program writes, which nobody wants, and stops it when it is too much. */
static void run_drain(struct run *run)
{
    static char scrap[1 << 16];
    ssize_t n = read(run->output, scrap, sizeof scrap);
    if (n <= 0)
        return;
    if ((uint64_t)n > run->output_left)
        run_kill(run, ENDING_OUTPUT);
    else
        run->output_left -= (uint64_t)n;
}

/* Waits until the program has ended by itself or by us. False: the plugin is gone. */
static bool run_watch(struct run *run)
{
    struct pollfd polls[] = {
        { .fd = run->pidfd, .events = POLLIN },
        { .fd = SOCKET, .events = POLLRDHUP },
        { .fd = run->output, .events = POLLIN },
    };
    for (;;) {
        int64_t left_ns = run->deadline_ns - clock_ns();
        if (left_ns <= 0)
            run_kill(run, ENDING_TIMEOUT);
        int wait_ms = left_ns <= 0 || run->ending ? -1 : (int)(left_ns / 1000000) + 1;
        int n = poll(polls, 3, wait_ms);
        if (n < 0 && errno != EINTR)
            return false;
        if (n <= 0)
            continue;
        if (polls[1].revents)
            return false;
        if (polls[0].revents)
            return true;
        if (polls[2].revents & POLLIN)
            run_drain(run);
        else if (polls[2].revents)
            polls[2].fd = -1; /* the program has closed its end */
    }
}

/* ---- what it means ---- */

static void say(struct report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(struct report *report, const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    report->exception[0] = '\0';
    report_feedback(report, line, n < 0 ? 0 : strnlen(line, sizeof line));
}

static enum ending judge_signal(struct report *report, int number)
{
    if (number == SIGXCPU) {
        say(report, "timed out: the processor time is used up\n");
        return ENDING_TIMEOUT;
    }
    say(report, "killed by signal %d (%s)\n", number, strsignal(number));
    return ENDING_KILLED;
}

/* From how the process ended, and what it said in time, to an ending with its text. */
static enum ending judge(const struct zygote *zygote, const struct run *run, int status)
{
    const struct settings *settings = &zygote->jail.settings;
    struct report *report = zygote->report;
    uint32_t said = __atomic_load_n(&report->ending, __ATOMIC_ACQUIRE);
    if (said != ENDING_NONE && said <= ENDING_BROKEN && report->feedback_size <= FEEDBACK_MAX)
        return (enum ending)said;
    if (run->ending == ENDING_TIMEOUT) {
        say(report, "timed out after %g s\n", (double)settings->timeout_ns / 1e9);
        return ENDING_TIMEOUT;
    }
    if (run->ending == ENDING_OUTPUT) {
        say(report, "wrote more than %llu MiB of output\n",
            (unsigned long long)(settings->output_bytes >> 20));
        return ENDING_OUTPUT;
    }
    if (WIFSIGNALED(status))
        return judge_signal(report, WTERMSIG(status));
    say(report, "the program exited with status %d before its tests ended\n", WEXITSTATUS(status));
    return ENDING_EXITED;
}

/* ---- one program ---- */

/* What a program starts with. The nest is first, so that the program's stack is below the rest. */
struct start {
    struct nest nest;
    struct zygote *zygote;
    const struct text *text;
    int output;
};

__attribute__((noreturn)) static void become_program(void *arg)
{
    const struct start *start = arg;
    struct zygote *zygote = start->zygote;
    struct leti_error err;
    if (dup2(start->output, 1) < 0 || dup2(start->output, 2) < 0)
        leti_error_set(&err, "descriptors: %s", strerror(errno));
    else if (jail_enter(&zygote->jail, &err)) {
        child_run(&zygote->python, &zygote->prepared, start->text, zygote->report);
        _exit(0);
    }
    say(zygote->report, "%s", err.text);
    __atomic_store_n(&zygote->report->ending, ENDING_BROKEN, __ATOMIC_RELEASE);
    _exit(0);
}

/* Starts the process that become_program runs in, or the one that it dies with. */
static bool start_process(struct start *start, pid_t *out, struct leti_error *err)
{
    if (start->zygote->jail.settings.namespaces)
        return nest_open(&start->nest, become_program, start, out, err);
    pid_t pid = fork();
    if (pid == 0)
        become_program(start);
    if (pid < 0)
        return leti_error_set(err, "fork: %s", strerror(errno));
    *out = pid;
    return true;
}

/* How the program ended, as waitpid has it. */
static int reap(const struct start *start, pid_t pid)
{
    if (start->zygote->jail.settings.namespaces)
        return nest_close(&start->nest, pid);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

static bool run_start(struct start *start, struct run *run, struct leti_error *err)
{
    struct zygote *zygote = start->zygote;
    int ends[2], pidfd = -1;
    pid_t pid;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return leti_error_set(err, "pipe: %s", strerror(errno));
    zygote->report->ending = ENDING_NONE;
    zygote->report->feedback_size = 0;
    zygote->report->exception[0] = '\0';
    start->output = ends[1];
    int64_t start_ns = clock_ns();
    if (start_process(start, &pid, err)) {
        pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
        if (pidfd < 0) {
            leti_error_set(err, "pidfd_open: %s", strerror(errno));
            kill(pid, SIGKILL); /* ours, and not reaped: the number is still its own */
            reap(start, pid);
        }
    }
    close(ends[1]);
    if (pidfd < 0) {
        close(ends[0]);
        return false;
    }
    const struct settings *settings = &zygote->jail.settings;
    *run = (struct run){ .pidfd = pidfd,
                         .output = ends[0],
                         .pid = pid,
                         .start_ns = start_ns,
                         .deadline_ns = start_ns + (int64_t)settings->timeout_ns,
                         .output_left = settings->output_bytes };
    return true;
}

static bool send_result(const struct zygote *zygote, enum ending ending, int64_t ns,
                        struct leti_error *err)
{
    struct report *report = zygote->report;
    struct result result = { .ending = ending,
                             .exception_size =
                                 (uint32_t)strnlen(report->exception, EXCEPTION_MAX - 1),
                             .feedback_size = report->feedback_size,
                             .ns = (uint64_t)ns };
    struct part parts[] = { { &result, sizeof result },
                            { report->exception, result.exception_size },
                            { report->feedback, result.feedback_size } };
    return message_send(SOCKET, MESSAGE_RESULT, parts, 3, err);
}

/* Runs one program to its end and answers. False: the zygote cannot go on. */
static bool serve_one(struct zygote *zygote, const struct text *text, struct leti_error *err)
{
    struct run run = { .pidfd = -1 };
    struct start start = { .zygote = zygote, .text = text };
    if (!run_start(&start, &run, err)) {
        say(zygote->report, "%s", err->text);
        return send_result(zygote, ENDING_BROKEN, 0, err);
    }
    bool wanted = run_watch(&run);
    int64_t ns = clock_ns() - run.start_ns;
    if (!wanted)
        run_kill(&run, ENDING_BROKEN);
    int status = reap(&start, run.pid);
    close(run.pidfd);
    close(run.output);
    return wanted && send_result(zygote, judge(zygote, &run, status), ns, err);
}

static void serve(struct zygote *zygote, struct leti_error *err)
{
    char *message;
    size_t size;
    while (message_receive(SOCKET, INT64_MAX, MESSAGE_PROGRAM, &message, &size, err)) {
        struct program program;
        if (size < sizeof program)
            return;
        memcpy(&program, message, sizeof program);
        struct text text = { message + sizeof program, size - sizeof program, program.tests_from,
                             program.tests_line };
        if (text.tests_from > text.size || !serve_one(zygote, &text, err))
            return;
        free(message);
    }
}

/* ---- the steps to the loop ---- */

static bool take_prepared(const struct python *py, struct prepared *out, struct leti_error *err)
{
    void *tuple = py->PySys_GetObject("_leti");
    void *members[8];
    if (!tuple)
        return leti_error_set(err, "boot.py left nothing in sys._leti");
    for (size_t i = 0; i < 8; i++) {
        members[i] = py->PyTuple_GetItem(tuple, (ptrdiff_t)i);
        if (!members[i])
            return leti_error_set(err, "sys._leti is too short");
        py->Py_IncRef(members[i]); /* ours for good */
    }
    *out = (struct prepared){ .main = members[0],
                              .guard = members[1],
                              .rebound = members[2],
                              .found = members[3],
                              .trim = members[4],
                              .text_io = members[5],
                              .compile = members[6],
                              .sources = members[7] };
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

/* Without namespaces, root gives its programs to nobody if nobody can reach the interpreter;
 * who is not root has only himself. */
static struct identity own_identity(const struct paths *paths)
{
    struct identity self = { getuid(), getgid() };
    if (geteuid() != 0 || paths->n == 0)
        return self;
    setfsuid(NOBODY);
    int fd = open(paths->items[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    setfsuid(0);
    if (fd < 0)
        return self;
    close(fd);
    return (struct identity){ NOBODY, NOBODY };
}

/* Asks the plugin, which has the rights, to give our user namespace its ids. */
static bool ask_identity(struct identity *out, struct leti_error *err)
{
    char *answer;
    size_t size;
    if (!message_send(SOCKET, MESSAGE_MAP_IDS, NULL, 0, err) ||
        !message_receive(SOCKET, INT64_MAX, MESSAGE_MAPPED, &answer, &size, err))
        return false;
    bool ok = size == sizeof *out || leti_error_set(err, "an identity of %zu bytes", size);
    if (ok)
        memcpy(out, answer, sizeof *out);
    free(answer);
    return ok;
}

static bool receive_settings(struct settings *out, struct leti_error *err)
{
    char *message;
    size_t size;
    if (!message_receive(SOCKET, INT64_MAX, MESSAGE_SETTINGS, &message, &size, err))
        return false;
    bool ok = size == sizeof *out || leti_error_set(err, "settings of %zu bytes", size);
    if (ok)
        memcpy(out, message, sizeof *out);
    free(message);
    return ok;
}

/* What only a process of one thread may do, and all that must be known of the machine. */
static bool prepare_outside(struct zygote *zygote, struct leti_error *err)
{
    struct jail *jail = &zygote->jail;
    const struct python *py = &zygote->python;
    if (!receive_settings(&jail->settings, err) || !python_load(&zygote->python, err) ||
        !take_prepared(py, &zygote->prepared, err) || !python_paths(py, &zygote->paths, err))
        return false;
    if (jail->settings.namespaces)
        return jail_unshare(err) && ask_identity(&jail->identity, err);
    jail->identity = own_identity(&zygote->paths);
    return true;
}

static bool prepare_inside(struct zygote *zygote, struct leti_error *err)
{
    struct jail *jail = &zygote->jail;
    zygote->python.PyOS_AfterFork_Child();
    jail->zygote = getpid();
    if (jail->settings.namespaces &&
        (!jail_build(jail, zygote->paths.items, zygote->paths.n, err) || !jail_settle(jail, err)))
        return false;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) /* a change of identity clears it */
        return leti_error_set(err, "pdeathsig: %s", strerror(errno));
    if (!syscalls_compile(!jail->settings.namespaces, &jail->filter, err))
        return false;
    zygote->report = mmap(NULL, sizeof *zygote->report, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return zygote->report != MAP_FAILED || leti_error_set(err, "mmap: %s", strerror(errno));
}

__attribute__((noreturn)) static void die(const struct leti_error *err)
{
    struct leti_error ignored;
    struct part text = { err->text, strlen(err->text) };
    (void)message_send(SOCKET, MESSAGE_FAILED, &text, 1, &ignored);
    _exit(1);
}

/* The thread that forks. The plugin's end, or the zygote's, is the end of all. */
static void *cross(void *arg)
{
    struct zygote *zygote = arg;
    struct leti_error err;
    zygote->python.PyGILState_Ensure();
    if (zygote->jail.settings.namespaces && !jail_unshare_pids(&err))
        die(&err);
    zygote->python.PyOS_BeforeFork();
    pid_t pid = fork();
    if (pid < 0) {
        leti_error_set(&err, "fork: %s", strerror(errno));
        die(&err);
    }
    if (pid == 0) {
        if (!prepare_inside(zygote, &err))
            die(&err);
        if (message_send(SOCKET, MESSAGE_READY, NULL, 0, &err))
            serve(zygote, &err);
        _exit(0);
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
    struct leti_error err;
    pthread_t thread;
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* the end of the socket tells us too */
    if (!prepare_outside(&zygote, &err) || !cross_start(&zygote, &thread, &err))
        die(&err);
    zygote.python.PyEval_SaveThread(); /* the other thread has the interpreter from here on */
    pthread_join(thread, NULL);
    _exit(1);
}
