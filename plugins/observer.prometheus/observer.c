/* observer.prometheus - how a run goes, for Prometheus to ask.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "endpoint.h"
#include "leti/plugin.h"
#include "page.h"

struct observer {
    const char *listen; /* options */
    bool public;
    bool full; /* of labels is a gauge, which was said */
    const struct leti_host *host;
    struct page *page;
    struct endpoint *endpoint;
};

#define LABELS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* ---- life ---- */

static enum leti_status start(void *self, const struct leti_host *host)
{
    struct observer *observer = self;
    struct leti_error err;
    observer->host = host;
    observer->page = page_create();
    if (!observer->page)
        return host->fail(host, "out of memory");
    if (!endpoint_open(observer->listen, observer->public, observer->page, &observer->endpoint,
                       &err)) {
        page_destroy(observer->page);
        return host->fail(host, "%s", err.text);
    }
    host->log(host, LETI_LOG_INFO, "Prometheus finds it at %s", endpoint_url(observer->endpoint));
    return LETI_OK;
}

static void stop(void *self)
{
    struct observer *observer = self;
    endpoint_close(observer->endpoint);
    page_destroy(observer->page);
}

/* ---- events ---- */

/* A gauge whose labels come from the run. */
static void set(struct observer *observer, enum page_metric metric, const char *const *labels,
                double value)
{
    const struct leti_host *host = observer->host;
    if (page_set(observer->page, metric, labels, value) || observer->full)
        return;
    observer->full = true;
    host->log(host, LETI_LOG_WARN,
              "%s has %d sets of labels: values under others are left out, and counted",
              page_name(metric), PAGE_LABELS);
}

static void on_run(struct page *page, const struct leti_event *e)
{
    page_set(page, PAGE_RUN_INFO, LABELS("run", e->run.name), 1);
    page_set(page, PAGE_RUNNING, PAGE_NO_LABELS, 1);
    page_set(page, PAGE_ITERATIONS, PAGE_NO_LABELS, e->run.iterations);
}

/* The reason of an exception is its type. */
static void on_sample(struct page *page, const struct leti_event *e)
{
    static const char *const outcomes[] = { "passed", "failed", "infra" };
    const char *phase = *e->sample.test ? "test" : "training";
    const char *reason = *e->sample.exception ? e->sample.exception : e->sample.reason;
    page_add(page, PAGE_SAMPLES,
             LABELS("phase", phase, "outcome", outcomes[e->sample.outcome], "reason", reason), 1);
    page_add(page, PAGE_TOKENS, LABELS("phase", phase), e->sample.tokens);
    if (e->sample.reused)
        page_add(page, PAGE_REUSED, LABELS("phase", phase), 1);
    else
        page_add(page, PAGE_JUDGING_SECONDS, LABELS("phase", phase), e->sample.seconds);
}

static void on_metric(struct observer *observer, const struct leti_event *e)
{
    set(observer, PAGE_METRIC, LABELS("stage", e->metric.stage, "name", e->metric.name),
        e->metric.value);
    if (!strcmp(e->metric.name, "loss"))
        page_set(observer->page, PAGE_LOSS, PAGE_NO_LABELS, e->metric.value);
}

static void on_test(struct observer *observer, const struct leti_event *e)
{
    const char *const *labels = LABELS("test", e->test.name);
    for (uint32_t i = 0; i < e->test.n_k; i++)
        if (e->test.k[i] == 1)
            set(observer, PAGE_PASS_AT_1, labels, e->test.pass[i]);
    set(observer, PAGE_PASS_AT_1_LOW, labels, e->test.low);
    set(observer, PAGE_PASS_AT_1_HIGH, labels, e->test.high);
    set(observer, PAGE_SOLVE_RATE, labels, e->test.solve_rate);
}

static enum leti_status observe(void *self, const struct leti_event *e)
{
    struct observer *observer = self;
    struct page *page = observer->page;
    switch (e->kind) {
    case LETI_EVENT_RUN_BEGINS:
        on_run(page, e);
        break;
    case LETI_EVENT_PART_ENDS:
        set(observer, PAGE_PART_SECONDS, LABELS("part", e->part.name), e->part.seconds);
        break;
    case LETI_EVENT_METRIC:
        on_metric(observer, e);
        break;
    case LETI_EVENT_SAMPLE:
        on_sample(page, e);
        break;
    case LETI_EVENT_RETRY:
        page_add(page, PAGE_RETRIES, LABELS("stage", e->trouble.stage), 1);
        break;
    case LETI_EVENT_LOST:
        page_add(page, PAGE_LOST, LABELS("stage", e->trouble.stage), 1);
        break;
    case LETI_EVENT_TEST:
        on_test(observer, e);
        break;
    case LETI_EVENT_RUN_ENDS:
        page_set(page, PAGE_RUNNING, PAGE_NO_LABELS, 0);
        break;
    default:
        break;
    }
    page_set(page, PAGE_ITERATION, PAGE_NO_LABELS, e->iteration);
    page_set(page, PAGE_STEPS, PAGE_NO_LABELS, (double)e->steps);
    page_set(page, PAGE_MISSED, PAGE_NO_LABELS, (double)e->dropped);
    return LETI_OK;
}

static const struct leti_option options[] = {
    LETI_OPT_TEXT(struct observer, listen, "127.0.0.1:9464",
                  "Address and port that it answers at, in numbers; port 0: any that is free."),
    LETI_OPT_BOOL(struct observer, public, "false",
                  "Whether the address may be one that other machines can reach."),
    { 0 },
};

LETI_EXPORT const struct leti_plugin leti_plugin = {
    LETI_PLUGIN_HEADER,
    .kind = LETI_OBSERVER,
    .name = "observer.prometheus",
    .version = "1.0",
    .summary = "Answers Prometheus with how the run goes, over HTTP",
    .instance_size = sizeof(struct observer),
    .options = options,
    .start = start,
    .stop = stop,
    .observer = { .observe = observe },
};
