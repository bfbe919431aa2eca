/* commands.h - what `leti COMMAND ...` runs, and what the commands share.
 *
 * A command gets its arguments with argv[0] "leti COMMAND", parses them with argp (which ends the
 * program with 2 on wrong usage) and returns the exit status: 0, or 1 after one line on stderr.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMANDS_COMMANDS_H
#define COMMANDS_COMMANDS_H

#include <stddef.h>

#include "leti/error.h"

struct command {
    const char *name;
    const char *summary; /* for `leti --help`, one line */
    int (*run)(int argc, char **argv);
};

extern const struct command commands[]; /* ends with {0} */
extern const char leti_version[];

int command_run(int argc, char **argv);
int command_test(int argc, char **argv);
int command_score(int argc, char **argv);
int command_show(int argc, char **argv);
int command_report(int argc, char **argv);
int command_replay(int argc, char **argv);
int command_check(int argc, char **argv);
int command_plugins(int argc, char **argv);
int command_inspect(int argc, char **argv);
int command_model(int argc, char **argv);
int command_join(int argc, char **argv);

/* What --set was given, and what options that stand for a setting were, in order. Zero it to begin
 * with. */
struct overrides {
    const char **items; /* its own */
    size_t n;
};

/* Help of --set, the same in every command that has it. */
#define OVERRIDES_HELP "Override a setting: stage.option=value, test.option=value or option=value"

/* false: out of memory. */
__attribute__((format(printf, 2, 3))) bool overrides_add(struct overrides *, const char *format,
                                                         ...);
void overrides_free(struct overrides *);

/* Says why a command failed, and gives the exit status for that, 1. command: "check". */
int command_fail(const char *command, const struct leti_error *err);

#endif
