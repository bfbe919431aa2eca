/* chart - a line chart as SVG.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/chart.h"

#include <math.h>

#include "report/html.h"
#include "report/ticks.h"

enum { WIDTH = 460, HEIGHT = 280, LEFT = 48, TOP = 26, BOTTOM = 44, MARGIN = 14 };
enum {
    X_MARKS = 5,
    Y_MARKS = 5,
    LABEL_HEIGHT = 15,
    MOST_LABELS = 32,
    LETTER_WIDTH = 7,
    LABEL_SIZE = 64
};
enum { MOST_DOTS = 60 }; /* a line of more points is drawn without them */

/* A chart under construction. */
struct drawing {
    const struct chart *chart;
    struct text *out;
    struct axis x, y;
    double right; /* where the plot ends */
};

/* ---- geometry ---- */

static double scaled(double value, double scale)
{
    return scale != 0 ? value * scale : value;
}

static double place_x(const struct drawing *d, double x)
{
    return axis_place(&d->x, scaled(x, d->chart->x_scale), LEFT, d->right);
}

static double place_y(const struct drawing *d, double y)
{
    return axis_place(&d->y, scaled(y, d->chart->y_scale), HEIGHT - BOTTOM, TOP);
}

static bool is_drawn(const struct chart_point *point)
{
    return isfinite(point->x) && isfinite(point->y);
}

static bool has_band(const struct chart_point *point)
{
    return is_drawn(point) && isfinite(point->low) && isfinite(point->high) &&
           point->low < point->high;
}

struct range {
    double low, high;
};

static void widen(struct range *range, double value)
{
    range->low = fmin(range->low, value);
    range->high = fmax(range->high, value);
}

static void fit_axes(struct drawing *d)
{
    const struct chart *chart = d->chart;
    struct range x = { INFINITY, -INFINITY }, y = { INFINITY, -INFINITY };
    for (size_t i = 0; i < chart->n_lines; i++)
        for (size_t k = 0; k < chart->lines[i].n; k++) {
            const struct chart_point *point = &chart->lines[i].points[k];
            if (!is_drawn(point))
                continue;
            widen(&x, scaled(point->x, chart->x_scale));
            widen(&y, scaled(point->y, chart->y_scale));
            if (has_band(point)) {
                widen(&y, scaled(point->low, chart->y_scale));
                widen(&y, scaled(point->high, chart->y_scale));
            }
        }
    d->x = axis_around(x.low, x.high, X_MARKS, chart->whole_x);
    d->y = axis_around(y.low, y.high, Y_MARKS, false);
    if (chart->least < chart->most) {
        d->y.low = fmax(d->y.low, chart->least);
        d->y.high = fmin(d->y.high, chart->most);
        d->y.n = (int)lround((d->y.high - d->y.low) / d->y.step);
    }
    /* The plot ends where the data does: no room is left for marks without anything above. */
    if (x.high > x.low) {
        d->x.high = x.high;
        d->x.n = (int)floor((x.high - d->x.low) / d->x.step + 1e-9);
    }
}

static double last_value(const struct drawing *d, const struct chart_line *line)
{
    return line->n ? scaled(line->points[line->n - 1].y, d->chart->y_scale) : NAN;
}

/* What stands at the line's end: its name, its last value or both. */
static void label_of(const struct drawing *d, const struct chart_line *line, char *out, size_t size)
{
    double last = last_value(d, line);
    bool has_value = d->chart->ends && !line->faint && isfinite(last);
    char value[32] = "";
    if (has_value)
        snprintf(value, sizeof value, "%.*f", fabs(last) < 99.95 ? 1 : 0, last);
    snprintf(out, size, "%s%s%s", line->label, *line->label && has_value ? " " : "", value);
}

static void fit_labels(struct drawing *d)
{
    size_t longest = 0;
    for (size_t i = 0; i < d->chart->n_lines; i++) {
        char label[LABEL_SIZE];
        label_of(d, &d->chart->lines[i], label, sizeof label);
        longest = strlen(label) > longest ? strlen(label) : longest;
    }
    d->right = WIDTH - MARGIN - (longest ? 6.0 + LETTER_WIDTH * (double)longest : 0.0);
}

/* ---- axes ---- */

