/* section_texts - some texts that were trained on.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/sections.h"

#include <stdlib.h>

#include "report/examples.h"
#include "report/html.h"
#include "store/packed.h"

enum { SPAN_BYTES = 2500 };

static const char *class_of(const struct leti_span *span, bool first)
{
    if (!(span->flags & LETI_SPAN_TRAIN))
        return "untrained";
    if (span->flags & LETI_SPAN_SPECIAL)
        return first ? "reward" : "token";
    return span->flags & LETI_SPAN_FEEDBACK ? "feedback" : NULL;
}

static void add_span(const struct leti_span *span, bool first, struct text *out)
{
    const char *class = class_of(span, first);
    if (class)
        text_printf(out, "<span class=\"%s\">", class);
    html_beginning(out, span->text, SPAN_BYTES);
    if (class)
        text_add(out, "</span>");
}

static bool add_text(const struct text_example *text, struct text *out, struct leti_error *err)
{
    struct leti_span *spans = NULL;
    size_t n = 0;
    if (!packed_spans(text->packed, &spans, &n, err))
        return false;
    text_printf(out, "<article><p><b>iteration %u</b> problem ", text->iteration);
    html_string(out, text->id);
    text_printf(out, ", sample %u <span class=\"badge %s\">", text->sample,
                strcmp(text->cause, "passed") ? "bad" : "good");
    html_string(out, text->cause);
    text_add(out, "</span></p><pre>");
    for (size_t i = 0; i < n; i++)
        add_span(&spans[i], !i, out);
    text_add(out, "</pre></article>\n");
    free(spans);
    return true;
}

static bool add_run(const struct report *report, const struct group *group, bool open,
                    struct text *out, struct leti_error *err)
{
    const struct run_data *run = &report->runs[group->runs[0]];
    bool good = true;
    if (!run->n_texts)
        return true;
    text_printf(out, "<details%s><summary>training texts of ", open ? " open" : "");
    html_string(out, run->name);
    if (report->n_groups > 1) {
        text_add(out, " <span class=\"dim\">");
        html_string(out, group->label);
        text_add(out, "</span>");
    }
    text_add(out, "</summary><div class=\"pair\">\n");
    for (size_t i = 0; good && i < run->n_texts; i++)
        good = add_text(&run->texts[i], out, err) ||
               leti_error_set(err, "%s: %s", run->folder, err->text);
    text_add(out, "</div></details>\n");
    return good;
}

bool section_texts(struct report *report, struct text *out, struct leti_error *err)
{
    bool any = false;
    for (size_t i = 0; i < report->n_groups; i++)
        any |= report->runs[report->groups[i].runs[0]].n_texts > 0;
    if (!any)
        return true;
    text_add(out, "<section id=\"texts\"><h2>What it was trained on</h2>\n<p class=\"note\">Of the "
                  "first and the last iteration, the first text of each kind. Marked: the "
                  "<span class=\"reward\">reward token</span> and the <span class=\"feedback\">"
                  "feedback</span>. All of a text is trained on, unless it is <span class="
                  "\"untrained\">pale</span>.</p>\n");
    for (size_t i = 0; i < report->n_groups; i++)
        if (!add_run(report, &report->groups[i], i == 0, out, err))
            return false;
    text_add(out, "</section>\n");
    return true;
}
