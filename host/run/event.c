/* event - copies of events.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/event.h"

#include <stdlib.h>

#include "base/utf8.h"

enum { TEXTS = 4 };

/* The fields of the event that are texts. */
static size_t texts_of(struct leti_event *e, const char **out[TEXTS])
{
    size_t n = 0;
    switch (e->kind) {
    case LETI_EVENT_RUN_BEGINS:
        out[n++] = &e->run.name;
        out[n++] = &e->run.folder;
        break;
    case LETI_EVENT_PART_BEGINS:
    case LETI_EVENT_PART_ENDS:
        out[n++] = &e->part.name;
        break;
    case LETI_EVENT_METRIC:
        out[n++] = &e->metric.stage;
        out[n++] = &e->metric.name;
        break;
    case LETI_EVENT_SAMPLE:
        out[n++] = &e->sample.test;
        out[n++] = &e->sample.problem;
        out[n++] = &e->sample.reason;
        out[n++] = &e->sample.exception;
        break;
    case LETI_EVENT_RETRY:
    case LETI_EVENT_LOST:
        out[n++] = &e->trouble.test;
        out[n++] = &e->trouble.problem;
        out[n++] = &e->trouble.stage;
        out[n++] = &e->trouble.why;
        break;
    case LETI_EVENT_TEST:
        out[n++] = &e->test.name;
        break;
    case LETI_EVENT_ITERATION:
        break;
    case LETI_EVENT_RUN_ENDS:
        out[n++] = &e->end.why;
        break;
    }
    return n;
}

struct leti_event *event_copy(const struct leti_event *event)
{
    struct leti_event changed = *event;
    const char **texts[TEXTS];
    size_t n = texts_of(&changed, texts), size = sizeof changed;
    for (size_t i = 0; i < n; i++)
        size += utf8_valid(*texts[i], NULL);
    struct leti_event *copy = malloc(size);
    if (!copy)
        return NULL;
    char *to = (char *)(copy + 1);
    for (size_t i = 0; i < n; i++) {
        size_t text_size = utf8_valid(*texts[i], to);
        *texts[i] = to;
        to += text_size;
    }
    *copy = changed;
    return copy;
}
