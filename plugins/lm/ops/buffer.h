/* buffer.h - memory for large arrays that live long.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_BUFFER_H
#define LM_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "leti/error.h"

/* n elements of size bytes, 64-byte aligned, not yet written to: a large array costs the memory
 * that is used of it. To be freed by free(). out: a pointer to the pointer that receives them. */
bool lm_buffer(size_t n, size_t size, void *out, struct leti_error *err);

#endif
