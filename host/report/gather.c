/* gather - reads what a report shows from a run's database.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/gather.h"

#include <math.h>
#include <stdlib.h>

#include "base/path.h"
#include "report/examples.h"
#include "report/metrics.h"
#include "report/warnings.h"
#include "run/model_name.h"

enum { MOST_ITERATIONS = 1000000 };

struct gathering {
    struct store *store;
    struct arena *memory;
    struct run_data *run;
};

/* ---- selects ---- */

/* Gives each row of a select to `add`; up to two parameters, negative ones are not bound. */
typedef bool each_row(struct gathering *, struct store_rows *, void *context,
                      struct leti_error *err);

static bool for_rows(struct gathering *g, const char *sql, const int64_t parameters[2],
                     each_row *add, void *context, struct leti_error *err)
{
    struct store_rows *rows = NULL;
    enum leti_status status = LETI_OK;
    if (!store_select(g->store, sql, &rows, err))
        return false;
    for (int i = 0; i < 2 && parameters && parameters[i] >= 0; i++)
        if (!store_bind_number(rows, i + 1, parameters[i], err))
            status = LETI_ERROR;
    while (status == LETI_OK && (status = store_next(rows, err)) == LETI_OK)
        if (!add(g, rows, context, err))
            status = LETI_ERROR;
    store_rows_close(rows);
    return status == LETI_DONE;
}

/* ---- what it is ---- */

static bool add_entry(struct gathering *g, struct store_rows *row, struct entry **list, size_t *n,
                      struct leti_error *err)
{
    struct entry *entry = LIST_ADD(g->memory, list, n, err);
    return entry && (entry->key = keep_string(g->memory, store_text(row, 0), err)) &&
           (entry->value = keep_string(g->memory, store_text(row, 1), err));
}

static bool add_manifest(struct gathering *g, struct store_rows *row, void *context,
                         struct leti_error *err)
{
    (void)context;
    return add_entry(g, row, &g->run->manifest, &g->run->n_manifest, err);
}

static bool add_event(struct gathering *g, struct store_rows *row, void *context,
                      struct leti_error *err)
{
    (void)context;
    return add_entry(g, row, &g->run->events, &g->run->n_events, err);
}

/* The value of "\nmodel = VALUE\n" in a stage's options; the caller frees it. */
static char *model_in(const char *options)
{
    static const char key[] = "\nmodel = ";
    const char *at = strstr(options, key);
    if (!at)
        return NULL;
    at += sizeof key - 1;
    return strndup(at, strcspn(at, "\n"));
}

/* The model of the first stage that names one; a generator's stands before a trainer's. */
static bool name_model(struct gathering *g, struct leti_error *err)
{
    static const char prefix[] = "options of ";
    struct run_data *run = g->run;
    char *model = NULL;
    for (size_t i = 0; i < run->n_manifest && !(model && *model); i++) {
        free(model);
        model = strncmp(run->manifest[i].key, prefix, sizeof prefix - 1)
                    ? NULL
                    : model_in(run->manifest[i].value);
    }
    struct text name = { 0 };
    if (model)
        model_add_name(&name, model);
    run->model = keep_string(g->memory, text_string(&name), err);
    text_free(&name);
    free(model);
    return run->model;
}

static const char *value_or(const struct run_data *run, const char *key, const char *otherwise)
{
    const char *value = manifest_value(run, key);
    return value ? value : otherwise;
}

static bool read_manifest(struct gathering *g, struct leti_error *err)
{
    struct run_data *run = g->run;
    if (!for_rows(g, "SELECT key, value FROM manifest ORDER BY key", NULL, add_manifest, NULL,
                  err) ||
        !for_rows(g, "SELECT time, trim(kind || ' ' || text) FROM event ORDER BY rowid", NULL,
                  add_event, NULL, err))
        return false;
    run->pipeline = value_or(run, "name", "");
    run->seed = value_or(run, "seed", "");
    run->wanted = (uint32_t)strtoul(value_or(run, "iterations", "0"), NULL, 10);
    run->finished = manifest_value(run, "finished");
    run->tests_only = manifest_value(run, "tested model");
    return name_model(g, err);
}

