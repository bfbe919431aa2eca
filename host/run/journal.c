/* journal - log.jsonl: every line that the program logs while a run goes on.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/journal.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/json_text.h"
#include "base/log.h"
#include "base/path.h"

static const char *level_name(enum leti_level level)
{
    static const char *const names[] = { "debug", "info", "warning", "error" };
    return level >= 0 && level <= LETI_LOG_ERROR ? names[level] : "info";
}

/* Said beside what stderr gets; where the disk is full the line is on stderr alone. */
static void write_line(void *context, enum leti_level level, const char *line)
{
    struct journal *journal = context;
    struct timespec now = { 0 };
    struct tm utc = { 0 };
    struct text text = { 0 };
    char time[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%S", &utc);
    text_printf(&text, "{\"time\": \"%s.%03ldZ\", \"level\": \"%s\", \"text\": ", time,
                now.tv_nsec / 1000000, level_name(level));
    json_text_string(&text, line);
    text_add(&text, "}\n");
    if (!text.refused && fputs(text_string(&text), journal->file) >= 0)
        fflush(journal->file);
    text_free(&text);
}

bool journal_open(struct journal *journal, const char *folder, struct leti_error *err)
{
    char *path = path_join(folder, "log.jsonl");
    FILE *file = path ? fopen(path, "ae") : NULL;
    if (!file)
        leti_error_set(err, "%s/log.jsonl: %s", folder, strerror(errno));
    free(path);
    if (!file)
        return false;
    journal->file = file;
    log_set_sink(write_line, journal);
    return true;
}

void journal_close(struct journal *journal)
{
    if (!journal->file)
        return;
    log_set_sink(NULL, NULL);
    fclose(journal->file); /* a log line that is lost here was on stderr */
    journal->file = NULL;
}
