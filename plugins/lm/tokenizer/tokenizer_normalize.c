/* tokenizer_normalize.c - rewrites a text before it is split.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer/tokenizer_normalize.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "tokenizer/tokenizer_bytes.h"

/* A text of so many bytes may become GROWTH * (bytes + ROOM) of them: a space becomes three. */
enum { GROWTH = 32, ROOM = 64 };

/* ---- reading the description ---- */

struct reader {
    struct lm_normalizer *normalizer;
    const char *name;
    struct leti_error *err;
};

static const char *type_of(const json_t *part)
{
    const char *type = json_string_value(json_object_get(part, "type"));
    return type ? type : "without a type";
}

static bool copy(struct reader *r, const json_t *string, char **out, size_t *size)
{
    *size = json_string_length(string);
    *out = malloc(*size + 1);
    if (!*out)
        return leti_error_set(r->err, "%s: no memory", r->name);
    memcpy(*out, json_string_value(string), *size + 1);
    return true;
}

static bool read_prepend(struct reader *r, const json_t *part, struct lm_normalize_step *step)
{
    const json_t *text = json_object_get(part, "prepend");
    if (!json_is_string(text))
        return leti_error_set(r->err, "%s: normalizer Prepend: prepend is no string", r->name);
    step->what = LM_PREPEND;
    return copy(r, text, &step->to, &step->to_size);
}

static bool read_replace(struct reader *r, const json_t *part, struct lm_normalize_step *step)
{
    const json_t *from = json_object_get(json_object_get(part, "pattern"), "String");
    const json_t *to = json_object_get(part, "content");
    if (!json_is_string(from) || !json_string_length(from))
        return leti_error_set(r->err, "%s: normalizer Replace: pattern is no String", r->name);
    if (!json_is_string(to))
        return leti_error_set(r->err, "%s: normalizer Replace: content is no string", r->name);
    step->what = LM_REPLACE;
    return copy(r, from, &step->from, &step->from_size) && copy(r, to, &step->to, &step->to_size);
}

static bool read_part(struct reader *r, const json_t *part)
{
    struct lm_normalizer *n = r->normalizer;
    const char *type = type_of(part);
    if (n->n == LM_MAX_NORMALIZERS)
        return leti_error_set(r->err, "%s: normalizer has more than %d steps", r->name,
                              LM_MAX_NORMALIZERS);
    struct lm_normalize_step *step = &n->steps[n->n++];
    if (strcmp(type, "NFC") == 0) {
        step->what = LM_NFC;
        return true;
    }
    if (strcmp(type, "Prepend") == 0)
        return read_prepend(r, part, step);
    if (strcmp(type, "Replace") == 0)
        return read_replace(r, part, step);
    return leti_error_set(r->err,
                          "%s: normalizer is %.40s, allowed are null, NFC, Prepend, Replace and "
                          "a Sequence of them",
                          r->name, type);
}

bool lm_normalizer_create(struct lm_normalizer *normalizer, const char *name,
                          const json_t *description, struct leti_error *err)
{
    struct lm_normalizer made = { 0 };
    struct reader r = { &made, name, err };
    bool ok = true;
    if (strcmp(type_of(description), "Sequence") == 0) {
        const json_t *parts = json_object_get(description, "normalizers");
        for (size_t i = 0; ok && i < json_array_size(parts); i++)
            ok = read_part(&r, json_array_get(parts, i));
    } else if (description && !json_is_null(description)) {
        ok = read_part(&r, description);
    }
    if (!ok) {
        lm_normalizer_destroy(&made);
        return false;
    }
    *normalizer = made;
    return true;
}

void lm_normalizer_destroy(struct lm_normalizer *normalizer)
{
    for (size_t i = 0; i < normalizer->n; i++) {
        free(normalizer->steps[i].from);
        free(normalizer->steps[i].to);
    }
}

/* ---- normalizing ---- */

/* A text on its way through the steps: it lies in the caller's memory or in one of the buffers. */
struct passage {
    struct lm_normalized *buffers;
    int next; /* the buffer that the text does not lie in */
    const char *text;
    size_t size, limit; /* of what it may become */
    struct leti_error *err;
};

