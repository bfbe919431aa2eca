/* test - `leti test PIPELINE --model MODEL`: samples and scores only.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "test/test.h"

#include <argp.h>

#include "base/log.h"
#include "commands/commands.h"
#include "run/model_name.h"

struct arguments {
    struct test_config config;
    struct overrides overrides, settings;
};

enum {
    KEY_SET = 256,
    KEY_TASK,
    KEY_PART,
    KEY_PROBLEMS,
    KEY_MODEL,
    KEY_AGAINST,
    KEY_RESULTS,
    KEY_SAMPLES,
    KEY_TEMPERATURE,
    KEY_MAX_LENGTH,
    KEY_CONDITION,
    KEY_RESUME,
    KEY_OUT,
};

static void check_usage(struct arguments *arguments, struct argp_state *state)
{
    struct test_config *config = &arguments->config;
    bool describes = config->file || config->task || config->part || config->problems ||
                     config->model || config->out || arguments->overrides.n ||
                     arguments->settings.n;
    if (config->resume && (describes || config->results))
        argp_error(state, "--resume takes a test as it is: only --against may stand beside it");
    if (config->results && describes)
        argp_error(state, "--results compares what is there already: only --against stands beside "
                          "it");
    if (config->results && !config->against)
        argp_error(state, "--results needs --against RUN to compare with");
    if (config->resume || config->results)
        return;
    if (!config->file == !config->task)
        argp_error(state, "either a pipeline or --task TASK must say what the model is tested on");
    if (config->part && !config->task)
        argp_error(state, "--part says which part of a task: it needs --task");
    if (config->problems && !config->task)
        argp_error(state, "--problems stands for a task's own data set: it needs --task");
    if (!config->model)
        argp_error(state, "--model must say which model is tested");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    struct test_config *config = &arguments->config;
    switch (key) {
    case 'j':
        config->json = true;
        return 0;
    case 'q':
        config->quiet = true;
        return 0;
    case KEY_SET:
        return overrides_add(&arguments->overrides, "%s", arg) ? 0 : ENOMEM;
    case KEY_TASK:
        config->task = arg;
        return 0;
    case KEY_PART:
        config->part = arg;
        return 0;
    case KEY_PROBLEMS:
        config->problems = arg;
        return 0;
    case KEY_MODEL:
        config->model = arg;
        return 0;
    case KEY_AGAINST:
        config->against = arg;
        return 0;
    case KEY_RESULTS:
        config->results = arg;
        return 0;
    case KEY_SAMPLES:
        return overrides_add(&arguments->settings, "test.samples=%s", arg) ? 0 : ENOMEM;
    case KEY_TEMPERATURE:
        return overrides_add(&arguments->settings, "test.temperature=%s", arg) ? 0 : ENOMEM;
    case KEY_MAX_LENGTH:
        return overrides_add(&arguments->settings, "test.max_length=%s", arg) ? 0 : ENOMEM;
    case KEY_CONDITION:
        return overrides_add(&arguments->settings, "test.condition=%s", arg) ? 0 : ENOMEM;
    case KEY_RESUME:
        config->resume = arg;
        return 0;
    case KEY_OUT:
        config->out = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (config->file)
            argp_usage(state);
        config->file = arg;
        return 0;
    case ARGP_KEY_END:
        check_usage(arguments, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option argp_options[] = {
    { "model", KEY_MODEL, "MODEL", 0, "What is tested: " MODEL_NAME_HELP, 0 },
    { "task", KEY_TASK, "TASK", 0,
      "Its problems, in the place of a pipeline's tests: mbpp, mbpp:shots=3, humaneval, ...", 0 },
    { "part", KEY_PART, "PART", 0, "Which of the task's parts; test unless said", 0 },
    { "problems", KEY_PROBLEMS, "FILE", 0,
      "File in the place of the task's own data set; all of it, where it has no part test", 0 },
    { "samples", KEY_SAMPLES, "N", 0, "Samples of each problem; as the pipeline says, or 16", 1 },
    { "temperature", KEY_TEMPERATURE, "T", 0, "0: greedy; as the pipeline says, or 0.1", 1 },
    { "max-length", KEY_MAX_LENGTH, "N", 0,
      "Tokens of a sample at most, prompt included; as the pipeline says, or 512", 1 },
    { "condition", KEY_CONDITION, "TOKEN", 0,
      "Reward token that prompts begin with: good, bad or none, or several of them as in "
      "good,none; as the pipeline says, or good, but none where the model lacks the token",
      1 },
    { "set", KEY_SET, "NAME=VALUE", 0, OVERRIDES_HELP, 1 },
    { "against", KEY_AGAINST, "MODEL", 0,
      "Compare with a second model on the same problems with the same seeds, or with the folder of "
      "an earlier test",
      2 },
    { "results", KEY_RESULTS, "RUN", 0,
      "Sample nothing: compare the tests that RUN, or RUN@3 after its third iteration, has of "
      "itself with those of --against RUN",
      2 },
    { "out", KEY_OUT, "FOLDER", 0, "Folder of the results, instead of runs/test-NAME-NNN", 3 },
    { "resume", KEY_RESUME, "FOLDER", 0, "Go on with this test's folder where it was", 3 },
    { "json", 'j', NULL, 0, "Print JSON lines; the last one sums it up", 3 },
    { "quiet", 'q', NULL, 0, "Print nothing but warnings and errors", 3 },
    { 0 },
};

static const struct argp argp = {
    .options = argp_options,
    .parser = parse,
    .args_doc = "PIPELINE --model MODEL\n--task TASK --model MODEL\n--resume FOLDER\n"
                "--results RUN --against RUN",
    .doc =
        "Samples a pipeline's tests, or a task's problems, from a model and judges the programs; "
        "nothing is trained. The folder that it makes is a run's: leti show and leti report take "
        "it.\v"
        "--against pairs the shares of samples that passed of each problem, and prints three "
        "numbers: the mean difference; the interval that holds it in 95 % of draws of the "
        "problems with replacement (a percentile bootstrap, 10,000 draws; of n problems above "
        "2,000, "
        "20,000,000 / n + 100); and p, the two-sided p-value of a sign-flip permutation test: how "
        "often the difference would be as large if each problem's had its sign by chance. Up to 16 "
        "problems that differ, p counts all ways to set the signs; beyond, 100,000 draws, or "
        "500,000,000 / n + 10,000 where n of them differ and n is above 5,000. All draws have a "
        "fixed seed. Problems that either model has no judged sample of do not count.",
};

int command_test(int argc, char **argv)
{
    struct arguments arguments = { .config = { .file = NULL } };
    struct leti_error err;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    struct test_config *config = &arguments.config;
    config->overrides = arguments.overrides.items;
    config->n_overrides = arguments.overrides.n;
    config->settings = arguments.settings.items;
    config->n_settings = arguments.settings.n;
    if (config->quiet)
        log_set_level(LETI_LOG_WARN);
    bool done = test_run(config, &err);
    overrides_free(&arguments.settings);
    overrides_free(&arguments.overrides);
    return done ? 0 : command_fail("test", &err);
}
