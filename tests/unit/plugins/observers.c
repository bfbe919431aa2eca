/* observer.notes - writes a line for each event, and fails or waits where it is told to.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "leti/plugin.h"

struct notes {
    const char *file, *waits_for; /* options */
    int64_t fails_at;
    bool no_start, waits_to_start;
    const struct leti_host *host;
    FILE *out;
    int64_t n;
};

/* Until somebody opens the pipe to write. */
static void wait_for(const char *pipe)
{
    FILE *in = *pipe ? fopen(pipe, "r") : NULL;
    if (in)
        fclose(in);
}

static enum leti_status start(void *self, const struct leti_host *host)
{
    struct notes *notes = self;
    notes->host = host;
    if (notes->no_start)
        return host->fail(host, "it would rather not");
    if (notes->waits_to_start)
        wait_for(notes->waits_for);
    notes->out = *notes->file ? fopen(notes->file, "we") : NULL;
    return LETI_OK;
}

static void stop(void *self)
{
    struct notes *notes = self;
    if (!notes->out)
        return;
    fprintf(notes->out, "stop\n");
    fclose(notes->out);
}

static enum leti_status observe(void *self, const struct leti_event *event)
{
    struct notes *notes = self;
    if (!notes->n++)
        wait_for(notes->waits_for);
    if (notes->n == notes->fails_at)
        return notes->host->fail(notes->host, "event %d is too much", (int)notes->n);
    if (notes->out)
        fprintf(notes->out, "%d %u\n", (int)event->kind, (unsigned)event->iteration);
    return LETI_OK;
}

static const struct leti_option options[] = {
    LETI_OPT_TEXT(struct notes, file, "", "Where the lines go."),
    LETI_OPT_TEXT(struct notes, waits_for, "", "A pipe that it opens at the first event."),
    LETI_OPT_INT(struct notes, fails_at, "0", 0, 1e9, "The event that it fails at, from 1."),
    LETI_OPT_BOOL(struct notes, no_start, "false", "Whether it fails to start."),
    LETI_OPT_BOOL(struct notes, waits_to_start, "false", "Whether it opens the pipe before."),
    { 0 },
};

LETI_EXPORT const struct leti_plugin leti_plugin = {
    LETI_PLUGIN_HEADER,
    .kind = LETI_OBSERVER,
    .name = PLUGIN_NAME,
    .version = "1.0",
    .summary = "Notes what it is told.",
    .instance_size = sizeof(struct notes),
    .options = options,
    .start = start,
    .stop = stop,
    .observer = { .observe = observe },
};
