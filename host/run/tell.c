/* tell - what a run says of itself on stdout.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/tell.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/json_text.h"
#include "base/log.h"
#include "base/path.h"
#include "base/plain.h"
#include "run/model_name.h"
#include "run/progress.h"
#include "result/result.h"
#include "run/validation.h"

enum { SHOWN_FAILURES = 3 };

/* A line for people. */
__attribute__((format(printf, 2, 3))) static void say(const struct run *run, const char *format,
                                                      ...)
{
    va_list args;
    struct text line = { 0 }, plain = { 0 };
    if (run->json || run->quiet)
        return;
    va_start(args, format);
    text_vprintf(&line, format, args);
    va_end(args);
    plain_line(&plain, text_string(&line));
    log_progress(NULL);
    printf("%s\n", text_string(&plain));
    fflush(stdout);
    text_free(&line);
    text_free(&plain);
}

/* A line for programs; takes what is in the text. */
static bool say_json(const struct run *run, struct text *text, struct leti_error *err)
{
    char *line = text_take(text, err);
    if (!line)
        return false;
    if (run->json) {
        log_progress(NULL);
        printf("%s\n", line);
        fflush(stdout);
    }
    free(line);
    return true;
}

void tell_start(const struct run *run, bool resumed)
{
    const struct pipeline *pipeline = run->pipeline;
    const char *model = run->generator_model ? run->generator_model : run->trainer_model;
    struct text line = { 0 };
    text_add(&line, run->folder.name);
    if (model) {
        text_add(&line, "   ");
        model_add_name(&line, model);
    }
    if (pipeline->from_references)
        text_printf(&line, "   references of %zu problems",
                    problems_with_reference(&run->training));
    else if (run->training.n)
        text_printf(&line, "   %zu problems x %" PRId64 " samples", run->training.n,
                    pipeline->generator ? pipeline->generator->options.samples : 0);
    if (run->borrowed)
        text_printf(&line, " of %s", run->borrowed);
    if (pipeline->trainer)
        text_printf(&line, "   %u iteration%s", pipeline->iterations,
                    pipeline->iterations == 1 ? "" : "s");
    text_printf(&line, "   seed %" PRIu64 "%s", pipeline->seed, resumed ? "   goes on" : "");
    say(run, "%s", text_string(&line));
    text_free(&line);
}

void tell_finished(const struct run *run)
{
    say(run, "%s is finished", run->folder.name);
}

void tell_preflight(const struct run *run, const char *found)
{
    say(run, "%-16s %s", "preflight", found);
}

/* ---- tests ---- */

static bool test_result(struct run *run, uint32_t test, uint32_t iteration, struct result *out,
                        struct leti_error *err)
{
    return result_of(run->store, test + 1, iteration, run->tests[test].n,
                     run->pipeline->tests[test].samples, out, err);
}

static bool say_test_json(struct run *run, uint32_t test, uint32_t iteration,
                          const struct result *result, struct leti_error *err)
{
    struct text text = { 0 };
    text_add(&text, "{\"test\": ");
    json_text_string(&text, run->pipeline->tests[test].name);
    text_printf(&text, ", \"iteration\": %u, \"result\": ", iteration);
    result_json(result, &text);
    text_add(&text, ", \"reasons\": ");
    if (!reasons_json(run->store, test + 1, iteration, &text, err)) {
        text_free(&text);
        return false;
    }
    text_add(&text, "}");
    return say_json(run, &text, err);
}

/* Behind pass@1: of how many problems it is, and pass@k beyond k = 1; where tests are all that is
 * done, with the intervals. */
static void add_passes(const struct run *run, const struct result *result, struct text *out)
{
    result_counted(result, 0, out);
    for (int i = 1; i < RESULT_KS; i++) {
        if (!result->has_pass[i])
            continue;
        text_printf(out, "   pass@%u %.1f %%", result_ks[i], 100 * result->pass[i]);
        if (run->pipeline->tests_only)
            text_printf(out, " [%.1f, %.1f]", 100 * result->intervals[i].low,
                        100 * result->intervals[i].high);
        result_counted(result, i, out);
    }
}

bool tell_test(struct run *run, uint32_t test, uint32_t iteration, struct leti_error *err)
{
    struct result result;
    struct text more = { 0 };
    char label[32];
    if (!test_result(run, test, iteration, &result, err) ||
        !say_test_json(run, test, iteration, &result, err))
        return false;
    snprintf(label, sizeof label, "test %u", iteration);
    add_passes(run, &result, &more);
    if (result.infra)
        text_printf(&more, "   %" PRIu64 " not judged", result.infra);
    say(run, "%-16s pass@1 %.1f %% [%.1f, %.1f]%s   solved %.1f %%   %zu %s problems x %u", label,
        100 * result.pass[0], 100 * result.interval.low, 100 * result.interval.high,
        text_string(&more), 100 * result.solve_rate, result.n_problems,
        run->pipeline->tests[test].name, result.n_samples);
    text_clear(&more);
    result_failures(&result, SHOWN_FAILURES, &more);
    if (more.size)
        say(run, "%-16s failed by %s", "", text_string(&more));
    text_free(&more);
    return true;
}

