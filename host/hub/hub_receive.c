/* hub_receive.c - messages from workers, of which nothing is believed.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <zmq.h>

#include "hub/hub_internal.h"

enum { WORKERS_MOST = 4096 }; /* each costs memory and a folder */
#define NOISE_SECONDS 1.0     /* between two lines about malformed frames */

/* ---- malformed frames ---- */

/* A worker that sends one is not trusted further; of senders that are no workers only the number
 * of their frames is told. */
static bool refuse_frame(struct hub *hub, struct hub_worker *worker, const char *why,
                         struct leti_error *err)
{
    hub->noise++;
    if (hub->now >= hub->noise_due) {
        hub_say(hub, worker ? worker->stage : NULL, LETI_LOG_WARN,
                "dropped %zu malformed frame%s, the last from %s: %s", hub->noise,
                hub->noise == 1 ? "" : "s", worker ? worker->identity : "a stranger", why);
        hub->noise = 0;
        hub->noise_due = hub->now + NOISE_SECONDS;
    }
    if (!worker)
        return true;
    struct leti_error reason;
    leti_error_set(&reason, "sent a malformed frame: %s", why);
    return hub_lose_worker(hub, worker, BLAME_CRASH, reason.text, err);
}

/* ---- results ---- */

static bool close_unit(struct hub *hub, struct unit *unit, const struct wire_result *result,
                       struct leti_error *err)
{
    const struct hub_handler *handler = &hub->handler;
    void *context = handler->context;
    uint64_t tag = unit->tag;
    struct leti_error missing = { 0 };
    if (result->answer != WIRE_FAILURE && unit->came < unit->samples)
        leti_error_set(&missing, "%s: only %u of %u samples came", unit->what, unit->came,
                       unit->samples);
    if (unit->worker->slot)
        unit->worker->slot->fruitless = 0;
    hub_take_back(hub, unit);
    hub_free_unit(hub, unit);
    if (missing.text[0])
        return handler->failed(context, tag, missing.text, err);
    switch (result->answer) {
    case WIRE_VERDICT:
        return handler->verdict(context, tag, &result->verdict, err);
    case WIRE_EXAMPLE:
        return handler->example(context, tag, &result->example, err);
    case WIRE_FAILURE:
        return handler->failed(context, tag, result->failure.data, err);
    default:
        return handler->done(context, tag, err);
    }
}

/* A request that was given a second time brings samples that came already: they are dropped. */
static bool take_sample(struct hub *hub, struct unit *unit, const struct wire_result *result,
                        struct leti_error *err)
{
    uint32_t place = result->output.index - unit->first;
    uint64_t bit = (uint64_t)1 << place % 64, *word = &unit->bits[place / 64];
    if (*word & bit)
        return true;
    *word |= bit;
    unit->came++;
    return hub->handler.sample(hub->handler.context, unit->tag, &result->output, err);
}

/* What is wrong with this answer to this unit, or NULL. */
static const char *misfit(const struct unit *unit, const struct wire_result *result)
{
    static const enum wire_answer of_kind[] = { [LETI_GENERATOR] = WIRE_OUTPUT,
                                                [LETI_EVALUATOR] = WIRE_VERDICT,
                                                [LETI_FORMATTER] = WIRE_EXAMPLE,
                                                [LETI_TRAINER] = WIRE_NOTHING };
    enum leti_kind kind = unit->stage->kind;
    if (result->answer == WIRE_FAILURE)
        return result->done ? NULL : "a failure that is not the end";
    if (result->answer == WIRE_NOTHING && kind == LETI_GENERATOR)
        return result->done ? NULL : "an empty result";
    if (result->answer != of_kind[kind])
        return "a result of another kind of stage";
    if (kind != LETI_GENERATOR)
        return result->done ? NULL : "a result that is not the end";
    uint32_t index = result->output.index;
    return index < unit->first || index - unit->first >= unit->samples
               ? "a sample that was not asked for"
               : NULL;
}

static bool take_result(struct hub *hub, struct hub_worker *worker,
                        const struct wire_result *result, struct leti_error *err)
{
    struct unit *unit = hub_find_unit(hub, result->unit);
    if (!unit || unit->worker != worker)
        return true; /* given to another meanwhile, or not wanted any more */
    const char *wrong = misfit(unit, result);
    if (wrong)
        return refuse_frame(hub, worker, wrong, err);
    uint64_t id = result->unit;
    if (result->answer == WIRE_OUTPUT && !take_sample(hub, unit, result, err))
        return false;
    if (!result->done)
        return true;
    unit = hub_find_unit(hub, id); /* the handler may have cancelled it */
    return !unit || close_unit(hub, unit, result, err);
}

