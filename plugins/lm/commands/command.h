/* command.h - what `leti model COMMAND ...` runs, and what the commands share.
 *
 * A command gets its arguments with argv[0] "leti model COMMAND", parses them with command_parse
 * (which ends the program with 2 on wrong usage) and returns the exit status: 0, or 1 after one
 * line on stderr.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_COMMAND_H
#define LM_COMMAND_H

#include "commands/command_options.h"
#include "model/model.h"

int command_info(int argc, char **argv);
int command_tokenize(int argc, char **argv);
int command_logits(int argc, char **argv);
int command_loss(int argc, char **argv);
int command_sample(int argc, char **argv);
int command_convert(int argc, char **argv);
int command_bench(int argc, char **argv);

/* Says why a command failed, and gives the exit status for that, 1. */
int command_fail(const struct leti_error *err);

/* Whether there is a model at path by the look of it, a folder or a GGUF file, so that a wrong path
 * is said in the user's words. */
bool command_find(const char *path, bool *folder, struct leti_error *err);

/* Opens a model where command_find finds one, in the precision that is asked for. */
bool command_open(const struct command_model *, struct lm_model **out, struct leti_error *err);

/* Seconds of a clock that only goes forward. */
double command_clock(void);

#endif