/* ---- iterations ---- */

/* "1.2 M", "340 k", "999" */
static void add_amount(struct text *text, double n)
{
    if (n >= 1e6)
        text_printf(text, "%.3g M", n / 1e6);
    else if (n >= 1e4)
        text_printf(text, "%.0f k", n / 1e3);
    else
        text_printf(text, "%.0f", n);
}

/* What training said: steps and loss, where the trainer tells them. */
static bool add_training(struct run *run, uint32_t iteration, struct text *line, struct text *json,
                         struct leti_error *err)
{
    bool has_loss = false, has_steps = false, has_tokens = false;
    double loss = 0, steps = 0, tokens = 0;
    const char *stage = run->pipeline->trainer->options.name;
    if (!last_metric(run->store, iteration, stage, "loss", &has_loss, &loss, err) ||
        !last_metric(run->store, iteration, stage, "steps", &has_steps, &steps, err) ||
        !last_metric(run->store, iteration, stage, "tokens", &has_tokens, &tokens, err))
        return false;
    if (has_steps) {
        text_printf(line, "   %.0f steps", steps);
        text_printf(json, ", \"steps\": %.0f", steps);
    }
    if (has_tokens)
        text_printf(json, ", \"tokens\": %.0f", tokens);
    if (has_loss) {
        text_printf(line, "%s loss %.3g", has_steps ? "," : "  ", loss);
        text_add(json, ", \"loss\": ");
        json_number(json, loss);
    }
    return true;
}

/* Since the run began: "640 steps, 1.2 M tokens so far". */
static bool add_totals(struct run *run, uint32_t iteration, struct text *line, struct text *json,
                       struct leti_error *err)
{
    double steps = 0, tokens = 0;
    const char *stage = run->pipeline->trainer->options.name;
    if (!metric_so_far(run->store, iteration, stage, "steps", &steps, err) ||
        !metric_so_far(run->store, iteration, stage, "tokens", &tokens, err))
        return false;
    text_printf(json, ", \"steps_so_far\": %.0f, \"tokens_so_far\": %.0f", steps, tokens);
    if (steps)
        text_printf(line, "%.0f steps", steps);
    if (tokens) {
        text_add(line, line->size ? ", " : "");
        add_amount(line, tokens);
        text_add(line, " tokens");
    }
    text_add(line, line->size ? " so far" : "");
    return true;
}

static void add_loss_json(struct text *json, const char *set, const char *when, double loss)
{
    text_printf(json, ", \"%s_loss%s\": ", set, when);
    json_number(json, loss);
    text_printf(json, ", \"%s_perplexity%s\": ", set, when);
    json_number(json, exp(loss));
}

/* "validation loss 0.61 -> 0.512 (perplexity 1.67), without token 0.53 (1.7)": where it was told
 * before the first step, too, as in the first iteration, from there. */
static bool add_validation_set(struct run *run, uint32_t iteration, size_t set, struct text *line,
                               struct text *json, struct leti_error *err)
{
    const char *stage = run->pipeline->trainer->options.name;
    char name[64];
    bool found = false, has_first = false;
    double loss = 0, first = 0;
    snprintf(name, sizeof name, "%s_loss", validation_sets[set]);
    if (!last_metric(run->store, iteration, stage, name, &found, &loss, err) ||
        !first_metric(run->store, iteration, stage, name, &has_first, &first, err))
        return false;
    if (!found)
        return true;
    text_printf(line, "%s%s ",
                !line->size ? ""
                : set       ? ", "
                            : "   ",
                set ? "without token" : "validation loss");
    if (has_first) {
        text_printf(line, "%.3g -> ", first);
        add_loss_json(json, validation_sets[set], "_before", first);
    }
    text_printf(line, "%.3g (%s%.3g)", loss, set ? "" : "perplexity ", exp(loss));
    add_loss_json(json, validation_sets[set], "", loss);
    return true;
}

/* The loss of held-out references, with the reward token and without it. */
static bool add_validation(struct run *run, uint32_t iteration, struct text *line,
                           struct text *json, struct leti_error *err)
{
    for (size_t set = 0; set < VALIDATION_SETS; set++)
        if (!add_validation_set(run, iteration, set, line, json, err))
            return false;
    return true;
}

