/* command.h - a command line from an option, and the program that it names.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>

#include "job.h"
#include "leti/error.h"

/* Splits the line at white space. Quotes of either kind keep it together, and a backslash keeps
 * the next character; nothing else has a meaning. *out points into *memory (malloc, the caller's).
 * An empty line is no command. */
bool command_split(const char *line, struct command *out, char **memory, struct leti_error *err);

/* Finds the program of a command: a name in PATH, or a path. One that lies in the working folder
 * ("./main") is there later. *memory (malloc) is the path. */
bool command_find(struct command *command, char **memory, struct leti_error *err);

/* What an argument may stand for. */
struct filling {
    const char *name; /* "{file}" */
    const char *text;
};

/* Copies the command with each argument that is one of the n names replaced, as a whole. */
void command_fill(const struct command *command, const struct filling *fillings, size_t n,
                  struct command *out);

/* Whether each argument that has one of the n names in it is nothing but that name. */
bool command_check(const struct command *command, const struct filling *fillings, size_t n,
                   struct leti_error *err);

#endif
