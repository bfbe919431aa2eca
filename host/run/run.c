/* run - the loop of the method.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/run.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/path.h"
#include "run/borrow.h"
#include "run/context.h"
#include "run/journal.h"
#include "run/observe.h"
#include "run/preflight.h"
#include "run/record.h"
#include "run/rollout.h"
#include "run/samples.h"
#include "run/sampling.h"
#include "run/stop.h"
#include "run/tell.h"
#include "run/train.h"
#include "run/validation.h"

/* ---- parts: done once, whatever happens in between ---- */

struct part {
    uint32_t iteration;
    const char *name; /* "sample", "train", "test held-out" */
    bool (*work)(struct run *, const struct part *, struct leti_error *err);
    uint32_t test;
};

/* Does the part unless it is done, and keeps its time. */
static bool do_part(struct run *run, const struct part *part, struct leti_error *err)
{
    bool done;
    double seconds, begun = clock_seconds();
    if (!store_part(run->store, part->iteration, part->name, &done, &seconds, err))
        return false;
    if (done)
        return true;
    observe_part_begins(run, part->iteration, part->name);
    bool good = part->work(run, part, err);
    seconds = clock_seconds() - begun;
    /* What failed is in *err; the time that it took is kept if that can be. */
    struct leti_error *why = good ? err : NULL;
    good = store_put_part(run->store, part->iteration, part->name, seconds, good, why) &&
           store_commit(run->store, why) && good;
    observe_part_ends(run, part->iteration, part->name, seconds, good);
    return good;
}

/* Draws samples from the model that `trained` iterations have made. */
static bool roll_out(struct run *run, struct rollout_config *config, uint32_t trained,
                     struct leti_error *err)
{
    char *dir = NULL;
    uint32_t version = run->pipeline->trainer ? trained : 0;
    if (!train_model(run, run->pipeline->generator, version, &dir, err))
        return false;
    struct hub_model model = { train_version(version), dir ? dir : "" };
    config->relay = &run->relay;
    config->observers = run->observers;
    config->pipeline = run->pipeline;
    config->model = &model;
    bool done = rollout_run(config, err);
    free(dir);
    return done;
}

/* The references as the iteration's samples, for a rollout that has nothing to generate. */
static bool put_references(struct run *run, uint32_t iteration, struct leti_error *err)
{
    struct samples samples = { 0 };
    bool good = samples_of_references(&run->training, &samples, err);
    for (size_t i = 0; good && i < samples.n; i++) {
        const struct written *written = &samples.items[i];
        const struct store_sample row = { .key = { .phase = STORE_TRAINING,
                                                   .iteration = iteration,
                                                   .problem = (uint32_t)written->problem,
                                                   .sample = written->index },
                                          .raw = { written->text, written->size },
                                          .program_size = written->size };
        good = store_put_sample(run->store, &row, err);
    }
    samples_free(&samples);
    return good && store_commit(run->store, err);
}

/* Judges and formats what the store has of an iteration already. */
static bool work_given(struct run *run, uint32_t iteration, uint32_t samples,
                       struct leti_error *err)
{
    char label[64];
    snprintf(label, sizeof label, "iteration %u/%u", iteration, run->pipeline->iterations);
    struct rollout_config config = { .relay = &run->relay,
                                     .observers = run->observers,
                                     .pipeline = run->pipeline,
                                     .problems = &run->training,
                                     .phase = STORE_TRAINING,
                                     .iteration = iteration,
                                     .samples = samples,
                                     .format = run->pipeline->formatter,
                                     .label = label };
    return rollout_run(&config, err);
}

static bool work_references(struct run *run, const struct part *part, struct leti_error *err)
{
    return put_references(run, part->iteration, err) && work_given(run, part->iteration, 1, err);
}

static bool work_borrowed(struct run *run, const struct part *part, struct leti_error *err)
{
    return work_given(run, part->iteration, (uint32_t)run->pipeline->generator->options.samples,
                      err);
}

static bool work_sample(struct run *run, const struct part *part, struct leti_error *err)
{
    const struct stage_options *options = &run->pipeline->generator->options;
    uint32_t trained = part->iteration - 1;
    char label[64];
    snprintf(label, sizeof label, "iteration %u/%u", part->iteration, run->pipeline->iterations);
    struct rollout_config config = {
        .problems = &run->training,
        .phase = STORE_TRAINING,
        .iteration = part->iteration,
        .samples = (uint32_t)options->samples,
        .sampling = sampling_of_training(run->pipeline, part->iteration),
        .format = run->pipeline->formatter,
        .label = label,
    };
    return roll_out(run, &config, trained, err);
}

