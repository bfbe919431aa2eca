/* replay - one recorded sample through one stage again, alone.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "replay/replay.h"

#include <stdlib.h>

#include "base/cut.h"
#include "run/model_name.h"
#include "run/relay.h"
#include "replay/replay_parts.h"
#include "run/sampling.h"
#include "run/scratch.h"
#include "run/stop.h"
#include "store/packed.h"

enum { REPLAY_TAG = 1, REPLAY_VERSION = 1 };

static bool no_memory(struct leti_error *err)
{
    return leti_error_set(err, "out of memory for a sample");
}

static bool copy_bytes(struct arena *memory, struct leti_bytes from, struct leti_bytes *out)
{
    char *data = arena_copy(memory, from.data, from.size);
    *out = (struct leti_bytes){ data ? data : "", from.size };
    return data;
}

/* ---- what comes out of the hub ---- */

static bool on_verdict(void *context, uint64_t tag, const struct leti_verdict *verdict,
                       struct leti_error *err)
{
    struct replay *replay = context;
    struct leti_verdict *out = &replay->verdicts[replay->n_verdicts++];
    (void)tag;
    replay->over = true;
    *out = (struct leti_verdict){
        .outcome = verdict->outcome,
        .reason = arena_copy(&replay->memory, verdict->reason, strlen(verdict->reason)),
        .exception = arena_copy(&replay->memory, verdict->exception, strlen(verdict->exception)),
        .seconds = verdict->seconds,
    };
    return (out->reason && out->exception &&
            copy_bytes(&replay->memory, verdict->feedback, &out->feedback)) ||
           no_memory(err);
}

static bool on_example(void *context, uint64_t tag, const struct leti_example *example,
                       struct leti_error *err)
{
    struct replay *replay = context;
    struct text packed = { 0 };
    (void)tag;
    replay->over = true;
    packed_add_spans(&packed, example->spans, example->n_spans);
    struct leti_bytes bytes = { text_string(&packed), packed.size };
    bool good = !packed.refused && copy_bytes(&replay->memory, bytes, &replay->spans);
    text_free(&packed);
    return good || no_memory(err);
}

static bool on_sample(void *context, uint64_t tag, const struct leti_output *output,
                      struct leti_error *err)
{
    struct replay *replay = context;
    (void)tag;
    replay->sampled = true;
    replay->sample.tokens = output->tokens;
    replay->sample.finish = output->finish;
    return copy_bytes(&replay->memory, output->raw, &replay->sample.raw) || no_memory(err);
}

static bool on_done(void *context, uint64_t tag, struct leti_error *err)
{
    struct replay *replay = context;
    (void)tag;
    replay->over = true;
    return replay->sampled ||
           leti_error_set(err, "%s: gave no sample", replay->pipeline->generator->options.name);
}

static bool on_failed(void *context, uint64_t tag, const char *why, struct leti_error *err)
{
    (void)context;
    (void)tag;
    return leti_error_set(err, "%s", why);
}

static bool open_hub(struct replay *replay, struct leti_error *err)
{
    struct hub_config config = { .run_dir = replay->folder,
                                 .listen = replay->pipeline->listen,
                                 .seed = replay->pipeline->seed };
    struct hub_handler handler = { .context = replay,
                                   .sample = on_sample,
                                   .verdict = on_verdict,
                                   .example = on_example,
                                   .done = on_done,
                                   .failed = on_failed,
                                   .lost = on_failed,
                                   .log = relay_log };
    return stop_watch(err) && hub_create(&config, &handler, &replay->hub, err);
}

static bool wait_for_end(struct replay *replay, struct leti_error *err)
{
    bool ended = relay_wait(replay->hub, &replay->over, err);
    replay->over = false;
    return ended;
}

/* ---- the stages ---- */

static bool evaluate(struct replay *replay, struct leti_error *err)
{
    const struct pipeline *pipeline = replay->pipeline;
    replay->verdicts = calloc(pipeline->n_evaluators + 1, sizeof *replay->verdicts);
    if (!replay->verdicts)
        return no_memory(err);
    if (!pipeline->n_evaluators)
        return leti_error_set(err, "%s: this run's flow has no evaluator", replay->config->folder);
    for (size_t i = 0; i < pipeline->n_evaluators; i++) {
        const struct stage *stage = pipeline->evaluators[i];
        if (!hub_add_stage(replay->hub, stage, err) ||
            !hub_evaluate(replay->hub, stage, REPLAY_TAG, "the sample", &replay->recorded.sample,
                          err) ||
            !wait_for_end(replay, err))
            return false;
    }
    return true;
}

/* Of the verdicts as they are recorded. */
static bool format(struct replay *replay, struct leti_error *err)
{
    const struct recorded *recorded = &replay->recorded;
    const struct stage *stage = replay->pipeline->formatter;
    struct leti_verdict *verdicts = calloc(recorded->n_evaluators + 1, sizeof *verdicts);
    bool good = verdicts || no_memory(err);
    if (good && !stage)
        good = leti_error_set(err, "%s: this run's flow has no formatter", replay->config->folder);
    if (good && !recorded_is_judged(recorded))
        good = leti_error_set(err,
                              "%s: the sample was not judged, so that there is nothing to "
                              "make feedback of",
                              replay->config->folder);
    for (size_t i = 0; good && i < recorded->n_evaluators; i++)
        verdicts[i] = *recorded->verdicts[i];
    good = good && hub_add_stage(replay->hub, stage, err) &&
           hub_format(replay->hub, stage, REPLAY_TAG, "the sample", &recorded->sample, verdicts,
                      recorded->n_evaluators, err) &&
           wait_for_end(replay, err);
    free(verdicts);
    return good;
}