/* ---- time ---- */

static struct iteration_time *time_at(struct gathering *g, int64_t iteration,
                                      struct leti_error *err)
{
    struct run_data *run = g->run;
    if (iteration < 0 || iteration > MOST_ITERATIONS) {
        leti_error_set(err, "%s: iteration %lld in the database, which has 0 .. %d", run->folder,
                       (long long)iteration, MOST_ITERATIONS);
        return NULL;
    }
    while (run->n_times <= (size_t)iteration) {
        struct iteration_time *time = LIST_ADD(g->memory, &run->times, &run->n_times, err);
        if (!time)
            return NULL;
        time->steps = time->tokens = NAN;
    }
    return &run->times[iteration];
}

static bool add_part(struct gathering *g, struct store_rows *row, void *context,
                     struct leti_error *err)
{
    (void)context;
    const char *part = store_text(row, 1);
    double seconds = store_real(row, 2);
    bool done = store_number(row, 3);
    g->run->seconds += seconds;
    struct iteration_time *time = time_at(g, store_number(row, 0), err);
    if (!time)
        return false;
    if (!strcmp(part, "sample")) {
        time->sample += seconds;
        time->sampled = done;
    } else if (!strcmp(part, "train")) {
        time->train += seconds;
        time->trained = done;
    } else
        time->test += seconds;
    return true;
}

static bool add_retries(struct gathering *g, struct store_rows *row, void *context,
                        struct leti_error *err)
{
    (void)context;
    (void)err;
    g->run->n_retries = (uint64_t)store_number(row, 0);
    return true;
}

/* Adds up what training took, iteration by iteration. */
static void sum_up(struct run_data *run)
{
    const struct metric *steps = metric_named(run, "steps"), *tokens = metric_named(run, "tokens");
    double all_steps = 0, all_seconds = 0;
    run->has_steps = steps && run->n_times;
    for (size_t i = 0; i < run->n_times; i++) {
        struct iteration_time *time = &run->times[i];
        time->steps = metric_last(steps, (uint32_t)i);
        time->tokens = metric_last(tokens, (uint32_t)i);
        if (time->trained && isnan(time->steps))
            run->has_steps = false;
        all_steps += isnan(time->steps) || !time->trained ? 0 : time->steps;
        all_seconds += time->sample + time->train;
        time->all_steps = all_steps;
        time->all_seconds = all_seconds;
    }
}

/* ---- metrics ---- */

/* Rows come by stage, name, iteration and step. */
static bool add_metric(struct gathering *g, struct store_rows *row, void *context,
                       struct leti_error *err)
{
    (void)context;
    struct run_data *run = g->run;
    struct metric *metric = run->n_metrics ? &run->metrics[run->n_metrics - 1] : NULL;
    const char *stage = store_text(row, 0), *name = store_text(row, 1);
    if (!metric || strcmp(metric->stage, stage) != 0 || strcmp(metric->name, name) != 0) {
        metric = LIST_ADD(g->memory, &run->metrics, &run->n_metrics, err);
        if (!metric || !(metric->stage = keep_string(g->memory, stage, err)) ||
            !(metric->name = keep_string(g->memory, name, err)))
            return false;
    }
    struct metric_point *point = LIST_ADD(g->memory, &metric->points, &metric->n_points, err);
    if (!point)
        return false;
    point->iteration = (uint32_t)store_number(row, 2);
    point->value = store_real(row, 3);
    return true;
}

static bool read_metrics(struct gathering *g, struct leti_error *err)
{
    if (!for_rows(g,
                  "SELECT stage, name, iteration, value FROM metric WHERE value IS NOT NULL"
                  " ORDER BY stage, name, iteration, step",
                  NULL, add_metric, NULL, err))
        return false;
    for (size_t i = 0; i < g->run->n_metrics; i++)
        metric_place(&g->run->metrics[i]);
    return true;
}

/* ---- phases ---- */

