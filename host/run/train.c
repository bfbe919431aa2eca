/* train - one iteration's training: its examples in, a durable checkpoint out.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/train.h"

#include <stdlib.h>

#include "base/clock.h"
#include "run/observe.h"
#include "run/progress.h"
#include "run/validation.h"
#include "store/packed.h"

enum { SEED_TRAIN = 0x7261696e, TRAIN_TAG = 1, KEPT_OPTIMIZERS = 2 };

struct training {
    struct run *run;
    uint32_t iteration;
    struct store_rows *examples;
    struct validation validation;
    size_t n_validated;      /* texts of it that were given */
    struct leti_span *spans; /* of the example that was given last */
    char **names;            /* of metrics so far, */
    uint64_t *steps;         /* and how often each came */
    size_t n_names;
    struct progress progress;
    bool done;
    struct leti_error failure; /* of a metric that could not be stored */
    bool failed;
};

uint64_t train_version(uint32_t iteration)
{
    return (uint64_t)iteration + 1;
}

bool train_model(const struct run *run, const struct stage *stage, uint32_t iteration, char **dir,
                 struct leti_error *err)
{
    const char *first =
        stage->plugin.desc->kind == LETI_TRAINER ? run->trainer_model : run->generator_model;
    *dir = NULL;
    if (!iteration && !first)
        return true;
    *dir = iteration ? checkpoint_path(&run->folder, iteration) : strdup(first);
    return *dir || leti_error_set(err, "out of memory");
}

/* ---- examples, from the store to the trainer ---- */

/* Behind the examples come the sets of validation. */
static enum leti_status next_held_out(struct training *training, struct leti_example *out,
                                      const char **held_out)
{
    const struct validation *validation = &training->validation;
    if (training->n_validated == validation->n * VALIDATION_SETS)
        return LETI_DONE;
    size_t set = training->n_validated / validation->n, i = training->n_validated % validation->n;
    training->n_validated++;
    *out = validation->items[set][i];
    out->iteration = training->iteration;
    out->index = (uint32_t)i;
    *held_out = validation_sets[set];
    return LETI_OK;
}

static enum leti_status next_example(void *context, bool rewind, struct leti_example *out,
                                     const char **held_out, struct leti_error *err)
{
    struct training *training = context;
    struct store_rows *rows = training->examples;
    size_t n_spans = 0;
    free(training->spans);
    training->spans = NULL;
    if (rewind) {
        store_rewind(rows);
        training->n_validated = 0;
    }
    enum leti_status status = training->n_validated ? LETI_DONE : store_next(rows, err);
    if (status == LETI_DONE)
        return next_held_out(training, out, held_out);
    if (status != LETI_OK)
        return status;
    if (!packed_spans(store_bytes(rows, 2), &training->spans, &n_spans, err))
        return LETI_ERROR;
    *out = (struct leti_example){ .iteration = training->iteration,
                                  .problem = store_text(rows, 0),
                                  .index = (uint32_t)store_number(rows, 1),
                                  .spans = training->spans,
                                  .n_spans = n_spans };
    return LETI_OK;
}

static bool open_examples(struct training *training, struct leti_error *err)
{
    return store_select(training->run->store,
                        "SELECT id, sample, spans FROM example WHERE iteration = ? "
                        "ORDER BY problem, sample",
                        &training->examples, err) &&
           store_bind_number(training->examples, 1, training->iteration, err);
}

/* ---- what comes back ---- */

/* How often a metric of this name came before. */
static bool count_metric(struct training *training, const char *name, uint64_t *step,
                         struct leti_error *err)
{
    for (size_t i = 0; i < training->n_names; i++)
        if (!strcmp(training->names[i], name)) {
            *step = training->steps[i]++;
            return true;
        }
    size_t n = training->n_names + 1;
    char **names = reallocarray(training->names, n, sizeof *names);
    if (names)
        training->names = names;
    uint64_t *steps = reallocarray(training->steps, n, sizeof *steps);
    if (steps)
        training->steps = steps;
    char *copy = strdup(name);
    if (!names || !steps || !copy) {
        free(copy);
        return leti_error_set(err, "out of memory for metric \"%s\"", name);
    }
    names[n - 1] = copy;
    steps[n - 1] = 1;
    training->n_names = n;
    *step = 0;
    return true;
}

