/* helper.h - a small program of ours that a plugin starts and talks to.
 *
 * A plugin lives in a process with many threads that is not its own. What wants a process to
 * itself, because it makes namespaces, forks, or may be killed, is a program that lies beside the
 * plugin's file and has a socket to it as its descriptor 3 (see protocol.h).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef HELPER_H
#define HELPER_H

#include <stdbool.h>
#include <sys/types.h>

#include "leti/error.h"

enum { HELPER_SOCKET = 3 };

struct helper {
    pid_t pid;  /* of our child; 0: it does not run */
    int socket; /* to it, -1 */
};

/* The path of the program that lies in the folder of the plugin which calls this. *out (malloc) is
 * the caller's. */
bool helper_find(const char *name, char **out, struct leti_error *err);

/* Starts the program with no arguments, the environment env (NULL-terminated), our stderr, and
 * nothing else of ours: no descriptors, no signal's disposition. */
bool helper_start(const char *path, char *const *env, struct helper *out, struct leti_error *err);

/* Kills and reaps it. Does nothing where it does not run. */
void helper_stop(struct helper *helper);

#endif