static void add_y_axis(const struct drawing *d)
{
    for (int i = 0; i <= d->y.n; i++) {
        double value = axis_mark(&d->y, i), y = axis_place(&d->y, value, HEIGHT - BOTTOM, TOP);
        text_printf(d->out, "<path class=\"%s\" d=\"M%d %.1fH%.1f\"/>", i ? "grid" : "axis", LEFT,
                    y, d->right);
        text_printf(d->out, "<text class=\"mark end\" x=\"%d\" y=\"%.1f\">", LEFT - 8, y + 4);
        axis_print(d->out, &d->y, value);
        text_add(d->out, "</text>");
    }
    text_printf(d->out, "<text class=\"name\" x=\"%d\" y=\"12\">", LEFT - 38);
    html_string(d->out, d->chart->y_label);
    text_add(d->out, "</text>");
}

static void add_x_axis(const struct drawing *d)
{
    for (int i = 0; i <= d->x.n; i++) {
        double value = axis_mark(&d->x, i), x = axis_place(&d->x, value, LEFT, d->right);
        text_printf(d->out, "<path class=\"axis\" d=\"M%.1f %dv4\"/>", x, HEIGHT - BOTTOM);
        text_printf(d->out, "<text class=\"mark mid\" x=\"%.1f\" y=\"%d\">", x,
                    HEIGHT - BOTTOM + 18);
        axis_print(d->out, &d->x, value);
        text_add(d->out, "</text>");
    }
    text_printf(d->out, "<text class=\"name mid\" x=\"%.1f\" y=\"%d\">", (LEFT + d->right) / 2,
                HEIGHT - 6);
    html_string(d->out, d->chart->x_label);
    text_add(d->out, "</text>");
}

/* ---- lines ---- */

static void add_band(const struct drawing *d, const struct chart_line *line)
{
    size_t n = 0;
    for (size_t i = 0; i < line->n; i++)
        n += has_band(&line->points[i]);
    if (n < 2)
        return;
    char move = 'M';
    text_add(d->out, "<path class=\"band\" d=\"");
    for (size_t i = 0; i < line->n; i++, move = 'L')
        if (has_band(&line->points[i]))
            text_printf(d->out, "%c%.1f %.1f", move, place_x(d, line->points[i].x),
                        place_y(d, line->points[i].high));
    for (size_t i = line->n; i--;)
        if (has_band(&line->points[i]))
            text_printf(d->out, "L%.1f %.1f", place_x(d, line->points[i].x),
                        place_y(d, line->points[i].low));
    text_add(d->out, "Z\"/>");
}

static void add_path(const struct drawing *d, const struct chart_line *line)
{
    char move = 'M';
    text_printf(d->out, "<path class=\"%s\" d=\"", line->faint ? "thin" : "line");
    for (size_t i = 0; i < line->n; i++)
        if (is_drawn(&line->points[i])) {
            text_printf(d->out, "%c%.1f %.1f", move, place_x(d, line->points[i].x),
                        place_y(d, line->points[i].y));
            move = 'L';
        }
    text_add(d->out, "\"/>");
}

/* One of the shapes that points have: disc, square, triangle, diamond, and hollow ones. */
static void add_dot(struct text *out, unsigned color, double x, double y)
{
    static const char *const shapes[] = { "M-3.4 0a3.4 3.4 0 1 0 6.8 0a3.4 3.4 0 1 0-6.8 0z",
                                          "M-3.1-3.1h6.2v6.2h-6.2z", "M0-4l3.9 6.8h-7.8z",
                                          "M0-4.4l4.4 4.4l-4.4 4.4l-4.4-4.4z" };
    color %= CHART_COLORS;
    text_printf(out, "<path class=\"%s\" transform=\"translate(%.1f %.1f)\" d=\"%s\"/>",
                color < 4 ? "dot" : "dot hollow", x, y, shapes[color % 4]);
}

static void tell_value(const struct drawing *d, const struct chart_point *point)
{
    const struct chart *chart = d->chart;
    html_number(d->out, scaled(point->y, chart->y_scale));
    if (has_band(point)) {
        text_add(d->out, " [");
        html_number(d->out, scaled(point->low, chart->y_scale));
        text_add(d->out, ", ");
        html_number(d->out, scaled(point->high, chart->y_scale));
        text_add(d->out, "]");
    }
    text_add(d->out, chart->unit ? chart->unit : "");
}

