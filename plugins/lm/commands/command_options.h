/* command_options.h - the options that commands share, under one name in all of them.
 *
 * A command has them as children of its argp, and gives each child its struct when it is asked
 * with ARGP_KEY_INIT: state->child_inputs[0] = &arguments.model.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_COMMAND_OPTIONS_H
#define LM_COMMAND_OPTIONS_H

#include <argp.h>
#include <stdint.h>

#include "model/safetensors.h"
#include "tokenizer/tokenizer.h"

enum { COMMAND_USAGE = 2 /* exit status of wrong usage */ };

/* MODEL, --json, --threads, --precision. */
struct command_model {
    const char *path;
    bool json;
    enum lm_dtype precision; /* of products; LM_F32 unless a command says otherwise beforehand */
};
extern const struct argp command_model_argp;

/* --prompt, --file, --ids, --specials: at most one of the first three; without them the text is
 * the standard input. */
struct command_text {
    const char *prompt, *file, *ids;
    bool specials;
};
extern const struct argp command_text_argp;

#define COMMAND_CHILD_MODEL                                                                        \
    {                                                                                              \
        &command_model_argp, 0, NULL, 0                                                            \
    }
#define COMMAND_CHILD_TEXT                                                                         \
    {                                                                                              \
        &command_text_argp, 0, NULL, 0                                                             \
    }

/* Parses the arguments; on wrong usage one line on stderr, and the program ends. */
void command_parse(const struct argp *, int argc, char **argv, void *arguments);

/* "leti model sample: MESSAGE; see `leti model sample --help`", and ends the program. */
__attribute__((noreturn, format(printf, 2, 3))) void command_usage(const struct argp_state *,
                                                                   const char *format, ...);

/* The whole of an option's value as a number within bounds; otherwise wrong usage. */
int64_t command_int(const struct argp_state *, const char *option, const char *value, int64_t min,
                    int64_t max);
double command_real(const struct argp_state *, const char *option, const char *value, double min,
                    double max);

/* The bytes of a text that is not given as ids, NUL-terminated; the caller's to free. */
bool command_read(const struct command_text *, char **text, size_t *size, struct leti_error *err);

/* Appends the ids of the text, behind what the model's texts start with, or those given, each below
 * size. */
bool command_read_ids(const struct command_text *, const struct lm_tokenizer *, int32_t size,
                      struct lm_ids *out, struct leti_error *err);

#endif
