/* packed - a list of byte strings in one.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "store/packed.h"

#include <stdlib.h>

void packed_add_number(struct text *text, uint32_t number)
{
    char bytes[4] = { (char)number, (char)(number >> 8), (char)(number >> 16),
                      (char)(number >> 24) };
    text_append(text, bytes, sizeof bytes);
}

void packed_add(struct text *text, struct leti_bytes bytes)
{
    if (bytes.size > UINT32_MAX) {
        text->refused = true;
        return;
    }
    packed_add_number(text, (uint32_t)bytes.size);
    text_append(text, bytes.data, bytes.size);
    text_add_char(text, '\0');
}

bool packed_next_number(struct packed *packed, uint32_t *out)
{
    if (packed->left < 4)
        return false;
    const unsigned char *p = (const unsigned char *)packed->at;
    *out = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    packed->at += 4;
    packed->left -= 4;
    return true;
}

bool packed_next(struct packed *packed, struct leti_bytes *out)
{
    uint32_t size;
    if (!packed_next_number(packed, &size) || packed->left <= size || packed->at[size] != '\0')
        return false;
    *out = (struct leti_bytes){ packed->at, size };
    packed->at += (size_t)size + 1;
    packed->left -= (size_t)size + 1;
    return true;
}

void packed_add_pairs(struct text *text, const struct leti_pair *pairs, size_t n)
{
    packed_add_number(text, (uint32_t)n);
    for (size_t i = 0; i < n; i++) {
        packed_add(text, (struct leti_bytes){ pairs[i].key, strlen(pairs[i].key) });
        packed_add(text, pairs[i].value);
    }
}

void packed_add_spans(struct text *text, const struct leti_span *spans, size_t n)
{
    packed_add_number(text, (uint32_t)n);
    for (size_t i = 0; i < n; i++) {
        packed_add_number(text, spans[i].flags);
        packed_add(text, spans[i].text);
    }
}

/* Starts a list: its length, and memory for its items. Each item takes 5 bytes at the least. */
static void *begin(struct packed *packed, size_t item_size, uint32_t *n)
{
    if (!packed_next_number(packed, n) || *n > packed->left / 5)
        return NULL;
    return calloc((size_t)*n + 1, item_size);
}

static bool next_pair(struct packed *packed, struct leti_pair *out)
{
    struct leti_bytes key;
    if (!packed_next(packed, &key) || !packed_next(packed, &out->value))
        return false;
    out->key = key.data;
    return true;
}

bool packed_pairs(struct leti_bytes bytes, struct leti_pair **out, size_t *n,
                  struct leti_error *err)
{
    struct packed packed = { bytes.data, bytes.size };
    uint32_t count;
    struct leti_pair *pairs = begin(&packed, sizeof *pairs, &count);
    bool good = pairs;
    for (uint32_t i = 0; good && i < count; i++)
        good = next_pair(&packed, &pairs[i]);
    if (!good) {
        free(pairs);
        return leti_error_set(err, "a string map in the database is damaged");
    }
    *out = pairs;
    *n = count;
    return true;
}

bool packed_spans(struct leti_bytes bytes, struct leti_span **out, size_t *n,
                  struct leti_error *err)
{
    struct packed packed = { bytes.data, bytes.size };
    uint32_t count;
    struct leti_span *spans = begin(&packed, sizeof *spans, &count);
    bool good = spans;
    for (uint32_t i = 0; good && i < count; i++)
        good = packed_next_number(&packed, &spans[i].flags) && packed_next(&packed, &spans[i].text);
    if (!good) {
        free(spans);
        return leti_error_set(err, "an example in the database is damaged");
    }
    *out = spans;
    *n = count;
    return true;
}
