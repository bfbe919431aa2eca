/* join - `leti join ENDPOINT STAGE`: gives this machine's cores to a running pipeline.
 *
 * The hub starts its own child processes with this command too.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <argp.h>
#include <stdlib.h>

#include "commands/commands.h"
#include "hub/worker.h"

struct arguments {
    const char *words[2]; /* endpoint, stage */
    int n_words;
    double head_timeout; /* seconds */
};

enum { KEY_HEAD_TIMEOUT = 256 };

static const double longest_timeout = 1e6;

static void parse_timeout(struct arguments *arguments, const char *text, struct argp_state *state)
{
    char *end;
    arguments->head_timeout = strtod(text, &end);
    if (!*text || *end || !(arguments->head_timeout >= 0) ||
        arguments->head_timeout > longest_timeout)
        argp_error(state, "--head-timeout must be seconds from 0 to %g, not \"%s\"",
                   longest_timeout, text);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case KEY_HEAD_TIMEOUT:
        parse_timeout(arguments, arg, state);
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->n_words == 2)
            argp_usage(state);
        arguments->words[arguments->n_words++] = arg;
        return 0;
    case ARGP_KEY_END:
        if (arguments->n_words != 2)
            argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option argp_options[] = {
    { "head-timeout", KEY_HEAD_TIMEOUT, "SECONDS", 0,
      "Give up when the head is silent for so long; 0: never (default 60)", 0 },
    { 0 },
};

static const struct argp argp = {
    .options = argp_options,
    .parser = parse,
    .args_doc = "ENDPOINT STAGE",
    .doc = "Works for the stage STAGE of a pipeline that listens on ENDPOINT, as in "
           "tcp://127.0.0.1:7461, until the run ends.",
};

int command_join(int argc, char **argv)
{
    struct arguments arguments = { .head_timeout = 60 };
    struct leti_error err;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    const struct worker_config config = { .endpoint = arguments.words[0],
                                          .stage = arguments.words[1],
                                          .head_timeout_ms = (int)(arguments.head_timeout * 1000) };
    return worker_run(&config, &err) ? 0 : command_fail("join", &err);
}
