/* hub_give.c - work to workers: never more than they gave credit for.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <zmq.h>

#include "hub/hub_internal.h"

enum { PART_BYTES = 1 << 20, PART_EXAMPLES = 4096, PARTS_AT_ONCE = 4 };

/* ---- frames ---- */

static bool send_part(void *router, const void *data, size_t size, int flags)
{
    while (zmq_send(router, data, size, flags | ZMQ_DONTWAIT) < 0)
        if (errno != EINTR)
            return false;
    return true;
}

static bool send_frame(struct hub *hub, struct hub_worker *worker, const void *data, size_t size)
{
    if (!send_part(hub->router, worker->identity, worker->identity_size, ZMQ_SNDMORE) ||
        !send_part(hub->router, data, size, 0)) {
        worker->unreachable = true;
        return false;
    }
    return true;
}

bool hub_send(struct hub *hub, struct hub_worker *worker, const struct wire_message *message)
{
    return wire_encode(message, &hub->frame, NULL) &&
           send_frame(hub, worker, hub->frame.data, hub->frame.size);
}

/* ---- a unit into a worker's hands, and back ---- */

void hub_put_in_hands(struct hub *hub, struct hub_worker *worker, struct unit *unit)
{
    bool runs_at_once = !worker->units.n || worker->credit.samples;
    unit->worker = worker;
    unit->began = runs_at_once ? hub->now : 0;
    hub_push_back(&worker->units, unit);
    worker->samples += unit->samples;
    worker->solo = unit->suspect;
    worker->stage->in_work++;
    if (unit->feed) {
        unit->feed->part = 0;
        unit->feed->sent_all = false;
    }
}

void hub_take_back(struct hub *hub, struct unit *unit)
{
    struct hub_worker *worker = unit->worker;
    hub_remove(&worker->units, unit);
    unit->worker = NULL;
    worker->samples -= unit->samples;
    worker->stage->in_work--;
    if (unit->suspect)
        worker->solo = false;
    if (worker->units.n && !worker->units.first->began)
        worker->units.first->began = hub->now;
}

/* false: it could not be sent, and stays at the front. */
static bool give_unit(struct hub *hub, struct hub_worker *worker, struct unit_list *from)
{
    struct unit *unit = from->first;
    if (unit->frame && !send_frame(hub, worker, unit->frame, unit->frame_size))
        return false;
    hub_remove(from, unit);
    hub_put_in_hands(hub, worker, unit);
    return true;
}

/* ---- examples for a trainer, part by part ---- */

static bool copy_bytes(struct arena *arena, struct leti_bytes *bytes)
{
    char *data = arena_copy(arena, bytes->data, bytes->size);
    bytes->data = data;
    return data != NULL;
}

static bool copy_example(struct arena *arena, const struct leti_example *from,
                         struct leti_example *out)
{
    struct leti_span *spans = arena_array(arena, from->n_spans, sizeof *spans);
    char *problem = arena_copy(arena, from->problem, strlen(from->problem));
    if (!spans || !problem)
        return false;
    for (size_t i = 0; i < from->n_spans; i++) {
        spans[i] = from->spans[i];
        if (!copy_bytes(arena, &spans[i].text))
            return false;
    }
    *out = *from;
    out->problem = problem;
    out->spans = spans;
    return true;
}