static bool add_phase(struct gathering *g, struct store_rows *row, void *context,
                      struct leti_error *err)
{
    (void)context;
    struct phase *phase = LIST_ADD(g->memory, &g->run->phases, &g->run->n_phases, err);
    if (!phase)
        return false;
    phase->phase = (uint32_t)store_number(row, 0);
    phase->n_samples = (uint32_t)store_number(row, 2);
    phase->n_problems = (size_t)store_number(row, 3);
    return (phase->name = keep_string(g->memory, store_text(row, 1), err));
}

static bool add_cause(struct gathering *g, struct store_rows *row, void *context,
                      struct leti_error *err)
{
    struct outcome_point *point = context;
    struct cause *cause = LIST_ADD(g->memory, &point->causes, &point->n_causes, err);
    if (!cause)
        return false;
    cause->n = (uint64_t)store_number(row, 1);
    return (cause->name = keep_string(g->memory, store_text(row, 0), err));
}

static bool add_tokens(struct gathering *g, struct store_rows *row, void *context,
                       struct leti_error *err)
{
    (void)g;
    (void)err;
    ((struct outcome_point *)context)->tokens = (uint64_t)store_number(row, 0);
    return true;
}

/* A sample that several evaluators refused counts once, by the first of them. */
static bool read_causes(struct gathering *g, const int64_t key[2], struct outcome_point *point,
                        struct leti_error *err)
{
    return for_rows(g,
                    "SELECT why, count(*) AS n FROM (SELECT CASE WHEN outcome = 2 THEN"
                    " 'not judged' WHEN exception = '' THEN reason ELSE exception END AS why,"
                    " min(evaluator) FROM verdict WHERE phase = ? AND iteration = ? AND"
                    " outcome > 0 GROUP BY problem, sample) GROUP BY why ORDER BY n DESC, why",
                    key, add_cause, point, err) &&
           for_rows(g,
                    "SELECT coalesce(sum(tokens), 0) FROM sample WHERE phase = ? AND"
                    " iteration = ?",
                    key, add_tokens, point, err);
}

/* How much training the model had behind it. Training samples of iteration i are of the model
 * that iteration i - 1 left; tests follow the training. */
static void place_point(const struct run_data *run, bool training, struct outcome_point *point)
{
    size_t trained = point->iteration - (training && point->iteration);
    if (trained < run->n_times) {
        point->steps = run->times[trained].all_steps;
        point->seconds = run->times[trained].all_seconds;
    }
}

static bool add_point(struct gathering *g, struct store_rows *row, void *context,
                      struct leti_error *err)
{
    struct phase *phase = context;
    struct outcome_point *point = LIST_ADD(g->memory, &phase->points, &phase->n_points, err);
    if (!point)
        return false;
    point->iteration = (uint32_t)store_number(row, 0);
    place_point(g->run, !phase->phase, point);
    return result_of(g->store, phase->phase, point->iteration, phase->n_problems, phase->n_samples,
                     &point->result, err) &&
           counts_of(g->store, phase->phase, point->iteration, &point->counts, err) &&
           read_causes(g, (const int64_t[]){ phase->phase, point->iteration }, point, err);
}

static bool read_points(struct gathering *g, struct phase *phase, struct leti_error *err)
{
    return for_rows(g,
                    phase->phase
                        ? "SELECT DISTINCT s.iteration FROM sample AS s JOIN phase USING (phase)"
                          " WHERE s.phase = ? AND EXISTS (SELECT 1 FROM part WHERE done AND"
                          " part.iteration = s.iteration AND part = 'test ' || name) ORDER BY 1"
                        : "SELECT DISTINCT s.iteration FROM sample AS s"
                          " WHERE s.phase = ? AND EXISTS (SELECT 1 FROM part WHERE done AND"
                          " part.iteration = s.iteration AND part = 'sample') ORDER BY 1",
                    (const int64_t[]){ phase->phase, -1 }, add_point, phase, err);
}

