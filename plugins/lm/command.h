/* command.h - what `leti model COMMAND ...` runs, and what the commands share.
 *
 * A command gets its arguments with argv[0] "leti model COMMAND", parses them with argp (which
 * ends the program with 2 on wrong usage) and returns the exit status: 0, or 1 after one line on
 * stderr.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_COMMAND_H
#define LM_COMMAND_H

#include <argp.h>
#include <stdint.h>

#include "model.h"

int command_info(int argc, char **argv);
int command_tokenize(int argc, char **argv);
int command_logits(int argc, char **argv);
int command_loss(int argc, char **argv);
int command_sample(int argc, char **argv);
int command_convert(int argc, char **argv);
int command_bench(int argc, char **argv);

/* Says why a command failed, and gives the exit status for that, 1. */
int command_fail(const struct leti_error *err);

/* The whole of an option's value as a number within bounds; otherwise ends with wrong usage. */
int64_t command_int(struct argp_state *state, const char *option, const char *value, int64_t min,
                    int64_t max);
double command_real(struct argp_state *state, const char *option, const char *value, double min,
                    double max);

/* Token ids such as "1,2,3", each below size. */
bool command_ids(const char *text, int32_t size, struct lm_ids *out, struct leti_error *err);

/* Where a text comes from: the words of the command line, a file, or the standard input. */
struct command_text {
    const char *text;
    const char *file; /* "-": the standard input */
};
#define COMMAND_FILE                                                                               \
    {                                                                                              \
        "file", 'f', "FILE", 0, "Take the text from FILE (- for the input)", 0                     \
    }
#define COMMAND_JSON                                                                               \
    {                                                                                              \
        "json", 'j', NULL, 0, "Print JSON, one object a line", 0                                   \
    }

/* The bytes, NUL-terminated; the caller's to free. */
bool command_read(const struct command_text *from, char **text, size_t *size,
                  struct leti_error *err);

/* Seconds of a clock that only goes forward. */
double command_clock(void);

#endif
