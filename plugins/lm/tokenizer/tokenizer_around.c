/* tokenizer_around.c - what tokenizer.json has around the model: decoder and post-processor.
 *
 * A decoder is not run: tokens are turned into the bytes that they stand for when the file is
 * read. So it must be one that does just that.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <string.h>

#include "tokenizer/tokenizer_load.h"

static bool is_set(const json_t *value)
{
    return value && !json_is_null(value);
}

static const char *type_of(const json_t *part)
{
    if (!is_set(part))
        return "null";
    const char *type = json_string_value(json_object_get(part, "type"));
    return type ? type : "without a type";
}

static bool is_string(const json_t *value, const char *expected)
{
    const char *text = json_string_value(value);
    return text && strcmp(text, expected) == 0;
}

/* ---- decoder ---- */

/* What the steps of a decoder come to, where merges are over characters. */
struct decoding {
    bool spaces; /* marks become spaces */
    bool bytes;  /* tokens of bytes become bytes */
    bool fused;  /* what follows sees the whole text */
    size_t stripped;
};

/* Adds one step; false where it is none that we know. */
static bool read_step(const json_t *step, struct decoding *d)
{
    const char *type = type_of(step);
    if (strcmp(type, "ByteFallback") == 0 || strcmp(type, "Fuse") == 0) {
        *(*type == 'B' ? &d->bytes : &d->fused) = true;
        return true;
    }
    if (strcmp(type, "Replace") == 0) {
        d->spaces = true;
        return is_string(json_object_get(json_object_get(step, "pattern"), "String"),
                         LM_SPACE_MARK) &&
               is_string(json_object_get(step, "content"), " ");
    }
    if (strcmp(type, "Metaspace") == 0) {
        const json_t *scheme = json_object_get(step, "prepend_scheme");
        bool keeps = scheme ? is_string(scheme, "never")
                            : json_is_false(json_object_get(step, "add_prefix_space"));
        d->spaces = true;
        d->stripped += !keeps;
        return is_string(json_object_get(step, "replacement"), LM_SPACE_MARK);
    }
    const json_t *start = json_object_get(step, "start");
    if (strcmp(type, "Strip") != 0 || !d->fused || !json_is_integer(start) ||
        json_integer_value(start) < 0 || json_integer_value(start) > 16)
        return false;
    d->stripped += (size_t)json_integer_value(start);
    return is_string(json_object_get(step, "content"), " ") &&
           json_integer_value(json_object_get(step, "stop")) == 0;
}

static bool read_characters(struct lm_tokenizer *t, const char *name, const json_t *decoder,
                            struct leti_error *err)
{
    static const char *const allowed =
        "allowed are Replace, ByteFallback, Fuse, Strip of spaces, Metaspace and a Sequence of "
        "them";
    struct decoding d = { 0 };
    bool sequence = strcmp(type_of(decoder), "Sequence") == 0;
    const json_t *steps = json_object_get(decoder, "decoders");
    for (size_t i = 0; i < (sequence ? json_array_size(steps) : 1); i++) {
        const json_t *step = sequence ? json_array_get(steps, i) : decoder;
        if (!read_step(step, &d))
            return leti_error_set(err, "%s: decoder has %.40s, %s", name, type_of(step), allowed);
    }
    const json_t *model = json_object_get(t->document, "model");
    if (!d.spaces || (json_is_true(json_object_get(model, "byte_fallback")) && !d.bytes))
        return leti_error_set(err, "%s: decoder does not turn %s back, %s", name,
                              d.spaces ? "bytes" : "spaces", allowed);
    t->n_stripped = d.stripped;
    return true;
}

bool lm_decoder_read(struct lm_tokenizer *t, const char *name, struct leti_error *err)
{
    const json_t *decoder = json_object_get(t->document, "decoder");
    if (!t->splitter.byte_level)
        return read_characters(t, name, decoder, err);
    if (strcmp(type_of(decoder), "ByteLevel") == 0)
        return true;
    return leti_error_set(err, "%s: decoder is %.40s, allowed is ByteLevel", name,
                          type_of(decoder));
}

/* ---- post-processor ---- */

static bool bad_template(const char *name, const char *why, struct leti_error *err)
{
    return leti_error_set(err, "%s: post_processor TemplateProcessing: %s", name, why);
}

/* Appends the ids that one special token of a template stands for. */
static bool add_special(struct lm_tokenizer *t, const char *name, const json_t *template,
                        const json_t *special, struct leti_error *err)
{
    const char *key = json_string_value(json_object_get(special, "id"));
    const json_t *tokens = json_object_get(template, "special_tokens");
    const json_t *ids = json_object_get(json_object_get(tokens, key ? key : ""), "ids");
    if (!json_array_size(ids))
        return bad_template(name, "a special token has no ids", err);
    for (size_t i = 0; i < json_array_size(ids); i++) {
        json_int_t id = json_integer_value(json_array_get(ids, i));
        if (!json_is_integer(json_array_get(ids, i)) || id < 0 || (uint64_t)id >= t->n)
            return bad_template(name, "an id is not in the vocabulary", err);
        if (t->n_prefix == LM_MAX_PREFIX)
            return bad_template(name, "too many tokens in front of a text", err);
        t->prefix[t->n_prefix++] = (int32_t)id;
    }
    return true;
}

/* What comes behind a text is left alone: where one ends is for those to say who write it. */
static bool read_template(struct lm_tokenizer *t, const char *name, const json_t *template,
                          struct leti_error *err)
{
    const json_t *parts = json_object_get(template, "single");
    if (t->n_prefix)
        return bad_template(name, "is there twice", err);
    for (size_t i = 0; i < json_array_size(parts); i++) {
        const json_t *special = json_object_get(json_array_get(parts, i), "SpecialToken");
        if (!special) /* the text itself */
            return true;
        if (!add_special(t, name, template, special, err))
            return false;
    }
    return bad_template(name, "single has no Sequence", err);
}

static bool read_processor(struct lm_tokenizer *t, const char *name, const json_t *part,
                           struct leti_error *err)
{
    const char *type = type_of(part);
    if (strcmp(type, "ByteLevel") == 0)
        return true;
    if (strcmp(type, "TemplateProcessing") == 0)
        return read_template(t, name, part, err);
    return leti_error_set(err,
                          "%s: post_processor is %.40s, allowed are null, ByteLevel, "
                          "TemplateProcessing and a Sequence of them",
                          name, type);
}

bool lm_post_processor_read(struct lm_tokenizer *t, const char *name, struct leti_error *err)
{
    const json_t *post = json_object_get(t->document, "post_processor");
    if (!is_set(post))
        return true;
    if (strcmp(type_of(post), "Sequence") != 0)
        return read_processor(t, name, post, err);
    const json_t *parts = json_object_get(post, "processors");
    for (size_t i = 0; i < json_array_size(parts); i++) {
        if (!read_processor(t, name, json_array_get(parts, i), err))
            return false;
    }
    return true;
}
