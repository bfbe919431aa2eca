/* score - judges programs that are already written.
 *
 * The samples are put into a store of their own, in a scratch folder, and judged by a rollout that
 * has nothing to generate.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/score.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/cut.h"
#include "base/file.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/path.h"
#include "run/relay.h"
#include "run/result.h"
#include "run/rollout.h"
#include "run/samples.h"
#include "run/stop.h"
#include "script/places.h"

enum { ITERATION = 0 };

struct score {
    const struct score_config *config;
    struct pipeline *pipeline;
    struct problems problems;
    struct samples samples;
    char *folder;
    struct store *store;
    struct relay relay;
    uint32_t most, least; /* samples of one problem */
    size_t n_judged_problems;
};

/* ---- the pipeline that a task makes ---- */

/* As a string of Lua's. */
static void add_quoted(struct text *text, const char *string)
{
    text_add_char(text, '"');
    for (; *string; string++)
        if (isalnum((unsigned char)*string))
            text_add_char(text, *string);
        else
            text_printf(text, "\\%03d", (unsigned char)*string);
    text_add_char(text, '"');
}

static const char chunk_name[] = "./score"; /* in this folder, whose modules and data it sees */

static char *pipeline_text(const struct score_config *config, struct leti_error *err)
{
    struct text text = { 0 };
    text_add(&text, "local task = require(\"tasks.\" .. ");
    add_quoted(&text, config->task);
    text_add(&text, ")\n");
    if (config->problems) {
        text_add(&text, "task = task.from(");
        add_quoted(&text, config->problems);
        text_add(&text, ")\n");
    }
    text_add(&text, "return pipeline { name = \"score\", infra_limit = 1, problems = task.all, "
                    "post = task.post, flow = task.evaluator() }\n");
    return text_take(&text, err);
}

static int is_task(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);
    return size > 4 && !strcmp(entry->d_name + size - 4, ".lua") &&
           strcmp(entry->d_name, "task.lua") != 0; /* what tasks are made with */
}

