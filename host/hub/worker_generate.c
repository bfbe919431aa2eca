/* worker_generate.c - continuous batching: new requests join while others are still running.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "hub/worker_internal.h"

enum { UNITS_MOST = 4096 };

/* ---- open requests ---- */

static struct open_request *find_request(struct worker *worker, uint64_t unit)
{
    for (size_t i = 0; i < worker->n_open; i++)
        if (worker->open[i].unit == unit)
            return &worker->open[i];
    return NULL;
}

static bool add_request(struct worker *worker, const struct leti_request *request,
                        struct leti_error *err)
{
    if (worker->n_open == worker->open_room) {
        size_t room = worker->open_room ? 2 * worker->open_room : 16;
        struct open_request *open = realloc(worker->open, room * sizeof *open);
        if (!open)
            return leti_error_set(err, "out of memory");
        worker->open = open;
        worker->open_room = room;
    }
    uint64_t *came = calloc((request->samples + 63) / 64, sizeof *came);
    if (!came)
        return leti_error_set(err, "out of memory");
    worker->open[worker->n_open++] =
        (struct open_request){ request->id, request->first, request->samples, request->samples,
                               came };
    return true;
}

static void remove_request(struct worker *worker, struct open_request *request)
{
    free(request->came);
    *request = worker->open[--worker->n_open];
}

void worker_forget_requests(struct worker *worker)
{
    while (worker->n_open)
        remove_request(worker, &worker->open[worker->n_open - 1]);
}

static bool first_time(struct open_request *request, uint32_t index)
{
    uint32_t place = index - request->first;
    if (index < request->first || place >= request->samples)
        return false;
    uint64_t bit = (uint64_t)1 << place % 64, *word = &request->came[place / 64];
    bool first = !(*word & bit);
    *word |= bit;
    return first;
}

/* ---- samples ---- */

/* A sample that nobody asked for is left out: the request's own check finds what is missing. */
void worker_emit(void *context, const struct leti_output *output)
{
    struct worker *worker = context;
    struct open_request *request = find_request(worker, output->request);
    if (!request || !first_time(request, output->index))
        return;
    bool last = --request->left == 0;
    struct wire_message message = {
        .kind = WIRE_RESULT,
        .result = { .unit = request->unit, .done = last, .answer = WIRE_OUTPUT, .output = *output },
    };
    struct leti_error why;
    bool sent = worker_send(worker, &message, LINK_LATER, &why);
    if (!sent)
        worker_send_failure(worker, request->unit, why.text, NULL);
    if (last || !sent)
        remove_request(worker, request);
}

/* ---- failures ---- */

/* After an error nobody knows what the generator still holds: it forgets, or starts anew. */
static bool fail_open(struct worker *worker, const char *why, struct leti_error *err)
{
    for (size_t i = 0; i < worker->n_open; i++)
        if (!worker_send_failure(worker, worker->open[i].unit, why, err))
            return false;
    worker_forget_requests(worker);
    return instance_cancel(worker->instance) || worker_restart(worker, err);
}

static bool fail_unfinished(struct worker *worker, struct leti_error *err)
{
    for (size_t i = 0; i < worker->n_open; i++) {
        struct open_request *request = &worker->open[i];
        struct leti_error why;
        leti_error_set(&why, "the generator stopped with %u of %u samples missing", request->left,
                       request->samples);
        if (!worker_send_failure(worker, request->unit, why.text, err))
            return false;
    }
    worker_forget_requests(worker);
    return true;
}

/* ---- the loop ---- */

static bool submit(struct worker *worker, const struct wire_work *work, struct leti_error *err)
{
    struct leti_error why;
    if (work->kind != LETI_GENERATOR)
        return worker_send_failure(worker, work->unit, "work for another kind of stage", err);
    if (!worker_load(worker, &work->generate.model, &why))
        return worker_send_failure(worker, work->unit, why.text, err);
    if (!add_request(worker, &work->generate.request, err))
        return false;
    if (instance_submit(worker->instance, &work->generate.request, &why) != LETI_ERROR)
        return true;
    struct open_request *request = find_request(worker, work->unit);
    if (request)
        remove_request(worker, request);
    return worker_send_failure(worker, work->unit, why.text, err);
}

static bool needs_another_model(const struct worker *worker, const struct wire_work *work)
{
    const struct wire_model *model = &work->generate.model;
    return !worker->model.dir || worker->model.version != model->version ||
           strcmp(worker->model.dir, model->dir);
}

static bool must_wait(const struct worker *worker, const struct wire_work *work)
{
    return worker->n_open > 0 &&
           (worker->plugin.desc->generator.capacity == 0 || needs_another_model(worker, work));
}

static bool cancel(struct worker *worker, struct leti_error *err)
{
    bool had_requests = worker->n_open > 0;
    worker_forget_requests(worker);
    link_cancelled(worker->link);
    return !had_requests || instance_cancel(worker->instance) || worker_restart(worker, err);
}

/* Takes a letter, or keeps it waiting, which *full says. */
static bool take_in(struct worker *worker, struct letter *letter, bool *full,
                    struct leti_error *err)
{
    bool good = true;
    if (letter->message.kind == WIRE_WELCOME) {
        good = worker_welcome_again(worker, &letter->message.welcome, err);
    } else if (letter->message.kind == WIRE_CANCEL) {
        good = cancel(worker, err);
    } else if (letter->message.kind == WIRE_WORK && !link_stopping(worker->link)) {
        if (must_wait(worker, &letter->message.work)) {
            worker->waiting = letter;
            *full = true;
            return true;
        }
        good = submit(worker, &letter->message.work, err);
    }
    link_put(worker->link, letter);
    return good;
}

static bool take_all(struct worker *worker, struct leti_error *err)
{
    bool full = false, good = true;
    struct letter *letter = worker->waiting;
    worker->waiting = NULL;
    if (!letter)
        letter = link_take(worker->link, worker->n_open == 0);
    while (letter && good && !link_over(worker->link)) {
        good = take_in(worker, letter, &full, err);
        letter = full ? NULL : link_take(worker->link, false);
    }
    if (letter)
        link_put(worker->link, letter);
    return good;
}

static bool step(struct worker *worker, struct leti_error *err)
{
    struct leti_error why;
    enum leti_status status = instance_step(worker->instance, &why);
    link_flush(worker->link);
    if (status == LETI_ERROR)
        return fail_open(worker, why.text, err);
    return status != LETI_DONE || fail_unfinished(worker, err);
}

bool worker_generate(struct worker *worker, struct leti_error *err)
{
    uint32_t capacity = worker->plugin.desc->generator.capacity;
    if (!worker_send_credit(worker, capacity ? UNITS_MOST : 1, capacity, err))
        return false;
    while (!link_over(worker->link)) {
        if (!take_all(worker, err))
            return false;
        if (worker->n_open && !link_stopping(worker->link) && !step(worker, err))
            return false;
    }
    return true;
}
