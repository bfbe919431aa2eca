/* section_failures - why samples failed, by iteration.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/sections.h"

#include <stdlib.h>

#include "report/bars.h"
#include "report/html.h"

enum { SHOWN = BARS_COLORS - 1 }; /* causes that have a colour; the last one is for the rest */

/* The causes that have a colour, and the rest. */
struct palette {
    struct cause causes[BARS_COLORS]; /* their n over all runs */
    unsigned colors[BARS_COLORS];
    const char *names[BARS_COLORS];
    size_t n;
};

static int by_number(const void *a, const void *b)
{
    const struct cause *x = a, *y = b;
    return x->n != y->n ? (x->n < y->n) - (x->n > y->n) : strcmp(x->name, y->name);
}

static bool count_cause(struct report *report, const struct cause *cause, struct cause **all,
                        size_t *n, struct leti_error *err)
{
    for (size_t i = 0; i < *n; i++)
        if (!strcmp((*all)[i].name, cause->name)) {
            (*all)[i].n += cause->n;
            return true;
        }
    struct cause *place = LIST_ADD(&report->memory, all, n, err);
    if (place)
        *place = *cause;
    return place;
}

static bool count_phase(struct report *report, const struct phase *phase, struct cause **all,
                        size_t *n, struct leti_error *err)
{
    for (size_t i = 0; i < phase->n_points; i++)
        for (size_t k = 0; k < phase->points[i].n_causes; k++)
            if (!count_cause(report, &phase->points[i].causes[k], all, n, err))
                return false;
    return true;
}

/* The same colours for all charts: the most frequent causes of all runs and phases. */
static bool choose(struct report *report, struct palette *palette, struct leti_error *err)
{
    struct cause *all = NULL;
    size_t n = 0;
    for (size_t i = 0; i < report->n_runs; i++)
        for (size_t k = 0; k < report->runs[i].n_phases; k++)
            if (!count_phase(report, &report->runs[i].phases[k], &all, &n, err))
                return false;
    if (n)
        qsort(all, n, sizeof *all, by_number);
    size_t shown = n <= BARS_COLORS ? n : SHOWN;
    for (size_t i = 0; i < shown; i++)
        palette->causes[i] = all[i];
    palette->n = shown;
    if (shown < n)
        palette->causes[palette->n++].name = "others";
    for (size_t i = 0; i < palette->n; i++) {
        palette->names[i] = palette->causes[i].name;
        palette->colors[i] = (unsigned)i;
    }
    if (shown < n)
        palette->colors[SHOWN] = SHOWN;
    return true;
}

static size_t place_of(const struct palette *palette, const char *cause)
{
    for (size_t i = 0; i < palette->n; i++)
        if (!strcmp(palette->names[i], cause))
            return i;
    return palette->n - 1;
}

/* Adds a point's failures as per cent of its samples, its share of the group's n runs. */
static void add_shares(const struct palette *palette, const struct outcome_point *point, double n,
                       double *shares)
{
    double whole = (double)(point->counts.sampled ? point->counts.sampled : 1);
    for (size_t i = 0; i < point->n_causes; i++)
        shares[place_of(palette, point->causes[i].name)] +=
            100 * (double)point->causes[i].n / whole / n;
}

static const struct outcome_point *point_at(const struct phase *phase, uint32_t iteration)
{
    for (size_t i = 0; phase && i < phase->n_points; i++)
        if (phase->points[i].iteration == iteration)
            return &phase->points[i];
    return NULL;
}

/* The mean over the group's runs that have the iteration. */
static void add_means(const struct report *report, const struct palette *palette,
                      const struct group *group, const char *test, uint32_t iteration,
                      double *shares)
{
    double n = 0;
    for (size_t i = 0; i < group->n_seeds; i++)
        n += point_at(phase_named(&report->runs[group->runs[i]], test), iteration) != NULL;
    for (size_t i = 0; i < group->n_seeds; i++) {
        const struct phase *phase = phase_named(&report->runs[group->runs[i]], test);
        const struct outcome_point *point = point_at(phase, iteration);
        if (point)
            add_shares(palette, point, n, shares);
    }
}

/* The phase of the group's run that went on for longest. */
static const struct phase *longest_of(const struct report *report, const struct group *group,
                                      const char *test)
{
    const struct phase *longest = NULL;
    for (size_t i = 0; i < group->n_seeds; i++) {
        const struct phase *phase = phase_named(&report->runs[group->runs[i]], test);
        if (phase && (!longest || phase->n_points > longest->n_points))
            longest = phase;
    }
    return longest;
}

static void draw(const struct report *report, const struct palette *palette,
                 const struct group *group, const char *test, struct bars *bars, struct text *out)
{
    struct text title = { 0 };
    text_add(&title, test ? test : "training samples");
    if (report->n_groups > 1)
        text_printf(&title, " · %s", group->label);
    bars->title = text_string(&title);
    bars->y_label = "failed samples, %";
    bars->unit = " %";
    bars->names = palette->names;
    bars->colors = palette->colors;
    bars->n_parts = palette->n;
    bars_add(out, bars);
    text_free(&title);
}

