/* ticks - an axis of a chart.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/ticks.h"

#include <math.h>

#include "report/html.h"

/* The least of 1, 2, 2.5, 5 and 10 times a power of ten that is not below x > 0. */
static double round_up(double x, bool whole)
{
    static const double rounds[] = { 1, 2, 2.5, 5, 10 };
    double power = pow(10, floor(log10(x)));
    for (size_t i = 0; i < sizeof rounds / sizeof *rounds; i++) {
        double step = rounds[i] * power;
        if (step >= x * (1 - 1e-9) && !(whole && step != floor(step)))
            return step;
    }
    return whole ? 1 : 10 * power;
}

struct axis axis_around(double low, double high, int wanted, bool whole)
{
    if (!isfinite(low) || !isfinite(high) || low > high || high - low > 1e300)
        low = 0, high = 1;
    if (high - low <= 1e-12 * fmax(fabs(low), fabs(high))) {
        double half = low ? fabs(low) / 2 : 0.5;
        low -= whole ? 0 : half;
        high += whole ? 1 : half;
    }
    struct axis axis = { .step = round_up((high - low) / wanted, whole) };
    axis.low = floor(low / axis.step + 1e-9) * axis.step;
    axis.high = ceil(high / axis.step - 1e-9) * axis.step;
    if (axis.high <= axis.low)
        axis.high = axis.low + axis.step;
    axis.n = (int)lround((axis.high - axis.low) / axis.step);
    return axis;
}

double axis_mark(const struct axis *axis, int i)
{
    double value = axis->low + i * axis->step;
    return fabs(value) < axis->step / 1000 ? 0 : value;
}

double axis_place(const struct axis *axis, double value, double from, double to)
{
    return from + (value - axis->low) / (axis->high - axis->low) * (to - from);
}

void axis_print(struct text *out, const struct axis *axis, double value)
{
    int decimals = 0;
    double step = axis->step;
    if (step >= 1 && step == floor(step)) {
        html_count(out, value);
        return;
    }
    for (; decimals < 12 && fabs(step - nearbyint(step)) > 1e-6 * step; decimals++)
        step *= 10;
    if (axis->step < 5e-4)
        text_printf(out, "%.3g", value);
    else
        text_printf(out, "%.*f", decimals, value);
}