/* Copies the next examples, some PART_BYTES of them, into the hub's arena. */
static bool collect_part(struct hub *hub, struct feed *feed, struct wire_train *part,
                         struct leti_error *err)
{
    arena_reset(&hub->arena);
    hub->arena.limit = 0;
    struct leti_example *examples = arena_array(&hub->arena, PART_EXAMPLES, sizeof *examples);
    const char **held_out = arena_array(&hub->arena, PART_EXAMPLES, sizeof *held_out);
    if (!examples || !held_out)
        return leti_error_set(err, "out of memory");
    size_t n = 0, most = hub->arena.taken + PART_BYTES;
    while (n < PART_EXAMPLES && hub->arena.taken < most && !feed->sent_all) {
        struct leti_example example = { 0 };
        const char *name = "";
        bool rewind = feed->part == 0 && n == 0;
        enum leti_status status = feed->next(feed->context, rewind, &example, &name, err);
        if (status == LETI_ERROR)
            return false;
        feed->sent_all = status == LETI_DONE;
        if (feed->sent_all)
            break;
        held_out[n] = arena_copy(&hub->arena, name, strlen(name));
        if (!held_out[n] || !copy_example(&hub->arena, &example, &examples[n++]))
            return leti_error_set(err, "out of memory");
    }
    *part = (struct wire_train){ .training = feed->training,
                                 .model = feed->model,
                                 .examples = examples,
                                 .held_out = held_out,
                                 .n_examples = n,
                                 .part = feed->part++,
                                 .last = feed->sent_all };
    return true;
}

/* An example that no frame can hold fails the unit, not the run. */
static bool send_train_part(struct hub *hub, struct unit *unit, struct leti_error *err)
{
    struct wire_message message = { .kind = WIRE_WORK,
                                    .work = { .unit = unit->id, .kind = LETI_TRAINER } };
    struct leti_error why;
    if (!collect_part(hub, unit->feed, &message.work.train, err))
        return false;
    if (wire_encode(&message, &hub->frame, &why)) {
        send_frame(hub, unit->worker, hub->frame.data, hub->frame.size);
        return true;
    }
    uint64_t tag = unit->tag;
    hub_take_back(hub, unit);
    hub_free_unit(hub, unit);
    return hub->handler.failed(hub->handler.context, tag, why.text, err);
}

static struct unit *feeding(const struct hub_worker *worker)
{
    struct unit *unit = worker->units.first;
    return unit && unit->feed && !unit->feed->sent_all && !worker->unreachable ? unit : NULL;
}

static bool send_some_parts(struct hub *hub, struct hub_worker *worker, struct leti_error *err)
{
    struct unit *unit;
    for (int i = 0; i < PARTS_AT_ONCE && (unit = feeding(worker)); i++)
        if (!send_train_part(hub, unit, err))
            return false;
    return true;
}

/* ---- who gets what ---- */

static bool has_credit(const struct hub_worker *worker)
{
    return worker->state == WORKER_READY && !worker->died && !worker->unreachable &&
           !worker->solo && worker->units.n < worker->credit.units &&
           (!worker->credit.samples || worker->samples < worker->credit.samples);
}

/* While there are suspects, one worker is kept for them, and the others help when there is
 * nothing else. Returns the list that the worker is to be given from, or NULL. */
static struct unit_list *list_for(const struct hub_worker *worker, bool kept)
{
    struct hub_stage *stage = worker->stage;
    if (!has_credit(worker))
        return NULL;
    if (stage->suspects.n && (kept || !stage->queue.n))
        return worker->units.n ? NULL : &stage->suspects;
    return stage->queue.n ? &stage->queue : NULL;
}

/* One unit for each of the stage's workers that can take one. */
static bool give_round(struct hub *hub, const struct hub_stage *stage)
{
    bool gave = false, kept = stage->suspects.n > 0;
    for (size_t i = 0; i < hub->n_workers; i++) {
        struct hub_worker *worker = hub->workers[i];
        if (worker->stage != stage)
            continue;
        struct unit_list *list = list_for(worker, kept);
        if (worker->state == WORKER_READY)
            kept = false;
        gave |= list && give_unit(hub, worker, list);
    }
    return gave;
}

bool hub_give(struct hub *hub, bool *busy, struct leti_error *err)
{
    for (size_t i = 0; i < hub->n_stages; i++) {
        struct hub_stage *stage = hub->stages[i];
        while ((stage->queue.n || stage->suspects.n) && give_round(hub, stage))
            ;
    }
    *busy = false;
    for (size_t i = 0; i < hub->n_workers; i++) {
        if (feeding(hub->workers[i]) && !send_some_parts(hub, hub->workers[i], err))
            return false;
        *busy |= feeding(hub->workers[i]) != NULL;
    }
    return true;
}