/* Says which tasks came with the program. */
static bool refuse_task(const char *task, struct leti_error *err)
{
    struct text text = { 0 };
    struct dirent **entries = NULL;
    char *pipelines = places_pipelines(NULL);
    char *folder = pipelines ? path_join(pipelines, "tasks") : NULL;
    int n = folder ? scandir(folder, &entries, is_task, alphasort) : 0;
    text_printf(&text, "no task \"%s\"", task);
    for (int i = 0; i < n; i++) {
        text_printf(&text, "%s%.*s", i ? ", " : "; there are ", (int)strlen(entries[i]->d_name) - 4,
                    entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    free(folder);
    free(pipelines);
    leti_error_set(err, "%s", text_string(&text));
    text_free(&text);
    return false;
}

/* Says what went wrong in the pipeline, whose text no person wrote: without its lines, and with
 * the task in the place of Lua's words for a module that is not there. */
static bool explain(const struct score_config *config, struct leti_error *err)
{
    char missing[256];
    snprintf(missing, sizeof missing, "module 'tasks.%s' not found", config->task);
    if (strstr(err->text, missing) || !strcmp(config->task, "task"))
        return refuse_task(config->task, err);
    const char *colon = strstr(err->text, chunk_name) == err->text ? strchr(err->text, ' ') : NULL;
    return colon && leti_error_set(err, "%s", colon + 1);
}

static bool open_pipeline(struct score *score, struct leti_error *err)
{
    const struct score_config *config = score->config;
    char *text = pipeline_text(config, err);
    if (!text)
        return false;
    bool opened = pipeline_open_text(text, chunk_name, config->overrides, config->n_overrides,
                                     &score->pipeline, err);
    free(text);
    return opened || explain(config, err);
}

/* ---- samples into the store ---- */

static bool make_folder(struct score *score, struct leti_error *err)
{
    const char *place = getenv("TMPDIR");
    char *path = path_join(place && *place ? place : "/tmp", "leti-score-XXXXXX");
    if (!path || !mkdtemp(path)) {
        leti_error_set(err, "cannot make a scratch folder: %s", strerror(errno));
        free(path);
        return false;
    }
    score->folder = realpath(path, NULL);
    free(path);
    return score->folder ||
           leti_error_set(err, "cannot make a scratch folder: %s", strerror(errno));
}

static bool put_sample(struct score *score, const struct written *written, struct leti_error *err)
{
    const struct pipeline *pipeline = score->pipeline;
    struct store_sample row = { .key = { .problem = (uint32_t)written->problem,
                                         .sample = written->index },
                                .raw = { written->text, written->size },
                                .program_size = written->size };
    if (score->config->post)
        row.program_size = cut_length(written->text, written->size,
                                      (const char *const *)pipeline->post, pipeline->n_post);
    return store_put_sample(score->store, &row, err);
}

/* Counts samples of each problem. */
static bool count(struct score *score, struct leti_error *err)
{
    uint32_t *counts = calloc(score->problems.n + 1, sizeof *counts);
    if (!counts)
        return leti_error_set(err, "out of memory");
    for (size_t i = 0; i < score->samples.n; i++)
        counts[score->samples.items[i].problem]++;
    score->least = UINT32_MAX;
    for (size_t i = 0; i < score->problems.n; i++) {
        score->n_judged_problems += counts[i] > 0;
        score->most = counts[i] > score->most ? counts[i] : score->most;
        score->least = counts[i] && counts[i] < score->least ? counts[i] : score->least;
    }
    free(counts);
    return true;
}

static bool read_all(struct score *score, struct leti_error *err)
{
    const char *samples = score->config->samples;
    if (!problems_read(&score->pipeline->problems, score->folder, 0, &score->problems, err) ||
        (samples ? !samples_read(samples, &score->problems, &score->samples, err)
                 : !samples_of_references(&score->problems, &score->samples, err)) ||
        !count(score, err))
        return false;
    for (size_t i = 0; i < score->samples.n; i++)
        if (!put_sample(score, &score->samples.items[i], err))
            return false;
    return store_commit(score->store, err);
}

static bool judge(struct score *score, struct leti_error *err)
{
    struct hub_config config = { .run_dir = score->folder, .listen = score->pipeline->listen };
    struct rollout_config rollout = { .relay = &score->relay,
                                      .pipeline = score->pipeline,
                                      .problems = &score->problems,
                                      .phase = STORE_TRAINING,
                                      .iteration = ITERATION,
                                      .samples = score->most,
                                      .label = score->config->task };
    if (!stop_watch(err) || !relay_open(&score->relay, &config, score->store, err))
        return false;
    for (size_t i = 0; i < score->pipeline->n_evaluators; i++)
        if (!hub_add_stage(score->relay.hub, score->pipeline->evaluators[i], err))
            return false;
    return rollout_run(&rollout, err);
}

/* ---- what comes of it ---- */

static const char *outcome_name(int64_t outcome)
{
    static const char *const names[] = { "passed", "failed", "infra" };
    return outcome >= 0 && outcome <= LETI_INFRA ? names[outcome] : "infra";
}

/* The line of one sample, whose verdict the row holds. */
static bool print_sample(const struct score *score, const struct written *written,
                         const struct store_rows *row, struct leti_error *err)
{
    struct text text = { 0 };
    struct leti_bytes feedback = store_bytes(row, 2);
    const char *exception = store_text(row, 4);
    text_add(&text, "{\"task_id\": ");
    json_text_string(&text, score->problems.items[written->problem].id);
    text_printf(&text, ", \"index\": %u, \"outcome\": \"%s\", \"reason\": ", written->index,
                outcome_name(store_number(row, 0)));
    json_text_string(&text, store_text(row, 1));
    text_add(&text, ", \"exception\": ");
    json_text_string(&text, *exception ? exception : NULL);
    text_add(&text, ", \"feedback\": ");
    json_text(&text, feedback.data, feedback.size);
    text_add(&text, ", \"seconds\": ");
    json_number(&text, store_real(row, 3));
    text_add(&text, "}\n");
    char *line = text_take(&text, err);
    if (line)
        fputs(line, stdout);
    free(line);
    return line;
}

static bool print_samples(const struct score *score, struct leti_error *err)
{
    struct store_rows *rows = NULL;
    if (!store_select(score->store,
                      "SELECT outcome, reason, feedback, seconds, exception FROM verdict WHERE "
                      "phase = 0 AND iteration = 0 AND problem = ? AND sample = ?",
                      &rows, err))
        return false;
    bool good = true;
    for (size_t i = 0; good && i < score->samples.n; i++) {
        const struct written *written = &score->samples.items[i];
        store_rewind(rows);
        good = store_bind_number(rows, 1, (int64_t)written->problem, err) &&
               store_bind_number(rows, 2, written->index, err) &&
               (store_next(rows, err) == LETI_OK || leti_error_set(err, "a verdict is missing")) &&
               print_sample(score, written, rows, err);
    }
    store_rows_close(rows);
    return good;
}

static bool print_summary_json(const struct result *result, const struct text *reasons,
                               struct leti_error *err)
{
    struct text text = { 0 };
    result_json(result, &text);
    text.size--; /* its closing brace: the reasons go inside */
    text_printf(&text, ", \"reasons\": %s}\n", text_string(reasons));
    char *line = text_take(&text, err);
    if (line)
        fputs(line, stdout);
    free(line);
    return line;
}

static bool print_failed_references(const struct score *score, struct leti_error *err)
{
    struct store_rows *rows = NULL;
    enum leti_status status;
    if (!store_select(score->store,
                      "SELECT problem, CASE WHEN exception = '' THEN reason ELSE exception END "
                      "FROM verdict WHERE outcome > 0 ORDER BY problem",
                      &rows, err))
        return false;
    while ((status = store_next(rows, err)) == LETI_OK)
        printf("  %-16s %s\n", score->problems.items[store_number(rows, 0)].id,
               store_text(rows, 1));
    store_rows_close(rows);
    return status == LETI_DONE;
}

static void print_summary_text(const struct result *result, const struct counts *counts,
                               const struct text *reasons)
{
    printf("%" PRIu64 " of %" PRIu64 " samples of %zu problems passed\n", counts->passed,
           counts->sampled, result->n_problems);
    for (int i = 0; i < RESULT_KS; i++)
        if (result->has_pass[i])
            printf("%spass@%u %.1f %%", i ? "   " : "", result_ks[i], 100 * result->pass[i]);
    printf(" [%.1f, %.1f]   solved %.1f %%\n%s\n", 100 * result->interval.low,
           100 * result->interval.high, 100 * result->solve_rate, text_string(reasons));
}

static bool print_summary(struct score *score, struct leti_error *err)
{
    struct result result;
    struct counts counts = { 0 };
    struct text reasons = { 0 };
    bool good = result_of(score->store, STORE_TRAINING, ITERATION, score->problems.n, score->least,
                          &result, err) &&
                counts_of(score->store, STORE_TRAINING, ITERATION, &counts, err) &&
                reasons_json(score->store, STORE_TRAINING, ITERATION, &reasons, err);
    result.n_problems = score->n_judged_problems;
    if (good && score->config->json)
        good = print_summary_json(&result, &reasons, err);
    else if (good)
        print_summary_text(&result, &counts, &reasons);
    if (good && !score->config->json && !score->config->samples)
        good = print_failed_references(score, err);
    text_free(&reasons);
    return good;
}

static bool print_all(struct score *score, struct leti_error *err)
{
    log_progress(NULL);
    return (!score->config->json || print_samples(score, err)) && print_summary(score, err);
}

/* ---- the whole ---- */

static void close_score(struct score *score)
{
    relay_close(&score->relay);
    store_close(score->store);
    samples_free(&score->samples);
    problems_free(&score->problems);
    if (score->pipeline)
        pipeline_close(score->pipeline);
    if (score->folder)
        file_remove_tree(score->folder, NULL);
    free(score->folder);
}

bool score_samples(const struct score_config *config, struct leti_error *err)
{
    struct score score = { .config = config };
    bool done = open_pipeline(&score, err) && make_folder(&score, err) &&
                store_create(score.folder, &score.store, err) && read_all(&score, err) &&
                judge(&score, err) && print_all(&score, err);
    close_score(&score);
    return done;
}
