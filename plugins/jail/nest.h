/* nest.h - namespaces for one program, and the process that they are made for.
 *
 * The kernel ends all that is in a pid namespace when its first process ends. But it also keeps
 * from that process the signals that it has no handler for: a program in its place could neither
 * abort nor kill itself. So the program is the second, and the first only waits for it. That one
 * shares our memory instead of copying it, as posix_spawn's child does, and costs little.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef NEST_H
#define NEST_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "leti/error.h"

enum { NEST_STACK = 16 << 10 };

/* Lies on the stack of the thread that opens it until nest_close. The program starts at the top
 * of its stack and goes on below it, over its own copy of our frames: it has about as much stack
 * as we have, and is where the interpreter takes it to be. */
struct nest {
    _Alignas(64) char stack[NEST_STACK]; /* first, so that the members are out of its way */
    void (*program)(void *arg);
    void *arg;
    sigset_t signals; /* our mask, which the program gets */
    int32_t forked;   /* pid, or -errno; 0: not yet */
    int status;       /* of the program, as waitpid has it */
};

/* Clones a process into user, pid, mount, network, IPC and UTS namespaces of its own, and from it
 * one that calls program(arg), which must not return. What arg points to must not lie below the
 * nest on the stack. The caller has one thread. *pid is the namespace's first process: killing it
 * kills all that is inside. */
bool nest_open(struct nest *nest, void (*program)(void *arg), void *arg, pid_t *pid,
               struct leti_error *err);

/* Waits for the end of all that is inside; how the program ended, as waitpid has it. */
int nest_close(const struct nest *nest, pid_t pid);

#endif
