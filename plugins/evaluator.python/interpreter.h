/* interpreter.h - finds a Python and starts it as a zygote.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef INTERPRETER_H
#define INTERPRETER_H

#include <stdbool.h>

#include "leti/error.h"
#include "leti/plugin.h"
#include "launch.h"

/* Finds the interpreter that name, a path or a name in PATH, leads to. What is first in PATH may
 * be a wrapper that works for some folders only: the first one that runs is asked who it is.
 * *out (malloc) is its path. */
bool interpreter_find(const char *name, char **out, struct leti_error *err);

/* Starts the interpreter at path with these folders in front of sys.path and these modules
 * imported, and waits until it is ready to run programs, each of them after the prelude. */
bool interpreter_start(const char *path, const struct leti_list *paths,
                       const struct leti_list *preload, const struct settings *settings,
                       struct leti_bytes prelude, struct launched *out, struct leti_error *err);

#endif
