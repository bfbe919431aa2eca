/* texts - texts that are put together in the host's memory.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "texts.h"

#include <string.h>

static const char gap[] = "{target}";

void builder_add(struct builder *to, const char *text, size_t size)
{
    memcpy(to->data + to->size, text, size);
    to->size += size;
}

void builder_add_string(struct builder *to, const json_t *string)
{
    const char *text = json_string_value(string);
    size_t size = json_string_length(string);
    for (size_t i = 0; i < size; i++)
        if (text[i] != '\r' || i + 1 == size || text[i + 1] != '\n')
            to->data[to->size++] = text[i];
}

struct leti_bytes builder_finish(struct builder *from)
{
    from->data[from->size] = '\0';
    return (struct leti_bytes){ from->data, from->size };
}

struct leti_bytes text_copy(const struct leti_host *host, const char *before, const json_t *string,
                            const char *after)
{
    size_t size = strlen(before) + json_string_length(string) + strlen(after);
    struct builder text = { host->alloc(host, size + 1), 0 };
    builder_add(&text, before, strlen(before));
    builder_add_string(&text, string);
    builder_add(&text, after, strlen(after));
    return builder_finish(&text);
}

struct leti_bytes text_bytes(const char *text)
{
    return (struct leti_bytes){ text, strlen(text) };
}

struct leti_bytes text_join(const struct leti_host *host, struct leti_bytes before,
                            struct leti_bytes text, struct leti_bytes after)
{
    struct builder whole = { host->alloc(host, before.size + text.size + after.size + 1), 0 };
    builder_add(&whole, before.data, before.size);
    builder_add(&whole, text.data, text.size);
    builder_add(&whole, after.data, after.size);
    return builder_finish(&whole);
}

static size_t count_gaps(const char *form)
{
    size_t n = 0;
    for (const char *at = form; (at = strstr(at, gap)); at += strlen(gap))
        n++;
    return n;
}

struct leti_bytes text_fill(const struct leti_host *host, const char *form, const char *word)
{
    size_t room = strlen(form) + count_gaps(form) * strlen(word);
    struct builder text = { host->alloc(host, room + 1), 0 };
    for (const char *found; (found = strstr(form, gap)); form = found + strlen(gap)) {
        builder_add(&text, form, (size_t)(found - form));
        builder_add(&text, word, strlen(word));
    }
    builder_add(&text, form, strlen(form));
    return builder_finish(&text);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct leti_bytes text_strip(struct leti_bytes text)
{
    while (text.size && is_space(text.data[text.size - 1]))
        text.size--;
    while (text.size && is_space(text.data[0])) {
        text.data++;
        text.size--;
    }
    return text;
}
