/* syscalls.h - the system calls that a program may make.
 *
 * The last wall, behind the namespaces: what a program has no business with is refused with an
 * error, not a kill, so that Python can say in a traceback what was refused. The kernel asks us
 * each time, so that we can say which call it was; what it asks cannot be unsaid.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SYSCALLS_H
#define SYSCALLS_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "leti/error.h"

/* Compiles the filter. With processes a program may make others, and become another. Where files
 * and processes are shared with the machine, for want of namespaces, calls that change a file or
 * signal another process are refused too. *out.filter is malloc'ed and the caller's. */
bool syscalls_compile(bool shared, bool processes, struct sock_fprog *out, struct leti_error *err);

/* Puts the calling thread, and the threads that it will start, under the filter for good.
 * *listener is where the kernel asks about calls; without an answer they wait. */
bool syscalls_apply(const struct sock_fprog *filter, int *listener, struct leti_error *err);

/* A call that the kernel asks about. */
struct call {
    uint64_t id;
    pid_t caller; /* its thread, as whoever listens sees it */
    int number;
    uint32_t arch;
    uint64_t args[6];
};

enum call_kind {
    CALL_FORBIDDEN,
    CALL_UNKNOWN,       /* on no list */
    CALL_NOTE,          /* see report_note */
    CALL_SIGNAL_ITSELF, /* or nobody that there is */
    CALL_KILL_ITSELF,   /* as the first of its namespace, which the kernel would not let it */
    CALL_STOP_ITSELF,   /* likewise */
};

enum answer { ANSWER_REFUSE, ANSWER_UNKNOWN, ANSWER_DONE, ANSWER_ALLOW };

/* The next question; false: whoever asked is gone. */
bool syscalls_next(int listener, struct call *out);

void syscalls_answer(int listener, const struct call *call, enum answer answer);

/* What the call is, of the process pid, or of one in namespaces of its own. */
enum call_kind call_kind(const struct call *call, pid_t pid, bool namespaces);

/* Its name, "socket". */
void call_name(const struct call *call, char *out, size_t size);

#endif
