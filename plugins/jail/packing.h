/* packing.h - texts in the payload of a message.
 *
 * Each is a size of 4 bytes, the bytes, and a NUL, so that it can be used where it lies.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKING_H
#define PACKING_H

#include <stdbool.h>
#include <stddef.h>

#include "leti/plugin.h"

/* What a text of this size takes. */
size_t packed_size(size_t size);

/* Puts the text at to, where there is room for it; where the next one goes. */
char *packed_put(char *to, struct leti_bytes text);

/* Takes the next text off a payload; *at moves on. False: there is none before end. */
bool packed_get(const char **at, const char *end, struct leti_bytes *out);

#endif
