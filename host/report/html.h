/* html.h - bytes of any kind as text of an HTML page, and the numbers that a report is full of.
 *
 * What a model or an interpreter wrote is never markup: the characters that HTML would obey become
 * entities; bytes outside of valid UTF-8, control characters and those that turn the direction
 * of writing become escapes that can be read (\x00, \u202e). The result may stand in an element
 * and in an attribute between double quotes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include <stdint.h>

#include "base/text.h"
#include "leti/plugin.h"

void html_bytes(struct text *, struct leti_bytes);
void html_string(struct text *, const char *);

/* The first `most` bytes or so, and how many are missing. */
void html_beginning(struct text *, struct leti_bytes, size_t most);

void html_percent(struct text *, double share); /* 0.5 -> "50.0" */
/* The difference of two shares as they are shown: "+3.8" between 62.8 and 66.6. */
void html_change(struct text *, double before, double after);
void html_count(struct text *, double n); /* 12345.6 -> "12 346"; "–" where it is NaN */
void html_number(struct text *, double);  /* four significant digits; "–" where it is NaN */
void html_seconds(struct text *, double); /* "1 min 40 s" */

#endif
