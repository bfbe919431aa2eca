/* buffer.c - one place that checks sizes before it multiplies them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/buffer.h"

#include <stdlib.h>
#include <string.h>

bool lm_buffer(size_t n, size_t size, void *out, struct leti_error *err)
{
    enum { LINE = 64 };
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes) || __builtin_add_overflow(bytes, LINE, &bytes))
        return leti_error_set(err, "a buffer of %zu x %zu bytes is too large", n, size);
    bytes = bytes / LINE * LINE; /* at least one line: n may be 0 */
    void *memory = aligned_alloc(LINE, bytes);
    if (!memory)
        return leti_error_set(err, "out of memory for a buffer of %zu bytes", bytes);
    memcpy(out, &memory, sizeof memory);
    return true;
}
