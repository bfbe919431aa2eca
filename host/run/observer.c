/* observer - one observer of a run.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/observer.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "registry/instance.h"
#include "run/event.h"

enum state { STARTING, AT_WORK, NOT_STARTED, ENDED };

struct observer {
    struct stage *stage; /* the head's; what the thread needs of it is copied */
    struct plugin plugin;
    struct settings settings;
    char *name, *run_dir;
    uint64_t seed;
    struct event_queue *queue;
    pthread_t thread;
    pthread_mutex_t lock; /* of the three below */
    pthread_cond_t changed;
    enum state state;
    bool left_behind;          /* its thread frees it */
    struct leti_error failure; /* to start */
};

/* ---- its thread ---- */

static void say(void *context, enum leti_level level, const char *text)
{
    const struct observer *observer = context;
    log_line(level, "%s: %s", observer->name, text);
}

static void observer_free(struct observer *observer)
{
    if (!observer)
        return;
    event_queue_destroy(observer->queue);
    pthread_cond_destroy(&observer->changed);
    pthread_mutex_destroy(&observer->lock);
    settings_free(&observer->settings);
    free(observer->name);
    free(observer->run_dir);
    free(observer);
}

static void reach(struct observer *observer, enum state state)
{
    pthread_mutex_lock(&observer->lock);
    bool free_it = observer->left_behind && state != AT_WORK;
    observer->state = state;
    pthread_cond_signal(&observer->changed);
    pthread_mutex_unlock(&observer->lock);
    if (free_it)
        observer_free(observer);
}

/* Tells it all there is until the queue ends or it fails. */
static void work(struct observer *observer, struct instance *instance)
{
    struct leti_event *event;
    struct leti_error err = { 0 };
    enum leti_status status = LETI_OK;
    while (status != LETI_ERROR && (event = event_queue_take(observer->queue))) {
        status = instance_observe(instance, event, &err);
        free(event);
    }
    if (status != LETI_ERROR)
        return;
    event_queue_close(observer->queue, true);
    log_line(LETI_LOG_WARN, "%s: %s; it is told nothing more, and the run goes on", observer->name,
             err.text);
}

static void *observer_main(void *context)
{
    struct observer *observer = context;
    struct instance *instance = NULL;
    const struct instance_config config = { .plugin = &observer->plugin,
                                            .settings = &observer->settings,
                                            .stage = observer->name,
                                            .run_dir = observer->run_dir,
                                            .threads = 1,
                                            .seed = observer->seed,
                                            .services = { .context = observer, .log = say } };
    if (!instance_start(&config, &instance, &observer->failure)) {
        reach(observer, NOT_STARTED);
        return NULL;
    }
    reach(observer, AT_WORK);
    work(observer, instance);
    instance_stop(instance);
    reach(observer, ENDED);
    return NULL;
}

/* ---- the head's side ---- */

static struct timespec after(double seconds)
{
    struct timespec time = { 0 };
    clock_gettime(CLOCK_MONOTONIC, &time);
    double whole = (double)time.tv_nsec * 1e-9 + seconds;
    time.tv_sec += (time_t)whole;
    time.tv_nsec = (long)((whole - (double)(time_t)whole) * 1e9);
    return time;
}

/* Its thread may be anywhere in the plugin, which can therefore not be closed either. */
static void leave_behind(struct observer *observer)
{
    event_queue_close(observer->queue, true);
    pthread_detach(observer->thread);
    observer->stage->plugin.library = NULL;
    observer->left_behind = true;
}

/* Waits until the state is another one. Where the time is up it is left behind, and nobody's. */
static enum state wait_for_change(struct observer *observer, enum state state)
{
    struct timespec end = after(observer->stage->options.deadline);
    int status = 0;
    pthread_mutex_lock(&observer->lock);
    while (observer->state == state && !status)
        status = pthread_cond_clockwait(&observer->changed, &observer->lock, CLOCK_MONOTONIC, &end);
    if (observer->state == state)
        leave_behind(observer);
    state = observer->state;
    pthread_mutex_unlock(&observer->lock);
    return state;
}

/* Signals are the head's. */
static bool start_thread(struct observer *observer, struct leti_error *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int status = pthread_create(&observer->thread, NULL, observer_main, observer);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return !status ||
           leti_error_set(err, "%s: cannot start a thread: %s", observer->name, strerror(status));
}

static bool wait_for_start(struct observer *observer, struct leti_error *err)
{
    const struct stage *stage = observer->stage;
    enum state state = wait_for_change(observer, STARTING);
    if (state == STARTING)
        return leti_error_set(err, "%s: %s (%s): it did not start within %g s", stage->where,
                              stage->options.name, stage->plugin.desc->name,
                              stage->options.deadline);
    if (state != NOT_STARTED)
        return true;
    pthread_join(observer->thread, NULL);
    leti_error_set(err, "%s: %s (%s): %s", stage->where, observer->name, stage->plugin.desc->name,
                   observer->failure.text);
    observer_free(observer);
    return false;
}

bool observer_start(struct stage *stage, const char *run_dir, uint64_t seed, struct observer **out,
                    struct leti_error *err)
{
    struct observer *observer = calloc(1, sizeof *observer);
    if (!observer)
        return leti_error_set(err, "out of memory");
    pthread_mutex_init(&observer->lock, NULL);
    pthread_cond_init(&observer->changed, NULL);
    observer->stage = stage;
    observer->plugin = stage->plugin;
    observer->seed = seed;
    observer->name = strdup(stage->options.name);
    observer->run_dir = strdup(run_dir);
    bool good = (observer->name && observer->run_dir) || leti_error_set(err, "out of memory");
    if (!good || !settings_copy(&stage->settings, &observer->settings, err) ||
        !event_queue_create((size_t)stage->options.queue, &observer->queue, err) ||
        !start_thread(observer, err)) {
        observer_free(observer);
        return false;
    }
    if (!wait_for_start(observer, err))
        return false;
    *out = observer;
    return true;
}

void observer_tell(struct observer *observer, const struct leti_event *event)
{
    event_queue_put(observer->queue, event);
}

void observer_close(struct observer *observer)
{
    event_queue_close(observer->queue, false);
}

/* A state other than AT_WORK when it is asked for is ENDED, since it has started. */
void observer_end(struct observer *observer)
{
    const struct stage_options *options = &observer->stage->options;
    uint64_t dropped = event_queue_dropped(observer->queue);
    if (dropped)
        log_line(LETI_LOG_WARN,
                 "%s: it has missed %" PRIu64 " events, for it was slower than the run",
                 options->name, dropped);
    if (wait_for_change(observer, AT_WORK) == AT_WORK) {
        log_line(LETI_LOG_WARN, "%s: it did not catch up within %g s: the rest is lost",
                 options->name, options->deadline);
        return;
    }
    pthread_join(observer->thread, NULL);
    observer_free(observer);
}
