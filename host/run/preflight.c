/* preflight - before a run starts: do its stages work at all?
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/preflight.h"

#include <stdlib.h>

#include "base/cut.h"
#include "base/log.h"
#include "run/judging.h"
#include "run/tokens.h"
#include "run/train.h"

enum { PREFLIGHT_TAG = 1, QUOTE = 300 };

/* One unit and what became of it. */
struct trial {
    struct run *run;
    bool over;
    struct text raw;        /* what the generator gave */
    bool sampled, rewarded; /* an example had a reward token */
    enum leti_outcome outcome;
    struct text reason, exception, feedback;
    char what[128];
};

static void keep(struct text *text, const char *data, size_t size)
{
    text_clear(text);
    text_append(text, data, size);
}

static bool on_sample(void *context, uint64_t tag, const struct leti_output *output,
                      struct leti_error *err)
{
    struct trial *trial = context;
    (void)tag;
    (void)err;
    keep(&trial->raw, output->raw.data, output->raw.size);
    trial->sampled = true;
    return true;
}

static bool on_verdict(void *context, uint64_t tag, const struct leti_verdict *verdict,
                       struct leti_error *err)
{
    struct trial *trial = context;
    (void)tag;
    (void)err;
    trial->outcome = verdict->outcome;
    keep(&trial->reason, verdict->reason, strlen(verdict->reason));
    keep(&trial->exception, verdict->exception, strlen(verdict->exception));
    keep(&trial->feedback, verdict->feedback.data, verdict->feedback.size);
    trial->over = true;
    return true;
}

static bool on_example(void *context, uint64_t tag, const struct leti_example *example,
                       struct leti_error *err)
{
    struct trial *trial = context;
    struct leti_error why;
    (void)tag;
    trial->over = true;
    if (!example->n_spans)
        return leti_error_set(err, "preflight: %s: gave an empty example", trial->what);
    trial->rewarded |= tokens_have_reward(example);
    return tokens_check(trial->run->pipeline, example, trial->outcome == LETI_PASSED, &why) ||
           leti_error_set(err, "preflight: %s: %s", trial->what, why.text);
}

static bool on_done(void *context, uint64_t tag, struct leti_error *err)
{
    struct trial *trial = context;
    (void)tag;
    trial->over = true;
    return trial->sampled || leti_error_set(err, "preflight: %s: gave no sample", trial->what);
}

static bool on_failed(void *context, uint64_t tag, const char *why, struct leti_error *err)
{
    (void)tag;
    return leti_error_set(err, "preflight: %s: %s", ((struct trial *)context)->what, why);
}

static bool wait_for_end(struct trial *trial, struct leti_error *err)
{
    while (!trial->over)
        if (!relay_turn(&trial->run->relay, err))
            return false;
    trial->over = false;
    return true;
}

static void describe(struct trial *trial, const struct stage *stage,
                     const struct leti_problem *problem, const char *what)
{
    snprintf(trial->what, sizeof trial->what, "%s, problem %.48s, %s", stage->options.name,
             problem->id, what);
}

/* ---- evaluators ---- */

/* The last line of the feedback: of a traceback the one that says what happened. */
static const char *last_line(struct trial *trial)
{
    struct text *text = &trial->feedback;
    while (text->size && strchr("\n\r ", text->data[text->size - 1]))
        text->data[--text->size] = '\0';
    const char *feed = text->size ? strrchr(text->data, '\n') : NULL;
    return feed ? feed + 1 : text_string(text);
}

static bool evaluate(struct trial *trial, const struct stage *stage,
                     const struct leti_problem *problem, struct leti_bytes program,
                     const char *what, struct leti_error *err)
{
    struct leti_sample sample = { .problem = problem, .program = program, .raw = program };
    describe(trial, stage, problem, what);
    for (int i = 0; i < JUDGING_ATTEMPTS; i++) {
        if (!hub_evaluate(trial->run->relay.hub, stage, PREFLIGHT_TAG, trial->what, &sample, err) ||
            !wait_for_end(trial, err))
            return false;
        if (trial->outcome != LETI_INFRA)
            return true;
    }
    return leti_error_set(err, "preflight: %s: could not be judged: %s: %.*s", trial->what,
                          text_string(&trial->reason), QUOTE, last_line(trial));
}