/* The request that gave the sample, for it alone. A test without the cut has the samples of the
 * one that it judges once more. */
static struct leti_request request_of(const struct replay *replay, bool *uncut)
{
    const struct pipeline *pipeline = replay->pipeline;
    const struct recorded *recorded = &replay->recorded;
    struct store_key key = recorded->key;
    const struct test *test = key.phase ? &pipeline->tests[key.phase - 1] : NULL;
    if (test)
        key.phase = (uint32_t)test->sampler + 1;
    struct leti_request request = test ? sampling_of_test(pipeline, key.phase - 1, key.iteration)
                                       : sampling_of_training(pipeline, key.iteration);
    request.problem = &recorded->problem;
    request.first = key.sample;
    request.samples = 1;
    request.seed = sampling_seed(pipeline, key.phase, key.iteration, key.problem);
    if (!test || !test->past_cut)
        request.stops = (struct leti_list){ (const char *const *)pipeline->post, pipeline->n_post };
    *uncut = test && test->uncut;
    return request;
}

static bool generate(struct replay *replay, struct leti_error *err)
{
    const struct pipeline *pipeline = replay->pipeline;
    const struct stage *stage = pipeline->generator;
    bool uncut;
    struct leti_request request = request_of(replay, &uncut);
    struct hub_model model = { REPLAY_VERSION, replay->model };
    if (!hub_add_stage(replay->hub, stage, err) ||
        !hub_generate(replay->hub, stage, REPLAY_TAG, "the sample", &request, &model, err) ||
        !wait_for_end(replay, err))
        return false;
    struct leti_bytes *raw = &replay->sample.raw;
    replay->sample.program = *raw;
    if (!uncut)
        replay->sample.program.size =
            cut_length(raw->data, raw->size, (const char *const *)pipeline->post, pipeline->n_post);
    return true;
}

/* ---- opening ---- */

/* As it is recorded, with what is put over it. Only the generator needs the model. */
static bool open_pipeline(struct replay *replay, struct leti_error *err)
{
    char *text = NULL, *file = NULL;
    const struct replay_config *config = replay->config;
    bool good = store_manifest(replay->store, "pipeline", &text, err) &&
                store_manifest(replay->store, "file", &file, err);
    if (good && (!text || !file))
        good = leti_error_set(err, "%s: the run was cut off before it began", config->folder);
    good = good && pipeline_read_text(text, file, config->overrides, config->n_overrides,
                                      &replay->pipeline, err);
    free(text);
    free(file);
    return good;
}

/* Whether the store's phase is one of the pipeline's, of which it was made. */
static bool check_phase(const struct replay *replay, struct leti_error *err)
{
    const struct recorded *recorded = &replay->recorded;
    const struct pipeline *pipeline = replay->pipeline;
    if (!recorded->key.phase)
        return true;
    return (recorded->key.phase <= pipeline->n_tests &&
            !strcmp(pipeline->tests[recorded->key.phase - 1].name, recorded->test)) ||
           leti_error_set(err, "%s: the pipeline has other tests than when the run began",
                          replay->config->folder);
}

/* The model that gave the sample: of a test the one that it tested, of an iteration the one that
 * it began with. */
static bool find_model(struct replay *replay, struct leti_error *err)
{
    const struct store_key *key = &replay->recorded.key;
    uint32_t trained = key->phase || !key->iteration ? key->iteration : key->iteration - 1;
    char *from = NULL;
    if (!replay->pipeline->generator)
        return leti_error_set(err, "%s: this run's flow has no generator", replay->config->folder);
    if (!key->phase && replay->pipeline->from_references)
        return leti_error_set(err, "%s: the sample is the problem's reference, which no model gave",
                              replay->config->folder);
    if (!key->phase && !store_manifest(replay->store, "samples from", &from, err))
        return false;
    if (from)
        leti_error_set(err, "%s: the sample is from another run, %s", replay->config->folder, from);
    bool good = !from && model_of_run(replay->config->folder,
                                      replay->pipeline->trainer ? trained : 0, &replay->model, err);
    free(from);
    return good;
}

static bool work(struct replay *replay, struct leti_error *err)
{
    switch (replay->config->stage) {
    case REPLAY_EVALUATE:
        return evaluate(replay, err);
    case REPLAY_FEEDBACK:
        return format(replay, err);
    case REPLAY_GENERATE:
        return generate(replay, err);
    }
    return false;
}

static void close_replay(struct replay *replay)
{
    if (replay->hub)
        hub_destroy(replay->hub);
    scratch_remove(replay->folder);
    recorded_free(&replay->recorded);
    pipeline_close(replay->pipeline);
    store_close(replay->store);
    arena_free(&replay->memory);
    free(replay->verdicts);
    free(replay->model);
}

bool replay_run(const struct replay_config *config, struct leti_error *err)
{
    struct replay replay = { .config = config };
    bool done = store_open_read(config->folder, &replay.store, err) &&
                open_pipeline(&replay, err) &&
                recorded_find(replay.store, config->folder, &config->name,
                              replay.pipeline->n_evaluators, &replay.recorded, err) &&
                check_phase(&replay, err) &&
                (config->stage != REPLAY_GENERATE || find_model(&replay, err)) &&
                scratch_make("replay", &replay.folder, err) && open_hub(&replay, err) &&
                work(&replay, err) && replay_tell(&replay, err);
    close_replay(&replay);
    return done;
}
