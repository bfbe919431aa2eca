/* hub_workers.c - who lives: workers come, beat, are lost, and are replaced.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "hub/hub_internal.h"

/* The end of a thread or a process that was started here is seen, so its silence means little. */
enum { SILENT_BEATS = 10, OWN_SILENT_BEATS = 60, STILLBORN_MOST = 3 };
#define HELLO_SECONDS 60.0      /* from a start to Hello */
#define START_SECONDS 1800.0    /* from Welcome to credit: a plugin may load much */
#define LAST_WORDS_SECONDS 0.02 /* what a process sent before it ended may still be on its way */
#define MOST_WORDS_SECONDS 1.0
#define TICK_SECONDS 0.01
#define TURN_MOST_SECONDS 0.25 /* of a turn that count; one that has nothing to do takes 0.05 */
#define BACK_OFF_SECONDS 0.05
#define BACK_OFF_MOST_SECONDS 5.0

/* ---- coming ---- */

static char *scratch_folder(struct hub *hub, const struct hub_stage *stage,
                            const struct hub_slot *slot, struct leti_error *err)
{
    char *folder = NULL;
    int n = slot ? asprintf(&folder, "%s/work/%s-%zu", hub->run_dir, stage->name, slot->number)
                 : asprintf(&folder, "%s/work/%s-joined-%zu", hub->run_dir, stage->name,
                            ++hub->n_joined);
    if (n < 0) {
        leti_error_set(err, "out of memory");
        return NULL;
    }
    if (!file_make_folders(folder, err)) {
        free(folder);
        return NULL;
    }
    return folder;
}

static bool worker_slot(struct hub *hub, struct leti_error *err)
{
    if (hub->n_workers < hub->worker_room)
        return true;
    size_t room = hub->worker_room ? 2 * hub->worker_room : 16;
    struct hub_worker **workers = realloc(hub->workers, room * sizeof *workers);
    if (!workers)
        return leti_error_set(err, "out of memory");
    hub->workers = workers;
    hub->worker_room = room;
    return true;
}

struct hub_worker *hub_new_worker(struct hub *hub, struct hub_stage *stage, struct hub_slot *slot,
                                  struct leti_error *err)
{
    if (!worker_slot(hub, err))
        return NULL;
    struct hub_worker *worker = calloc(1, sizeof *worker);
    if (!worker) {
        leti_error_set(err, "out of memory");
        return NULL;
    }
    worker->run_dir = scratch_folder(hub, stage, slot, err);
    if (!worker->run_dir) {
        free(worker);
        return NULL;
    }
    worker->stage = stage;
    worker->slot = slot;
    worker->since = worker->heard = clock_seconds();
    worker->pidfd = -1;
    if (slot)
        slot->worker = worker;
    hub->workers[hub->n_workers++] = worker;
    return worker;
}

struct hub_worker *hub_find_worker(const struct hub *hub, const void *identity, size_t size)
{
    for (size_t i = 0; i < hub->n_workers; i++) {
        struct hub_worker *worker = hub->workers[i];
        if (worker->identity_size == size && !memcmp(worker->identity, identity, size))
            return worker;
    }
    return NULL;
}

static uint32_t threads_of(const struct stage *stage)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int64_t wanted = stage->options.threads;
    return wanted > 0 ? (uint32_t)wanted : cores > 0 ? (uint32_t)cores : 1;
}

bool hub_welcome(struct hub *hub, struct hub_worker *worker)
{
    const struct stage *stage = worker->stage->stage;
    struct wire_message message = {
        .kind = WIRE_WELCOME,
        .welcome = { .plugin = stage->plugin.desc->name,
                     .plugin_version = stage->plugin.desc->version,
                     .run_dir = worker->run_dir,
                     .threads = threads_of(stage),
                     .seed = hub->seed,
                     .settings = &stage->settings,
                     .heartbeat_seconds = hub->beat,
                     .head = hub->id },
    };
    return hub_send(hub, worker, &message);
}

/* ---- going ---- */

void hub_free_worker(struct hub *hub, struct hub_worker *worker)
{
    size_t i = 0;
    while (i < hub->n_workers && hub->workers[i] != worker)
        i++;
    if (i < hub->n_workers) {
        hub->n_workers--;
        memmove(&hub->workers[i], &hub->workers[i + 1],
                (hub->n_workers - i) * sizeof(struct hub_worker *));
    }
    if (worker->slot)
        worker->slot->worker = NULL;
    if (worker->pidfd >= 0)
        close(worker->pidfd);
    free(worker->run_dir);
    free(worker->log);
    free(worker);
}

