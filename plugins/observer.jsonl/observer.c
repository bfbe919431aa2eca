/* observer.jsonl - appends every event to a file, one JSON object a line.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "leti/plugin.h"
#include "line.h"

struct observer {
    const char *file; /* options */
    bool samples;
    const struct leti_host *host;
    char *path;
    FILE *out;
};

/* A line that an earlier run was cut off in is ended, so that only it is lost. */
static bool end_last_line(FILE *out)
{
    if (fseek(out, -1, SEEK_END))
        return true; /* empty, or a pipe */
    int last = fgetc(out);
    return !fseek(out, 0, SEEK_END) && (last == '\n' || last == EOF || fputc('\n', out) != EOF);
}

static char *path_of(const struct leti_host *host, const char *file)
{
    char *path = NULL;
    if (file[0] == '/')
        return strdup(file);
    return asprintf(&path, "%s/%s", host->run_dir, file) < 0 ? NULL : path;
}

static enum leti_status start(void *self, const struct leti_host *host)
{
    struct observer *observer = self;
    observer->host = host;
    observer->path = path_of(host, observer->file);
    if (!observer->path)
        return host->fail(host, "out of memory");
    observer->out = fopen(observer->path, "a+e");
    if (observer->out && end_last_line(observer->out))
        return LETI_OK;
    enum leti_status status = host->fail(host, "file %s: %s", observer->path, strerror(errno));
    if (observer->out)
        fclose(observer->out);
    free(observer->path);
    return status;
}

static void stop(void *self)
{
    struct observer *observer = self;
    fclose(observer->out); /* flushed at the run's end */
    free(observer->path);
}

static enum leti_status observe(void *self, const struct leti_event *event)
{
    struct observer *observer = self;
    bool known;
    if (event->kind == LETI_EVENT_SAMPLE && !observer->samples)
        return LETI_OK;
    json_t *line = line_of(event, &known);
    if (!known)
        return LETI_OK;
    if (!line)
        return observer->host->fail(observer->host, "out of memory for a line");
    bool written = line_write(line, observer->out) &&
                   (event->kind == LETI_EVENT_SAMPLE || !fflush(observer->out));
    json_decref(line);
    return written ? LETI_OK
                   : observer->host->fail(observer->host, "file %s: %s", observer->path,
                                          strerror(errno));
}

static const struct leti_option options[] = {
    LETI_OPT_TEXT(struct observer, file, "events.jsonl",
                  "File that is appended to; in the run's folder where it is not absolute."),
    LETI_OPT_BOOL(struct observer, samples, "true", "Whether every judged sample has a line."),
    { 0 },
};

LETI_EXPORT const struct leti_plugin leti_plugin = {
    LETI_PLUGIN_HEADER,
    .kind = LETI_OBSERVER,
    .name = "observer.jsonl",
    .version = "1.0",
    .summary = "Appends every event to a file, one JSON object a line",
    .instance_size = sizeof(struct observer),
    .options = options,
    .start = start,
    .stop = stop,
    .observer = { .observe = observe },
};
