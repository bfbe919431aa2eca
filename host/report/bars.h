/* bars.h - stacked bars as SVG: what a whole is made of, and how that changes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_BARS_H
#define REPORT_BARS_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum { BARS_COLORS = 8 }; /* classes k0 .. k7 of the style sheet */

struct bars {
    const char *title, *y_label;
    const char *unit;           /* behind a value that is told: " %" */
    const uint32_t *iterations; /* [n] */
    size_t n;
    const char *const *names; /* [n_parts], from below */
    const unsigned *colors;   /* [n_parts] */
    size_t n_parts;
    const double *values; /* [n][n_parts], as shown, from 0 on */
    double most;          /* the y axis' end; 0: as the values are */
};

/* Adds a <figure>. */
void bars_add(struct text *, const struct bars *);

/* Adds the square of a colour for a legend. */
void bars_key(struct text *, unsigned color);

#endif