/* Room to write the next text, which the passage then is to be set to. */
static char *reserve(struct passage *p, size_t size)
{
    struct lm_normalized *b = p->buffers;
    if (size > p->limit) {
        leti_error_set(p->err, "the normalizer makes more than %zu bytes of a text", p->limit);
        return NULL;
    }
    if (size >= b->capacity[p->next]) {
        size_t capacity = size + size / 2 + 64;
        char *grown = realloc(b->bytes[p->next], capacity);
        if (!grown) {
            leti_error_set(p->err, "no memory for a text of %zu bytes", size);
            return NULL;
        }
        b->bytes[p->next] = grown;
        b->capacity[p->next] = capacity;
    }
    return b->bytes[p->next];
}

static void pass(struct passage *p, size_t size)
{
    p->text = p->buffers->bytes[p->next];
    p->size = size;
    p->next = !p->next;
}

static bool prepend(struct passage *p, const struct lm_normalize_step *step)
{
    char *out = reserve(p, p->size + step->to_size);
    if (!out)
        return false;
    memcpy(out, step->to, step->to_size);
    memcpy(out + step->to_size, p->text, p->size);
    pass(p, p->size + step->to_size);
    return true;
}

static size_t count(const struct passage *p, const struct lm_normalize_step *step)
{
    size_t n = 0;
    const char *end = p->text + p->size, *at = p->text;
    while ((at = memmem(at, (size_t)(end - at), step->from, step->from_size))) {
        n++;
        at += step->from_size;
    }
    return n;
}

static bool replace(struct passage *p, const struct lm_normalize_step *step)
{
    size_t n = count(p, step);
    if (n == 0)
        return true;
    if (n > (SIZE_MAX - p->size) / (step->to_size + 1))
        return leti_error_set(p->err, "a text of %zu bytes grows too long", p->size);
    char *out = reserve(p, p->size + n * step->to_size), *start = out;
    if (!out)
        return false;
    const char *end = p->text + p->size, *done = p->text, *at;
    while ((at = memmem(done, (size_t)(end - done), step->from, step->from_size))) {
        memcpy(out, done, (size_t)(at - done));
        out += at - done;
        memcpy(out, step->to, step->to_size);
        out += step->to_size;
        done = at + step->from_size;
    }
    memcpy(out, done, (size_t)(end - done));
    pass(p, (size_t)(out - start) + (size_t)(end - done));
    return true;
}

/* Characters that would be reordered or composed, but are younger than Unicode 9, which is what the
 * reference's normalizer knows: it leaves them as they are. Where a range takes in more than it
 * had to, nothing in it is older. And U+11A7, which composes with nothing, but which utf8proc 2.8
 * drops behind a syllable of Hangul. */
static bool stands_apart(uint32_t c)
{
    static const uint32_t ranges[][2] = {
        { 0x7fd, 0x7fd },     { 0x897, 0x89f },     { 0x8ca, 0x8d3 },     { 0x9fe, 0x9fe },
        { 0xc3c, 0xc3c },     { 0xd3b, 0xd3c },     { 0xeba, 0xeba },     { 0xece, 0xece },
        { 0x11a7, 0x11a7 },   { 0x1715, 0x1715 },   { 0x1abf, 0x1aff },   { 0x1df6, 0x1dfa },
        { 0xa82c, 0xa82c },   { 0x105c0, 0x105ff }, { 0x10d24, 0x10d27 }, { 0x10d69, 0x10d6d },
        { 0x10eab, 0x10eac }, { 0x10efa, 0x10eff }, { 0x10f46, 0x10f50 }, { 0x10f82, 0x10f85 },
        { 0x11070, 0x11070 }, { 0x11241, 0x11241 }, { 0x1133b, 0x1133b }, { 0x11380, 0x113ff },
        { 0x1145e, 0x1145e }, { 0x11839, 0x1183a }, { 0x11900, 0x1195f }, { 0x119e0, 0x119e0 },
        { 0x11a34, 0x11a34 }, { 0x11a47, 0x11a47 }, { 0x11a99, 0x11a99 }, { 0x11d42, 0x11d42 },
        { 0x11d44, 0x11d45 }, { 0x11d97, 0x11d97 }, { 0x11f00, 0x11f5f }, { 0x13430, 0x1345f },
        { 0x16100, 0x1613f }, { 0x16d40, 0x16d7f }, { 0x16ff0, 0x16ff1 }, { 0x1e08f, 0x1e08f },
        { 0x1e130, 0x1e136 }, { 0x1e2ae, 0x1e2ae }, { 0x1e2ec, 0x1e2ef }, { 0x1e4ec, 0x1e4ef },
        { 0x1e5ee, 0x1e5ef }, { 0x1e6c0, 0x1e6ff },
    };
    size_t low = 0, high = sizeof ranges / sizeof ranges[0];
    while (c >= 0x7fd && low < high) {
        size_t middle = (low + high) / 2;
        if (c > ranges[middle][1])
            low = middle + 1;
        else if (c < ranges[middle][0])
            high = middle;
        else
            return true;
    }
    return false;
}

