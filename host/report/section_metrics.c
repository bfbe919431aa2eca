/* section_metrics - losses, and what else the stages told.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/sections.h"

#include <math.h>

#include "report/curves.h"
#include "report/html.h"
#include "report/metrics.h"

/* A longer curve is thinned to so many points, each the mean of those it stands for. */
enum { MOST_POINTS = 400 };

/* ---- which metrics ---- */

/* In this order; all others follow. */
static const char *const first_names[] = { "loss", "corpus_train_loss", "corpus_loss",
                                           "validation_good_loss", "validation_none_loss" };

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);
    return n >= m && !strcmp(name + n - m, end);
}

/* Counts and speeds have their place elsewhere, and a perplexity says what its loss says. */
static bool is_drawn(const char *name)
{
    static const char *const not_here[] = { "steps", "tokens", "tokens_per_second" };
    for (size_t i = 0; i < sizeof not_here / sizeof *not_here; i++)
        if (!strcmp(name, not_here[i]))
            return false;
    return !ends_with(name, "tokens") && !ends_with(name, "steps") &&
           !ends_with(name, "perplexity");
}

struct names {
    const char **items;
    size_t n;
};

static bool add_name(struct report *report, struct names *names, const char *name,
                     struct leti_error *err)
{
    for (size_t i = 0; i < names->n; i++)
        if (!strcmp(names->items[i], name))
            return true;
    const char **place = LIST_ADD(&report->memory, &names->items, &names->n, err);
    if (place)
        *place = name;
    return place;
}

static bool is_known(const struct report *report, const char *name)
{
    for (size_t i = 0; i < report->n_runs; i++)
        if (metric_named(&report->runs[i], name))
            return true;
    return false;
}

static bool choose(struct report *report, struct names *names, struct leti_error *err)
{
    for (size_t i = 0; i < sizeof first_names / sizeof *first_names; i++)
        if (is_known(report, first_names[i]) && !add_name(report, names, first_names[i], err))
            return false;
    for (size_t i = 0; i < report->n_runs; i++)
        for (size_t k = 0; k < report->runs[i].n_metrics; k++)
            if (is_drawn(report->runs[i].metrics[k].name) &&
                !add_name(report, names, report->runs[i].metrics[k].name, err))
                return false;
    return true;
}

/* ---- charts ---- */

static bool curve_of(struct report *report, const struct metric *metric, struct curve *out,
                     struct leti_error *err)
{
    size_t n = metric ? metric->n_points : 0, step = n / MOST_POINTS + 1;
    *out = (struct curve){ 0 };
    for (size_t i = 0; i < n; i += step) {
        struct curve_point *place = LIST_ADD(&report->memory, &out->points, &out->n, err);
        size_t end = i + step < n ? i + step : n;
        double sum = 0;
        if (!place)
            return false;
        for (size_t k = i; k < end; k++)
            sum += metric->points[k].value;
        place->key = metric->points[end - 1].x;
        place->at = (struct chart_point){ place->key, sum / (double)(end - i), NAN, NAN };
    }
    return true;
}

static bool add_group(struct report *report, size_t group, const char *name, struct lines *lines,
                      struct leti_error *err)
{
    const struct group *g = &report->groups[group];
    struct curve *curves = arena_array(&report->memory, g->n_runs, sizeof *curves);
    if (!curves)
        return leti_error_set(err, "out of memory for the report");
    for (size_t i = 0; i < g->n_runs; i++)
        if (!curve_of(report, metric_named(&report->runs[g->runs[i]], name), &curves[i], err))
            return false;
    return curves_add(report, group, curves, lines, err);
}

/* Whether there is a line to be seen: not a single point, and not the same value everywhere. */
static bool has_shape(const struct lines *lines)
{
    double low = INFINITY, high = -INFINITY;
    size_t longest = 0;
    for (size_t i = 0; i < lines->n; i++) {
        longest = lines->items[i].n > longest ? lines->items[i].n : longest;
        for (size_t k = 0; k < lines->items[i].n; k++) {
            low = fmin(low, lines->items[i].points[k].y);
            high = fmax(high, lines->items[i].points[k].y);
        }
    }
    return longest > 1 && low < high;
}

