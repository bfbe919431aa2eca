/* replay - `leti replay RUN PROBLEM SAMPLE`: one recorded sample through a stage again.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "replay/replay.h"

#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "commands/commands.h"

struct arguments {
    struct replay_config config;
    struct overrides overrides;
    int n;
};

enum { KEY_SET = 256, KEY_STAGE, KEY_ITERATION, KEY_TEST };

/* Digits alone, up to the character `end`; NULL where there is something else. */
static const char *read_number(const char *text, char end, uint32_t *out)
{
    char *rest = NULL;
    errno = 0;
    unsigned long long number = strtoull(text, &rest, 10);
    if (errno || !isdigit((unsigned char)*text) || *rest != end || number > UINT32_MAX)
        return NULL;
    *out = (uint32_t)number;
    return rest;
}

/* "3", or "5:3" for sample 3 of iteration 5. */
static void take_sample(struct recorded_name *name, const char *text, struct argp_state *state)
{
    uint32_t iteration = 0;
    const char *colon = read_number(text, ':', &iteration);
    if (colon)
        name->iteration = iteration;
    if (!read_number(colon ? colon + 1 : text, '\0', &name->sample))
        argp_error(state, "a sample must be a number, or ITERATION:SAMPLE, not \"%s\"", text);
}

static void take_argument(struct arguments *arguments, char *arg, struct argp_state *state)
{
    switch (arguments->n++) {
    case 0:
        arguments->config.folder = arg;
        break;
    case 1:
        arguments->config.name.problem = arg;
        break;
    case 2:
        take_sample(&arguments->config.name, arg, state);
        break;
    default:
        argp_usage(state);
    }
}

static enum replay_stage take_stage(const char *text, struct argp_state *state)
{
    static const char *const names[] = { "evaluate", "feedback", "generate" };
    for (int i = REPLAY_EVALUATE; i <= REPLAY_GENERATE; i++)
        if (!strcmp(text, names[i]))
            return (enum replay_stage)i;
    argp_error(state, "--stage must be evaluate, feedback or generate, not \"%s\"", text);
    return REPLAY_EVALUATE;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    struct replay_config *config = &arguments->config;
    uint32_t iteration = 0;
    switch (key) {
    case 'j':
        config->json = true;
        return 0;
    case KEY_SET:
        return overrides_add(&arguments->overrides, "%s", arg) ? 0 : ENOMEM;
    case KEY_STAGE:
        config->stage = take_stage(arg, state);
        return 0;
    case KEY_ITERATION:
        if (!read_number(arg, '\0', &iteration))
            argp_error(state, "--iteration must be a number from 0 on, not \"%s\"", arg);
        config->name.iteration = iteration;
        return 0;
    case KEY_TEST:
        config->name.test = arg;
        return 0;
    case ARGP_KEY_ARG:
        take_argument(arguments, arg, state);
        return 0;
    case ARGP_KEY_END:
        if (arguments->n != 3)
            argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option argp_options[] = {
    { "stage", KEY_STAGE, "STAGE", 0,
      "evaluate (unless said): run the program again; feedback: make its training text of the "
      "recorded verdicts; generate: sample it again by its seed, where the checkpoint that wrote "
      "it is still there",
      0 },
    { "iteration", KEY_ITERATION, "N", 0, "Of this iteration; the last that has the sample", 0 },
    { "test", KEY_TEST, "NAME", 0, "Of this test, instead of those trained on", 0 },
    { "set", KEY_SET, "NAME=VALUE", 0, OVERRIDES_HELP, 0 },
    { "json", 'j', NULL, 0, "Print one JSON object", 0 },
    { 0 },
};

static const struct argp argp = {
    .options = argp_options,
    .parser = parse,
    .args_doc = "RUN PROBLEM SAMPLE",
    .doc = "Puts one recorded sample through a stage again, alone, and says whether what comes out "
           "is what is recorded. SAMPLE is its number as leti show prints it, or "
           "ITERATION:SAMPLE. The run stays as it is.\v"
           "The exit status says whether the stage could do it: 0 where what comes out differs, "
           "too. "
           "Verdicts agree where outcome, reason and exception do; what the interpreter says may "
           "hold addresses. A sample is the same to the last bit where the generator's "
           "batch_invariant is on; otherwise, other samples beside it may have rounded a "
           "probability another way. For example, with more time for the program:\n"
           "  leti replay runs/mbpp-001 601 2:3 --set evaluate.timeout=30",
};

int command_replay(int argc, char **argv)
{
    struct arguments arguments = { .config = { .name = { .iteration = -1 } } };
    struct leti_error err;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    arguments.config.overrides = arguments.overrides.items;
    arguments.config.n_overrides = arguments.overrides.n;
    log_set_level(LETI_LOG_WARN);
    bool done = replay_run(&arguments.config, &err);
    overrides_free(&arguments.overrides);
    return done ? 0 : command_fail("replay", &err);
}
