/* section_problems - some problems, before and after.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/sections.h"

#include "report/examples.h"
#include "report/html.h"

enum { PROMPT_BYTES = 3000, PROGRAM_BYTES = 2500, CUT_BYTES = 300, FEEDBACK_BYTES = 2000 };

static struct leti_bytes without_first_line_feeds(struct leti_bytes bytes)
{
    while (bytes.size && bytes.data[0] == '\n') {
        bytes.data++;
        bytes.size--;
    }
    return bytes;
}

static bool is_blank(struct leti_bytes bytes)
{
    for (size_t i = 0; i < bytes.size; i++)
        if (!strchr(" \t\r\n", bytes.data[i]) || !bytes.data[i])
            return false;
    return true;
}

static void add_program(const struct shown_sample *sample, struct text *out)
{
    struct leti_bytes program = { sample->raw.data, sample->program_size };
    struct leti_bytes rest = { sample->raw.data + sample->program_size,
                               sample->raw.size - sample->program_size };
    text_add(out, "<pre>");
    html_beginning(out, without_first_line_feeds(program), PROGRAM_BYTES);
    if (!is_blank(rest)) {
        text_add(out, "<del title=\"cut off by the task\">");
        html_beginning(out, rest, CUT_BYTES);
        text_add(out, "</del>");
    }
    text_add(out, "</pre>");
}

static void add_sample(const char *when, const struct shown_sample *sample, struct text *out)
{
    text_printf(out, "<div class=\"sample\"><p><b>%s</b> iteration %u, sample %u ", when,
                sample->iteration, sample->sample);
    if (sample->passed)
        text_add(out, "<span class=\"badge good\">passed</span>");
    else {
        text_add(out, "<span class=\"badge bad\">");
        html_string(out, sample->cause ? sample->cause : "not judged");
        text_add(out, "</span>");
    }
    text_printf(out, " <span class=\"dim\">%u of %u passed</span></p>", sample->tally.c,
                sample->tally.n);
    add_program(sample, out);
    if (!is_blank(sample->feedback)) {
        text_add(out, "<pre class=\"said\">");
        html_beginning(out, sample->feedback, FEEDBACK_BYTES);
        text_add(out, "</pre>");
    }
    text_add(out, "</div>");
}

static void add_problem(const struct problem_example *problem, struct text *out)
{
    text_add(out, "<article><h4>problem ");
    html_string(out, problem->id);
    text_add(out, "</h4><pre class=\"prompt\">");
    html_beginning(out, problem->prompt, PROMPT_BYTES);
    text_add(out, "</pre><div class=\"pair\">");
    add_sample("before", &problem->before, out);
    add_sample("after", &problem->after, out);
    text_add(out, "</div></article>\n");
}

static void add_change(const struct run_data *run, enum change change, struct text *out)
{
    static const char *const headings[N_CHANGES] = { "Learned", "Still failing", "Lost" };
    bool any = false;
    for (size_t i = 0; i < run->n_problems; i++) {
        if (run->problems[i].change != change)
            continue;
        if (!any)
            text_printf(out, "<h3>%s</h3>\n", headings[change]);
        any = true;
        add_problem(&run->problems[i], out);
    }
}

static const char *first_test(const struct run_data *run)
{
    for (size_t i = 0; i < run->n_phases; i++)
        if (run->phases[i].phase && run->phases[i].n_points > 1)
            return run->phases[i].name;
    return "";
}

static void add_run(const struct report *report, const struct group *group, bool open,
                    struct text *out)
{
    const struct run_data *run = &report->runs[group->runs[0]];
    if (!run->n_problems)
        return;
    text_printf(out, "<details%s><summary>", open ? " open" : "");
    html_string(out, first_test(run));
    text_add(out, " problems of ");
    html_string(out, run->name);
    if (report->n_groups > 1) {
        text_add(out, " <span class=\"dim\">");
        html_string(out, group->label);
        text_add(out, "</span>");
    }
    text_add(out, "</summary>\n");
    for (enum change change = CHANGE_GAINED; change < N_CHANGES; change++)
        add_change(run, change, out);
    text_add(out, "</details>\n");
}

bool section_problems(struct report *report, struct text *out, struct leti_error *err)
{
    (void)err;
    bool any = false;
    for (size_t i = 0; i < report->n_groups; i++)
        any |= report->runs[report->groups[i].runs[0]].n_problems > 0;
    if (!any)
        return true;
    text_add(out, "<section id=\"problems\"><h2>Some problems, before and after</h2>\n"
                  "<p class=\"note\">Those whose pass rate rose most between the first and the "
                  "last test, some that no sample solved, and those whose rate fell most. Struck "
                  "through: what the task's cut took off.</p>\n");
    for (size_t i = 0; i < report->n_groups; i++)
        add_run(report, &report->groups[i], i == 0, out);
    text_add(out, "</section>\n");
    return true;
}
