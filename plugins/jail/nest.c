/* nest.c - namespaces for one program.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nest.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The first process. We share its memory and stand still until it has forked; after that it must
 * write to nothing but its stack and nest->status. It has no handlers: all signals are blocked. */
static int wait_inside(void *arg)
{
    struct nest *nest = arg;
    pid_t pid = _Fork(); /* without the hooks of libraries, which are for who has threads */
    if (pid == 0) {
        sigprocmask(SIG_SETMASK, &nest->signals, NULL);
        nest->program(nest->arg);
        _exit(0);
    }
    int32_t forked = pid < 0 ? -errno : pid;
    __atomic_store_n(&nest->forked, forked, __ATOMIC_RELEASE);
    syscall(SYS_futex, &nest->forked, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
    close_range(0, ~0u, 0); /* copies; ours stay open */
    waitpid(pid, &nest->status, 0);
    _exit(0);
}

bool nest_open(struct nest *nest, void (*program)(void *arg), void *arg, pid_t *out,
               struct leti_error *err)
{
    enum {
        OWN =
            CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS
    };
    sigset_t all;
    sigfillset(&all);
    nest->program = program;
    nest->arg = arg;
    nest->forked = 0;
    nest->status = 0;
    sigprocmask(SIG_SETMASK, &all, &nest->signals);
    pid_t pid = clone(wait_inside, nest->stack + NEST_STACK, CLONE_VM | OWN | SIGCHLD, nest);
    int failed = pid < 0 ? errno : 0;
    while (!failed && __atomic_load_n(&nest->forked, __ATOMIC_ACQUIRE) == 0)
        syscall(SYS_futex, &nest->forked, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    sigprocmask(SIG_SETMASK, &nest->signals, NULL);
    if (failed)
        return leti_error_set(err, "namespaces for a program: %s", strerror(failed));
    if (nest->forked < 0) {
        nest_close(nest, pid);
        return leti_error_set(err, "fork: %s", strerror(-nest->forked));
    }
    *out = pid;
    return true;
}

int nest_close(const struct nest *nest, pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFSIGNALED(status) ? status : nest->status;
}