static bool add_sampling(struct run *run, uint32_t iteration, struct text *line, struct text *json,
                         struct leti_error *err)
{
    struct counts counts = { 0 };
    if (!counts_of(run->store, STORE_TRAINING, iteration, &counts, err))
        return false;
    uint64_t judged = counts.sampled > counts.infra ? counts.sampled - counts.infra : 0;
    text_printf(line, "%s %" PRIu64 "   passed %.0f %%   (%" PRIu64 " verdicts reused)",
                run->pipeline->from_references ? "references"
                : run->borrowed                ? "taken"
                                               : "sampled",
                counts.sampled, judged ? 100.0 * (double)counts.passed / (double)judged : 0,
                counts.reused);
    if (counts.infra)
        text_printf(line, "   %" PRIu64 " not judged", counts.infra);
    text_printf(json,
                ", \"sampled\": %" PRIu64 ", \"passed\": %" PRIu64 ", \"reused\": %" PRIu64
                ", \"infra\": %" PRIu64 ", \"reasons\": ",
                counts.sampled, counts.passed, counts.reused, counts.infra);
    return reasons_json(run->store, STORE_TRAINING, iteration, json, err);
}

bool tell_iteration(struct run *run, uint32_t iteration, struct leti_error *err)
{
    struct text line = { 0 }, more = { 0 }, json = { 0 };
    const struct pipeline *pipeline = run->pipeline;
    char label[32], time[32];
    double sampling = 0, training = 0;
    bool done;
    snprintf(label, sizeof label, "iteration %u", iteration);
    text_printf(&json, "{\"iteration\": %u", iteration);
    bool good = store_part(run->store, iteration, "sample", &done, &sampling, err) &&
                store_part(run->store, iteration, "train", &done, &training, err) &&
                (!run->training.n || add_sampling(run, iteration, &line, &json, err)) &&
                (!pipeline->trainer || (add_training(run, iteration, &line, &json, err) &&
                                        add_totals(run, iteration, &more, &json, err) &&
                                        add_validation(run, iteration, &more, &json, err)));
    if (good) {
        progress_time(sampling + training, time, sizeof time);
        text_printf(&json, ", \"sample_seconds\": %.3f, \"train_seconds\": %.3f}", sampling,
                    training);
        say(run, "%-16s %s   %s", label, text_string(&line), time);
        if (more.size)
            say(run, "%-16s %s", "", text_string(&more));
        good = say_json(run, &json, err);
    }
    text_free(&line);
    text_free(&more);
    text_free(&json);
    return good;
}

/* ---- the end ---- */

/* Of a test before the first training. */
static bool first_result(struct run *run, uint32_t test, struct result *out, struct leti_error *err)
{
    return test_result(run, (uint32_t)run->pipeline->tests[test].untrained, 0, out, err);
}

/* "before": {...}, "after": {...} of one test; `after` only where something was trained. */
static bool add_before_after(struct run *run, uint32_t test, uint32_t last, struct text *json,
                             struct leti_error *err)
{
    struct result before, after;
    if (!first_result(run, test, &before, err) || !test_result(run, test, last, &after, err))
        return false;
    text_add(json, "{\"before\": ");
    result_json(&before, json);
    text_add(json, ", \"after\": ");
    if (last)
        result_json(&after, json);
    else
        text_add(json, "null");
    text_add(json, "}");
    return true;
}

static bool end_json(struct run *run, uint32_t last, double seconds, struct text *json,
                     struct leti_error *err)
{
    const struct pipeline *pipeline = run->pipeline;
    text_add(json, "{\"run\": ");
    json_text_string(json, run->folder.path);
    text_printf(json, ", \"iterations\": %u, \"seconds\": %.3f", last, seconds);
    if (pipeline->n_tests) {
        text_add(json, ", \"test\": ");
        if (!add_before_after(run, 0, last, json, err))
            return false;
    }
    text_add(json, ", \"tests\": {");
    for (uint32_t i = 0; i < pipeline->n_tests; i++) {
        text_add(json, i ? ", " : "");
        json_text_string(json, pipeline->tests[i].name);
        text_add(json, ": ");
        if (!add_before_after(run, i, last, json, err))
            return false;
    }
    text_add(json, "}}");
    return say_json(run, json, err);
}

static bool say_end(struct run *run, uint32_t last, const char *time, struct leti_error *err)
{
    const struct pipeline *pipeline = run->pipeline;
    struct result before, after;
    for (uint32_t i = 0; i < pipeline->n_tests && last; i++) {
        if (!first_result(run, i, &before, err) || !test_result(run, i, last, &after, err))
            return false;
        say(run, "pass@1 %.1f -> %.1f %% on %s problems%s%s", 100 * before.pass[0],
            100 * after.pass[0], pipeline->tests[i].name, i ? "" : ", in ", i ? "" : time);
    }
    if (!pipeline->n_tests || !last)
        say(run, "done in %s", time);
    say(run, "  leti show %s   what the model wrote, what the interpreter said", run->folder.name);
    say(run, "  leti report %s   curves, failures, problems before and after", run->folder.name);
    return true;
}

bool tell_end(struct run *run, uint32_t last, struct leti_error *err)
{
    double seconds = 0;
    char time[32];
    struct text json = { 0 };
    if (run->no_end)
        return true;
    if (!store_total_seconds(run->store, &seconds, err))
        return false;
    progress_time(seconds, time, sizeof time);
    bool good = say_end(run, last, time, err) && end_json(run, last, seconds, &json, err);
    text_free(&json);
    return good;
}
