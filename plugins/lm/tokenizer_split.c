/* tokenizer_split.c - cuts a text into the words that merges stay within.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer_split.h"

#include <jansson.h>
#include <stdlib.h>

#include "tokenizer_bytes.h"
#include "tokenizer_pattern.h"
#include "tokenizer_unicode.h"

/* What ByteLevel splits by where it has use_regex (Radford et al. 2019). */
static const char byte_level_pattern[] = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+|"
                                         " ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/* What Digits takes for one: it knows a younger Unicode than the patterns. */
#define DIGIT "[\\p{N}" YOUNGER_NUMBERS "]"

/* ---- reading the description ---- */

struct reader {
    struct lm_splitter *splitter;
    const char *name;
    bool finished; /* ByteLevel was there: what follows would see other characters */
    struct leti_error *err;
};

static const char *type_of(const json_t *part)
{
    const char *type = json_string_value(json_object_get(part, "type"));
    return type ? type : "without a type";
}

static bool add_step(struct reader *r, const char *pattern, bool literal)
{
    struct lm_splitter *s = r->splitter;
    pcre2_code *code = NULL;
    if (s->n == LM_MAX_STEPS)
        return leti_error_set(r->err, "%s: pre_tokenizer has more than %d steps", r->name,
                              LM_MAX_STEPS);
    if (pattern && !lm_pattern_compile(r->name, pattern, literal, &code, r->err))
        return false;
    s->steps[s->n++].code = code;
    return true;
}

/* A field that must be a boolean where it is there. */
static bool read_flag(struct reader *r, const json_t *part, const char *field, bool fallback,
                      bool *out)
{
    const json_t *value = json_object_get(part, field);
    if (value && !json_is_boolean(value))
        return leti_error_set(r->err, "%s: pre_tokenizer %s: %s is no boolean", r->name,
                              type_of(part), field);
    *out = value ? json_is_true(value) : fallback;
    return true;
}

static bool read_byte_level(struct reader *r, const json_t *part)
{
    bool prefix = true, regex = true;
    if (!read_flag(r, part, "add_prefix_space", true, &prefix) ||
        !read_flag(r, part, "use_regex", true, &regex))
        return false;
    r->finished = true;
    return (!prefix || add_step(r, NULL, false)) &&
           (!regex || add_step(r, byte_level_pattern, false));
}

static bool read_digits(struct reader *r, const json_t *part)
{
    bool individual = false;
    return read_flag(r, part, "individual_digits", false, &individual) &&
           add_step(r, individual ? DIGIT : DIGIT "+", false);
}

static bool read_split(struct reader *r, const json_t *part)
{
    const char *behavior = json_string_value(json_object_get(part, "behavior"));
    if (!behavior || strcmp(behavior, "Isolated") != 0)
        return leti_error_set(r->err,
                              "%s: pre_tokenizer Split: behavior is %.40s, allowed is "
                              "Isolated",
                              r->name, behavior ? behavior : "missing");
    bool invert = false;
    if (!read_flag(r, part, "invert", false, &invert))
        return false;
    if (invert)
        return leti_error_set(r->err, "%s: pre_tokenizer Split: invert is true, allowed is false",
                              r->name);
    const json_t *pattern = json_object_get(part, "pattern");
    const char *regex = json_string_value(json_object_get(pattern, "Regex"));
    const char *literal = json_string_value(json_object_get(pattern, "String"));
    if (!regex && !literal)
        return leti_error_set(r->err,
                              "%s: pre_tokenizer Split: pattern is neither a Regex nor a "
                              "String",
                              r->name);
    return regex ? add_step(r, regex, false) : add_step(r, literal, true);
}

static bool read_part(struct reader *r, const json_t *part)
{
    const char *type = type_of(part);
    if (r->finished)
        return leti_error_set(r->err,
                              "%s: pre_tokenizer has %.40s after ByteLevel, which must be "
                              "the last",
                              r->name, type);
    if (strcmp(type, "ByteLevel") == 0)
        return read_byte_level(r, part);
    if (strcmp(type, "Digits") == 0)
        return read_digits(r, part);
    if (strcmp(type, "Split") == 0)
        return read_split(r, part);
    return leti_error_set(r->err,
                          "%s: pre_tokenizer is %.40s, allowed are ByteLevel, Digits, "
                          "Split and a Sequence of them",
                          r->name, type);
}

