/* launch.c - starts wardens and exchanges messages with them.
 *
 * The host is a process with many threads that is not ours: nothing here touches its signals,
 * its folder, its environment or its descriptors.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "spawned.h"

enum {
    START_SECONDS = 60,
    GRACE_SECONDS = 10, /* beyond its time limit, until a program's warden counts as lost */
};

static int64_t in_seconds(int64_t seconds)
{
    return clock_ns() + seconds * 1000000000;
}

/* ---- what a program says ---- */

/* Reads what the process says until its end or the deadline. */
static bool read_answer(int fd, int64_t deadline_ns, char *out, size_t size)
{
    size_t n = 0;
    for (;;) {
        int64_t left_ms = (deadline_ns - clock_ns()) / 1000000;
        struct pollfd p = { .fd = fd, .events = POLLIN };
        if (left_ms <= 0 || (poll(&p, 1, (int)left_ms) < 0 && errno != EINTR))
            return false;
        if (!p.revents)
            continue;
        ssize_t got = read(fd, out + n, size - 1 - n);
        if (got < 0 && errno != EINTR)
            return false;
        if (got == 0) {
            out[n] = '\0';
            return true;
        }
        if (got > 0)
            n += (size_t)got;
        if (n == size - 1)
            return false;
    }
}

bool launch_and_read(const char *path, char *const *argv, char *const *env, unsigned seconds,
                     char *out, size_t size, struct leti_error *err)
{
    int ends[2];
    pid_t pid;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return leti_error_set(err, "pipe: %s", strerror(errno));
    int from = spawned_move_up(ends[0]), to = spawned_move_up(ends[1]);
    int null = spawned_move_up(open("/dev/null", O_RDWR | O_CLOEXEC));
    int fds[4] = { null, to, null, -1 };
    bool ready = from >= 0 && to >= 0 && null >= 0;
    if (!ready)
        leti_error_set(err, "%s: cannot be started: %s", path, strerror(errno));
    bool started = ready && spawned_start(path, argv, env, fds, &pid, err);
    if (to >= 0)
        close(to);
    if (null >= 0)
        close(null);
    bool ok = false;
    if (started) {
        ok = read_answer(from, in_seconds(seconds), out, size) ||
             leti_error_set(err, "%s: says too much, or nothing for %u s", path, seconds);
        kill(pid, SIGKILL); /* it has said all that was wanted */
        spawned_reap(pid);
    }
    if (from >= 0)
        close(from);
    return ok;
}

/* ---- start ---- */

/* Writes all of text at once, as the kernel wants id maps. */
static bool write_proc(pid_t pid, const char *name, const char *text, struct leti_error *err)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return leti_error_set(err, "%s: %s", path, strerror(errno));
    ssize_t n = write(fd, text, strlen(text));
    int saved = errno;
    close(fd);
    return n == (ssize_t)strlen(text) || leti_error_set(err, "%s: %s", path, strerror(saved));
}

/* The warden is 0. Root's programs are nobody of the machine, where nobody can be mapped; all
 * others' are the user, whom their own namespace calls nobody. */
static bool map_kind(pid_t pid, const char *name, unsigned self, uint32_t *inside,
                     struct leti_error *err)
{
    char text[96];
    if (self == 0) {
        snprintf(text, sizeof text, "0 0 1\n%d %d 1\n", NOBODY, NOBODY);
        if (write_proc(pid, name, text, err)) {
            *inside = NOBODY;
            return true;
        }
    }
    snprintf(text, sizeof text, "0 %u 1\n", self);
    *inside = 0;
    return write_proc(pid, name, text, err);
}

static bool map_ids(const struct launched *launched, struct leti_error *err)
{
    struct identity identity;
    if (geteuid() != 0 && !write_proc(launched->pid, "setgroups", "deny", err))
        return false;
    if (!map_kind(launched->pid, "uid_map", geteuid(), &identity.uid, err) ||
        !map_kind(launched->pid, "gid_map", getegid(), &identity.gid, err))
        return false;
    struct part part = { &identity, sizeof identity };
    return message_send(launched->socket, MESSAGE_MAPPED, &part, 1, err);
}

/* Waits for a message without payload. */
static bool await(const struct launched *launched, enum message_kind kind, struct leti_error *err)
{
    char *message;
    size_t size;
    if (!message_receive(launched->socket, in_seconds(START_SECONDS), kind, &message, &size, err))
        return false;
    free(message);
    return true;
}