static bool add_chart(struct report *report, const struct palette *palette,
                      const struct group *group, const char *test, double most, struct text *out,
                      struct leti_error *err)
{
    const struct phase *longest = longest_of(report, group, test);
    size_t n = longest ? longest->n_points : 0;
    double *values = arena_array(&report->memory, n * palette->n, sizeof *values);
    uint32_t *iterations = arena_array(&report->memory, n, sizeof *iterations);
    if (!values || !iterations)
        return leti_error_set(err, "out of memory for the report");
    memset(values, 0, n * palette->n * sizeof *values);
    for (size_t i = 0; i < n; i++) {
        iterations[i] = longest->points[i].iteration;
        add_means(report, palette, group, test, iterations[i], &values[i * palette->n]);
    }
    struct bars bars = { .iterations = iterations, .n = n, .values = values, .most = most };
    draw(report, palette, group, test, &bars, out);
    return true;
}

/* The highest share of failures of any run, so that the charts of a phase have one scale. */
static double most_failures(const struct report *report, const char *test)
{
    double most = 0;
    for (size_t i = 0; i < report->n_runs; i++) {
        const struct phase *phase = phase_named(&report->runs[i], test);
        for (size_t k = 0; phase && k < phase->n_points; k++) {
            const struct counts *counts = &phase->points[k].counts;
            double share = counts->sampled ? 100 * (double)(counts->sampled - counts->passed) /
                                                 (double)counts->sampled
                                           : 0;
            most = share > most ? share : most;
        }
    }
    return most;
}

/* A row of its own where there are several groups to be compared. */
static bool add_phase(struct report *report, const struct palette *palette, const char *test,
                      struct text *out, struct leti_error *err)
{
    double most = most_failures(report, test);
    bool row = report->n_groups > 1;
    if (!(most > 0))
        return true;
    text_add(out, row ? "</div><div class=\"charts\">\n" : "");
    for (size_t i = 0; i < report->n_groups; i++)
        if (!add_chart(report, palette, &report->groups[i], test, most, out, err))
            return false;
    return true;
}

static void add_keys(const struct palette *palette, struct text *out)
{
    text_add(out, "<ul class=\"legend\">");
    for (size_t i = 0; i < palette->n; i++) {
        text_add(out, "<li>");
        bars_key(out, palette->colors[i]);
        text_add_char(out, ' ');
        html_string(out, palette->names[i]);
        text_add(out, "</li>");
    }
    text_add(out, "</ul>\n");
}

/* ---- table ---- */

static void add_shares_of(const struct report *report, const struct palette *palette,
                          const struct group *group, const char *test, struct text *out)
{
    const struct phase *longest = longest_of(report, group, test);
    double shares[2][BARS_COLORS] = { { 0 } };
    if (!longest || !longest->n_points)
        return;
    uint32_t ends[2] = { longest->points[0].iteration,
                         longest->points[longest->n_points - 1].iteration };
    for (int i = 0; i < 2; i++)
        add_means(report, palette, group, test, ends[i], shares[i]);
    for (size_t i = 0; i < palette->n; i++) {
        text_add(out, "<tr><td>");
        if (!i)
            html_string(out, test ? test : "training samples");
        text_add(out, "</td><td>");
        if (!i && report->n_groups > 1)
            html_string(out, group->label);
        text_add(out, "</td><td>");
        html_string(out, palette->names[i]);
        text_printf(out, "</td><td class=\"n\">%.1f</td><td class=\"n\">%.1f</td></tr>\n",
                    shares[0][i], shares[1][i]);
    }
}

static void add_table(const struct report *report, const struct palette *palette,
                      const char *const *tests, size_t n, struct text *out)
{
    text_add(out, "<details><summary>shares of samples, first and last</summary><div "
                  "class=\"wide\"><table><thead><tr><th></th><th></th><th>failed by</th>"
                  "<th class=\"n\">first, %</th><th class=\"n\">last, %</th></tr></thead><tbody>"
                  "\n");
    for (size_t i = 0; i <= n; i++)
        for (size_t k = 0; k < report->n_groups; k++)
            add_shares_of(report, palette, &report->groups[k], i < n ? tests[i] : NULL, out);
    text_add(out, "</tbody></table></div></details>\n");
}

bool section_failures(struct report *report, struct text *out, struct leti_error *err)
{
    const char *const *tests = NULL;
    struct palette palette = { .n = 0 };
    size_t n = 0;
    if (!choose(report, &palette, err) || !test_names(report, &tests, &n, err))
        return false;
    if (!palette.n)
        return true;
    text_add(out, "<section id=\"failures\"><h2>Why programs fail</h2>\n");
    add_keys(&palette, out);
    text_add(out, "<div class=\"charts\">\n");
    bool good = true;
    for (size_t i = 0; good && i < n; i++)
        good = add_phase(report, &palette, tests[i], out, err);
    good = good && add_phase(report, &palette, NULL, out, err);
    text_add(out,
             "</div><p class=\"note\">Of all samples of an iteration, those that failed, by the "
             "exception's type or else the reason; where several evaluators refused a "
             "sample, by the first one. Of several runs, their mean.</p>\n");
    add_table(report, &palette, tests, n, out);
    text_add(out, "</section>\n");
    return good;
}
