/* template.c - replaces the three names, once from left to right.
 * SPDX-License-Identifier: Apache-2.0 */
#include "template.h"

#include <stdlib.h>
#include <string.h>

/* The next piece of the template: one of the parts, or what stands there until the next brace. */
static struct leti_bytes next(const char **at, const struct parts *parts)
{
    const struct {
        const char *name;
        const struct leti_bytes *text;
    } names[] = { { "{prompt}", &parts->prompt },
                  { "{program}", &parts->program },
                  { "{tests}", &parts->tests } };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t n = strlen(names[i].name);
        if (strncmp(*at, names[i].name, n) == 0) {
            *at += n;
            return *names[i].text;
        }
    }
    const char *from = *at;
    *at += 1 + strcspn(from + 1, "{");
    return (struct leti_bytes){ from, (size_t)(*at - from) };
}

bool template_fill(const char *template, const struct parts *parts, struct leti_bytes *out,
                   struct leti_error *err)
{
    size_t size = 0;
    for (const char *at = template; *at;)
        size += next(&at, parts).size;
    char *text = malloc(size + 1), *to = text;
    if (!text)
        return leti_error_set(err, "no memory for a program of %zu bytes", size);
    for (const char *at = template; *at;) {
        struct leti_bytes piece = next(&at, parts);
        memcpy(to, piece.data, piece.size);
        to += piece.size;
    }
    *to = '\0';
    *out = (struct leti_bytes){ text, size };
    return true;
}
