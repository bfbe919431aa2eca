/* line.h - an event as a JSON object; the README says which keys it has.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef OBSERVER_JSONL_LINE_H
#define OBSERVER_JSONL_LINE_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include "leti/plugin.h"

/* NULL where memory is refused; the caller decrefs it. *known: false, and NULL, for a kind of event
 * that is not known here. */
json_t *line_of(const struct leti_event *, bool *known);

/* Writes it and a line feed, each number with the fewest digits that read back as the same; false
 * where writing or memory failed. */
bool line_write(const json_t *line, FILE *out);

#endif
