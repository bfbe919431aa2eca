/* differ - where two texts of settings, one a line, differ.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/differ.h"

#include <stdio.h>
#include <string.h>

enum { QUOTE = 100, BEFORE = 20 }; /* bytes that are shown, and those before the difference */

struct line line_first(const char *text, const char **rest)
{
    size_t size = strcspn(text, "\n");
    if (rest)
        *rest = text + size + (text[size] == '\n');
    return (struct line){ text, (int)size };
}

struct line line_beginning(const char *text, const char *word)
{
    for (size_t size = strlen(word); *text; line_first(text, &text))
        if (!strncmp(text, word, size))
            return line_first(text, NULL);
    return (struct line){ "", 0 };
}

bool line_same(struct line a, struct line b)
{
    return a.size == b.size && !memcmp(a.text, b.text, (size_t)a.size);
}

bool line_differing(const char **a, const char **b)
{
    while (**a || **b) {
        const char *a_rest, *b_rest;
        if (!line_same(line_first(*a, &a_rest), line_first(*b, &b_rest)))
            return true;
        *a = a_rest;
        *b = b_rest;
    }
    return false;
}

static int common(struct line a, struct line b)
{
    int n = 0;
    while (n < a.size && n < b.size && a.text[n] == b.text[n])
        n++;
    return n;
}

void line_show(struct line line, struct line other, char out[LINE_SHOWN])
{
    int same = common(line, other), from = same < QUOTE ? 0 : same - BEFORE;
    int size = line.size - from < QUOTE ? line.size - from : QUOTE;
    snprintf(out, LINE_SHOWN, "%s%.*s%s", from ? "..." : "", size, line.text + from,
             from + size < line.size ? "..." : "");
}