/* ---- Hello ---- */

static void tell_stranger(struct hub *hub, const void *identity, size_t size,
                          const struct wire_message *message)
{
    if (wire_encode(message, &hub->frame, NULL) &&
        zmq_send(hub->router, identity, size, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0)
        zmq_send(hub->router, hub->frame.data, hub->frame.size, ZMQ_DONTWAIT);
}

static void refuse_hello(struct hub *hub, const void *identity, size_t size, const char *why)
{
    struct wire_message message = { .kind = WIRE_ERROR, .error = { why, strlen(why) } };
    tell_stranger(hub, identity, size, &message);
}

/* A worker that was given up, and beats still, may begin again. */
static void ask_for_hello(struct hub *hub, const void *identity, size_t size)
{
    struct wire_message message = { .kind = WIRE_HELLO, .hello = { .stage = "", .identity = "" } };
    tell_stranger(hub, identity, size, &message);
}

static struct hub_stage *stage_called(struct hub *hub, const char *name)
{
    for (size_t i = 0; i < hub->n_stages; i++)
        if (!strcmp(hub->stages[i]->name, name))
            return hub->stages[i];
    return NULL;
}

/* A worker that nobody here started: `leti join`, or one that was given up too early. */
static struct hub_worker *adopt(struct hub *hub, const void *identity, size_t size,
                                const struct wire_hello *hello)
{
    struct leti_error why;
    struct hub_stage *stage = stage_called(hub, hello->stage);
    if (hello->protocol != WIRE_PROTOCOL)
        leti_error_set(&why, "it speaks protocol %u, the head %d", hello->protocol, WIRE_PROTOCOL);
    else if (!stage)
        leti_error_set(&why, "the pipeline has no stage \"%s\"", hello->stage);
    else if (hub->n_workers >= WORKERS_MOST)
        leti_error_set(&why, "there are %d workers already", WORKERS_MOST);
    else if (size > IDENTITY_BYTES || memchr(identity, '\0', size))
        leti_error_set(&why, "its identity is not a text");
    else {
        struct hub_worker *worker = hub_new_worker(hub, stage, NULL, &why);
        if (worker) {
            memcpy(worker->identity, identity, size);
            worker->identity_size = size;
            hub_say(hub, stage, LETI_LOG_INFO, "worker %s joined", worker->identity);
            return worker;
        }
    }
    refuse_hello(hub, identity, size, why.text);
    return NULL;
}

/* After a reconnect: what the worker does not hold was lost on the way and is queued again; what
 * it holds and is still queued, because the worker was given up, becomes its own again. */
static void settle_held(struct hub *hub, struct hub_worker *worker, const struct wire_hello *hello)
{
    struct unit_list kept = { 0 };
    for (size_t i = 0; i < hello->n_held; i++) {
        struct unit *unit = hub_find_unit(hub, hello->held[i]);
        if (!unit || unit->stage != worker->stage || unit->feed ||
            (unit->worker && unit->worker != worker))
            continue;
        if (unit->worker)
            hub_take_back(hub, unit);
        else
            hub_remove(unit->suspect ? &unit->stage->suspects : &unit->stage->queue, unit);
        hub_push_back(&kept, unit);
    }
    while (worker->units.last) {
        struct unit *unit = worker->units.last;
        hub_take_back(hub, unit);
        hub_push_front(unit->suspect ? &unit->stage->suspects : &unit->stage->queue, unit);
    }
    while (kept.first) {
        struct unit *unit = kept.first;
        hub_remove(&kept, unit);
        hub_put_in_hands(hub, worker, unit);
    }
}

static bool take_hello(struct hub *hub, struct hub_worker *worker, const struct wire_hello *hello,
                       struct leti_error *err)
{
    if (hello->protocol != WIRE_PROTOCOL || strcmp(hello->stage, worker->stage->name))
        return refuse_frame(hub, worker, "a Hello that does not fit", err);
    settle_held(hub, worker, hello);
    if (worker->state == WORKER_STARTING) {
        worker->state = WORKER_WELCOME;
        worker->since = hub->now;
    }
    hub_welcome(hub, worker);
    return true;
}

/* ---- all messages ---- */

static bool take_error(struct hub *hub, struct hub_worker *worker, const char *why,
                       struct leti_error *err)
{
    const struct hub_stage *stage = worker->stage;
    if (worker->slot)
        return leti_error_set(err, "stage %s (%s): %s", stage->name,
                              stage->stage->plugin.desc->name, why);
    hub_say(hub, stage, LETI_LOG_WARN, "worker %s: %s", worker->identity, why);
    return hub_lose_worker(hub, worker, BLAME_NOBODY, "could not go on", err);
}

static bool take_credit(struct hub_worker *worker, const struct wire_credit *credit)
{
    worker->credit = *credit;
    worker->state = WORKER_READY;
    if (worker->slot)
        worker->slot->stillborn = 0;
    return true;
}

static bool take_message(struct hub *hub, struct hub_worker *worker,
                         const struct wire_message *message, struct leti_error *err)
{
    const struct hub_handler *handler = &hub->handler;
    const struct stage *stage = worker->stage->stage;
    switch (message->kind) {
    case WIRE_HELLO:
        return take_hello(hub, worker, &message->hello, err);
    case WIRE_CREDIT:
        return take_credit(worker, &message->credit);
    case WIRE_RESULT:
        return take_result(hub, worker, &message->result, err);
    case WIRE_METRIC:
        if (handler->metric)
            handler->metric(handler->context, stage, message->metric.name, message->metric.value);
        return true;
    case WIRE_PROGRESS:
        if (handler->progress)
            handler->progress(handler->context, stage, message->progress.done,
                              message->progress.total);
        return true;
    case WIRE_LOG:
        if (handler->log)
            handler->log(handler->context, stage, message->log.level, message->log.text.data);
        return true;
    case WIRE_HEARTBEAT:
        return true;
    case WIRE_ERROR:
        return take_error(hub, worker, message->error.data, err);
    case WIRE_BYE:
        return hub_lose_worker(hub, worker, BLAME_NOBODY, "left", err);
    default:
        return refuse_frame(hub, worker, "a message that only the head sends", err);
    }
}

static bool take_frame(struct hub *hub, zmq_msg_t *identity, zmq_msg_t *frame, bool alone,
                       struct leti_error *err)
{
    const void *name = zmq_msg_data(identity);
    size_t size = zmq_msg_size(identity);
    struct hub_worker *worker = hub_find_worker(hub, name, size);
    struct wire_message message;
    struct leti_error why;
    arena_reset(&hub->arena);
    if (!alone)
        return refuse_frame(hub, worker, "more than one frame", err);
    if (!wire_decode(zmq_msg_data(frame), zmq_msg_size(frame), &hub->arena, &message, &why))
        return refuse_frame(hub, worker, why.text, err);
    if (!worker && message.kind == WIRE_HELLO)
        worker = adopt(hub, name, size, &message.hello);
    else if (!worker && message.kind == WIRE_HEARTBEAT)
        ask_for_hello(hub, name, size);
    if (!worker)
        return true;
    worker->heard = hub->now;
    worker->unreachable = false;
    return take_message(hub, worker, &message, err);
}

static bool next_part(struct hub *hub, zmq_msg_t *part)
{
    int status;
    while ((status = zmq_msg_recv(part, hub->router, ZMQ_DONTWAIT)) < 0 && errno == EINTR)
        ;
    return status >= 0;
}

bool hub_receive(struct hub *hub, bool *got, struct leti_error *err)
{
    zmq_msg_t identity, frame, extra;
    zmq_msg_init(&identity);
    zmq_msg_init(&frame);
    zmq_msg_init(&extra);
    bool good = true, alone = true;
    *got = next_part(hub, &identity);
    if (*got && zmq_msg_more(&identity) && next_part(hub, &frame)) {
        bool more = zmq_msg_more(&frame);
        while (more && next_part(hub, &extra)) {
            more = zmq_msg_more(&extra);
            alone = false;
        }
        good = take_frame(hub, &identity, &frame, alone, err);
    }
    zmq_msg_close(&identity);
    zmq_msg_close(&frame);
    zmq_msg_close(&extra);
    return good;
}
