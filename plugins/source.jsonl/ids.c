/* ids - a choice among numbered problems, as a person writes it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "ids.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

struct range {
    unsigned long long first, last;
};

static bool read_number(const char **at, unsigned long long *out)
{
    if (!isdigit((unsigned char)**at))
        return false;
    char *end = NULL;
    errno = 0;
    *out = strtoull(*at, &end, 10);
    *at = end;
    return errno == 0;
}

/* Reads one part, "33" or "11-20", and the comma behind it. */
static bool read_range(const char **at, struct range *out)
{
    if (!read_number(at, &out->first))
        return false;
    out->last = out->first;
    if (**at == '-') {
        (*at)++;
        if (!read_number(at, &out->last) || out->last < out->first)
            return false;
    }
    if (**at == '\0')
        return true;
    return *(*at)++ == ',' && **at != '\0';
}

bool ids_check(const char *text, struct leti_error *err)
{
    struct range range;
    for (const char *at = text; *at;) {
        const char *part = at;
        if (!read_range(&at, &range))
            return leti_error_set(err,
                                  "ids \"%s\": \"%s\" is not a number or a range, as in "
                                  "\"11-20,33\"",
                                  text, part);
    }
    return true;
}

bool ids_choose(const char *text, unsigned long long number)
{
    if (!*text)
        return true;
    struct range range;
    for (const char *at = text; *at && read_range(&at, &range);)
        if (number >= range.first && number <= range.last)
            return true;
    return false;
}