static bool try_good(struct trial *trial, const struct stage *stage,
                     const struct leti_problem *problem, struct leti_error *err)
{
    if (!evaluate(trial, stage, problem, problem->reference, "its reference", err))
        return false;
    if (trial->outcome == LETI_PASSED)
        return true;
    return leti_error_set(err, "preflight: %s: should pass, and failed: %s: %.*s", trial->what,
                          text_string(&trial->reason), QUOTE, last_line(trial));
}

static bool try_bad(struct trial *trial, const struct stage *stage,
                    const struct leti_problem *problem, struct leti_error *err)
{
    if (!evaluate(trial, stage, problem, (struct leti_bytes){ "", 0 }, "an empty program", err))
        return false;
    return trial->outcome == LETI_FAILED ||
           leti_error_set(err, "preflight: %s: should fail, and passed: its tests test nothing",
                          trial->what);
}

/* The first problem that has a reference, or simply the first. */
static const struct leti_problem *pick_problem(const struct run *run)
{
    const struct leti_problem *first = NULL;
    for (size_t set = 0; set <= run->pipeline->n_tests; set++) {
        const struct problems *problems = set ? &run->tests[set - 1] : &run->training;
        for (size_t i = 0; i < problems->n; i++) {
            first = first ? first : &problems->items[i];
            if (problems->items[i].reference.size)
                return &problems->items[i];
        }
    }
    return first;
}

static bool try_evaluators(struct trial *trial, const struct leti_problem *problem,
                           struct text *found, struct leti_error *err)
{
    const struct pipeline *pipeline = trial->run->pipeline;
    bool has_good = problem->reference.size;
    for (size_t i = 0; i < pipeline->n_evaluators; i++) {
        const struct stage *stage = pipeline->evaluators[i];
        if ((has_good && !try_good(trial, stage, problem, err)) ||
            !try_bad(trial, stage, problem, err))
            return false;
        const char *exception = text_string(&trial->exception);
        text_printf(found, "%s%s ok (%s, known bad failed: %s)", found->size ? "; " : "",
                    pipeline->n_evaluators > 1 ? stage->options.name : "evaluator",
                    has_good ? "known good passed" : "no known good program",
                    *exception ? exception : text_string(&trial->reason));
    }
    return true;
}

/* ---- generator and formatter ---- */

/* Enough for a problem of any of the sets. */
static uint32_t longest(const struct pipeline *pipeline)
{
    uint32_t most = (uint32_t)pipeline->generator->options.max_length;
    for (size_t i = 0; i < pipeline->n_tests; i++)
        most = pipeline->tests[i].max_length > most ? pipeline->tests[i].max_length : most;
    return most;
}

static struct leti_request request_of(const struct run *run)
{
    const struct stage_options *options = &run->pipeline->generator->options;
    return (struct leti_request){ .condition = LETI_NO_TOKEN,
                                  .samples = 1,
                                  .seed = run->pipeline->seed,
                                  .temperature = options->temperature,
                                  .top_p = options->top_p,
                                  .top_k = (uint32_t)options->top_k,
                                  .max_length = longest(run->pipeline),
                                  .stops = { (const char *const *)run->pipeline->post,
                                             run->pipeline->n_post } };
}