bool lm_splitter_create(struct lm_splitter *splitter, const char *name, const json_t *pre_tokenizer,
                        struct leti_error *err)
{
    struct lm_splitter made = { 0 };
    struct reader r = { &made, name, false, err };
    bool ok = true;
    if (strcmp(type_of(pre_tokenizer), "Sequence") == 0) {
        const json_t *parts = json_object_get(pre_tokenizer, "pretokenizers");
        for (size_t i = 0; ok && i < json_array_size(parts); i++)
            ok = read_part(&r, json_array_get(parts, i));
        if (ok && !r.finished)
            ok = leti_error_set(err, "%s: pre_tokenizer does not end in ByteLevel", name);
    } else {
        ok = read_part(&r, pre_tokenizer);
        if (ok && !r.finished)
            ok = leti_error_set(err,
                                "%s: pre_tokenizer is %.40s alone, allowed is before "
                                "ByteLevel in a Sequence",
                                name, type_of(pre_tokenizer));
    }
    if (!ok) {
        lm_splitter_destroy(&made);
        return false;
    }
    *splitter = made;
    return true;
}

void lm_splitter_destroy(struct lm_splitter *splitter)
{
    for (size_t i = 0; i < splitter->n; i++)
        pcre2_code_free(splitter->steps[i].code);
}

/* ---- splitting ---- */

bool lm_split_start(struct lm_split *split, const struct lm_splitter *splitter, lm_word *word,
                    void *context, struct leti_error *err)
{
    *split = (struct lm_split){ .splitter = splitter, .word = word, .context = context };
    for (size_t i = 0; i < splitter->n; i++) {
        if (!splitter->steps[i].code)
            continue;
        split->matches[i] = pcre2_match_data_create(1, NULL);
        if (!split->matches[i]) {
            lm_split_end(split);
            return leti_error_set(err, "no memory to split a text");
        }
    }
    return true;
}

void lm_split_end(struct lm_split *split)
{
    for (size_t i = 0; i < split->splitter->n; i++)
        pcre2_match_data_free(split->matches[i]);
    free(split->spaced);
}

static bool apply(struct lm_split *split, size_t step, const char *text, size_t size,
                  struct leti_error *err);

static bool apply_prefix(struct lm_split *split, size_t step, const char *text, size_t size,
                         struct leti_error *err)
{
    if (text[0] == ' ')
        return apply(split, step + 1, text, size, err);
    if (size + 1 > split->spaced_capacity) {
        char *grown = realloc(split->spaced, 2 * size + 1);
        if (!grown)
            return leti_error_set(err, "no memory for a text of %zu bytes", size);
        split->spaced = grown;
        split->spaced_capacity = 2 * size + 1;
    }
    split->spaced[0] = ' ';
    memcpy(split->spaced + 1, text, size);
    return apply(split, step + 1, split->spaced, size + 1, err);
}

/* Matches one after the other as the reference finds them: an empty one right after a match does
 * not count, and the search goes on one character later. */
static bool apply_pattern(struct lm_split *split, size_t step, const char *text, size_t size,
                          struct leti_error *err)
{
    const pcre2_code *code = split->splitter->steps[step].code;
    size_t done = 0, at = 0, last_end = SIZE_MAX;
    while (at <= size) {
        bool found = false;
        size_t begin = 0, end = 0;
        if (!lm_pattern_find(code, split->matches[step], text, size, at, &found, &begin, &end, err))
            return false;
        if (!found)
            break;
        if (begin == end && begin == last_end) {
            at += at < size ? lm_utf8_length(text + at, size - at) : 1;
            continue;
        }
        at = last_end = end;
        if (!apply(split, step + 1, text + done, begin - done, err) ||
            !apply(split, step + 1, text + begin, end - begin, err))
            return false;
        done = end;
    }
    return apply(split, step + 1, text + done, size - done, err);
}

static bool apply(struct lm_split *split, size_t step, const char *text, size_t size,
                  struct leti_error *err)
{
    if (size == 0)
        return true;
    if (step == split->splitter->n)
        return split->word(split->context, text, size, err);
    if (split->splitter->steps[step].code)
        return apply_pattern(split, step, text, size, err);
    return apply_prefix(split, step, text, size, err);
}

bool lm_split_text(struct lm_split *split, const char *text, size_t size, struct leti_error *err)
{
    size_t at = 0;
    while (at < size) {
        size_t valid = at, length;
        while (valid < size && (length = lm_utf8_length(text + valid, size - valid)) > 0)
            valid += length;
        size_t invalid = valid;
        while (invalid < size && lm_utf8_length(text + invalid, size - invalid) == 0)
            invalid++;
        if (!apply(split, 0, text + at, valid - at, err))
            return false;
        if (invalid > valid && !split->word(split->context, text + valid, invalid - valid, err))
            return false;
        at = invalid;
    }
    return true;
}
