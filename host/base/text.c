/* text - a byte string that grows.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <stdint.h>
#include <stdlib.h>

/* Room for `more` bytes and a NUL after those that are there. */
static bool reserve(struct text *text, size_t more)
{
    if (text->refused)
        return false;
    if (text->data && more < text->capacity - text->size)
        return true;
    if (more > SIZE_MAX / 2 - 64 - text->size) {
        text->refused = true;
        return false;
    }
    size_t capacity = text->capacity + text->capacity / 2;
    if (capacity < text->size + more + 1)
        capacity = text->size + more + 64;
    char *data = realloc(text->data, capacity);
    if (!data) {
        text->refused = true;
        return false;
    }
    text->data = data;
    text->capacity = capacity;
    return true;
}

void text_append(struct text *text, const void *bytes, size_t size)
{
    if (!reserve(text, size))
        return;
    if (size)
        memcpy(text->data + text->size, bytes, size);
    text->size += size;
    text->data[text->size] = '\0';
}

void text_add(struct text *text, const char *string)
{
    text_append(text, string, strlen(string));
}

void text_add_char(struct text *text, char c)
{
    text_append(text, &c, 1);
}

void text_vprintf(struct text *text, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    if (size < 0)
        text->refused = true;
    else if (reserve(text, (size_t)size)) {
        vsnprintf(text->data + text->size, (size_t)size + 1, format, again);
        text->size += (size_t)size;
    }
    va_end(again);
}

void text_printf(struct text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    text_vprintf(text, format, args);
    va_end(args);
}

const char *text_string(const struct text *text)
{
    return text->data ? text->data : "";
}

void text_clear(struct text *text)
{
    text->size = 0;
    text->refused = false;
    if (text->data)
        text->data[0] = '\0';
}

char *text_take(struct text *text, struct leti_error *err)
{
    if (!reserve(text, 0)) {
        leti_error_set(err, "out of memory at %zu bytes of text", text->size);
        text_free(text);
        return NULL;
    }
    char *data = text->data;
    data[text->size] = '\0';
    *text = (struct text){ 0 };
    return data;
}

void text_free(struct text *text)
{
    free(text->data);
    *text = (struct text){ 0 };
}
