/* packing.c - puts and takes texts.
 * SPDX-License-Identifier: Apache-2.0 */
#include "packing.h"

#include <stdint.h>
#include <string.h>

size_t packed_size(size_t size)
{
    return sizeof(uint32_t) + size + 1;
}

char *packed_put(char *to, struct leti_bytes text)
{
    uint32_t n = (uint32_t)text.size;
    memcpy(to, &n, sizeof n);
    if (n > 0)
        memcpy(to + sizeof n, text.data, n);
    to[sizeof n + n] = '\0';
    return to + packed_size(n);
}

bool packed_get(const char **at, const char *end, struct leti_bytes *out)
{
    uint32_t n;
    if ((size_t)(end - *at) < sizeof n)
        return false;
    memcpy(&n, *at, sizeof n);
    if ((size_t)(end - *at) < packed_size(n) || (*at)[sizeof n + n] != '\0')
        return false;
    *out = (struct leti_bytes){ *at + sizeof n, n };
    *at += packed_size(n);
    return true;
}