/* Judges the samples of another test once more; what is not cut in either has its verdict. */
static bool judge_uncut(struct run *run, struct rollout_config *config, const struct test *test,
                        struct leti_error *err)
{
    config->relay = &run->relay;
    config->observers = run->observers;
    config->pipeline = run->pipeline;
    return store_put_uncut_samples(run->store, config->phase, (uint32_t)test->sampler + 1,
                                   config->iteration, err) &&
           store_commit(run->store, err) && rollout_run(config, err);
}

static bool work_test(struct run *run, const struct part *part, struct leti_error *err)
{
    const struct test *test = &run->pipeline->tests[part->test];
    char label[64];
    snprintf(label, sizeof label, "test %u %.40s", part->iteration, test->name);
    struct rollout_config config = {
        .problems = &run->tests[part->test],
        .phase = part->test + 1,
        .iteration = part->iteration,
        .samples = test->samples,
        .sampling = sampling_of_test(run->pipeline, part->test, part->iteration),
        .uncut = test->uncut,
        .past_cut = test->past_cut,
        .label = label,
    };
    bool samples = test->sampler == part->test;
    if (samples ? !roll_out(run, &config, part->iteration, err)
                : !judge_uncut(run, &config, test, err))
        return false;
    observe_test(run, part->test, part->iteration);
    return true;
}

static bool work_train(struct run *run, const struct part *part, struct leti_error *err)
{
    char label[64];
    snprintf(label, sizeof label, "iteration %u/%u", part->iteration, run->pipeline->iterations);
    return train_run(run, part->iteration, label, err);
}

/* ---- the loop ---- */

/* Before the first training one test stands for all conditions. */
static bool is_due(const struct run *run, uint32_t number, uint32_t iteration)
{
    const struct test *test = &run->pipeline->tests[number];
    if (iteration == 0)
        return test->untrained == number;
    return iteration == run->pipeline->iterations || (test->every && iteration % test->every == 0);
}

static bool do_tests(struct run *run, uint32_t iteration, struct leti_error *err)
{
    char name[128];
    for (uint32_t i = 0; i < run->pipeline->n_tests; i++) {
        struct part part = { .iteration = iteration, .name = name, .work = work_test, .test = i };
        snprintf(name, sizeof name, "test %s", run->pipeline->tests[i].name);
        if (is_due(run, i, iteration) &&
            (!do_part(run, &part, err) || !tell_test(run, i, iteration, err)))
            return false;
    }
    return true;
}

static bool do_iteration(struct run *run, uint32_t iteration, struct leti_error *err)
{
    const struct pipeline *pipeline = run->pipeline;
    struct part sample = { .iteration = iteration,
                           .name = "sample",
                           .work = pipeline->from_references ? work_references
                                   : run->borrowed           ? work_borrowed
                                                             : work_sample };
    struct part train = { .iteration = iteration, .name = "train", .work = work_train };
    if ((run->training.n && !do_part(run, &sample, err)) ||
        (pipeline->trainer && !do_part(run, &train, err)) || !tell_iteration(run, iteration, err))
        return false;
    observe_iteration(run, iteration);
    return !pipeline->trainer || do_tests(run, iteration, err);
}

static const char finished_key[] = "finished";

static uint32_t last_trained(const struct pipeline *pipeline)
{
    return pipeline->trainer ? pipeline->iterations : 0;
}

static bool do_all(struct run *run, struct leti_error *err)
{
    const struct pipeline *pipeline = run->pipeline;
    uint32_t last = run->training.n || pipeline->trainer ? pipeline->iterations : 0;
    if (pipeline->generator && !do_tests(run, 0, err))
        return false;
    for (uint32_t i = 1; i <= last; i++)
        if (!do_iteration(run, i, err))
            return false;
    return store_put_manifest(run->store, finished_key, "yes", err) &&
           store_commit(run->store, err) && tell_end(run, last_trained(pipeline), err);
}

/* Whether all is done already, so that there is nothing to go on with. */
static bool is_finished(struct run *run, bool *finished, struct leti_error *err)
{
    char *value = NULL;
    if (!store_manifest(run->store, finished_key, &value, err))
        return false;
    *finished = value;
    free(value);
    return true;
}

/* ---- opening and closing ---- */

static bool refuse_model(const struct stage *stage, const char *why, struct leti_error *err)
{
    const struct setting *set = settings_get(&stage->host_settings, "model");
    return leti_error_set(err, "%s: %s: option \"model\": %s: %s",
                          set && set->where ? set->where : stage->where, stage->options.name,
                          stage->options.model, why);
}