static bool greet(const struct launched *launched, const struct settings *settings,
                  struct leti_bytes more, struct leti_error *err)
{
    struct part parts[] = { { settings, sizeof *settings }, { more.data, more.size } };
    if (!message_send(launched->socket, MESSAGE_SETTINGS, parts, 2, err))
        return false;
    if (settings->namespaces && !(await(launched, MESSAGE_MAP_IDS, err) && map_ids(launched, err)))
        return false;
    return await(launched, MESSAGE_READY, err);
}

/* What a process that did not start has written last says more than that it is gone. */
static void take_complaint(const char *path, int fd, struct leti_error *err)
{
    char text[512];
    struct stat info;
    if (fstat(fd, &info) != 0 || info.st_size <= 0)
        return;
    off_t from = info.st_size > (off_t)sizeof text - 1 ? info.st_size - (off_t)sizeof text + 1 : 0;
    ssize_t n = pread(fd, text, sizeof text - 1, from);
    while (n > 0 && text[n - 1] == '\n')
        n--;
    if (n <= 0)
        return;
    text[n] = '\0';
    const char *line = strrchr(text, '\n');
    leti_error_set(err, "%s does not start: %s", path, line ? line + 1 : text);
}

/* Bounds all of it together, where that may be had: the limits of each process hold anyway. */
static void bound(struct launched *launched, const struct settings *settings)
{
    enum { WARDEN_BYTES = 256 << 20, WARDEN_PROCESSES = 16, PROCESSES = 512 };
    uint32_t processes = settings->processes > PROCESSES ? settings->processes : PROCESSES;
    struct leti_error err;
    uint64_t memory = settings->memory_bytes + settings->disk_bytes + WARDEN_BYTES;
    if (!cgroup_open(&launched->cgroup, memory, processes + WARDEN_PROCESSES, launched->pid, &err))
        snprintf(launched->cgroup.lacking, sizeof launched->cgroup.lacking, "%s", err.text);
}

bool launch_warden(const char *path, char *const *argv, char *const *env,
                   const struct settings *settings, struct leti_bytes more, struct launched *out,
                   struct leti_error *err)
{
    int ends[2] = { -1, -1 };
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return leti_error_set(err, "socketpair: %s", strerror(errno));
    struct launched launched = { .socket = ends[0] };
    int theirs = spawned_move_up(ends[1]),
        errors = spawned_move_up(memfd_create("stderr", MFD_CLOEXEC));
    int null = spawned_move_up(open("/dev/null", O_RDWR | O_CLOEXEC));
    struct timeval patience = { .tv_sec = GRACE_SECONDS };
    bool ok = theirs >= 0 && errors >= 0 && null >= 0 &&
              setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0;
    if (!ok)
        leti_error_set(err, "%s: cannot be started: %s", path, strerror(errno));
    int fds[4] = { null, null, errors, theirs };
    ok = ok && spawned_start(path, argv, env, fds, &launched.pid, err);
    if (ok)
        bound(&launched, settings);
    if (theirs >= 0)
        close(theirs);
    if (null >= 0)
        close(null);
    if (ok) {
        ok = greet(&launched, settings, more, err);
        if (!ok)
            take_complaint(path, errors, err);
    }
    if (errors >= 0)
        close(errors);
    if (!ok) {
        launched_stop(&launched);
        return false;
    }
    *out = launched;
    return true;
}

/* ---- run ---- */

static bool result_fits(const struct result *result, size_t size)
{
    return size >= sizeof *result && result->exception_size < EXCEPTION_MAX &&
           result->feedback_size <= FEEDBACK_MAX &&
           size == sizeof *result + result->exception_size + result->feedback_size;
}

bool launched_run(const struct launched *launched, uint64_t timeout_ns, const struct part *parts,
                  size_t n, struct result **out, struct leti_error *err)
{
    char *message;
    size_t size;
    int64_t limit_s = (int64_t)(2 * timeout_ns / 1000000000) + GRACE_SECONDS; /* see warden.c */
    if (!message_send(launched->socket, MESSAGE_PROGRAM, parts, n, err) ||
        !message_receive(launched->socket, in_seconds(limit_s), MESSAGE_RESULT, &message, &size,
                         err))
        return false;
    if (!result_fits((const struct result *)message, size)) {
        free(message);
        return leti_error_set(err, "the warden's answer makes no sense");
    }
    *out = (struct result *)message;
    return true;
}

void launched_stop(struct launched *launched)
{
    if (launched->socket >= 0)
        close(launched->socket);
    if (launched->pid > 0) {
        kill(launched->pid, SIGKILL); /* our child, not reaped yet */
        spawned_reap(launched->pid);
    }
    cgroup_close(&launched->cgroup);
    *launched = (struct launched){ .socket = -1 };
}
