/* section_runs - what was run, and what came of it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/sections.h"

#include <inttypes.h>
#include <math.h>

#include "report/chart.h"
#include "report/html.h"

/* ---- shared with other sections ---- */

static bool is_among(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(names[i], name))
            return true;
    return false;
}

bool test_names(struct report *report, const char *const **names, size_t *n, struct leti_error *err)
{
    const char **list = NULL;
    *n = 0;
    for (size_t i = 0; i < report->n_runs; i++)
        for (size_t k = 0; k < report->runs[i].n_phases; k++) {
            const struct phase *phase = &report->runs[i].phases[k];
            if (!phase->phase || is_among(list, *n, phase->name))
                continue;
            const char **place = LIST_ADD(&report->memory, &list, n, err);
            if (!place)
                return false;
            *place = phase->name;
        }
    *names = list;
    return true;
}

static void add_seeds(const struct report *report, const struct group *group, struct text *out)
{
    text_add(out, group->n_seeds > 1 ? "seeds " : "seed ");
    for (size_t i = 0; i < group->n_runs; i++) {
        text_add(out, !i ? "" : i == group->n_seeds ? "; again " : ", ");
        html_string(out, report->runs[group->runs[i]].seed);
    }
}

void add_legend(const struct report *report, struct text *out)
{
    if (report->n_runs < 2)
        return;
    text_add(out, "<ul class=\"legend\">");
    for (size_t i = 0; i < report->n_groups; i++) {
        const struct group *group = &report->groups[i];
        text_add(out, "<li>");
        chart_key(out, (unsigned)i);
        if (group->mark != group->label && report->n_groups > 1) {
            text_printf(out, " <b class=\"c%zu\">", i % CHART_COLORS);
            html_string(out, group->mark);
            text_add(out, "</b>");
        }
        text_add_char(out, ' ');
        html_string(out, group->label);
        text_add(out, " <span class=\"dim\">");
        add_seeds(report, group, out);
        text_add(out, "</span></li>");
    }
    text_add(out, "</ul>\n");
}

const char *time_unit(double seconds, double *divisor)
{
    *divisor = seconds < 120 ? 1 : seconds < 7200 ? 60 : 3600;
    return seconds < 120 ? "seconds" : seconds < 7200 ? "minutes" : "hours";
}

/* ---- runs ---- */

static uint32_t trained_iterations(const struct run_data *run)
{
    uint32_t n = 0;
    for (size_t i = 0; i < run->n_times; i++)
        n += run->times[i].trained;
    return n;
}

static void add_state(const struct run_data *run, struct text *out)
{
    text_add(out, run->finished ? "<td>finished</td>" : "<td><b>not finished</b></td>");
}

static void add_run(const struct run_data *run, struct text *out)
{
    text_add(out, "<tr><th scope=\"row\">");
    html_string(out, run->name);
    text_add(out, "</th><td>");
    html_string(out, run->pipeline);
    text_add(out, "</td><td class=\"n\">");
    html_string(out, run->seed);
    text_add(out, run->repeats ? " again</td><td>" : "</td><td>");
    html_string(out, *run->model ? run->model : "–");
    text_add(out, "</td><td class=\"n\">");
    if (run->tests_only)
        text_add(out, "tests alone");
    else
        text_printf(out, "%u of %u", trained_iterations(run), run->wanted);
    text_add(out, "</td><td class=\"n\">");
    html_count(out, run->has_steps ? run->times[run->n_times - 1].all_steps : NAN);
    text_add(out, "</td><td class=\"n\">");
    html_seconds(out, run->seconds);
    text_add(out, "</td>");
    add_state(run, out);
    text_add(out, "</tr>\n");
}

static bool any_repeats(const struct report *report)
{
    for (size_t i = 0; i < report->n_runs; i++)
        if (report->runs[i].repeats)
            return true;
    return false;
}

static void add_runs(const struct report *report, struct text *out)
{
    text_add(out, "<div class=\"wide\"><table><thead><tr><th>run</th><th>pipeline</th>"
                  "<th class=\"n\">seed</th><th>model</th><th class=\"n\">iterations</th>"
                  "<th class=\"n\">gradient steps</th><th class=\"n\">time</th><th>state</th></tr>"
                  "</thead><tbody>\n");
    for (size_t i = 0; i < report->n_runs; i++)
        add_run(&report->runs[i], out);
    text_add(out, "</tbody></table></div>\n");
    if (any_repeats(report))
        text_add(out, "<p class=\"note\">Again: the run has settings and seed of an earlier one, "
                      "and says nothing more of chance. It is drawn, but no mean or spread counts "
                      "it.</p>\n");
}

/* ---- what came of it ---- */

/* pass@1 of a group's seeds in one test, at their first and last points. */
struct summary {
    size_t n; /* runs that have both */
    double before, after, change, deviation;
    const struct outcome_point *last; /* of the last such run */
    bool trained;                     /* the points differ */
};

