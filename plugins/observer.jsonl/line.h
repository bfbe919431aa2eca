/* line.h - an event as a JSON object; the README says which keys it has.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef OBSERVER_JSONL_LINE_H
#define OBSERVER_JSONL_LINE_H

#include <jansson.h>

#include "leti/plugin.h"

/* NULL where memory is refused; the caller decrefs it. *known: false, and NULL, for a kind of event
 * that is not known here. */
json_t *line_of(const struct leti_event *, bool *known);

#endif
