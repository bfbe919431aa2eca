/* worker_serve.c - one unit after the other: evaluators, formatters, trainers.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "hub/worker_internal.h"

/* Credit covers some time's work, so that the line is not the limit for quick units. A worker on
 * slower ones holds just the one it works on: an idle worker could do what waits behind it, and
 * how long a unit takes cannot be told from those before it. */
#define CREDIT_SECONDS 1e-3
#define QUICK_SECONDS 1e-4 /* answers of units that are quicker share a wake-up */
enum { CREDIT_LEAST = 1, CREDIT_MOST = 64 };

static uint32_t credit_for(double unit_seconds)
{
    double units = CREDIT_SECONDS / unit_seconds;
    return units <= CREDIT_LEAST  ? CREDIT_LEAST
           : units >= CREDIT_MOST ? CREDIT_MOST
                                  : (uint32_t)units;
}

static bool measure(struct worker *worker, double seconds, struct leti_error *err)
{
    double *average = &worker->unit_seconds;
    *average = *average > 0 ? 0.8 * *average + 0.2 * seconds : seconds + 1e-9;
    uint32_t credit = credit_for(*average);
    uint32_t told = worker->credit.units;
    if (credit == told || (credit < told + told / 2 && told < credit + credit / 2))
        return true;
    return worker_send_credit(worker, credit, 0, err);
}

/* ---- the kinds ---- */

static enum leti_status evaluate(struct worker *worker, const struct wire_work *work,
                                 struct wire_result *result, struct leti_error *err)
{
    result->answer = WIRE_VERDICT;
    return instance_evaluate(worker->instance, &work->evaluate, &result->verdict, err);
}

static enum leti_status format(struct worker *worker, const struct wire_work *work,
                               struct wire_result *result, struct leti_error *err)
{
    const struct wire_format *given = &work->format;
    result->answer = WIRE_EXAMPLE;
    return instance_format(worker->instance, &given->sample, given->verdicts, given->n_verdicts,
                           &result->example, err);
}

/* Examples that an earlier unit left behind must not be trained on. */
static bool begin_training(struct worker *worker, const struct wire_work *work,
                           struct leti_error *err)
{
    if (worker->learning && !worker_restart(worker, err))
        return false;
    worker->learning = work->unit;
    worker->parts = 0;
    return worker_load(worker, &work->train.model, err);
}

/* Trained on, or one whose loss is told. */
static enum leti_status take_example(struct worker *worker, const struct wire_train *given,
                                     size_t i, struct leti_error *err)
{
    const char *held_out = given->held_out[i];
    return *held_out ? instance_validate(worker->instance, held_out, &given->examples[i], err)
                     : instance_learn(worker->instance, &given->examples[i], err);
}

static enum leti_status train(struct worker *worker, const struct wire_work *work,
                              struct wire_result *result, struct leti_error *err)
{
    const struct wire_train *given = &work->train;
    if (given->part == 0 && !begin_training(worker, work, err))
        return LETI_ERROR;
    if (worker->learning != work->unit || worker->parts++ != given->part) {
        leti_error_set(err, "part %u of the examples came out of order", given->part);
        return LETI_ERROR;
    }
    for (size_t i = 0; i < given->n_examples; i++)
        if (take_example(worker, given, i, err) == LETI_ERROR)
            return LETI_ERROR;
    if (!given->last)
        return LETI_OK;
    worker->model.dir = NULL; /* training changes what was loaded */
    if (instance_train(worker->instance, &given->training, err) == LETI_ERROR)
        return LETI_ERROR;
    worker->learning = 0;
    result->answer = WIRE_NOTHING;
    result->done = true;
    return LETI_OK;
}

static enum leti_status work_on(struct worker *worker, const struct wire_work *work,
                                struct wire_result *result, struct leti_error *err)
{
    if (work->kind != worker->plugin.desc->kind) {
        leti_error_set(err, "work for %s came to %s", kind_name(work->kind),
                       worker->plugin.desc->name);
        return LETI_ERROR;
    }
    result->done = work->kind != LETI_TRAINER;
    return work->kind == LETI_EVALUATOR   ? evaluate(worker, work, result, err)
           : work->kind == LETI_FORMATTER ? format(worker, work, result, err)
                                          : train(worker, work, result, err);
}

/* ---- the loop ---- */

static bool is_rest_of_failed(const struct worker *worker, const struct wire_work *work)
{
    return work->kind == LETI_TRAINER && work->train.part > 0 && worker->learning != work->unit;
}

static bool answer(struct worker *worker, const struct wire_work *work, struct leti_error *err)
{
    if (is_rest_of_failed(worker, work))
        return true;
    struct wire_message message = { .kind = WIRE_RESULT, .result = { .unit = work->unit } };
    struct leti_error why;
    double began = clock_seconds();
    enum leti_status status = work_on(worker, work, &message.result, &why);
    double seconds = clock_seconds() - began;
    if (status == LETI_OK && !message.result.done)
        return true; /* more parts are to come */
    bool later = link_has_letter(worker->link) && seconds < QUICK_SECONDS;
    if (status == LETI_ERROR ||
        !worker_send(worker, &message, later ? LINK_LATER : LINK_NOW, &why)) {
        if (work->kind == LETI_TRAINER)
            worker->learning = UINT64_MAX; /* of no unit: whatever comes next begins anew */
        if (!worker_send_failure(worker, work->unit, why.text, err))
            return false;
    }
    return work->kind == LETI_TRAINER || measure(worker, seconds, err);
}

bool worker_serve(struct worker *worker, struct leti_error *err)
{
    bool is_trainer = worker->plugin.desc->kind == LETI_TRAINER;
    if (!worker_send_credit(worker, is_trainer ? 1 : CREDIT_LEAST, 0, err))
        return false;
    struct letter *letter;
    while ((letter = link_take(worker->link, true)) && !link_over(worker->link)) {
        bool good = true;
        if (letter->message.kind == WIRE_WELCOME)
            good = worker_welcome_again(worker, &letter->message.welcome, err);
        else if (letter->message.kind == WIRE_CANCEL)
            link_cancelled(worker->link);
        else if (letter->message.kind == WIRE_WORK && !link_stopping(worker->link))
            good = answer(worker, &letter->message.work, err);
        link_put(worker->link, letter);
        if (!good)
            return false;
    }
    if (letter)
        link_put(worker->link, letter);
    return true;
}