static bool absolute_model(const struct stage *stage, char **out, struct leti_error *err)
{
    const char *model = stage ? stage->options.model : NULL;
    if (!model || !*model)
        return true;
    *out = realpath(model, NULL);
    if (!*out)
        return refuse_model(stage, strerror(errno), err);
    return path_is_model(*out) ||
           refuse_model(stage, "not a model's folder (no config.json in it) nor a GGUF file", err);
}

/* A trainer that names no model starts from the generator's. */
static bool find_models(struct run *run, struct leti_error *err)
{
    if (!absolute_model(run->pipeline->generator, &run->generator_model, err) ||
        !absolute_model(run->pipeline->trainer, &run->trainer_model, err))
        return false;
    if (!run->pipeline->trainer || run->trainer_model || !run->generator_model)
        return true;
    run->trainer_model = strdup(run->generator_model);
    return run->trainer_model || leti_error_set(err, "out of memory");
}

static bool check_references(const struct run *run, struct leti_error *err)
{
    return !run->pipeline->from_references || problems_with_reference(&run->training) ||
           leti_error_set(err,
                          "%s: samples_from is \"references\", and none of the %zu problems has a "
                          "reference",
                          run->pipeline->file, run->training.n);
}

static bool read_problems(struct run *run, struct leti_error *err)
{
    struct pipeline *pipeline = run->pipeline;
    run->tests = calloc(pipeline->n_tests + 1, sizeof *run->tests);
    if (!run->tests)
        return leti_error_set(err, "out of memory");
    if (!problems_read(&pipeline->problems, run->folder.path, pipeline->seed, &run->training, err))
        return false;
    for (size_t i = 0; i < pipeline->n_tests; i++)
        if (!problems_read(&pipeline->tests[i].problems, run->folder.path, pipeline->seed,
                           &run->tests[i], err))
            return false;
    return problems_read(&pipeline->validation, run->folder.path, pipeline->seed, &run->validation,
                         err) &&
           validation_check(run, err) && check_references(run, err);
}

static bool start_stages(struct run *run, struct leti_error *err)
{
    struct pipeline *pipeline = run->pipeline;
    struct hub_config config = { .run_dir = run->folder.path,
                                 .listen = pipeline->listen,
                                 .seed = pipeline->seed };
    if (!relay_open(&run->relay, &config, run->store, err))
        return false;
    for (size_t i = 0; i < pipeline->n_stages; i++)
        if (pipeline->stages[i]->plugin.desc->kind != LETI_SOURCE &&
            pipeline->stages[i]->plugin.desc->kind != LETI_OBSERVER &&
            !hub_add_stage(run->relay.hub, pipeline->stages[i], err))
            return false;
    return true;
}

static bool check_flow(const struct pipeline *pipeline, struct leti_error *err)
{
    if (pipeline->generator || pipeline->from_references ||
        (pipeline->trainer && !pipeline->problems.n_sources))
        return true;
    return leti_error_set(err,
                          "%s: a run needs a generator in the flow, or a trainer alone without "
                          "problems",
                          pipeline->file);
}

static bool open_pipeline(struct run *run, const struct run_config *config, struct leti_error *err)
{
    return config->text ? pipeline_open_text(config->text, config->file, config->overrides,
                                             config->n_overrides, &run->pipeline, err)
                        : pipeline_open(config->file, config->overrides, config->n_overrides,
                                        &run->pipeline, err);
}

static bool borrow(struct run *run, const struct run_config *config, struct leti_error *err)
{
    return !config->from ||
           borrow_samples(run, config->from, config->from_examples ? BORROW_TRAIN : BORROW_FEEDBACK,
                          err);
}

static bool put_notes(struct run *run, const struct run_config *config, struct leti_error *err)
{
    for (size_t i = 0; i < config->n_notes; i++)
        if (!store_put_manifest(run->store, config->notes[i].key, config->notes[i].value, err))
            return false;
    return true;
}

/* A folder in which no run has begun is taken away again. */
static bool begin(struct run *run, const struct run_config *config, struct leti_error *err)
{
    if (!open_pipeline(run, config, err) || !check_flow(run->pipeline, err) ||
        !find_models(run, err) ||
        !folder_create(run->pipeline->name, config->out, &run->folder, err))
        return false;
    if (read_problems(run, err) && store_create(run->folder.path, &run->store, err) &&
        put_notes(run, config, err) && record_begin(run, err) && borrow(run, config, err) &&
        store_commit(run->store, err))
        return true;
    store_close(run->store);
    run->store = NULL;
    folder_discard(&run->folder);
    return false;
}

