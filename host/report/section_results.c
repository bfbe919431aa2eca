/* section_results - pass@1 against steps and time, pass@k by iteration.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/sections.h"

#include <inttypes.h>
#include <math.h>

#include "report/curves.h"
#include "report/html.h"

/* What stands on the x axis. */
enum against { STEPS, SECONDS, ITERATIONS };

static double x_of(const struct outcome_point *point, enum against against)
{
    switch (against) {
    case STEPS:
        return point->steps;
    case SECONDS:
        return point->seconds;
    default:
        return point->iteration;
    }
}

/* ---- charts ---- */

static bool curve_of(struct report *report, const struct phase *phase, enum against against,
                     struct curve *out, struct leti_error *err)
{
    *out = (struct curve){ 0 };
    for (size_t i = 0; phase && i < phase->n_points; i++) {
        const struct outcome_point *point = &phase->points[i];
        struct curve_point *place = LIST_ADD(&report->memory, &out->points, &out->n, err);
        if (!place)
            return false;
        place->key = point->iteration;
        place->at = (struct chart_point){ x_of(point, against), point->result.pass[0],
                                          point->result.interval.low, point->result.interval.high };
    }
    return true;
}

static bool add_group(struct report *report, size_t group, const char *test, enum against against,
                      struct lines *lines, struct leti_error *err)
{
    const struct group *g = &report->groups[group];
    struct curve *curves = arena_array(&report->memory, g->n_runs, sizeof *curves);
    if (!curves)
        return leti_error_set(err, "out of memory for the report");
    for (size_t i = 0; i < g->n_runs; i++)
        if (!curve_of(report, phase_named(&report->runs[g->runs[i]], test), against, &curves[i],
                      err))
            return false;
    return curves_add(report, group, curves, lines, err);
}

static double longest(const struct report *report)
{
    double most = 0;
    for (size_t i = 0; i < report->n_runs; i++)
        if (report->runs[i].n_times)
            most = fmax(most, report->runs[i].times[report->runs[i].n_times - 1].all_seconds);
    return most;
}

static bool add_chart(struct report *report, const char *test, enum against against,
                      struct text *out, struct leti_error *err)
{
    static const char *const titles[] = { "by gradient steps", "by time", "by iteration" };
    static const char *const labels[] = { "gradient steps", "", "iteration" };
    struct lines lines = { 0 };
    double divisor = 1;
    const char *unit = time_unit(longest(report), &divisor);
    char time_label[64];
    snprintf(time_label, sizeof time_label, "%s of sampling and training", unit);
    for (size_t i = 0; i < report->n_groups; i++)
        if (!add_group(report, i, test, against, &lines, err))
            return false;
    struct chart chart = { .title = titles[against],
                           .x_label = against == SECONDS ? time_label : labels[against],
                           .y_label = "pass@1, %",
                           .x_scale = against == SECONDS ? 1 / divisor : 1,
                           .y_scale = 100,
                           .unit = " %",
                           .most = 100,
                           .whole_x = against != SECONDS,
                           .ends = true,
                           .lines = lines.items,
                           .n_lines = lines.n };
    chart_add(out, &chart);
    return true;
}

static bool all_have_steps(const struct report *report)
{
    for (size_t i = 0; i < report->n_runs; i++)
        if (!report->runs[i].has_steps && report->runs[i].n_times > 1)
            return false;
    return true;
}

/* The phase of the run that has most points. */
static const struct phase *best_known(const struct report *report, const char *test)
{
    const struct phase *best = NULL;
    for (size_t i = 0; i < report->n_runs; i++) {
        const struct phase *phase = phase_named(&report->runs[i], test);
        if (phase && (!best || phase->n_points > best->n_points))
            best = phase;
    }
    return best;
}

struct range {
    size_t low, high;
};

static void widen(struct range *range, size_t value)
{
    range->low = !range->high || value < range->low ? value : range->low;
    range->high = value > range->high ? value : range->high;
}

static void add_range(struct text *out, const struct range *range, const char *of)
{
    text_printf(out, "%zu", range->low);
    if (range->high > range->low)
        text_printf(out, " to %zu", range->high);
    text_add(out, of);
}

static void add_heading(const struct report *report, const char *test, struct text *out)
{
    struct range problems = { 0 }, samples = { 0 };
    for (size_t i = 0; i < report->n_runs; i++) {
        const struct phase *phase = phase_named(&report->runs[i], test);
        if (!phase || !phase->n_points)
            continue;
        widen(&problems, phase->n_problems);
        widen(&samples, phase->n_samples);
    }
    text_add(out, test ? "<h3>test " : "<h3>training samples");
    html_string(out, test ? test : "");
    text_add(out, " <span class=\"dim\">");
    add_range(out, &problems, " problems × ");
    add_range(out, &samples, " samples</span></h3>\n");
}

