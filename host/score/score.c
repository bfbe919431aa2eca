/* score - judges programs that are already written.
 *
 * The samples are put into a store of their own, in a scratch folder, and judged by a rollout that
 * has nothing to generate.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "score/score.h"

#include <stdlib.h>

#include "base/cut.h"
#include "base/text.h"
#include "run/rollout.h"
#include "run/scratch.h"
#include "score/score_parts.h"
#include "run/stop.h"
#include "run/task.h"

/* ---- the pipeline that a task makes ---- */

static const char chunk_name[] = "./score"; /* in this folder, whose modules and data it sees */

static char *pipeline_text(const struct score_config *config, struct leti_error *err)
{
    struct text text = { 0 };
    task_add(&text, config->task);
    if (config->problems) {
        text_add(&text, "task = task.from(");
        task_add_quoted(&text, config->problems);
        text_add(&text, ")\n");
    }
    text_add(&text, "return pipeline { name = \"score\", infra_limit = 1, problems = task.all, "
                    "post = task.post, flow = task.evaluator() }\n");
    return text_take(&text, err);
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
    return opened || task_explain(config->task, chunk_name, err);
}

/* ---- samples into the store ---- */

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

/* Of the problem that has the most samples. */
static uint32_t most_samples(const struct samples *samples)
{
    uint32_t most = 0;
    for (size_t i = 0; i < samples->n; i++)
        most = samples->items[i].index >= most ? samples->items[i].index + 1 : most;
    return most;
}

static bool read_all(struct score *score, struct leti_error *err)
{
    const char *samples = score->config->samples;
    if (!problems_read(&score->pipeline->problems, score->folder, 0, &score->problems, err))
        return task_explain(score->config->task, chunk_name, err);
    if ((samples ? !samples_read(samples, &score->problems, &score->samples, err)
                 : !samples_of_references(&score->problems, &score->samples, err)))
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
                                      .iteration = SCORE_ITERATION,
                                      .samples = most_samples(&score->samples),
                                      .label = score->config->task };
    if (!stop_watch(err) || !relay_open(&score->relay, &config, score->store, err))
        return false;
    for (size_t i = 0; i < score->pipeline->n_evaluators; i++)
        if (!hub_add_stage(score->relay.hub, score->pipeline->evaluators[i], err))
            return false;
    return rollout_run(&rollout, err);
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
    scratch_remove(score->folder);
}

bool score_samples(const struct score_config *config, struct leti_error *err)
{
    struct score score = { .config = config };
    bool done = score_check_results(&score, err) && open_pipeline(&score, err) &&
                scratch_make("score", &score.folder, err) &&
                store_create(score.folder, &score.store, err) && read_all(&score, err) &&
                judge(&score, err) && score_tell(&score, err);
    close_score(&score);
    return done;
}