static bool go_on(struct run *run, const struct run_config *config, struct leti_error *err)
{
    if (!folder_open(config->resume, &run->folder, err) ||
        !store_open(run->folder.path, &run->store, err))
        return false;
    if (!record_open_pipeline(run->store, config->overrides, config->n_overrides, &run->pipeline,
                              err))
        return leti_error_set(err, "%s: %s", run->folder.name, err->text);
    return find_models(run, err) && read_problems(run, err) && record_check(run, err) &&
           borrow_recall(run, err);
}

static bool preflight(struct run *run, struct leti_error *err)
{
    struct text found = { 0 };
    bool good = !run->pipeline->preflight || preflight_run(run, &found, err);
    if (good && found.size) {
        tell_preflight(run, text_string(&found));
        good = store_put_event(run->store, "preflight", text_string(&found), err) &&
               store_commit(run->store, err);
    }
    text_free(&found);
    return good;
}

/* Whether the store has anything that a new run would have to do again. */
static bool has_results(struct run *run)
{
    struct store_rows *rows = NULL;
    bool has = true; /* where that cannot be found out, all is kept */
    if (store_select(run->store,
                     "SELECT EXISTS (SELECT 1 FROM sample WHERE phase > 0 OR NOT EXISTS "
                     "(SELECT 1 FROM manifest WHERE key = '" BORROW_KEY
                     "')) OR EXISTS (SELECT 1 FROM lost) OR "
                     "EXISTS (SELECT 1 FROM metric) OR EXISTS (SELECT 1 FROM part WHERE done)",
                     &rows, NULL) &&
        store_next(rows, NULL) == LETI_OK)
        has = store_number(rows, 0);
    store_rows_close(rows);
    return has;
}

/* A new run that came to nothing is taken away again; of any other, the error says how to go on. */
static bool give_up(struct run *run, const struct run_config *config, struct leti_error *err)
{
    if (config->goes_on && (config->resume || has_results(run)))
        return leti_error_set(err, "%s; go on with: %s", err->text, config->goes_on);
    if (config->resume || has_results(run))
        return leti_error_set(err, "%s; go on with: leti %s --resume %s", err->text,
                              run->pipeline->tests_only ? "test" : "run", run->folder.name);
    store_close(run->store);
    run->store = NULL;
    folder_discard(&run->folder);
    return false;
}

static bool work(struct run *run, const struct run_config *config, struct leti_error *err)
{
    struct journal journal = { 0 };
    bool resumed = config->resume;
    tell_start(run, resumed);
    bool done = journal_open(&journal, run->folder.path, err) && stop_watch(err) &&
                store_put_event(run->store, resumed ? "goes on" : "begins", "", err) &&
                store_commit(run->store, err) && observe_begin(run, resumed, err) &&
                start_stages(run, err) && preflight(run, err) && do_all(run, err);
    relay_close(&run->relay);
    observe_end(run, done ? NULL : err->text);
    journal_close(&journal);
    return done || give_up(run, config, err);
}

static bool work_or_tell(struct run *run, const struct run_config *config, struct leti_error *err)
{
    bool finished = false;
    if (!is_finished(run, &finished, err))
        return false;
    if (!finished)
        return work(run, config, err);
    tell_finished(run);
    return tell_end(run, last_trained(run->pipeline), err);
}

static void close_run(struct run *run)
{
    store_close(run->store);
    problems_free(&run->training);
    problems_free(&run->validation);
    for (size_t i = 0; run->tests && i < run->pipeline->n_tests; i++)
        problems_free(&run->tests[i]);
    free(run->tests);
    free(run->generator_model);
    free(run->trainer_model);
    free(run->borrowed);
    if (run->pipeline)
        pipeline_close(run->pipeline);
    folder_close(&run->folder);
}

static bool name_folder(const struct run *run, const struct run_config *config,
                        struct leti_error *err)
{
    if (!config->made)
        return true;
    *config->made = strdup(run->folder.name);
    return *config->made || leti_error_set(err, "out of memory");
}

bool run_pipeline(const struct run_config *config, struct leti_error *err)
{
    struct run run = { .json = config->json, .quiet = config->quiet, .no_end = config->no_end };
    bool opened = config->resume ? go_on(&run, config, err) : begin(&run, config, err);
    bool done = opened && work_or_tell(&run, config, err) && name_folder(&run, config, err);
    close_run(&run);
    return done;
}
