/* observer.tensorboard - scalars for TensorBoard: what the trainer measures, test results, counts.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "event_file.h"
#include "leti/plugin.h"

struct observer {
    const char *folder, *axis; /* options */
    const struct leti_host *host;
    bool by_steps;
    struct event_file file;
    struct leti_error failure;
};

/* ---- scalars ---- */

static int64_t place_of(const struct observer *observer, const struct leti_event *event)
{
    uint64_t place = observer->by_steps ? event->steps : event->iteration;
    return place < INT64_MAX ? (int64_t)place : INT64_MAX;
}

/* The tag is group/of/what; of may be "". */
static bool put(struct observer *observer, const struct leti_event *event, const char *group,
                const char *of, const char *what, double value)
{
    char *tag = NULL;
    if (asprintf(&tag, "%s%s%s/%s", group, *of ? "/" : "", of, what) < 0)
        return leti_error_set(&observer->failure, "out of memory for a tag");
    bool good = event_file_scalar(&observer->file, event->time, place_of(observer, event), tag,
                                  value, &observer->failure);
    free(tag);
    return good;
}

static bool put_test(struct observer *observer, const struct leti_event *e)
{
    const char *name = e->test.name;
    for (uint32_t i = 0; i < e->test.n_k; i++) {
        char what[32];
        snprintf(what, sizeof what, "pass@%u", e->test.k[i]);
        if (!put(observer, e, "test", name, what, e->test.pass[i]))
            return false;
    }
    return put(observer, e, "test", name, "pass@1 low", e->test.low) &&
           put(observer, e, "test", name, "pass@1 high", e->test.high) &&
           put(observer, e, "test", name, "solve_rate", e->test.solve_rate);
}

static bool put_counts(struct observer *observer, const struct leti_event *e)
{
    uint64_t infra = e->counts.infra, sampled = e->counts.sampled;
    uint64_t judged = sampled > infra ? sampled - infra : 0;
    return (!judged || put(observer, e, "sampling", "", "passed",
                           (double)e->counts.passed / (double)judged)) &&
           put(observer, e, "sampling", "", "samples", (double)sampled) &&
           put(observer, e, "sampling", "", "reused", (double)e->counts.reused) &&
           put(observer, e, "sampling", "", "infra", (double)infra) &&
           put(observer, e, "seconds", "", "sample", e->counts.sample_seconds) &&
           put(observer, e, "seconds", "", "train", e->counts.train_seconds);
}

/* A run that goes on does again what it was cut off in. */
static bool put_run(struct observer *observer, const struct leti_event *e)
{
    return !e->run.resumed || event_file_restart(&observer->file, e->time,
                                                 place_of(observer, e) + 1, &observer->failure);
}

static enum leti_status observe(void *self, const struct leti_event *e)
{
    struct observer *observer = self;
    bool good = true;
    switch (e->kind) {
    case LETI_EVENT_RUN_BEGINS:
        good = put_run(observer, e);
        break;
    case LETI_EVENT_METRIC:
        good = put(observer, e, e->metric.stage, "", e->metric.name, e->metric.value);
        break;
    case LETI_EVENT_TEST:
        good = put_test(observer, e);
        break;
    case LETI_EVENT_ITERATION:
        good = put_counts(observer, e);
        break;
    default:
        break;
    }
    return good ? LETI_OK : observer->host->fail(observer->host, "%s", observer->failure.text);
}

/* ---- life ---- */

static double now(void)
{
    struct timespec time = { 0 };
    clock_gettime(CLOCK_REALTIME, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static enum leti_status start(void *self, const struct leti_host *host)
{
    struct observer *observer = self;
    char *folder = NULL;
    observer->host = host;
    observer->by_steps = !strcmp(observer->axis, "steps");
    if (observer->folder[0] == '/')
        folder = strdup(observer->folder);
    else if (asprintf(&folder, "%s/%s", host->run_dir, observer->folder) < 0)
        folder = NULL;
    if (!folder)
        return host->fail(host, "out of memory");
    bool opened = event_file_open(folder, now(), &observer->file, &observer->failure);
    free(folder);
    return opened ? LETI_OK : host->fail(host, "folder %s", observer->failure.text);
}

static void stop(void *self)
{
    event_file_close(&((struct observer *)self)->file);
}

static const struct leti_option options[] = {
    LETI_OPT_TEXT(struct observer, folder, "tensorboard",
                  "Folder of the event files; in the run's folder where it is not absolute."),
    LETI_OPT_CHOICE(struct observer, axis, "steps", "steps|iterations",
                    "What is counted from left to right: gradient steps, or iterations."),
    { 0 },
};

LETI_EXPORT const struct leti_plugin leti_plugin = {
    LETI_PLUGIN_HEADER,
    .kind = LETI_OBSERVER,
    .name = "observer.tensorboard",
    .version = "1.0",
    .summary = "Writes event files that TensorBoard shows as curves",
    .instance_size = sizeof(struct observer),
    .options = options,
    .start = start,
    .stop = stop,
    .observer = { .observe = observe },
};
