/* hub_units.c - units of work: made, encoded once, queued, counted, forgotten.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "hub/hub_internal.h"

enum { ROOM_FOR_WORKER = 128, ROOM_FOR_GENERATOR = 16 };

/* ---- lists ---- */

void hub_push_front(struct unit_list *list, struct unit *unit)
{
    unit->previous = NULL;
    unit->next = list->first;
    *(list->first ? &list->first->previous : &list->last) = unit;
    list->first = unit;
    list->n++;
}

void hub_push_back(struct unit_list *list, struct unit *unit)
{
    unit->next = NULL;
    unit->previous = list->last;
    *(list->last ? &list->last->next : &list->first) = unit;
    list->last = unit;
    list->n++;
}

void hub_remove(struct unit_list *list, struct unit *unit)
{
    *(unit->previous ? &unit->previous->next : &list->first) = unit->next;
    *(unit->next ? &unit->next->previous : &list->last) = unit->previous;
    unit->previous = unit->next = NULL;
    list->n--;
}

/* ---- slots ---- */

struct hub_stage *hub_find_stage(const struct hub *hub, const struct stage *stage)
{
    for (size_t i = 0; i < hub->n_stages; i++)
        if (hub->stages[i]->stage == stage)
            return hub->stages[i];
    return NULL;
}

struct unit *hub_find_unit(const struct hub *hub, uint64_t id)
{
    size_t slot = id & UINT32_MAX;
    struct unit *unit = slot < hub->n_units ? hub->units[slot] : NULL;
    return unit && unit->id == id ? unit : NULL;
}

static bool grow_slots(struct hub *hub)
{
    if (hub->n_free_units || hub->n_units < hub->unit_room)
        return true;
    size_t room = hub->unit_room ? 2 * hub->unit_room : 1024;
    if (room > UINT32_MAX)
        return false;
    struct unit **units = realloc(hub->units, room * sizeof *units);
    if (!units)
        return false;
    hub->units = units;
    uint32_t *free_units = realloc(hub->free_units, room * sizeof *free_units);
    if (!free_units)
        return false;
    hub->free_units = free_units;
    hub->unit_room = room;
    return true;
}

/* Not in any list yet. NULL where memory is refused. */
static struct unit *new_unit(struct hub *hub, struct hub_stage *stage, uint64_t tag,
                             const char *what)
{
    struct unit *unit = calloc(1, sizeof *unit);
    char *copy = strdup(what ? what : "");
    if (!unit || !copy || !grow_slots(hub)) {
        free(unit);
        free(copy);
        return NULL;
    }
    size_t slot = hub->n_free_units ? hub->free_units[--hub->n_free_units] : hub->n_units++;
    hub->units[slot] = unit;
    *unit = (struct unit){
        .id = hub->next_use++ << 32 | slot,
        .tag = tag,
        .stage = stage,
        .what = copy,
    };
    return unit;
}

void hub_free_unit(struct hub *hub, struct unit *unit)
{
    uint32_t slot = (uint32_t)unit->id;
    hub->units[slot] = NULL;
    hub->free_units[hub->n_free_units++] = slot;
    if (unit->feed)
        arena_free(&unit->feed->texts);
    free(unit->feed);
    free(unit->bits);
    free(unit->frame);
    free(unit->what);
    free(unit->why);
    free(unit);
}

/* ---- submitting ---- */

static bool begin_submit(struct hub *hub, const struct stage *stage, enum leti_kind kind,
                         uint64_t tag, const char *what, struct unit **out, struct leti_error *err)
{
    struct hub_stage *found = hub_find_stage(hub, stage);
    if (!found || found->kind != kind)
        return leti_error_set(err, "%s: not a stage of this hub that takes such work",
                              stage->options.name);
    *out = new_unit(hub, found, tag, what);
    return *out || leti_error_set(err, "out of memory");
}

static bool queue_encoded(struct hub *hub, struct unit *unit, struct wire_work work,
                          struct leti_error *err)
{
    struct wire_message message = { .kind = WIRE_WORK, .work = work };
    struct leti_error why;
    message.work.unit = unit->id;
    if (!wire_encode(&message, &hub->frame, &why)) {
        leti_error_set(err, "stage %s, %s: %s", unit->stage->name, unit->what, why.text);
        goto fail;
    }
    unit->frame = malloc(hub->frame.size);
    if (!unit->frame) {
        leti_error_set(err, "out of memory");
        goto fail;
    }
    memcpy(unit->frame, hub->frame.data, hub->frame.size);
    unit->frame_size = hub->frame.size;
    hub_push_back(&unit->stage->queue, unit);
    return true;
fail:
    hub_free_unit(hub, unit);
    return false;
}

