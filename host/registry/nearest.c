/* nearest - which name was meant by one that does not exist.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "registry/plugin.h"

#include <ctype.h>

enum { LONGEST = 64, MOST_SLIPS = 3 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Letters added, dropped, changed or swapped with a neighbour to get from a to b (the optimal
 * string alignment distance). Both are at most LONGEST long. */
static size_t slips(const char *a, const char *b)
{
    size_t rows[3][LONGEST + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    size_t width = strlen(b);
    for (size_t j = 0; j <= width; j++)
        last[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        now[0] = i;
        for (size_t j = 1; j <= width; j++) {
            now[j] = least(last[j - 1] + !same(a[i - 1], b[j - 1]), least(last[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
                now[j] = least(now[j], before[j - 2] + 1);
        }
        size_t *oldest = before;
        before = last;
        last = now;
        now = oldest;
    }
    return last[width];
}

const char *nearest_name(const char *word, const char *const *candidates, size_t n)
{
    size_t length = strlen(word);
    if (!length || length > LONGEST)
        return NULL;
    size_t limit = least(MOST_SLIPS, length / 3 > 1 ? length / 3 : 1);
    const char *nearest = NULL;
    for (size_t i = 0; i < n; i++) {
        if (strlen(candidates[i]) > LONGEST)
            continue;
        size_t distance = slips(word, candidates[i]);
        if (distance > limit || (nearest && distance == limit))
            continue;
        limit = distance;
        nearest = candidates[i];
    }
    return nearest;
}