/* A name that is told by the program, as a person would write it. */
static const char *title_of(const char *name)
{
    static const struct {
        const char *name, *title;
    } known[] = {
        { "loss", "loss on examples" },
        { "corpus_train_loss", "loss on the corpus, in training" },
        { "corpus_loss", "loss on the corpus, held out" },
        { "validation_good_loss", "loss on held-out references, good token" },
        { "validation_none_loss", "loss on held-out references, no token" },
        { "grad_norm", "gradient norm, mean" },
        { "grad_norm_max", "gradient norm, largest" },
        { "lr", "learning rate, last" },
        { "kl", "KL to the first model" },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(known[i].name, name))
            return known[i].title;
    return name;
}

static bool add_chart(struct report *report, const char *name, struct text *out,
                      struct leti_error *err)
{
    struct lines lines = { 0 };
    for (size_t i = 0; i < report->n_groups; i++)
        if (!add_group(report, i, name, &lines, err))
            return false;
    struct chart chart = { .title = title_of(name),
                           .x_label = "iteration",
                           .y_label = name,
                           .whole_x = true,
                           .lines = lines.items,
                           .n_lines = lines.n };
    if (has_shape(&lines))
        chart_add(out, &chart);
    return true;
}

/* ---- table ---- */

static bool is_loss(const char *name)
{
    return ends_with(name, "loss");
}

static void add_value(struct text *out, double value)
{
    text_add(out, "<td class=\"n\">");
    if (isfinite(value))
        text_printf(out, "%#.4g", value);
    else
        text_add(out, "–");
    text_add(out, "</td>");
}

static bool has_values(const struct run_data *run, const struct names *names, uint32_t iteration)
{
    for (size_t i = 0; i < names->n; i++)
        if (!isnan(metric_last(metric_named(run, names->items[i]), iteration)))
            return true;
    return false;
}

static void add_rows(const struct run_data *run, const struct names *names, struct text *out)
{
    bool named = false;
    for (uint32_t i = 0; i < run->n_times; i++) {
        if (!has_values(run, names, i))
            continue;
        text_add(out, "<tr><td>");
        html_string(out, named ? "" : run->name);
        named = true;
        text_printf(out, "</td><td class=\"n\">%u</td>", i);
        for (size_t k = 0; k < names->n; k++) {
            double value = metric_last(metric_named(run, names->items[k]), i);
            add_value(out, value);
            if (is_loss(names->items[k]))
                add_value(out, exp(value));
        }
        text_add(out, "</tr>\n");
    }
}

static void add_table(const struct report *report, const struct names *names, struct text *out)
{
    text_add(out, "<details><summary>last values of each iteration, and perplexities</summary>"
                  "<div class=\"wide\"><table><thead><tr><th>run</th><th class=\"n\">iteration"
                  "</th>");
    for (size_t i = 0; i < names->n; i++) {
        text_add(out, "<th class=\"n\">");
        html_string(out, names->items[i]);
        text_add(out, is_loss(names->items[i]) ? "</th><th class=\"n\">perplexity</th>" : "</th>");
    }
    text_add(out, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < report->n_runs; i++)
        add_rows(&report->runs[i], names, out);
    text_add(out, "</tbody></table></div></details>\n");
}

bool section_metrics(struct report *report, struct text *out, struct leti_error *err)
{
    struct names names = { 0 };
    if (!choose(report, &names, err))
        return false;
    if (!names.n)
        return true;
    text_add(out, "<section id=\"losses\"><h2>Losses</h2>\n");
    add_legend(report, out);
    text_add(out, "<div class=\"charts\">\n");
    for (size_t i = 0; i < names.n; i++)
        if (!add_chart(report, names.items[i], out, err))
            return false;
    text_add(out, "</div>\n");
    add_table(report, &names, out);
    text_add(out, "</section>\n");
    return true;
}