bool hub_generate(struct hub *hub, const struct stage *stage, uint64_t tag, const char *what,
                  const struct leti_request *request, const struct hub_model *model,
                  struct leti_error *err)
{
    struct unit *unit;
    if (request->samples < 1 || request->samples > UINT32_MAX - request->first)
        return leti_error_set(err, "%s: %u samples are wanted", what, request->samples);
    if (!begin_submit(hub, stage, LETI_GENERATOR, tag, what, &unit, err))
        return false;
    unit->first = request->first;
    unit->samples = request->samples;
    unit->bits = calloc((request->samples + 63) / 64, sizeof *unit->bits);
    if (!unit->bits) {
        hub_free_unit(hub, unit);
        return leti_error_set(err, "out of memory");
    }
    struct wire_work work = {
        .kind = LETI_GENERATOR,
        .generate = { *request, { model->version, model->dir } },
    };
    return queue_encoded(hub, unit, work, err);
}

bool hub_evaluate(struct hub *hub, const struct stage *stage, uint64_t tag, const char *what,
                  const struct leti_sample *sample, struct leti_error *err)
{
    struct unit *unit;
    if (!begin_submit(hub, stage, LETI_EVALUATOR, tag, what, &unit, err))
        return false;
    struct wire_work work = { .kind = LETI_EVALUATOR, .evaluate = *sample };
    return queue_encoded(hub, unit, work, err);
}

bool hub_format(struct hub *hub, const struct stage *stage, uint64_t tag, const char *what,
                const struct leti_sample *sample, const struct leti_verdict *verdicts,
                size_t n_verdicts, struct leti_error *err)
{
    struct unit *unit;
    if (!begin_submit(hub, stage, LETI_FORMATTER, tag, what, &unit, err))
        return false;
    struct wire_work work = { .kind = LETI_FORMATTER, .format = { *sample, verdicts, n_verdicts } };
    return queue_encoded(hub, unit, work, err);
}

bool hub_train(struct hub *hub, const struct stage *stage, uint64_t tag, const char *what,
               const struct leti_training *training, const struct hub_model *model,
               hub_examples *next, void *context, struct leti_error *err)
{
    struct unit *unit;
    if (!begin_submit(hub, stage, LETI_TRAINER, tag, what, &unit, err))
        return false;
    struct feed *feed = unit->feed = calloc(1, sizeof *feed);
    if (!feed)
        goto fail;
    const char *out_dir = arena_copy(&feed->texts, training->out_dir, strlen(training->out_dir));
    const char *dir = arena_copy(&feed->texts, model->dir, strlen(model->dir));
    if (!out_dir || !dir)
        goto fail;
    feed->next = next;
    feed->context = context;
    feed->training = *training;
    feed->training.out_dir = out_dir;
    feed->model = (struct wire_model){ model->version, dir };
    hub_push_back(&unit->stage->queue, unit);
    return true;
fail:
    hub_free_unit(hub, unit);
    return leti_error_set(err, "out of memory");
}

/* ---- forgetting and counting ---- */

static void free_list(struct hub *hub, struct unit_list *list, const struct hub_stage *stage)
{
    struct unit *next;
    for (struct unit *unit = list->first; unit; unit = next) {
        next = unit->next;
        if (unit->stage != stage)
            continue;
        hub_remove(list, unit);
        hub_free_unit(hub, unit);
    }
}

void hub_cancel(struct hub *hub, const struct stage *which)
{
    struct hub_stage *stage = hub_find_stage(hub, which);
    if (!stage)
        return;
    free_list(hub, &stage->queue, stage);
    free_list(hub, &stage->suspects, stage);
    free_list(hub, &hub->lost, stage);
    for (size_t i = 0; i < hub->n_workers; i++) {
        struct hub_worker *worker = hub->workers[i];
        if (worker->stage != stage || !worker->units.n)
            continue;
        while (worker->units.first) {
            struct unit *unit = worker->units.first;
            hub_take_back(hub, unit);
            hub_free_unit(hub, unit);
        }
        hub_send(hub, worker, &(struct wire_message){ .kind = WIRE_CANCEL });
    }
}

static size_t open_of(const struct hub_stage *stage)
{
    return stage->queue.n + stage->suspects.n + stage->in_work;
}

size_t hub_open_units(const struct hub *hub, const struct stage *stage)
{
    size_t n = 0;
    for (size_t i = 0; i < hub->n_stages; i++)
        if (!stage || hub->stages[i]->stage == stage)
            n += open_of(hub->stages[i]);
    return n + (stage ? 0 : hub->lost.n);
}

size_t hub_room(const struct hub *hub, const struct stage *which)
{
    const struct hub_stage *stage = hub_find_stage(hub, which);
    if (!stage)
        return 0;
    size_t workers = stage->n_slots;
    for (size_t i = 0; i < hub->n_workers; i++)
        workers += hub->workers[i]->stage == stage && !hub->workers[i]->slot;
    size_t each = stage->kind == LETI_GENERATOR ? ROOM_FOR_GENERATOR : ROOM_FOR_WORKER;
    size_t room = (workers ? workers : 1) * each, queued = stage->queue.n + stage->suspects.n;
    return queued < room ? room - queued : 0;
}
