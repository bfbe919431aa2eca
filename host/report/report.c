/* report - runs as one HTML file.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "report/gather.h"
#include "report/group.h"
#include "report/html.h"
#include "report/sections.h"
#include "report/style.h"

static const struct {
    const char *id, *name; /* in the list of contents; NULL: not in it */
    section *add;
} parts[] = {
    { "runs", NULL, section_runs },
    { "results", "Does it learn?", section_results },
    { "failures", "Why programs fail", section_failures },
    { "losses", "Losses", section_metrics },
    { "time", "Time", section_time },
    { "problems", "Problems", section_problems },
    { "texts", "Training texts", section_texts },
    { "manifest", "Settings", section_manifest },
};

enum { N_PARTS = sizeof parts / sizeof *parts };

/* ---- the page ---- */

static void add_title(const struct report *report, struct text *out)
{
    for (size_t i = 0; i < report->n_runs && i < 3; i++) {
        text_add(out, i ? ", " : "");
        html_string(out, report->runs[i].name);
    }
    if (report->n_runs > 3)
        text_printf(out, " and %zu more", report->n_runs - 3);
}

static void add_head(const struct report *report, struct text *out)
{
    text_add(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                  "style-src 'unsafe-inline'; img-src data:\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<link rel=\"icon\" href=\"data:,\">\n<title>");
    add_title(report, out);
    text_printf(out, "</title>\n<style>\n%s</style></head>\n<body>\n<header><h1>", report_style);
    add_title(report, out);
    text_add(out, "</h1>\n<p class=\"note\">Learning to generate programs from what an interpreter "
                  "says of them: how the model did on problems that were held out, and what it was "
                  "told.</p></header>\n");
}

/* Those parts that have something to say; what they say is in `bodies`. */
static void add_contents(const struct text bodies[N_PARTS], struct text *out)
{
    text_add(out, "<nav>");
    for (size_t i = 0; i < N_PARTS; i++)
        if (parts[i].name && bodies[i].size)
            text_printf(out, "<a href=\"#%s\">%s</a> ", parts[i].id, parts[i].name);
    text_add(out, "</nav>\n");
}

static void add_foot(struct text *out)
{
    char date[32] = "";
    struct tm utc = { 0 };
    time_t now = time(NULL);
    if (gmtime_r(&now, &utc))
        strftime(date, sizeof date, "%Y-%m-%d %H:%M", &utc);
    text_printf(out, "<footer>Written by leti report on %s UTC.</footer>\n</body></html>\n", date);
}

static bool render(struct report *report, struct text *out, struct leti_error *err)
{
    struct text bodies[N_PARTS] = { { 0 } };
    bool good = true;
    for (size_t i = 0; good && i < N_PARTS; i++)
        good = parts[i].add(report, &bodies[i], err);
    add_head(report, out);
    text_append(out, bodies[0].data, bodies[0].size);
    add_contents(bodies, out);
    for (size_t i = 0; i < N_PARTS; i++) {
        if (i)
            text_append(out, bodies[i].data, bodies[i].size);
        out->refused |= bodies[i].refused;
        text_free(&bodies[i]);
    }
    add_foot(out);
    return good;
}

/* ---- the whole ---- */

/* Whether the last run is the folder of an earlier one. */
static bool is_there_twice(const struct report *report)
{
    size_t last = report->n_runs - 1;
    for (size_t i = 0; i < last; i++)
        if (!strcmp(report->runs[i].path, report->runs[last].path))
            return true;
    return false;
}

static bool gather(struct report *report, const char *const *folders, size_t n,
                   struct leti_error *err)
{
    for (size_t i = 0; i < n; i++) {
        struct run_data *run = LIST_ADD(&report->memory, &report->runs, &report->n_runs, err);
        if (!run || !gather_run(&report->memory, folders[i], run, err))
            return false;
        if (is_there_twice(report))
            report->runs[--report->n_runs] = (struct run_data){ 0 };
    }
    return group_runs(report, err);
}

static bool write_page(struct text *page, const char *file, struct leti_error *err)
{
    size_t size = page->size;
    char *data = text_take(page, err);
    bool written = data && file_write(file, data, size, err);
    free(data);
    return written;
}

bool report_write(const char *const *folders, size_t n, const char *file, size_t *n_runs,
                  struct leti_error *err)
{
    struct report report = { .n_runs = 0 };
    struct text page = { 0 };
    bool written = gather(&report, folders, n, err) && render(&report, &page, err) &&
                   write_page(&page, file, err);
    if (written)
        *n_runs = report.n_runs;
    text_free(&page);
    arena_free(&report.memory);
    return written;
}
