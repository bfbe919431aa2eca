/* run - `leti run PIPELINE`: the whole method, or the rest of it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/run.h"

#include <argp.h>

#include "base/log.h"
#include "commands/commands.h"

struct arguments {
    struct run_config config;
    const char *start;
    struct overrides overrides;
};

enum { KEY_SET = 256, KEY_RESUME, KEY_OUT, KEY_FROM, KEY_START };

/* A run goes on with the settings that it began with, or it would be another run; those that no
 * result depends on may be others. */
static void check_usage(const struct arguments *arguments, struct argp_state *state)
{
    const struct run_config *config = &arguments->config;
    if (config->resume && (config->file || config->out || config->from || arguments->start))
        argp_error(state, "--resume takes a run as it is: no pipeline, --out or --from beside it");
    if (!config->from != !arguments->start)
        argp_error(state, "--from RUN and --start STAGE belong together");
    if (!config->resume && !config->file)
        argp_usage(state);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    struct run_config *config = &arguments->config;
    switch (key) {
    case 'j':
        config->json = true;
        return 0;
    case 'q':
        config->quiet = true;
        return 0;
    case KEY_SET:
        return overrides_add(&arguments->overrides, "%s", arg) ? 0 : ENOMEM;
    case KEY_RESUME:
        config->resume = arg;
        return 0;
    case KEY_OUT:
        config->out = arg;
        return 0;
    case KEY_FROM:
        config->from = arg;
        return 0;
    case KEY_START:
        config->from_examples = !strcmp(arg, "train");
        if (!config->from_examples && strcmp(arg, "feedback") != 0)
            argp_error(state, "--start must be feedback or train, not \"%s\"", arg);
        arguments->start = arg;
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
    { "set", KEY_SET, "NAME=VALUE", 0, OVERRIDES_HELP, 0 },
    { "resume", KEY_RESUME, "RUN", 0,
      "Go on with this run's folder where it was; --set then changes only what no result depends "
      "on, such as threads, placement or observers",
      0 },
    { "from", KEY_FROM, "RUN", 0,
      "Train on the samples and verdicts of this run, iteration by iteration, in the place of "
      "sampling; they are copied, and must be of the same problems and evaluators",
      0 },
    { "start", KEY_START, "STAGE", 0,
      "Where --from begins: feedback makes examples anew, by this pipeline's formatter; train "
      "takes "
      "the run's examples as well",
      0 },
    { "out", KEY_OUT, "FOLDER", 0, "Folder of the run, instead of runs/NAME-NNN", 0 },
    { "json", 'j', NULL, 0, "Print JSON lines; the last one sums the run up", 0 },
    { "quiet", 'q', NULL, 0, "Print nothing but warnings and errors", 0 },
    { 0 },
};

static const struct argp argp = {
    .options = argp_options,
    .parser = parse,
    .args_doc = "PIPELINE\n--resume RUN",
    .doc = "Runs a pipeline: samples programs, lets the interpreter judge them, trains on what "
           "it says, tests; iteration after iteration. Ctrl-C stops it, and --resume goes on.\v"
           "--from compares ways to train on the very same samples, as in\n"
           "  leti run mbpp.lua --from runs/mbpp-001 --start feedback\n"
           "      --set feedback.textual=false\n"
           "The model still trains on from its own last checkpoint, and so off-policy: iteration 2 "
           "learns from samples of the other run's model. Tests are sampled from its own.",
};

int command_run(int argc, char **argv)
{
    struct arguments arguments = { .config = { .file = NULL } };
    struct leti_error err;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    arguments.config.overrides = arguments.overrides.items;
    arguments.config.n_overrides = arguments.overrides.n;
    if (arguments.config.quiet)
        log_set_level(LETI_LOG_WARN);
    bool done = run_pipeline(&arguments.config, &err);
    overrides_free(&arguments.overrides);
    return done ? 0 : command_fail("run", &err);
}
