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

static void add_events(const struct run_data *run, struct text *out)
{
    text_add(out, "<tr><th scope=\"row\" colspan=\"2\">events</th></tr>\n");
    for (size_t i = 0; i < run->n_events && i < MOST_EVENTS; i++)
        add_entry(&run->events[i], EVENT_BYTES, out);
    if (run->n_events > MOST_EVENTS)
        text_printf(out, "<tr><td></td><td>and %zu more</td></tr>\n", run->n_events - MOST_EVENTS);
}

bool section_manifest(struct report *report, struct text *out, struct leti_error *err)
{
    (void)err;
    text_add(out, "<section id=\"manifest\"><h2>What the results depend on</h2>\n");
    for (size_t i = 0; i < report->n_runs; i++) {
        const struct run_data *run = &report->runs[i];
        text_add(out, "<details><summary>");
        html_string(out, run->name);
        text_add(out, "</summary><p class=\"note\">");
        html_string(out, run->folder);
        text_printf(out,
                    ", %" PRIu64 " attempts to judge that were made again</p>"
                    "<div class=\"wide\"><table class=\"manifest\"><tbody>\n",
                    run->n_retries);
        for (size_t k = 0; k < run->n_manifest; k++)
            add_entry(&run->manifest[k], VALUE_BYTES, out);
        add_events(run, out);
        text_add(out, "</tbody></table></div></details>\n");
    }
    text_add(out, "</section>\n");
    return true;
}
