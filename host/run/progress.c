/* progress - how far a part of the run is.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/progress.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum { BAR = 12 };

static const double terminal_seconds = 0.1, plain_seconds = 10;

void progress_time(double seconds, char *out, int size)
{
    unsigned long s = seconds > 0 ? (unsigned long)(seconds + 0.5) : 0;
    if (s < 60)
        snprintf(out, (size_t)size, "%lu s", s);
    else if (s < 3600)
        snprintf(out, (size_t)size, "%lu min %lu s", s / 60, s % 60);
    else
        snprintf(out, (size_t)size, "%lu h %lu min", s / 3600, s % 3600 / 60);
}

void progress_begin(struct progress *progress, const char *label, const char *verb, uint64_t done,
                    uint64_t total)
{
    double now = clock_seconds();
    *progress = (struct progress){
        .verb = verb, .began = now, .shown = now, .first = done, .total = total, .last = done
    };
    snprintf(progress->label, sizeof progress->label, "%s", label);
}

static void draw_bar(uint64_t done, uint64_t total, char bar[BAR + 1])
{
    int full = total ? (int)(done * BAR / total) : BAR;
    memset(bar, ' ', BAR);
    memset(bar, '=', (size_t)full);
    if (full < BAR)
        bar[full] = '>';
    bar[BAR] = '\0';
}

static void write_line(const struct progress *progress, uint64_t done, const char *note, double now,
                       char *line, size_t size)
{
    char bar[BAR + 1], left[32];
    double elapsed = now - progress->began;
    double rate = elapsed > 0 ? (double)(done - progress->first) / elapsed : 0;
    uint64_t open = progress->total > done ? progress->total - done : 0;
    draw_bar(done, progress->total, bar);
    progress_time(rate > 0 ? (double)open / rate : 0, left, sizeof left);
    snprintf(line, size, "%-16s %s %5llu/%llu [%s]  %.3g/s  %s   %s left", progress->label,
             progress->verb, (unsigned long long)done, (unsigned long long)progress->total, bar,
             rate, note, rate > 0 ? left : "?");
}

void progress_show(struct progress *progress, uint64_t done, const char *note)
{
    char line[256];
    double now = clock_seconds();
    bool moves = log_has_progress();
    if (done < progress->last) {
        progress->began = now;
        progress->first = done;
    }
    progress->last = done;
    if (now - progress->shown < (moves ? terminal_seconds : plain_seconds))
        return;
    progress->shown = now;
    write_line(progress, done, note, now, line, sizeof line);
    if (moves)
        log_progress(line);
    else
        log_line(LETI_LOG_INFO, "%s", line);
}

void progress_end(struct progress *progress)
{
    (void)progress;
    log_progress(NULL);
}