/* Characters below U+0300 neither compose with each other nor decompose for good. */
static bool is_plain(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if ((uint8_t)text[i] >= 0xcc)
            return false;
    }
    return true;
}

/* Of one run; *out is the library's memory, to be freed. */
static bool compose(struct passage *p, const char *run, size_t size, utf8proc_uint8_t **out,
                    size_t *out_size)
{
    utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)run, (utf8proc_ssize_t)size, out,
                                      UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    if (n < 0)
        return leti_error_set(p->err, "cannot compose a text of %zu bytes: %s", size,
                              utf8proc_errmsg(n));
    *out_size = (size_t)n;
    return true;
}

/* Bytes that are UTF-8 of characters that may act on each other. */
static size_t run_of_known(const char *text, size_t size)
{
    size_t at = 0, length;
    while (at < size && (length = lm_utf8_length(text + at, size - at)) > 0 &&
           !stands_apart(lm_utf8_character(text + at, length)))
        at += length;
    return at;
}

static bool append(struct passage *p, size_t *used, const void *bytes, size_t size)
{
    char *out = reserve(p, *used + size);
    if (!out)
        return false;
    if (size)
        memcpy(out + *used, bytes, size);
    *used += size;
    return true;
}

static bool nfc(struct passage *p)
{
    if (is_plain(p->text, p->size))
        return true;
    size_t used = 0;
    for (size_t at = 0; at < p->size;) {
        size_t run = run_of_known(p->text + at, p->size - at), size = 0;
        utf8proc_uint8_t *composed = NULL;
        if (run && !compose(p, p->text + at, run, &composed, &size))
            return false;
        bool ok = !run || append(p, &used, composed, size);
        free(composed);
        at += run;
        size_t rest = at < p->size ? lm_utf8_length(p->text + at, p->size - at) : 0;
        rest += at < p->size && !rest;
        if (!ok || !append(p, &used, p->text + at, rest))
            return false;
        at += rest;
    }
    pass(p, used);
    return true;
}

bool lm_normalize(const struct lm_normalizer *normalizer, struct lm_normalized *buffers,
                  bool prepends, const char *text, size_t size, const char **out, size_t *out_size,
                  struct leti_error *err)
{
    if (size > SIZE_MAX / GROWTH - ROOM)
        return leti_error_set(err, "a text of %zu bytes is too long", size);
    struct passage p = { buffers, 0, text, size, GROWTH * (size + ROOM), err };
    for (size_t i = 0; size > 0 && i < normalizer->n; i++) {
        const struct lm_normalize_step *step = &normalizer->steps[i];
        if (step->what == LM_PREPEND && !prepends)
            continue;
        if (step->what == LM_PREPEND   ? !prepend(&p, step)
            : step->what == LM_REPLACE ? !replace(&p, step)
                                       : !nfc(&p))
            return false;
    }
    *out = p.text;
    *out_size = p.size;
    return true;
}

void lm_normalized_free(struct lm_normalized *buffers)
{
    free(buffers->bytes[0]);
    free(buffers->bytes[1]);
}