/* Whether the name is the other one with a condition behind it: "held-out.bad", or, where programs
 * are not cut, "held-out.bad.uncut" for "held-out.uncut". */
static bool is_condition_of(const char *name, const char *other)
{
    static const char *const conditions[] = { ".good", ".bad", ".none" };
    static const char uncut[] = ".uncut";
    size_t n = strlen(other), m = strlen(uncut);
    bool is_uncut = n > m && !strcmp(other + n - m, uncut);
    size_t stem = is_uncut ? n - m : n;
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
        if (!strncmp(name, other, stem) &&
            !strncmp(name + stem, conditions[i], strlen(conditions[i])) &&
            !strcmp(name + stem + strlen(conditions[i]), is_uncut ? uncut : ""))
            return true;
    return false;
}

static bool put_first(struct gathering *g, struct phase *phase, const struct outcome_point *first,
                      struct leti_error *err)
{
    if (!LIST_ADD(g->memory, &phase->points, &phase->n_points, err))
        return false;
    memmove(phase->points + 1, phase->points, (phase->n_points - 1) * sizeof *first);
    phase->points[0] = *first;
    return true;
}

/* A model that has met no reward token yet is tested under no condition; so the first point of a
 * condition's test is that of the test which it belongs to. */
static bool lend_first_point(struct gathering *g, struct phase *phase, struct leti_error *err)
{
    if (!phase->phase || !phase->n_points || !phase->points[0].iteration)
        return true;
    for (size_t i = 0; i < g->run->n_phases; i++) {
        const struct phase *other = &g->run->phases[i];
        if (other->phase && other->n_points && !other->points[0].iteration &&
            is_condition_of(phase->name, other->name))
            return put_first(g, phase, &other->points[0], err);
    }
    return true;
}

static bool read_phases(struct gathering *g, struct leti_error *err)
{
    if (!for_rows(g,
                  "SELECT phase, name, samples, (SELECT count(*) FROM problem WHERE"
                  " problem.phase = phase.phase) FROM phase ORDER BY phase",
                  NULL, add_phase, NULL, err))
        return false;
    for (size_t i = 0; i < g->run->n_phases; i++)
        if (!read_points(g, &g->run->phases[i], err))
            return false;
    for (size_t i = 0; i < g->run->n_phases; i++)
        if (!lend_first_point(g, &g->run->phases[i], err))
            return false;
    return true;
}

/* ---- the whole ---- */

/* From here on all selects see the database as it is now. */
static bool hold_still(struct store *store, struct leti_error *err)
{
    struct store_rows *rows = NULL;
    if (!store_select(store, "BEGIN", &rows, err))
        return false;
    enum leti_status status = store_next(rows, err);
    store_rows_close(rows);
    return status == LETI_DONE;
}

static bool read_all(struct gathering *g, struct leti_error *err)
{
    if (!hold_still(g->store, err) || !read_manifest(g, err) || !read_metrics(g, err) ||
        !for_rows(g, "SELECT iteration, part, seconds, done FROM part", NULL, add_part, NULL,
                  err) ||
        !for_rows(g, "SELECT count(*) FROM retry", NULL, add_retries, NULL, err))
        return false;
    sum_up(g->run);
    return read_phases(g, err) && examples_read(g->store, g->memory, g->run, err) &&
           warnings_read(g->memory, g->run, err);
}

/* "quickstart-001" of "runs/quickstart-001/" */
static bool name_run(struct gathering *g, const char *folder, struct leti_error *err)
{
    char *real = realpath(folder, NULL);
    g->run->folder = folder;
    g->run->path = keep_string(g->memory, real ? real : folder, err);
    free(real);
    if (g->run->path)
        g->run->name = path_name(g->run->path);
    return g->run->path;
}

bool gather_run(struct arena *memory, const char *folder, struct run_data *out,
                struct leti_error *err)
{
    struct gathering g = { .memory = memory, .run = out };
    if (!store_open_read(folder, &g.store, err))
        return false;
    bool read = name_run(&g, folder, err) && read_all(&g, err);
    store_close(g.store);
    return read;
}
