/* cut - a task's post-processing: where a program that a model wrote ends.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/cut.h"

#include <string.h>

/* Where the stop begins in the text, or its size. */
static size_t find_stop(const char *text, size_t size, const char *stop)
{
    size_t length = strlen(stop);
    if (length > 1 && stop[0] == '\n' && size >= length - 1 && !memcmp(text, stop + 1, length - 1))
        return 0;
    const char *found = length ? memmem(text, size, stop, length) : NULL;
    return found ? (size_t)(found - text) : size;
}

static int is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

size_t cut_length(const char *text, size_t size, const char *const *stops, size_t n_stops)
{
    size_t end = size;
    for (size_t i = 0; i < n_stops; i++) {
        size_t at = find_stop(text, size, stops[i]);
        if (at < end)
            end = at;
    }
    while (end && is_space(text[end - 1]))
        end--;
    return end;
}