/* A thread cannot be ended from outside. It hears Bye, and whatever it still sends is a
 * stranger's. */
static bool stray(struct hub *hub, struct hub_thread *thread)
{
    struct hub_thread **strays = realloc(hub->strays, (hub->n_strays + 1) * sizeof *strays);
    if (!strays)
        return false;
    hub->strays = strays;
    strays[hub->n_strays++] = thread;
    return true;
}

/* A joined worker that nobody blames may come back. */
static void send_away(struct hub *hub, struct hub_worker *worker, enum hub_blame blame)
{
    if (worker->pid > 0)
        hub_end_process(hub, worker);
    else if (worker->slot || blame != BLAME_NOBODY)
        hub_send(hub, worker, &(struct wire_message){ .kind = WIRE_BYE });
    if (worker->thread && !stray(hub, worker->thread))
        hub_release_thread(worker->thread, 0);
    worker->thread = NULL;
}

static bool lose_unit(struct hub *hub, struct unit *unit, const char *why)
{
    const struct hub_stage *stage = unit->stage;
    if (asprintf(&unit->why, "stage %s (%s), %s: given up after %u workers, the last one %s",
                 stage->name, stage->stage->plugin.desc->name, unit->what, unit->attempts, why) < 0)
        unit->why = NULL;
    hub_push_back(&hub->lost, unit);
    return true;
}

/* Of several units in a worker's hands the culprit of a crash is not known for sure: the oldest
 * one of a worker that does one after the other, or any. All become suspects, which are run alone
 * from then on, so that only the culprit can do it again. */
static void give_back_units(struct hub *hub, struct hub_worker *worker, enum hub_blame blame,
                            const char *why)
{
    bool in_order = !worker->credit.samples || worker->units.n == 1;
    bool oldest_did_it = blame == BLAME_DEADLINE || (blame == BLAME_CRASH && in_order);
    if (worker->units.n && oldest_did_it)
        worker->units.first->attempts++;
    while (worker->units.last) {
        struct unit *unit = worker->units.last;
        hub_take_back(hub, unit);
        unit->suspect |= blame == BLAME_CRASH;
        if (unit->attempts >= HUB_ATTEMPTS)
            lose_unit(hub, unit, why);
        else
            hub_push_front(unit->suspect ? &unit->stage->suspects : &unit->stage->queue, unit);
    }
}

static double back_off(unsigned fruitless)
{
    double wait = BACK_OFF_SECONDS;
    for (unsigned i = 2; i < fruitless && wait < BACK_OFF_MOST_SECONDS; i++)
        wait *= 2;
    return fruitless < 2 ? 0 : wait < BACK_OFF_MOST_SECONDS ? wait : BACK_OFF_MOST_SECONDS;
}

static bool empty_slot(struct hub *hub, struct hub_slot *slot, bool was_ready, const char *why,
                       struct leti_error *err)
{
    const struct hub_stage *stage = slot->stage;
    slot->stillborn += !was_ready;
    slot->fruitless++;
    slot->due = hub->now + back_off(slot->fruitless);
    if (slot->stillborn < STILLBORN_MOST)
        return true;
    return leti_error_set(err, "stage %s (%s): %u workers in a row did not get ready, the last %s",
                          stage->name, stage->stage->plugin.desc->name, slot->stillborn, why);
}

static void say_lost(struct hub *hub, const struct hub_worker *worker, const char *why)
{
    char units[64] = "";
    size_t n = worker->units.n;
    if (n)
        snprintf(units, sizeof units, "; %zu unit%s to others", n, n == 1 ? " goes" : "s go");
    hub_say(hub, worker->stage, LETI_LOG_WARN, "worker %s %s%s", worker->identity, why, units);
}

bool hub_lose_worker(struct hub *hub, struct hub_worker *worker, enum hub_blame blame,
                     const char *why, struct leti_error *err)
{
    struct hub_slot *slot = worker->slot;
    bool was_ready = worker->state == WORKER_READY;
    say_lost(hub, worker, why);
    give_back_units(hub, worker, blame, why);
    send_away(hub, worker, blame);
    hub_free_worker(hub, worker);
    return !slot || empty_slot(hub, slot, was_ready, why, err);
}

