/* bars - stacked bars as SVG.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/bars.h"

#include <math.h>

#include "report/html.h"
#include "report/ticks.h"

enum { WIDTH = 460, HEIGHT = 240, LEFT = 48, TOP = 26, BOTTOM = 44, RIGHT = 14 };
enum { Y_MARKS = 4, MOST_MARKS = 12, WIDEST = 44 };

struct drawing {
    const struct bars *bars;
    struct text *out;
    struct axis y;
    double slot, width; /* of a bar: what it may take, and what it takes */
};

static double sum_of(const struct bars *bars, size_t bar)
{
    double sum = 0;
    for (size_t i = 0; i < bars->n_parts; i++)
        sum += bars->values[bar * bars->n_parts + i];
    return sum;
}

static double middle_of(const struct drawing *d, size_t bar)
{
    return LEFT + d->slot * ((double)bar + 0.5);
}

static void add_axes(const struct drawing *d)
{
    const struct bars *bars = d->bars;
    size_t every = bars->n / MOST_MARKS + 1;
    for (int i = 0; i <= d->y.n; i++) {
        double value = axis_mark(&d->y, i), y = axis_place(&d->y, value, HEIGHT - BOTTOM, TOP);
        text_printf(d->out, "<path class=\"%s\" d=\"M%d %.1fH%d\"/>", i ? "grid" : "axis", LEFT, y,
                    WIDTH - RIGHT);
        text_printf(d->out, "<text class=\"mark end\" x=\"%d\" y=\"%.1f\">", LEFT - 8, y + 4);
        axis_print(d->out, &d->y, value);
        text_add(d->out, "</text>");
    }
    for (size_t i = 0; i < bars->n; i += every)
        text_printf(d->out, "<text class=\"mark mid\" x=\"%.1f\" y=\"%d\">%u</text>",
                    middle_of(d, i), HEIGHT - BOTTOM + 18, bars->iterations[i]);
    text_printf(d->out, "<text class=\"name mid\" x=\"%d\" y=\"%d\">iteration</text>",
                (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6);
    text_printf(d->out, "<text class=\"name\" x=\"%d\" y=\"12\">", LEFT - 38);
    html_string(d->out, bars->y_label);
    text_add(d->out, "</text>");
}

static void add_bar(const struct drawing *d, size_t bar)
{
    const struct bars *bars = d->bars;
    double below = 0;
    for (size_t i = 0; i < bars->n_parts; i++) {
        double value = bars->values[bar * bars->n_parts + i];
        double bottom = axis_place(&d->y, below, HEIGHT - BOTTOM, TOP);
        double top = axis_place(&d->y, below + value, HEIGHT - BOTTOM, TOP);
        below += value;
        if (!(value > 0))
            continue;
        text_printf(d->out,
                    "<rect class=\"k%u\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">"
                    "<title>",
                    bars->colors[i] % BARS_COLORS, middle_of(d, bar) - d->width / 2, top, d->width,
                    bottom - top);
        html_string(d->out, bars->names[i]);
        text_printf(d->out, ", iteration %u: ", bars->iterations[bar]);
        html_number(d->out, value);
        text_printf(d->out, "%s</title></rect>", bars->unit);
    }
}

/* What the first and the last bar are made of, for who cannot see the chart. */
static void tell_bar(const struct drawing *d, size_t bar)
{
    const struct bars *bars = d->bars;
    text_printf(d->out, "; iteration %u:", bars->iterations[bar]);
    for (size_t i = 0; i < bars->n_parts; i++) {
        text_add(d->out, i ? ", " : " ");
        html_string(d->out, bars->names[i]);
        text_add_char(d->out, ' ');
        html_number(d->out, bars->values[bar * bars->n_parts + i]);
        text_add(d->out, bars->unit);
    }
}

static void fit(struct drawing *d)
{
    double most = d->bars->most;
    for (size_t i = 0; i < d->bars->n && !(d->bars->most > 0); i++)
        most = fmax(most, sum_of(d->bars, i));
    d->y = axis_around(0, most, Y_MARKS, false);
    d->slot = (double)(WIDTH - RIGHT - LEFT) / (double)d->bars->n;
    d->width = fmin(d->slot * 0.78, WIDEST);
}

void bars_add(struct text *out, const struct bars *bars)
{
    struct drawing d = { .bars = bars, .out = out };
    if (!bars->n)
        return;
    fit(&d);
    text_add(out, "<figure><figcaption>");
    html_string(out, bars->title);
    text_printf(out, "</figcaption><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH,
                HEIGHT);
    html_string(out, bars->title);
    text_add(out, ": ");
    html_string(out, bars->y_label);
    tell_bar(&d, 0);
    if (bars->n > 1)
        tell_bar(&d, bars->n - 1);
    text_add(out, "\">");
    add_axes(&d);
    for (size_t i = 0; i < bars->n; i++)
        add_bar(&d, i);
    text_add(out, "</svg></figure>\n");
}

void bars_key(struct text *out, unsigned color)
{
    text_printf(out,
                "<svg class=\"key\" viewBox=\"0 0 12 12\" width=\"12\" height=\"12\" "
                "aria-hidden=\"true\"><rect class=\"k%u\" width=\"12\" height=\"12\"/></svg>",
                color % BARS_COLORS);
}