static bool try_generator(struct trial *trial, const struct leti_problem *problem,
                          struct text *found, struct leti_error *err)
{
    const struct stage *stage = trial->run->pipeline->generator;
    struct leti_request request = request_of(trial->run);
    char *dir = NULL;
    request.problem = problem;
    describe(trial, stage, problem, "one sample");
    if (!train_model(trial->run, stage, 0, &dir, err))
        return false;
    struct hub_model model = { train_version(0), dir };
    bool good = hub_generate(trial->run->relay.hub, stage, PREFLIGHT_TAG, trial->what, &request,
                             dir ? &model : NULL, err) &&
                wait_for_end(trial, err);
    free(dir);
    text_printf(found, "%sgenerator ok", found->size ? "; " : "");
    return good;
}

static bool format(struct trial *trial, const struct leti_problem *problem,
                   const struct leti_verdict *verdict, const char *what, struct leti_error *err)
{
    const struct pipeline *pipeline = trial->run->pipeline;
    const char *raw = text_string(&trial->raw);
    size_t size =
        cut_length(raw, trial->raw.size, (const char *const *)pipeline->post, pipeline->n_post);
    struct leti_sample sample = { .problem = problem,
                                  .program = { raw, size },
                                  .raw = { raw, trial->raw.size } };
    trial->outcome = verdict->outcome;
    describe(trial, pipeline->formatter, problem, what);
    return hub_format(trial->run->relay.hub, pipeline->formatter, PREFLIGHT_TAG, trial->what,
                      &sample, verdict, 1, err) &&
           wait_for_end(trial, err);
}

/* A model that never meets a token says under it what it says without. */
static void warn_of_conditions(const struct trial *trial)
{
    const struct pipeline *pipeline = trial->run->pipeline;
    for (size_t i = 0; i < pipeline->n_tests && !trial->rewarded; i++) {
        const struct test *test = &pipeline->tests[i];
        if (!pipeline->trainer || test->condition == LETI_NO_TOKEN)
            continue;
        log_line(LETI_LOG_WARN,
                 "%s writes no reward token, yet test %s asks for %s: set test.condition=none",
                 pipeline->formatter->options.name, test->name,
                 test->condition == LETI_GOOD ? "good" : "bad");
        return;
    }
}

/* As if the sample had failed every evaluator in the way that an empty program did, and passed. */
static bool try_formatter(struct trial *trial, const struct leti_problem *problem,
                          struct leti_error *err)
{
    struct leti_verdict failed = { .outcome = LETI_FAILED,
                                   .reason = text_string(&trial->reason),
                                   .exception = text_string(&trial->exception),
                                   .feedback = { text_string(&trial->feedback),
                                                 trial->feedback.size } };
    struct leti_verdict passed = {
        .outcome = LETI_PASSED, .reason = "passed", .exception = "", .feedback = { "", 0 }
    };
    if (!format(trial, problem, &failed, "a failed sample", err) ||
        !format(trial, problem, &passed, "a passed sample", err))
        return false;
    warn_of_conditions(trial);
    return true;
}

static bool try_all(struct trial *trial, const struct leti_problem *problem, struct text *found,
                    struct leti_error *err)
{
    const struct pipeline *pipeline = trial->run->pipeline;
    return (!pipeline->generator || try_generator(trial, problem, found, err)) &&
           try_evaluators(trial, problem, found, err) &&
           (!pipeline->formatter || try_formatter(trial, problem, err));
}

bool preflight_run(struct run *run, struct text *found, struct leti_error *err)
{
    const struct leti_problem *problem = pick_problem(run);
    struct trial trial = { .run = run };
    if (!problem)
        return true;
    run->relay.to = (struct hub_handler){ .context = &trial,
                                          .sample = on_sample,
                                          .verdict = on_verdict,
                                          .example = on_example,
                                          .done = on_done,
                                          .failed = on_failed,
                                          .lost = on_failed };
    bool good = try_all(&trial, problem, found, err);
    run->relay.to = (struct hub_handler){ 0 };
    text_free(&trial.raw);
    text_free(&trial.reason);
    text_free(&trial.exception);
    text_free(&trial.feedback);
    return good;
}