/* A point, and what is shown on pointing near it. */
static void add_point(const struct drawing *d, const struct chart_line *line,
                      const struct chart_point *point)
{
    double x = place_x(d, point->x), y = place_y(d, point->y);
    text_add(d->out, "<g><title>");
    html_string(d->out, line->name);
    text_add(d->out, ": ");
    tell_value(d, point);
    text_add(d->out, ", ");
    html_string(d->out, d->chart->x_label);
    text_add_char(d->out, ' ');
    html_number(d->out, scaled(point->x, d->chart->x_scale));
    text_printf(d->out, "</title><circle class=\"near\" cx=\"%.1f\" cy=\"%.1f\" r=\"9\"/>", x, y);
    if (!line->faint)
        add_dot(d->out, line->color, x, y);
    text_add(d->out, "</g>");
}

static void add_line(const struct drawing *d, const struct chart_line *line)
{
    text_printf(d->out, "<g class=\"c%u\">", line->color % CHART_COLORS);
    add_band(d, line);
    add_path(d, line);
    for (size_t i = 0; i < line->n && line->n <= MOST_DOTS; i++)
        if (is_drawn(&line->points[i]))
            add_point(d, line, &line->points[i]);
    text_add(d->out, "</g>");
}

/* ---- labels ---- */

struct label {
    char text[LABEL_SIZE];
    unsigned color;
    double y;
};

/* The labels by height, pushed apart where they would overlap. */
static size_t arrange_labels(const struct drawing *d, struct label *labels)
{
    size_t n = 0;
    for (size_t i = 0; i < d->chart->n_lines && n < MOST_LABELS; i++) {
        const struct chart_line *line = &d->chart->lines[i];
        struct label label = { .color = line->color % CHART_COLORS };
        label_of(d, line, label.text, sizeof label.text);
        if (!*label.text || !line->n || !is_drawn(&line->points[line->n - 1]))
            continue;
        label.y = place_y(d, line->points[line->n - 1].y);
        size_t k = n++;
        for (; k && labels[k - 1].y > label.y; k--)
            labels[k] = labels[k - 1];
        labels[k] = label;
    }
    for (size_t i = 1; i < n; i++)
        labels[i].y = fmax(labels[i].y, labels[i - 1].y + LABEL_HEIGHT);
    double most = HEIGHT - BOTTOM;
    for (size_t i = n; i-- && labels[i].y > most; most = labels[i].y - LABEL_HEIGHT)
        labels[i].y = most;
    return n;
}

static void add_labels(const struct drawing *d)
{
    struct label labels[MOST_LABELS];
    size_t n = arrange_labels(d, labels);
    for (size_t i = 0; i < n; i++) {
        text_printf(d->out, "<text class=\"label c%u\" x=\"%.1f\" y=\"%.1f\">", labels[i].color,
                    d->right + 8, labels[i].y + 4);
        html_string(d->out, labels[i].text);
        text_add(d->out, "</text>");
    }
}

/* ---- the whole ---- */

/* "textual: from 49.3 % to 68.1 %" of each line, for who cannot see the chart. */
static void tell_lines(const struct drawing *d)
{
    const struct chart *chart = d->chart;
    for (size_t i = 0; i < chart->n_lines; i++) {
        const struct chart_line *line = &chart->lines[i];
        if (line->faint || !line->n)
            continue;
        text_add(d->out, "; ");
        html_string(d->out, line->name);
        text_add(d->out, " from ");
        tell_value(d, &line->points[0]);
        text_add(d->out, " to ");
        tell_value(d, &line->points[line->n - 1]);
    }
}

void chart_add(struct text *out, const struct chart *chart)
{
    struct drawing d = { .chart = chart, .out = out };
    fit_axes(&d);
    fit_labels(&d);
    text_add(out, "<figure><figcaption>");
    html_string(out, chart->title);
    text_printf(out, "</figcaption><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH,
                HEIGHT);
    html_string(out, chart->title);
    text_add(out, ": ");
    html_string(out, chart->y_label);
    text_add(out, " against ");
    html_string(out, chart->x_label);
    tell_lines(&d);
    text_add(out, "\">");
    add_y_axis(&d);
    add_x_axis(&d);
    for (size_t i = 0; i < chart->n_lines; i++)
        add_line(&d, &chart->lines[i]);
    add_labels(&d);
    text_add(out, "</svg></figure>\n");
}

void chart_key(struct text *out, unsigned color)
{
    text_printf(out,
                "<svg class=\"key c%u\" viewBox=\"0 0 28 12\" width=\"28\" height=\"12\" "
                "aria-hidden=\"true\"><path class=\"line\" d=\"M1 6H27\"/>",
                color % CHART_COLORS);
    add_dot(out, color, 14, 6);
    text_add(out, "</svg>");
}
