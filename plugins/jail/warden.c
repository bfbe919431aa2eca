/* warden.c - cells: how they are made, handed a program, watched and judged.
 * SPDX-License-Identifier: Apache-2.0 */
#include "warden.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "first.h"
#include "protocol.h"
#include "syscalls.h"

struct warden {
    struct jail *jail;
    int socket;
    const struct warden_work *work;
};

/* A process in its jail. */
struct cell {
    pid_t pid; /* 0: there is none */
    int pidfd, socket, output;
    struct report *report;
};

static const struct cell no_cell = { .pidfd = -1, .socket = -1, .output = -1 };

/* One program in its cell. */
struct watch {
    const struct warden *warden;
    const struct cell *cell;
    int listener; /* where the filter tells of calls */
    int64_t start_ns, deadline_ns;
    uint64_t output_left;
    enum ending ending; /* why we killed it; ENDING_NONE: we did not */
    int killed_itself;  /* with this signal, 0: not */
    char note[NOTE_MAX];
    char refused[64]; /* the last system call that was; "": none */
    int32_t outer_pid;
    bool begun;        /* what runs is the program's own, and not what was to run before it */
    int64_t waited_ns; /* for a core, when its time was up */
    struct rusage usage;
};

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

/* ---- inside ---- */

enum { CELL_SOCKET = 3, CELL_PROC, CELL_FIRST_FREE, TRIM_BYTES = 1 << 20 };

/* Leaves the cell no descriptors but 0, its output and its socket, and what it needs of /proc. */
static bool arrange_descriptors(struct jail *jail, int socket, int output, struct leti_error *err)
{
    /* Above the places that they go to, so that none is overwritten before it is moved. */
    int high[] = { fcntl(socket, F_DUPFD, 16), fcntl(jail->proc, F_DUPFD, 16) };
    if (dup2(output, 1) < 0 || dup2(output, 2) < 0 || high[0] < 0 ||
        dup2(high[0], CELL_SOCKET) < 0 || close_range(CELL_PROC, 15, 0) != 0 ||
        (high[1] >= 0 && dup2(high[1], CELL_PROC) < 0) || close_range(CELL_FIRST_FREE, ~0u, 0) != 0)
        return leti_error_set(err, "descriptors: %s", strerror(errno));
    jail->proc = CELL_PROC;
    return true;
}

static bool shut_in(struct warden *warden, int socket, int output, struct report *report,
                    struct leti_error *err)
{
    int listener;
    if (!arrange_descriptors(warden->jail, socket, output, err) ||
        !jail_enter(warden->jail, report, &listener, err))
        return false;
    return descriptor_send(CELL_SOCKET, listener, err) && jail_limit_files(warden->jail, err);
}

/* How long the process, by its number in the machine's /proc, has been ready to run without a core
 * to run on; 0 where the machine does not tell. */
