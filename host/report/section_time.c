/* section_time - where the time went, and how fast it was.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/sections.h"

#include <math.h>

#include "report/bars.h"
#include "report/html.h"

enum { SAMPLE, TRAIN, TEST, N_PARTS };
static const char *const part_names[N_PARTS] = { "sampling and judging", "training", "tests" };
static const unsigned part_colors[N_PARTS] = { 0, 1, 4 };

/* ---- charts ---- */

static size_t most_times(const struct report *report, const struct group *group)
{
    size_t most = 0;
    for (size_t i = 0; i < group->n_seeds; i++) {
        size_t n = report->runs[group->runs[i]].n_times;
        most = n > most ? n : most;
    }
    return most;
}

/* The mean of the runs that came so far. */
static void mean_time(const struct report *report, const struct group *group, size_t iteration,
                      double divisor, double out[N_PARTS])
{
    double n = 0, sum[N_PARTS] = { 0 };
    for (size_t i = 0; i < group->n_seeds; i++) {
        const struct run_data *run = &report->runs[group->runs[i]];
        if (iteration >= run->n_times)
            continue;
        n++;
        sum[SAMPLE] += run->times[iteration].sample;
        sum[TRAIN] += run->times[iteration].train;
        sum[TEST] += run->times[iteration].test;
    }
    for (int i = 0; i < N_PARTS; i++)
        out[i] = n > 0 ? sum[i] / n / divisor : 0;
}

static double longest_iteration(const struct report *report)
{
    double most = 0;
    for (size_t i = 0; i < report->n_runs; i++)
        for (size_t k = 0; k < report->runs[i].n_times; k++) {
            const struct iteration_time *time = &report->runs[i].times[k];
            most = fmax(most, time->sample + time->train + time->test);
        }
    return most;
}

static bool add_chart(struct report *report, const struct group *group, struct text *out,
                      struct leti_error *err)
{
    size_t n = most_times(report, group);
    double divisor = 1, most = longest_iteration(report);
    double *values = arena_array(&report->memory, n * N_PARTS, sizeof *values);
    uint32_t *iterations = arena_array(&report->memory, n, sizeof *iterations);
    if (!values || !iterations)
        return leti_error_set(err, "out of memory for the report");
    const char *unit = time_unit(most, &divisor);
    char told[16];
    snprintf(told, sizeof told, " %s", unit);
    for (size_t i = 0; i < n; i++) {
        iterations[i] = (uint32_t)i;
        mean_time(report, group, i, divisor, &values[i * N_PARTS]);
    }
    struct bars bars = { .title = report->n_groups > 1 ? group->label : "time of each iteration",
                         .y_label = unit,
                         .unit = told,
                         .iterations = iterations,
                         .n = n,
                         .names = part_names,
                         .colors = part_colors,
                         .n_parts = N_PARTS,
                         .values = values,
                         .most = most / divisor };
    bars_add(out, &bars);
    return true;
}

/* ---- table ---- */

static const struct outcome_point *training_point(const struct run_data *run, size_t iteration)
{
    const struct phase *phase = phase_named(run, NULL);
    for (size_t i = 0; phase && i < phase->n_points; i++)
        if (phase->points[i].iteration == iteration)
            return &phase->points[i];
    return NULL;
}

static void add_cell(struct text *out, void (*add)(struct text *, double), double value)
{
    text_add(out, "<td class=\"n\">");
    add(out, value);
    text_add(out, "</td>");
}

static double per(double n, double seconds)
{
    return seconds > 0 ? n / seconds : NAN;
}

static void add_sampling(const struct outcome_point *point, double seconds, struct text *out)
{
    double sampled = point ? (double)point->counts.sampled : NAN;
    double tokens = point ? (double)point->tokens : NAN;
    add_cell(out, html_count, sampled);
    add_cell(out, html_number, per(sampled, seconds));
    add_cell(out, html_count, tokens);
    add_cell(out, html_count, per(tokens, seconds));
    text_add(out, "<td class=\"n\">");
    if (point && point->counts.sampled)
        text_printf(out, "%.0f %%",
                    100 * (double)point->counts.reused / (double)point->counts.sampled);
    else
        text_add(out, "–");
    text_add(out, "</td>");
}

static void add_rows(const struct run_data *run, struct text *out)
{
    for (size_t i = 0; i < run->n_times; i++) {
        const struct iteration_time *time = &run->times[i];
        text_add(out, "<tr><td>");
        if (!i)
            html_string(out, run->name);
        text_printf(out, "</td><td class=\"n\">%zu</td>", i);
        add_cell(out, html_seconds, time->sampled ? time->sample : NAN);
        add_cell(out, html_seconds, time->trained ? time->train : NAN);
        add_cell(out, html_seconds, time->test > 0 ? time->test : NAN);
        add_sampling(training_point(run, i), time->sample, out);
        add_cell(out, html_count, time->tokens);
        add_cell(out, html_count, per(time->tokens, time->train));
        text_add(out, "</tr>\n");
    }
}

static void add_table(const struct report *report, struct text *out)
{
    text_add(out, "<details><summary>throughput of each iteration</summary><div class=\"wide\">"
                  "<table><thead><tr><th>run</th><th class=\"n\">iteration</th>"
                  "<th class=\"n\">sampling</th><th class=\"n\">training</th>"
                  "<th class=\"n\">tests</th><th class=\"n\">samples</th>"
                  "<th class=\"n\">samples/s</th><th class=\"n\">tokens sampled</th>"
                  "<th class=\"n\">tokens/s</th><th class=\"n\">verdicts reused</th>"
                  "<th class=\"n\">tokens trained</th><th class=\"n\">tokens/s</th></tr></thead>"
                  "<tbody>\n");
    for (size_t i = 0; i < report->n_runs; i++)
        add_rows(&report->runs[i], out);
    text_add(out, "</tbody></table></div><p class=\"note\">Speeds are over the whole part, loading "
                  "of the model and judging included.</p></details>\n");
}

bool section_time(struct report *report, struct text *out, struct leti_error *err)
{
    if (!(longest_iteration(report) > 0))
        return true;
    text_add(out, "<section id=\"time\"><h2>Where the time went</h2>\n<ul class=\"legend\">");
    for (int i = 0; i < N_PARTS; i++) {
        text_add(out, "<li>");
        bars_key(out, part_colors[i]);
        text_printf(out, " %s</li>", part_names[i]);
    }
    text_add(out, "</ul><div class=\"charts\">\n");
    for (size_t i = 0; i < report->n_groups; i++)
        if (!add_chart(report, &report->groups[i], out, err))
            return false;
    text_add(out, "</div>\n");
    add_table(report, out);
    text_add(out, "</section>\n");
    return true;
}