static bool tell_lost(struct hub *hub, struct leti_error *err)
{
    while (hub->lost.first) {
        struct unit *unit = hub->lost.first;
        hub_remove(&hub->lost, unit);
        uint64_t tag = unit->tag;
        char *why = unit->why;
        unit->why = NULL;
        hub_free_unit(hub, unit);
        bool good = hub->handler.lost(hub->handler.context, tag, why ? why : "out of memory", err);
        free(why);
        if (!good)
            return false;
    }
    return true;
}

/* ---- time ---- */

/* Nothing is moved past now: what began during the lost time lost only a part of it. */
static void move_on(double *moment, double lost, double now)
{
    double moved = *moment + lost;
    *moment = moved < now ? moved : now;
}

static void forgive(struct hub *hub, double lost)
{
    for (size_t i = 0; i < hub->n_workers; i++) {
        struct hub_worker *worker = hub->workers[i];
        move_on(&worker->heard, lost, hub->now);
        move_on(&worker->since, lost, hub->now);
        for (struct unit *unit = worker->units.first; unit; unit = unit->next)
            if (unit->began > 0)
                move_on(&unit->began, lost, hub->now);
    }
}

void hub_turn(struct hub *hub)
{
    double before = hub->now;
    hub->now = clock_seconds();
    if (before > 0 && hub->now - before > TURN_MOST_SECONDS)
        forgive(hub, hub->now - before - TURN_MOST_SECONDS);
}

static void beat(struct hub *hub)
{
    if (hub->now < hub->beat_due)
        return;
    for (size_t i = 0; i < hub->n_workers; i++)
        if (hub->workers[i]->state != WORKER_STARTING)
            hub_send(hub, hub->workers[i], &(struct wire_message){ .kind = WIRE_HEARTBEAT });
    hub->beat_due = hub->now + hub->beat;
}

/* Whether the worker is to go, and why. */
static bool is_over(const struct hub *hub, const struct hub_worker *worker, bool all_read,
                    enum hub_blame *blame, struct leti_error *why)
{
    double deadline = worker->stage->deadline, now = hub->now;
    double start_limit = worker->state == WORKER_STARTING ? HELLO_SECONDS : START_SECONDS;
    double silence = (worker->slot ? OWN_SILENT_BEATS : SILENT_BEATS) * hub->beat;
    const struct unit *oldest = worker->units.first;
    *blame = BLAME_NOBODY;
    if (worker->died) {
        *blame = BLAME_CRASH;
        hub_describe_end(worker, why);
        return now - worker->died > (all_read ? LAST_WORDS_SECONDS : MOST_WORDS_SECONDS);
    }
    if (worker->thread && atomic_load(&worker->thread->ended))
        return !leti_error_set(why, "ended: %s", worker->thread->error.text);
    if (oldest && oldest->began > 0 && deadline > 0 && now - oldest->began > deadline) {
        *blame = BLAME_DEADLINE;
        return !leti_error_set(why, "missed the deadline of %g s", deadline);
    }
    if (worker->state != WORKER_READY && now - worker->since > start_limit)
        return !leti_error_set(why, "did not start within %g s", start_limit);
    if (worker->state != WORKER_STARTING && all_read && now - worker->heard > silence)
        return !leti_error_set(why, "was silent for %g s", silence);
    return false;
}

static bool check_workers(struct hub *hub, bool all_read, struct leti_error *err)
{
    for (size_t i = hub->n_workers; i-- > 0;) {
        struct hub_worker *worker = hub->workers[i];
        enum hub_blame blame;
        struct leti_error why;
        if (is_over(hub, worker, all_read, &blame, &why) &&
            !hub_lose_worker(hub, worker, blame, why.text, err))
            return false;
    }
    return true;
}

static bool fill_slots(struct hub *hub, struct leti_error *err)
{
    for (size_t i = 0; i < hub->n_stages; i++)
        for (size_t j = 0; j < hub->stages[i]->n_slots; j++) {
            struct hub_slot *slot = &hub->stages[i]->slots[j];
            if (!slot->worker && hub->now >= slot->due && !hub_start_worker(hub, slot, err))
                return false;
        }
    return true;
}

bool hub_keep_time(struct hub *hub, bool all_read, struct leti_error *err)
{
    if (hub->now >= hub->tick_due) {
        hub->tick_due = hub->now + TICK_SECONDS;
        beat(hub);
        hub_note_children(hub);
        if (!check_workers(hub, all_read, err) || !fill_slots(hub, err))
            return false;
    }
    return tell_lost(hub, err);
}
