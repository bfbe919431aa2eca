/* show - `leti show RUN [PROBLEM [SAMPLE]]`: what the model wrote, what the interpreter said.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "show/show.h"

#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "commands/commands.h"

enum {
    KEY_ITERATION = 256,
    KEY_TEST,
    KEY_OUTCOME,
    KEY_FAILED,
    KEY_REASON,
    KEY_LIMIT,
    KEY_PROBLEMS,
    KEY_DIFF,
    DEFAULT_LIMIT = 10,
    MOST_PLACES = 2,
};

struct arguments {
    struct show_config config;
    struct show_place places[MOST_PLACES];
    int n_places;
    bool problems, diff, filtered;
};

/* Digits alone, up to the character `end`; NULL where there is something else. */
static const char *read_number(const char *text, char end, int64_t *out)
{
    char *rest = NULL;
    errno = 0;
    long long number = strtoll(text, &rest, 10);
    if (errno || !isdigit((unsigned char)*text) || *rest != end)
        return NULL;
    *out = number;
    return rest;
}

static int64_t parse_number(const char *text, const char *what, struct argp_state *state)
{
    int64_t number = 0;
    if (!read_number(text, '\0', &number))
        argp_error(state, "%s must be a number from 0 on, not \"%s\"", what, text);
    return number;
}

/* "3", or "5:3" for sample 3 of iteration 5. */
static struct show_place parse_place(const char *text, struct argp_state *state)
{
    struct show_place place = { .iteration = SHOW_ANY };
    const char *colon = read_number(text, ':', &place.iteration);
    if (!read_number(colon ? colon + 1 : text, '\0', &place.sample))
        argp_error(state, "a sample must be a number, or ITERATION:SAMPLE, not \"%s\"", text);
    return place;
}

static int64_t parse_outcome(const char *text, struct argp_state *state)
{
    static const char *const names[] = { "passed", "failed", "infra", "unjudged" };
    for (int64_t i = LETI_PASSED; i <= SHOW_UNJUDGED; i++)
        if (!strcmp(text, names[i]))
            return i;
    argp_error(state, "--outcome must be passed, failed, infra or unjudged, not \"%s\"", text);
    return SHOW_ANY;
}

static void take_argument(struct arguments *arguments, char *arg, struct argp_state *state)
{
    struct show_config *config = &arguments->config;
    if (!config->folder)
        config->folder = arg;
    else if (!config->problem)
        config->problem = arg;
    else if (arguments->n_places < MOST_PLACES)
        arguments->places[arguments->n_places++] = parse_place(arg, state);
    else
        argp_usage(state);
}

static void check_usage(struct arguments *arguments, struct argp_state *state)
{
    struct show_config *config = &arguments->config;
    if (!config->folder)
        argp_usage(state);
    if (arguments->diff && arguments->n_places != MOST_PLACES)
        argp_error(state, "--diff wants a problem and two samples of it, as in 12 0:3 5:3");
    if (!arguments->diff && arguments->n_places == MOST_PLACES)
        argp_error(state, "two samples are only shown with --diff");
    if (arguments->problems && (config->problem || arguments->filtered))
        argp_error(state, "--problems counts all samples: only --test and --iteration fit to it");
    if (arguments->n_places && arguments->filtered)
        argp_error(state, "a sample that is named cannot be chosen by outcome or reason as well");
    for (int i = 0; i < arguments->n_places; i++)
        if (arguments->places[i].iteration == SHOW_ANY)
            arguments->places[i].iteration = config->iteration;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    struct show_config *config = &arguments->config;
    arguments->filtered |= key == KEY_OUTCOME || key == KEY_FAILED || key == KEY_REASON;
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
    case KEY_OUTCOME:
        config->outcome = parse_outcome(arg, state);
        return 0;
    case KEY_FAILED:
        config->outcome = LETI_FAILED;
        return 0;
    case KEY_REASON:
        config->reason = arg;
        return 0;
    case KEY_LIMIT:
        config->limit = parse_number(arg, "--limit", state);
        return 0;
    case KEY_PROBLEMS:
        arguments->problems = true;
        return 0;
    case KEY_DIFF:
        arguments->diff = true;
        return 0;
    case ARGP_KEY_ARG:
        take_argument(arguments, arg, state);
        return 0;
    case ARGP_KEY_END:
        check_usage(arguments, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option argp_options[] = {
    { "problems", KEY_PROBLEMS, NULL, 0, "How many samples of each problem passed, by iteration",
      0 },
    { "diff", KEY_DIFF, NULL, 0, "By which lines the programs of two samples differ", 0 },
    { "iteration", KEY_ITERATION, "N", 0, "Samples of this iteration alone", 0 },
    { "test", KEY_TEST, "NAME", 0, "Samples of this test, instead of those trained on", 0 },
    { "outcome", KEY_OUTCOME, "WHICH", 0,
      "Samples that passed, failed, infra (no verdict could be had) or unjudged (not yet)", 0 },
    { "failed", KEY_FAILED, NULL, 0, "The same as --outcome failed", 0 },
    { "reason", KEY_REASON, "WHY", 0, "Samples with this reason or exception, as NameError", 0 },
    { "limit", KEY_LIMIT, "N", 0, "So many samples at most; 10 unless said", 0 },
    { "json", 'j', NULL, 0, "Print JSON lines", 0 },
    { 0 },
};

static const struct argp argp = {
    .options = argp_options,
    .parser = parse,
    .args_doc = "RUN [PROBLEM [SAMPLE]]\nRUN PROBLEM --diff SAMPLE SAMPLE",
    .doc =
        "Shows a run's pass rates and reasons of failure. With a problem, or an option that "
        "chooses samples: the programs, and what was said of them. With a sample: all that is "
        "known of it. SAMPLE is its number, of the last iteration that has it unless --iteration "
        "says which, or ITERATION:SAMPLE.\v"
        "On a terminal, long output goes through $PAGER (less), and is coloured unless NO_COLOR "
        "is set.",
};

static bool show(const struct arguments *arguments, struct leti_error *err)
{
    const struct show_config *config = &arguments->config;
    if (arguments->problems)
        return show_problems(config, err);
    if (arguments->diff)
        return show_diff(config, &arguments->places[0], &arguments->places[1], err);
    if (arguments->n_places)
        return show_sample(config, &arguments->places[0], err);
    if (config->problem || config->test || arguments->filtered || config->iteration != SHOW_ANY)
        return show_samples(config, err);
    return show_run(config, err);
}

int command_show(int argc, char **argv)
{
    struct screen screen = { .out = stdout };
    struct arguments arguments = { .config = { .iteration = SHOW_ANY,
                                               .outcome = SHOW_ANY,
                                               .limit = DEFAULT_LIMIT,
                                               .screen = &screen } };
    struct leti_error err;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (!arguments.config.json)
        screen_open(&screen);
    bool shown = show(&arguments, &err);
    screen_close(&screen);
    return shown ? 0 : command_fail("show", &err);
}