static bool add_charts(struct report *report, const char *test, struct text *out,
                       struct leti_error *err)
{
    const struct phase *phase = best_known(report, test);
    if (!phase || phase->n_points < 2)
        return true;
    add_heading(report, test, out);
    text_add(out, "<div class=\"charts\">\n");
    bool good = add_chart(report, test, all_have_steps(report) ? STEPS : ITERATIONS, out, err) &&
                add_chart(report, test, SECONDS, out, err);
    text_add(out, "</div>\n");
    return good;
}

/* ---- tables ---- */

/* Which pass@k any run has. */
static void find_ks(const struct report *report, const char *test, bool has[RESULT_KS])
{
    for (size_t i = 0; i < report->n_runs; i++) {
        const struct phase *phase = phase_named(&report->runs[i], test);
        for (size_t k = 0; phase && k < phase->n_points; k++)
            for (int j = 0; j < RESULT_KS; j++)
                has[j] |= phase->points[k].result.has_pass[j];
    }
}

static void add_row(const struct run_data *run, const struct outcome_point *point, bool first,
                    const bool has[RESULT_KS], struct text *out)
{
    const struct result *result = &point->result;
    text_add(out, "<tr><td>");
    html_string(out, first ? run->name : "");
    text_printf(out, "</td><td class=\"n\">%u</td><td class=\"n\">", point->iteration);
    html_count(out, run->has_steps ? point->steps : NAN);
    text_add(out, "</td><td class=\"n\">");
    html_percent(out, result->pass[0]);
    text_add(out, "</td><td class=\"n dim\">[");
    html_percent(out, result->interval.low);
    text_add(out, ", ");
    html_percent(out, result->interval.high);
    text_add(out, "]</td>");
    for (int i = 1; i < RESULT_KS; i++) {
        if (has[i])
            text_add(out, "<td class=\"n\">");
        if (result->has_pass[i])
            html_percent(out, result->pass[i]);
        text_add(out, has[i] ? "</td>" : "");
    }
    text_add(out, "<td class=\"n\">");
    html_percent(out, result->solve_rate);
    text_add(out, "</td><td class=\"n\">");
    html_count(out, (double)point->counts.sampled);
    text_printf(out, "</td><td class=\"n\">%" PRIu64 "</td></tr>\n", point->counts.infra);
}

static void add_table(const struct report *report, const char *test, struct text *out)
{
    const struct phase *known = best_known(report, test);
    bool has[RESULT_KS] = { false };
    if (!known || !known->n_points)
        return;
    find_ks(report, test, has);
    text_add(out, "<details><summary>pass@k, ");
    html_string(out, test ? test : "training samples");
    text_add(out, "</summary><div class=\"wide\"><table><thead><tr><th>run</th>"
                  "<th class=\"n\">iteration</th><th class=\"n\">steps</th>"
                  "<th class=\"n\">pass@1, %</th><th class=\"n\">95 %</th>");
    for (int i = 1; i < RESULT_KS; i++)
        if (has[i])
            text_printf(out, "<th class=\"n\">pass@%u</th>", result_ks[i]);
    text_add(out, "<th class=\"n\">solved</th><th class=\"n\">samples</th>"
                  "<th class=\"n\">not judged</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < report->n_runs; i++) {
        const struct phase *phase = phase_named(&report->runs[i], test);
        for (size_t k = 0; phase && k < phase->n_points; k++)
            add_row(&report->runs[i], &phase->points[k], !k, has, out);
    }
    text_add(out, "</tbody></table></div></details>\n");
}

static bool has_variants(const char *const *tests, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strstr(tests[i], ".uncut") || strstr(tests[i], ".bad") || strstr(tests[i], ".none") ||
            strstr(tests[i], ".good"))
            return true;
    return false;
}

bool section_results(struct report *report, struct text *out, struct leti_error *err)
{
    const char *const *tests = NULL;
    size_t n = 0;
    if (!test_names(report, &tests, &n, err))
        return false;
    text_add(out, "<section id=\"results\"><h2>Does it learn?</h2>\n");
    add_legend(report, out);
    for (size_t i = 0; i < n; i++)
        if (!add_charts(report, tests[i], out, err))
            return false;
    if (!add_charts(report, NULL, out, err))
        return false;
    text_add(
        out,
        "<p class=\"note\">Of a single run, the band is the 95 % interval of pass@1 (bootstrap "
        "over problems). Of runs that differ in their seed alone, the thick line is their "
        "mean, thin lines are the runs, and the band goes from the lowest to the highest. "
        "Time is that of sampling, judging and training; tests do not count. Training "
        "samples stand where the model that wrote them stood.</p>\n");
    if (has_variants(tests, n))
        text_add(out, "<p class=\"note\">NAME.good, .bad, .none: prompts begin with that reward "
                      "token, or none; NAME.uncut: programs are judged as they were sampled, "
                      "without the task's cut.</p>\n");
    for (size_t i = 0; i < n; i++)
        add_table(report, tests[i], out);
    add_table(report, NULL, out);
    text_add(out, "</section>\n");
    return true;
}
