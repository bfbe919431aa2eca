/* score - `leti score SAMPLES --task TASK`: judges programs that are already written.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/score.h"

#include <argp.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "commands/commands.h"

struct arguments {
    struct score_config config;
    struct overrides overrides;
    char **owned; /* those of the overrides that were made here */
    size_t n_owned;
    bool reference;
    const char *replicas;
};

enum { MOST_REPLICAS = 1024 };
enum { KEY_SET = 256, KEY_TASK, KEY_REFERENCE, KEY_POST, KEY_PROBLEMS, KEY_REPLICAS };

/* Each is a worker of its own; as many as a stage may have. */
static void check_replicas(const char *text, struct argp_state *state)
{
    char *end = NULL;
    long number = strtol(text, &end, 10);
    if (end == text || *end || number < 1 || number > MOST_REPLICAS)
        argp_error(state, "--replicas must be a number from 1 to %d, not \"%s\"", MOST_REPLICAS,
                   text);
}

/* An option of the evaluator: "timeout=3" becomes "evaluate.timeout=3". */
static bool add_option(struct arguments *arguments, const char *name, const char *rest)
{
    char *option = NULL;
    char **owned = reallocarray(arguments->owned, arguments->n_owned + 1, sizeof *owned);
    if (!owned)
        return false;
    arguments->owned = owned;
    if (asprintf(&option, "evaluate.%s%s", name, rest) < 0)
        return false;
    owned[arguments->n_owned++] = option;
    return overrides_add(&arguments->overrides, option);
}

static void check_usage(const struct arguments *arguments, struct argp_state *state)
{
    if (!arguments->config.task)
        argp_error(state, "--task must say what the programs are for: mbpp, humaneval, basics");
    if (arguments->reference == (arguments->config.samples != NULL))
        argp_error(state, "either a file of samples or --reference must be given");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    struct score_config *config = &arguments->config;
    switch (key) {
    case 'j':
        config->json = true;
        return 0;
    case KEY_SET:
        return add_option(arguments, arg, "") ? 0 : ENOMEM;
    case KEY_TASK:
        config->task = arg;
        return 0;
    case KEY_REFERENCE:
        arguments->reference = true;
        return 0;
    case KEY_POST:
        config->post = true;
        return 0;
    case KEY_PROBLEMS:
        config->problems = arg;
        return 0;
    case KEY_REPLICAS:
        check_replicas(arg, state);
        arguments->replicas = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (config->samples)
            argp_usage(state);
        config->samples = arg;
        return 0;
    case ARGP_KEY_END:
        check_usage(arguments, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option argp_options[] = {
    { "task", KEY_TASK, "TASK", 0, "What the programs are for: mbpp, humaneval, basics", 0 },
    { "reference", KEY_REFERENCE, NULL, 0, "Judge the data set's own solutions", 0 },
    { "post", KEY_POST, NULL, 0, "Apply the task's cut to each program first", 0 },
    { "problems", KEY_PROBLEMS, "FILE", 0, "The data set, in the place of the task's own file", 0 },
    { "set", KEY_SET, "OPTION=VALUE", 0, "Set an option of the evaluator, as in timeout=3", 0 },
    { "replicas", KEY_REPLICAS, "N", 0, "Evaluators at work at once; as many as there are cores",
      0 },
    { "json", 'j', NULL, 0, "Print a JSON object a sample, and the summary as the last one", 0 },
    { 0 },
};

static const struct argp argp = {
    .options = argp_options,
    .parser = parse,
    .args_doc = "SAMPLES\n--reference",
    .doc = "Judges programs that are already written, as JSON lines with task_id and completion, "
           "and prints pass@k. A completion that does not begin with a line feed gets one.",
};

/* One worker a core, unless something else was asked for. */
static bool set_replicas(struct arguments *arguments)
{
    char cores[32];
    snprintf(cores, sizeof cores, "%ld", sysconf(_SC_NPROCESSORS_ONLN));
    return add_option(arguments, "replicas=", arguments->replicas ? arguments->replicas : cores);
}

static void free_arguments(struct arguments *arguments)
{
    overrides_free(&arguments->overrides);
    for (size_t i = 0; i < arguments->n_owned; i++)
        free(arguments->owned[i]);
    free(arguments->owned);
}

int command_score(int argc, char **argv)
{
    struct arguments arguments = { .reference = false };
    struct leti_error err = { "out of memory" };
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    log_set_level(LETI_LOG_WARN);
    bool done = set_replicas(&arguments);
    arguments.config.overrides = arguments.overrides.items;
    arguments.config.n_overrides = arguments.overrides.n;
    done = done && score_samples(&arguments.config, &err);
    free_arguments(&arguments);
    return done ? 0 : command_fail("score", &err);
}