static void on_metric(void *context, const struct stage *stage, const char *name, double value)
{
    struct training *training = context;
    uint64_t step = 0;
    if (training->failed)
        return;
    training->failed =
        !count_metric(training, name, &step, &training->failure) ||
        !store_put_metric(training->run->store, training->iteration, stage->options.name, name,
                          step, value, &training->failure);
    if (!training->failed)
        observe_metric(training->run->observers, training->iteration, stage->options.name, name,
                       step, value);
}

static void on_progress(void *context, const struct stage *stage, double done, double total)
{
    struct training *training = context;
    (void)stage;
    if (!(total >= 1 && total < 1e15 && done >= 0 && done <= total))
        return;
    training->progress.total = (uint64_t)total;
    progress_show(&training->progress, (uint64_t)done, "");
}

static bool on_done(void *context, uint64_t tag, struct leti_error *err)
{
    struct training *training = context;
    (void)tag;
    (void)err;
    training->done = true;
    return true;
}

static bool on_failed(void *context, uint64_t tag, const char *why, struct leti_error *err)
{
    const struct training *training = context;
    (void)tag;
    return leti_error_set(err, "%s, iteration %u: %s",
                          training->run->pipeline->trainer->options.name, training->iteration, why);
}

/* ---- the whole ---- */

static bool wait_for_end(struct training *training, struct leti_error *err)
{
    while (!training->done) {
        if (!relay_turn(&training->run->relay, err))
            return false;
        if (training->failed)
            return leti_error_set(err, "%s", training->failure.text);
    }
    return true;
}

static bool submit(struct training *training, const char *out_dir, const char *model_dir,
                   struct leti_error *err)
{
    struct run *run = training->run;
    struct leti_training unit = {
        .iteration = training->iteration,
        .out_dir = out_dir,
        .seed = leti_mix(leti_mix(run->pipeline->seed, SEED_TRAIN), training->iteration),
    };
    struct hub_model model = { train_version(training->iteration - 1), model_dir };
    char what[64];
    snprintf(what, sizeof what, "iteration %u", training->iteration);
    return hub_train(run->relay.hub, run->pipeline->trainer, TRAIN_TAG, what, &unit,
                     model_dir ? &model : NULL, next_example, training, err);
}

static bool into_checkpoint(struct training *training, struct leti_error *err)
{
    struct run *run = training->run;
    char *out_dir = NULL, *model_dir = NULL;
    bool done =
        store_forget_metrics(run->store, training->iteration, run->pipeline->trainer->options.name,
                             err) &&
        train_model(run, run->pipeline->trainer, training->iteration - 1, &model_dir, err) &&
        checkpoint_begin(&run->folder, training->iteration, &out_dir, err) &&
        submit(training, out_dir, model_dir, err) && wait_for_end(training, err) &&
        store_commit(run->store, err) && checkpoint_end(&run->folder, training->iteration, err);
    free(out_dir);
    free(model_dir);
    return done;
}

static void close_training(struct training *training)
{
    validation_close(&training->validation);
    store_rows_close(training->examples);
    free(training->spans);
    for (size_t i = 0; i < training->n_names; i++)
        free(training->names[i]);
    free(training->names);
    free(training->steps);
}

/* Takes from the checkpoints before this one what need not be kept. */
static bool thin_out(const struct run *run, uint32_t iteration, struct leti_error *err)
{
    uint32_t keep = run->pipeline->keep_checkpoints;
    if (keep && iteration > keep && !checkpoint_remove_to(&run->folder, iteration - keep, err))
        return false;
    return iteration <= KEPT_OPTIMIZERS ||
           checkpoint_drop_optimizer(&run->folder, iteration - KEPT_OPTIMIZERS, err);
}

bool train_run(struct run *run, uint32_t iteration, const char *label, struct leti_error *err)
{
    struct training training = { .run = run, .iteration = iteration };
    if (checkpoint_exists(&run->folder, iteration)) /* cut off behind it */
        return thin_out(run, iteration, err);
    if (!validation_open(run, &training.validation, err)) {
        close_training(&training);
        return false;
    }
    progress_begin(&training.progress, label, "trained", 0, 1);
    run->relay.to = (struct hub_handler){ .context = &training,
                                          .metric = on_metric,
                                          .progress = on_progress,
                                          .done = on_done,
                                          .failed = on_failed,
                                          .lost = on_failed };
    bool done = open_examples(&training, err) && into_checkpoint(&training, err);
    run->relay.to = (struct hub_handler){ 0 };
    progress_end(&training.progress);
    close_training(&training);
    return done && thin_out(run, iteration, err);
}
