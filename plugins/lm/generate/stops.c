/* stops.c - only the new bytes, and as many before them as an item is long, are looked at.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "generate/stops.h"

#include <stdlib.h>
#include <string.h>

bool lm_stops_copy(const struct lm_stops *stops, struct lm_stops **out, struct leti_error *err)
{
    size_t size = sizeof **out + stops->n * sizeof *stops->items;
    for (size_t i = 0; i < stops->n; i++) {
        if (!stops->items[i][0])
            return leti_error_set(err, "stop string %zu is empty", i + 1);
        size += strlen(stops->items[i]) + 1;
    }
    struct lm_stops *copy = malloc(size);
    if (!copy)
        return leti_error_set(err, "out of memory for %zu stop strings", stops->n);
    const char **items = (const char **)(copy + 1);
    char *text = (char *)(items + stops->n);
    for (size_t i = 0; i < stops->n; i++) {
        items[i] = text;
        text = stpcpy(text, stops->items[i]) + 1;
    }
    *copy = (struct lm_stops){ .items = items, .n = stops->n, .grace = stops->grace };
    *out = copy;
    return true;
}

static size_t find(const char *item, const char *text, size_t old, size_t size)
{
    size_t length = strlen(item);
    bool at_start = item[0] == '\n' && length > 1;
    if (at_start && old < length - 1 && length - 1 <= size && !memcmp(text, item + 1, length - 1))
        return length - 1;
    size_t from = old < length ? 0 : old - (length - 1);
    const char *match = memmem(text + from, size - from, item, length);
    return match ? (size_t)(match - text) + length : 0;
}

size_t lm_stops_find(const struct lm_stops *stops, const char *text, size_t old, size_t size)
{
    size_t first = 0;
    for (size_t i = 0; i < stops->n; i++) {
        size_t end = find(stops->items[i], text, old, size);
        if (end && (!first || end < first))
            first = end;
    }
    return first;
}