static const struct phase *tested(const struct run_data *run, const char *name)
{
    const struct phase *phase = phase_named(run, name);
    return phase && phase->n_points ? phase : NULL;
}

static double change_of(const struct phase *phase)
{
    return phase->points[phase->n_points - 1].result.pass[0] - phase->points[0].result.pass[0];
}

static struct summary summarize(const struct report *report, const struct group *group,
                                const char *name)
{
    struct summary s = { 0 };
    double squares = 0;
    for (size_t i = 0; i < group->n_seeds; i++) {
        const struct phase *phase = tested(&report->runs[group->runs[i]], name);
        if (!phase)
            continue;
        s.n++;
        s.last = &phase->points[phase->n_points - 1];
        s.before += phase->points[0].result.pass[0];
        s.after += s.last->result.pass[0];
        s.change += change_of(phase);
        s.trained |= phase->n_points > 1;
    }
    double n = s.n ? (double)s.n : 1;
    s.before /= n;
    s.after /= n;
    s.change /= n;
    for (size_t i = 0; i < group->n_seeds; i++) {
        const struct phase *phase = tested(&report->runs[group->runs[i]], name);
        squares += phase ? pow(change_of(phase) - s.change, 2) : 0;
    }
    s.deviation = s.n > 1 ? sqrt(squares / (n - 1)) : NAN;
    return s;
}

static void add_group_cell(const struct report *report, size_t group, struct text *out)
{
    if (report->n_groups < 2)
        return;
    text_add(out, "<td>");
    chart_key(out, (unsigned)group);
    text_add_char(out, ' ');
    html_string(out, report->groups[group].label);
    text_add(out, "</td>");
}

/* What pass@1 may be by chance: of one run the bootstrap's interval, of several the spread. */
static void add_uncertainty(const struct summary *s, struct text *out)
{
    if (s->n > 1) {
        text_add(out, "sd ");
        html_percent(out, s->deviation);
        text_printf(out, " of %zu", s->n);
        return;
    }
    text_add_char(out, '[');
    html_percent(out, s->last->result.interval.low);
    text_add(out, ", ");
    html_percent(out, s->last->result.interval.high);
    text_add_char(out, ']');
}

static void add_summary(const struct report *report, size_t group, const char *test,
                        const struct summary *s, struct text *out)
{
    text_add(out, "<tr><th scope=\"row\">");
    html_string(out, test);
    text_add(out, "</th>");
    add_group_cell(report, group, out);
    text_add(out, "<td class=\"n\">");
    html_percent(out, s->before);
    text_add(out, "</td><td class=\"n big\">");
    if (s->trained)
        html_percent(out, s->after);
    text_add(out, "</td><td class=\"n\">");
    if (s->trained)
        html_change(out, s->before, s->after);
    text_add(out, "</td><td class=\"dim\">");
    add_uncertainty(s, out);
    text_printf(out, "</td><td class=\"n\">%zu × %u</td></tr>\n", s->last->result.n_problems,
                s->last->result.n_samples);
}

static void begin_summaries(const struct report *report, struct text *out)
{
    text_printf(out,
                "<div class=\"wide\"><table class=\"headline\"><thead><tr><th>pass@1, %%</th>%s"
                "<th class=\"n\">before</th><th class=\"n\">after</th><th class=\"n\">change</th>"
                "<th>spread</th><th class=\"n\">problems × samples</th></tr></thead><tbody>\n",
                report->n_groups > 1 ? "<th></th>" : "");
}

static void end_summaries(bool any, struct text *out)
{
    text_add(out, any ? "</tbody></table></div>\n<p class=\"note\">Before: the first test. After: "
                        "the last one that is done, and never the best one. Spread: of a single "
                        "run, the 95 % interval of pass@1 after (bootstrap over problems); of "
                        "several runs, the standard deviation of the change.</p>\n"
                      : "<p>No test is done yet.</p>\n");
}

static bool add_summaries(struct report *report, struct text *out, struct leti_error *err)
{
    const char *const *tests = NULL;
    size_t n = 0;
    bool any = false;
    if (!test_names(report, &tests, &n, err))
        return false;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < report->n_groups; k++) {
            struct summary s = summarize(report, &report->groups[k], tests[i]);
            if (!s.n)
                continue;
            if (!any)
                begin_summaries(report, out);
            any = true;
            add_summary(report, k, tests[i], &s, out);
        }
    end_summaries(any, out);
    return true;
}

bool section_runs(struct report *report, struct text *out, struct leti_error *err)
{
    text_add(out, "<section id=\"runs\">\n");
    bool good = add_summaries(report, out, err);
    add_runs(report, out);
    text_add(out, "</section>\n");
    return good;
}
