/* show - `leti show RUN [PROBLEM]`: what the model wrote, what the interpreter said.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/show.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>

#include "commands/commands.h"

enum { KEY_ITERATION = 256, KEY_TEST, KEY_FAILED, KEY_REASON, KEY_LIMIT, DEFAULT_LIMIT = 10 };

static int64_t parse_number(const char *text, const char *what, struct argp_state *state)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno || end == text || *end || number < 0)
        argp_error(state, "%s must be a number from 0 on, not \"%s\"", what, text);
    return number;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct show_config *config = state->input;
    switch (key) {
    case 'j':
        config->json = true;
        return 0;
    case KEY_ITERATION:
        config->iteration = parse_number(arg, "--iteration", state);
        return 0;
    case KEY_TEST:
        config->test = arg;
        return 0;
    case KEY_FAILED:
        config->failed = true;
        return 0;
    case KEY_REASON:
        config->reason = arg;
        return 0;
    case KEY_LIMIT:
        config->limit = parse_number(arg, "--limit", state);
        return 0;
    case ARGP_KEY_ARG:
        if (config->problem)
            argp_usage(state);
        *(config->folder ? &config->problem : &config->folder) = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option argp_options[] = {
    { "iteration", KEY_ITERATION, "N", 0, "Samples of this iteration alone", 0 },
    { "test", KEY_TEST, "NAME", 0, "Samples of this test, instead of those trained on", 0 },
    { "failed", KEY_FAILED, NULL, 0, "Samples that failed", 0 },
    { "reason", KEY_REASON, "WHY", 0, "Samples with this reason or exception, as NameError", 0 },
    { "limit", KEY_LIMIT, "N", 0, "So many samples at most; 10 unless said", 0 },
    { "json", 'j', NULL, 0, "Print JSON lines", 0 },
    { 0 },
};

static const struct argp argp = {
    .options = argp_options,
    .parser = parse,
    .args_doc = "RUN [PROBLEM]",
    .doc = "Shows a run's pass rates and reasons of failure. With a problem, or an option that "
           "chooses samples: the programs, and what was said of them.",
};

int command_show(int argc, char **argv)
{
    struct show_config config = { .iteration = -1, .limit = DEFAULT_LIMIT };
    struct leti_error err;
    argp_parse(&argp, argc, argv, 0, NULL, &config);
    bool chooses =
        config.problem || config.test || config.failed || config.reason || config.iteration >= 0;
    bool shown = chooses ? show_samples(&config, &err) : show_run(&config, &err);
    return shown ? 0 : command_fail("show", &err);
}
