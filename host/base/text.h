/* text.h - a byte string that grows.
 *
 * Appending never fails on the spot: a text that memory was refused for remembers it, takes
 * nothing more, and text_take says so once, at the end.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdarg.h>
#include <stddef.h>

#include "leti/error.h"

/* Zero it to begin with. A NUL stands after the last byte wherever data is not NULL. */
struct text {
    char *data;
    size_t size, capacity;
    bool refused; /* memory was */
};

void text_append(struct text *, const void *bytes, size_t size);
void text_add(struct text *, const char *string);
void text_add_char(struct text *, char c);
__attribute__((format(printf, 2, 3))) void text_printf(struct text *, const char *format, ...);
__attribute__((format(printf, 2, 0))) void text_vprintf(struct text *, const char *format,
                                                        va_list args);

/* The bytes as a C string, "" while empty; lives until the next change. */
const char *text_string(const struct text *);

/* Forgets the bytes and keeps the memory. */
void text_clear(struct text *);

/* Gives the bytes to the caller, who frees them; NUL-terminated, never NULL unless memory was
 * refused, which *err says. The text is empty afterwards. */
char *text_take(struct text *, struct leti_error *err);
void text_free(struct text *);

#endif