static int64_t time_waited(const struct jail *jail, int32_t pid)
{
    char path[32], text[128];
    snprintf(path, sizeof path, "%d/schedstat", (int)pid);
    int fd = openat(jail->proc, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    long long ran = 0, waited = 0;
    text[n > 0 ? n : 0] = '\0';
    return sscanf(text, "%lld %lld", &ran, &waited) == 2 ? waited : 0;
}

/* The life of a cell. */
__attribute__((noreturn)) static void live(struct warden *warden, int socket, int output,
                                           struct report *report)
{
    struct leti_error err;
    char *message = NULL;
    size_t size = 0;
    first_reports_to(report);
    bool ready = shut_in(warden, socket, output, report, &err);
    if (ready && warden->work->warm) /* always, lest what a program finds depends on the load */
        warden->work->warm(warden->work->arg);
    if (ready && message_receive(CELL_SOCKET, INT64_MAX, MESSAGE_PROGRAM, &message, &size, &err)) {
        if (close_range(CELL_SOCKET, ~0u, 0) == 0) {
            warden->work->run(warden->work->arg, message, size, report);
            _exit(0);
        }
        leti_error_set(&err, "close_range: %s", strerror(errno));
    }
    say(report, "%s", err.text);
    __atomic_store_n(&report->ending, ENDING_BROKEN, __ATOMIC_RELEASE);
    _exit(0);
}

/* ---- making cells ---- */

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

static void cell_close(struct cell *cell)
{
    close_if_open(cell->pidfd);
    close_if_open(cell->socket);
    close_if_open(cell->output);
    cell->pidfd = cell->socket = cell->output = -1;
}

static void cell_forget(struct cell *cell)
{
    cell_close(cell);
    if (cell->report)
        munmap(cell->report, sizeof *cell->report);
    *cell = no_cell;
}

static int cell_reap(const struct cell *cell, struct rusage *usage)
{
    int status = 0;
    while (wait4(cell->pid, &status, 0, usage) < 0 && errno == EINTR)
        ;
    return status;
}

static void cell_kill(const struct cell *cell)
{
    (void)syscall(SYS_pidfd_send_signal, cell->pidfd, SIGKILL, NULL, 0); /* it may have ended */
}

static bool cell_open(struct warden *warden, struct cell *cell, struct leti_error *err)
{
    int sockets[2] = { -1, -1 }, pipes[2] = { -1, -1 };
    *cell = no_cell;
    void *shared =
        mmap(NULL, sizeof *cell->report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return leti_error_set(err, "mmap: %s", strerror(errno));
    cell->report = shared;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0 ||
        pipe2(pipes, O_CLOEXEC) != 0) {
        leti_error_set(err, "a program's descriptors: %s", strerror(errno));
        goto fail;
    }
    pid_t pid = jail_clone(warden->jail);
    if (pid == 0)
        live(warden, sockets[1], pipes[1], cell->report);
    if (pid < 0) {
        leti_error_set(err, "a program's process: %s", strerror(errno));
        goto fail;
    }
    cell->pid = pid;
    cell->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (cell->pidfd < 0) {
        leti_error_set(err, "pidfd_open: %s", strerror(errno));
        kill(pid, SIGKILL); /* ours, and not reaped: the number is still its own */
        cell_reap(cell, NULL);
        goto fail;
    }
    cell->socket = sockets[0];
    cell->output = pipes[0];
    close(sockets[1]);
    close(pipes[1]);
    return true;
fail:
    for (int i = 0; i < 2; i++) {
        close_if_open(sockets[i]);
        close_if_open(pipes[i]);
    }
    cell_forget(cell);
    return false;
}

/* ---- watching ---- */

static void watch_kill(struct watch *watch, enum ending why)
{
    if (watch->ending == ENDING_NONE)
        watch->ending = why;
    cell_kill(watch->cell);
}

/* Reads away what the program writes, which nobody wants, and stops it when it is too much. */
static void watch_drain(struct watch *watch)
{
    static char scrap[1 << 16];
    ssize_t n = read(watch->cell->output, scrap, sizeof scrap);
    if (n <= 0)
        return;
    if ((uint64_t)n > watch->output_left)
        watch_kill(watch, ENDING_OUTPUT);
    else
        watch->output_left -= (uint64_t)n;
}

/* The filter asks what to do about a call. */
static void watch_call(struct watch *watch)
{
    struct call call;
    if (!syscalls_next(watch->listener, &call))
        return;
    struct report *report = watch->cell->report;
    enum answer answer = ANSWER_REFUSE;
    switch (call_kind(&call, watch->cell->pid, watch->warden->jail->settings.namespaces)) {
    case CALL_NOTE:
        if (call.args[1] == NOTE_BEGINS)
            watch->begun = true;
        else if (!*watch->note)
            snprintf(watch->note, sizeof watch->note, "%.*s", NOTE_MAX - 1,
                     *report->note ? report->note : "told the jail something");
        answer = ANSWER_DONE;
        break;
    case CALL_SIGNAL_ITSELF:
        answer = ANSWER_ALLOW;
        break;
    case CALL_KILL_ITSELF:
        watch->killed_itself = SIGKILL;
        watch_kill(watch, ENDING_KILLED);
        break;
    case CALL_STOP_ITSELF:
        return; /* without an answer it stands still */
    case CALL_UNKNOWN:
        answer = ANSWER_UNKNOWN;
        break;
    case CALL_FORBIDDEN:
        call_name(&call, watch->refused, sizeof watch->refused);
        break;
    }
    syscalls_answer(watch->listener, &call, answer);
}

/* The time is up, unless the machine was busy: time in which the program was ready and had no core
 * does not count, up to as much again as it has. */
static void watch_time_out(struct watch *watch)
{
    if (watch->ending != ENDING_NONE)
        return;
    int64_t limit_ns = (int64_t)watch->warden->jail->settings.timeout_ns;
    watch->waited_ns = time_waited(watch->warden->jail, watch->outer_pid);
    int64_t given_ns = watch->waited_ns < limit_ns ? watch->waited_ns : limit_ns;
    int64_t deadline_ns = watch->start_ns + limit_ns + given_ns;
    if (deadline_ns > watch->deadline_ns + limit_ns / 100)
        watch->deadline_ns = deadline_ns;
    else
        watch_kill(watch, ENDING_TIMEOUT);
}

/* Waits until the program has ended by itself or by us. False: the plugin is gone. */
static bool watch_run(struct watch *watch)
{
    struct pollfd polls[] = {
        { .fd = watch->cell->pidfd, .events = POLLIN },
        { .fd = watch->warden->socket, .events = POLLRDHUP },
        { .fd = watch->cell->output, .events = POLLIN },
        { .fd = watch->listener, .events = POLLIN },
    };
    for (;;) {
        if (watch->deadline_ns <= clock_ns())
            watch_time_out(watch);
        int64_t left_ns = watch->deadline_ns - clock_ns();
        int wait_ms = watch->ending ? -1 : left_ns <= 0 ? 0 : (int)(left_ns / 1000000) + 1;
        int n = poll(polls, sizeof polls / sizeof *polls, wait_ms);
        if (n < 0 && errno != EINTR)
            return false;
        if (n <= 0)
            continue;
        if (polls[1].revents)
            return false;
        if (polls[3].revents & POLLIN)
            watch_call(watch);
        else if (polls[3].revents)
            polls[3].fd = -1; /* nobody is under the filter any more */
        if (polls[0].revents)
            return true;
        if (polls[2].revents & POLLIN)
            watch_drain(watch);
        else if (polls[2].revents)
            polls[2].fd = -1; /* the program has closed its end */
    }
}

/* ---- judging ---- */

static enum ending judge_time(const struct watch *watch)
{
    double seconds = (double)watch->warden->jail->settings.timeout_ns / 1e9;
    say(watch->cell->report, "timed out after %g s\n", seconds);
    return ENDING_TIMEOUT;
}

static int64_t cpu_ns(const struct rusage *usage)
{
    return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * (int64_t)1000000000 +
           (usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * (int64_t)1000;
}

static enum ending judge_signal(const struct watch *watch, int number)
{
    uint64_t limit_ns = (jail_cpu_seconds(&watch->warden->jail->settings) + 1) * 1000000000;
    if (number == SIGXCPU || (number == SIGKILL && cpu_ns(&watch->usage) >= (int64_t)limit_ns)) {
        say(watch->cell->report, "timed out: the processor time is used up\n");
        return ENDING_TIMEOUT;
    }
    say(watch->cell->report, "killed by signal %d (%s)\n", number, strsignal(number));
    return ENDING_KILLED;
}

/* Whether a refused call is what the program failed of: Python says so by the exception's type,
 * others by the error's text or name. */
static bool failed_of_refusal(const struct report *report, enum ending said)
{
    if (said == ENDING_EXCEPTION)
        return strncmp(report->exception, "PermissionError", sizeof report->exception) == 0;
    return (said == ENDING_STATUS || said == ENDING_COMPILE) &&
           (memmem(report->feedback, report->feedback_size, "Operation not permitted", 23) ||
            memmem(report->feedback, report->feedback_size, "EPERM", 5));
}

/* What the process said itself, in the light of what it did. */
static enum ending judge_words(const struct watch *watch, enum ending said)
{
    struct report *report = watch->cell->report;
    /* Its memory is its own: it may as well have written that we are at fault. */
    if (said == ENDING_BROKEN && watch->begun && !*watch->note) {
        say(report, "suspicious: the program wrote its own report\n");
        return ENDING_SUSPICIOUS;
    }
    if ((said == ENDING_PASSED || said == ENDING_BROKEN) && *watch->note) {
        say(report, "suspicious: the program %s\n", watch->note);
        return ENDING_SUSPICIOUS;
    }
    if (*watch->refused && failed_of_refusal(report, said)) {
        char line[160];
        int n = snprintf(line, sizeof line,
                         "forbidden: the program called %s, which the jail does not allow\n",
                         watch->refused);
        report_append(report, line, (size_t)n);
        return ENDING_FORBIDDEN;
    }
    return said;
}

/* From how the process ended, and what it said in time, to an ending with its text. */
static enum ending judge_end(const struct watch *watch, int status)
{
    struct report *report = watch->cell->report;
    uint32_t said = __atomic_load_n(&report->ending, __ATOMIC_ACQUIRE);
    if (said != ENDING_NONE && said <= ENDING_BROKEN && report->feedback_size <= FEEDBACK_MAX)
        return judge_words(watch, (enum ending)said);
    if (watch->ending == ENDING_TIMEOUT)
        return judge_time(watch);
    if (watch->ending == ENDING_OUTPUT) {
        say(report, "wrote more than %llu MiB of output\n",
            (unsigned long long)(watch->warden->jail->settings.output_bytes >> 20));
        return ENDING_OUTPUT;
    }
    if (watch->killed_itself)
        return judge_signal(watch, watch->killed_itself);
    if (WIFSIGNALED(status))
        return judge_signal(watch, WTERMSIG(status));
    if (report->signal > 0 && report->signal < 128)
        return judge_signal(watch, (int)report->signal);
    say(report, "the program exited with status %d before its tests ended\n", WEXITSTATUS(status));
    return ENDING_EXITED;
}

static enum ending judge(const struct watch *watch, int status)
{
    enum ending ending = judge_end(watch, status);
    struct report *report = watch->cell->report;
    if (!watch->warden->work->announces || watch->begun || ending == ENDING_BROKEN)
        return ending;
    char text[FEEDBACK_MAX];
    size_t size = report->feedback_size;
    memcpy(text, report->feedback, size);
    say(report, "what runs before the program: ");
    report_append(report, text, size);
    return ENDING_BROKEN;
}

/* ---- one program ---- */

static bool send_result(const struct warden *warden, const struct watch *watch, enum ending ending,
                        struct leti_error *err)
{
    struct report *report = watch->cell->report;
    struct result result = {
        .ending = ending,
        .exception_size = (uint32_t)strnlen(report->exception, EXCEPTION_MAX - 1),
        .feedback_size = report->feedback_size <= FEEDBACK_MAX ? report->feedback_size : 0,
        .ns = watch->start_ns ? (uint64_t)(clock_ns() - watch->start_ns) : 0,
        .cpu_ns = (uint64_t)cpu_ns(&watch->usage),
        .waited_ns = (uint64_t)watch->waited_ns,
    };
    struct part parts[] = { { &result, sizeof result },
                            { report->exception, result.exception_size },
                            { report->feedback, result.feedback_size } };
    return message_send(warden->socket, MESSAGE_RESULT, parts, 3, err);
}

/* There was no cell for the program. */
static bool send_failure(const struct warden *warden, const char *why, struct leti_error *err)
{
    struct result result = { .ending = ENDING_BROKEN, .feedback_size = (uint32_t)strlen(why) };
    struct part parts[] = { { &result, sizeof result }, { why, strlen(why) } };
    return message_send(warden->socket, MESSAGE_RESULT, parts, 2, err);
}

/* Gives the program to the cell, which by then has shut itself in. */
static bool hand_over(struct watch *watch, const char *message, size_t size, struct leti_error *err)
{
    const struct cell *cell = watch->cell;
    struct part part = { message, size };
    if (!descriptor_receive(cell->socket, &watch->listener, err))
        return false;
    watch->outer_pid = cell->report->outer_pid; /* ours until the program has the cell */
    watch->start_ns = clock_ns();
    watch->deadline_ns = watch->start_ns + (int64_t)watch->warden->jail->settings.timeout_ns;
    return message_send(cell->socket, MESSAGE_PROGRAM, &part, 1, err);
}

/* Runs one program to its end and answers; frees the message. False: the warden cannot go on. */
static bool serve_one(struct warden *warden, struct cell *cell, struct cell *next, char *message,
                      size_t size, struct leti_error *err)
{
    struct watch watch = { .warden = warden,
                           .cell = cell,
                           .listener = -1,
                           .output_left = warden->jail->settings.output_bytes };
    bool handed = hand_over(&watch, message, size, err), wanted = true;
    free(message); /* the next cell would have a copy, which counts as its memory */
    if (size > TRIM_BYTES)
        malloc_trim(0);
    if (handed) {
        (void)cell_open(warden, next, err); /* tried again when it is needed */
        wanted = watch_run(&watch);
    }
    if (!handed || !wanted)
        watch_kill(&watch, ENDING_BROKEN);
    int status = cell_reap(cell, &watch.usage);
    close_if_open(watch.listener);
    cell_close(cell); /* nothing is left of a program when its end is told */
    if (handed)
        return wanted && send_result(warden, &watch, judge(&watch, status), err);
    if (__atomic_load_n(&cell->report->ending, __ATOMIC_ACQUIRE) == ENDING_BROKEN)
        return send_result(warden, &watch, ENDING_BROKEN, err); /* why it is not shut in */
    return send_failure(warden, err->text, err);
}

/* A cell that died while it waited is nobody's program. */
static void drop_if_ended(struct cell *cell)
{
    struct pollfd end = { .fd = cell->pidfd, .events = POLLIN };
    if (cell->pid == 0 || poll(&end, 1, 0) == 0)
        return;
    cell_kill(cell);
    (void)cell_reap(cell, NULL);
    cell_forget(cell);
}

static void serve(struct warden *warden, struct leti_error *err)
{
    struct cell cells[2] = { no_cell, no_cell };
    char *message;
    size_t size;
    (void)cell_open(warden, &cells[0], err); /* tried again when it is needed */
    for (int now = 0;
         message_receive(warden->socket, INT64_MAX, MESSAGE_PROGRAM, &message, &size, err);
         now = 1 - now) {
        bool good;
        drop_if_ended(&cells[now]);
        if (cells[now].pid || cell_open(warden, &cells[now], err)) {
            good = serve_one(warden, &cells[now], &cells[1 - now], message, size, err);
        } else {
            free(message);
            good = send_failure(warden, err->text, err);
        }
        cell_forget(&cells[now]);
        if (!good)
            return;
    }
}

/* ---- becoming a warden ---- */

void warden_die(int socket, const struct leti_error *err)
{
    struct leti_error ignored;
    struct part text = { err->text, strlen(err->text) };
    (void)message_send(socket, MESSAGE_FAILED, &text, 1, &ignored);
    _exit(1);
}

/* Asks the plugin, which has the rights, to give our user namespace its ids. */
static bool ask_identity(int socket, struct identity *out, struct leti_error *err)
{
    char *answer;
    size_t size;
    if (!message_send(socket, MESSAGE_MAP_IDS, NULL, 0, err) ||
        !message_receive(socket, INT64_MAX, MESSAGE_MAPPED, &answer, &size, err))
        return false;
    bool ok = size == sizeof *out || leti_error_set(err, "an identity of %zu bytes", size);
    if (ok)
        memcpy(out, answer, sizeof *out);
    free(answer);
    return ok;
}

static bool receive_settings(int socket, struct settings *out, char **more, size_t *more_size,
                             struct leti_error *err)
{
    char *message;
    size_t size;
    if (!message_receive(socket, INT64_MAX, MESSAGE_SETTINGS, &message, &size, err))
        return false;
    bool ok = size >= sizeof *out || leti_error_set(err, "settings of %zu bytes", size);
    *more = ok ? strndup(message + sizeof *out, size - sizeof *out) : NULL;
    *more_size = ok ? size - sizeof *out : 0;
    if (ok)
        memcpy(out, message, sizeof *out);
    free(message);
    return ok && (*more || leti_error_set(err, "no memory"));
}

bool warden_outside(struct jail *jail, int socket, char **more, size_t *more_size,
                    struct leti_error *err)
{
    return receive_settings(socket, &jail->settings, more, more_size, err) &&
           jail_unshare(jail, err) &&
           (!jail->settings.namespaces || ask_identity(socket, &jail->identity, err));
}

static bool prepare_inside(struct jail *jail, char **paths, size_t n, struct leti_error *err)
{
    jail->warden = getpid();
    if (!jail->settings.namespaces)
        jail_own_identity(jail, paths, n);
    else if (!jail_build(paths, n, err) || !jail_settle(jail, err) || !first_handle_signals(err))
        return false;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) /* a change of identity clears it */
        return leti_error_set(err, "pdeathsig: %s", strerror(errno));
    return syscalls_compile(!jail->settings.namespaces, jail->settings.processes > 0, &jail->filter,
                            err);
}

void warden_inside(struct jail *jail, int socket, char **paths, size_t n,
                   const struct warden_work *work)
{
    struct warden warden = { jail, socket, work };
    struct leti_error err;
    if (!prepare_inside(jail, paths, n, &err))
        warden_die(socket, &err);
    if (message_send(socket, MESSAGE_READY, NULL, 0, &err))
        serve(&warden, &err);
    _exit(0);
}
