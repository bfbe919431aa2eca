/* interpreter.h - the plugin's side of its zygote: finds a Python, starts it, talks to it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef INTERPRETER_H
#define INTERPRETER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "leti/error.h"
#include "leti/plugin.h"
#include "protocol.h"

struct interpreter {
    pid_t pid;  /* of our child; 0: it does not run */
    int socket; /* to the zygote, -1 */
};

/* Finds the interpreter that name, a path or a name in PATH, leads to. What is first in PATH may
 * be a wrapper that works for some folders only: the first one that runs is asked who it is.
 * *out (malloc) is its path. */
bool interpreter_find(const char *name, char **out, struct leti_error *err);

/* Starts the interpreter at path with these modules imported, and waits until it is ready.
 * It dies with the calling thread. */
bool interpreter_start(const char *path, const struct leti_list *preload,
                       const struct settings *settings, struct interpreter *out,
                       struct leti_error *err);

/* Runs one program, of n parts, and waits for its end. *out and the texts behind it (malloc, one
 * block, the caller's) are what the zygote said. Fails where the interpreter is lost: stop it
 * then. */
bool interpreter_run(const struct interpreter *interpreter, const struct settings *settings,
                     const struct program *program, const struct leti_bytes *text, size_t n,
                     struct result **out, struct leti_error *err);

/* Kills it with all that it runs. Does nothing where it does not run. */
void interpreter_stop(struct interpreter *interpreter);

#endif
