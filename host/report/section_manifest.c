/* section_manifest - what the results depend on.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/sections.h"

#include <inttypes.h>

#include "report/html.h"

enum { VALUE_BYTES = 8000, MOST_EVENTS = 200, EVENT_BYTES = 500 };

static void add_entry(const struct entry *entry, size_t most, struct text *out)
{
    text_add(out, "<tr><th scope=\"row\">");
    html_string(out, entry->key);
    text_add(out, "</th><td><pre>");
    html_beginning(out, (struct leti_bytes){ entry->value, strlen(entry->value) }, most);
    text_add(out, "</pre></td></tr>\n");
}

static void add_entries(const char *heading, const struct entry *entries, size_t n, bool more,
                        struct text *out)
{
    if (n)
        text_printf(out, "<tr><th scope=\"row\" colspan=\"2\">%s</th></tr>\n", heading);
    for (size_t i = 0; i < n; i++)
        add_entry(&entries[i], EVENT_BYTES, out);
    if (more)
        text_add(out, "<tr><td></td><td>and more</td></tr>\n");
}

static size_t at_most(size_t n, size_t most)
{
    return n < most ? n : most;
}

static void add_run(const struct run_data *run, struct text *out)
{
    text_add(out, "<details><summary>");
    html_string(out, run->name);
    if (run->n_warnings)
        text_printf(out, " <span class=\"badge bad\">%zu%s warning%s</span>", run->n_warnings,
                    run->has_more_warnings ? "+" : "", run->n_warnings == 1 ? "" : "s");
    text_add(out, "</summary><p class=\"note\">");
    html_string(out, run->folder);
    text_printf(out,
                ", %" PRIu64 " attempts to judge that were made again</p>"
                "<div class=\"wide\"><table class=\"manifest\"><tbody>\n",
                run->n_retries);
    for (size_t i = 0; i < run->n_manifest; i++)
        add_entry(&run->manifest[i], VALUE_BYTES, out);
    add_entries("what happened", run->events, at_most(run->n_events, MOST_EVENTS),
                run->n_events > MOST_EVENTS, out);
    add_entries("warnings", run->warnings, run->n_warnings, run->has_more_warnings, out);
    text_add(out, "</tbody></table></div></details>\n");
}

bool section_manifest(struct report *report, struct text *out, struct leti_error *err)
{
    (void)err;
    text_add(out, "<section id=\"manifest\"><h2>What the results depend on</h2>\n");
    for (size_t i = 0; i < report->n_runs; i++)
        add_run(&report->runs[i], out);
    text_add(out, "</section>\n");
    return true;
}
