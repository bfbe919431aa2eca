/* tokenizer_split.c - cuts a text into the words that merges stay within.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer/tokenizer_split.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tokenizer/tokenizer_bpe.h"
#include "tokenizer/tokenizer_bytes.h"
#include "tokenizer/tokenizer_pattern.h"
#include "tokenizer/tokenizer_unicode.h"

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
    bool spaced;   /* a step was there that puts spaces in front */
    struct leti_error *err;
};

static const char *type_of(const json_t *part)
{
    const char *type = json_string_value(json_object_get(part, "type"));
    return type ? type : "without a type";
}

static struct lm_split_step *add_step(struct reader *r)
{
    struct lm_splitter *s = r->splitter;
    if (s->n == LM_MAX_STEPS) {
        leti_error_set(r->err, "%s: pre_tokenizer has more than %d steps", r->name, LM_MAX_STEPS);
        return NULL;
    }
    return &s->steps[s->n++];
}

/* There is one buffer for pieces with spaces in front, so there may be one such step. */
static struct lm_split_step *add_spacing(struct reader *r)
{
    if (r->spaced) {
        leti_error_set(r->err, "%s: pre_tokenizer puts spaces in front in two places", r->name);
        return NULL;
    }
    r->spaced = true;
    return add_step(r);
}

static bool add_pattern(struct reader *r, const char *pattern, bool literal,
                        enum lm_behavior behavior, bool invert)
{
    struct lm_split_step *step = add_step(r);
    pcre2_code *code = NULL;
    if (!step || !lm_pattern_compile(r->name, pattern, literal, &code, r->err))
        return false;
    *step = (struct lm_split_step){ .code = code, .behavior = behavior, .invert = invert };
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
    r->finished = r->splitter->byte_level = true;
    struct lm_split_step *step = prefix ? add_spacing(r) : NULL;
    if (prefix && !step)
        return false;
    if (prefix)
        step->what = LM_SPLIT_PREFIX;
    return !regex || add_pattern(r, byte_level_pattern, false, LM_ISOLATED, false);
}

static bool read_digits(struct reader *r, const json_t *part)
{
    bool individual = false;
    return read_flag(r, part, "individual_digits", false, &individual) &&
           add_pattern(r, individual ? DIGIT : DIGIT "+", false, LM_ISOLATED, false);
}

static bool read_behavior(struct reader *r, const json_t *part, enum lm_behavior *out)
{
    static const char *const names[] = { "Isolated", "Removed", "MergedWithPrevious",
                                         "MergedWithNext", "Contiguous" };
    const char *name = json_string_value(json_object_get(part, "behavior"));
    for (int i = 0; name && i < 5; i++) {
        if (strcmp(name, names[i]) == 0) {
            *out = (enum lm_behavior)i;
            return true;
        }
    }
    return leti_error_set(r->err,
                          "%s: pre_tokenizer Split: behavior is %.40s, allowed are Isolated, "
                          "Removed, MergedWithPrevious, MergedWithNext and Contiguous",
                          r->name, name ? name : "missing");
}

static bool read_split(struct reader *r, const json_t *part)
{
    enum lm_behavior behavior = LM_ISOLATED;
    bool invert = false;
    if (!read_behavior(r, part, &behavior) || !read_flag(r, part, "invert", false, &invert))
        return false;
    const json_t *pattern = json_object_get(part, "pattern");
    const char *regex = json_string_value(json_object_get(pattern, "Regex"));
    const char *literal = json_string_value(json_object_get(pattern, "String"));
    if (!regex && (!literal || !*literal))
        return leti_error_set(r->err,
                              "%s: pre_tokenizer Split: pattern is neither a Regex nor a "
                              "String",
                              r->name);
    return add_pattern(r, regex ? regex : literal, !regex, behavior, invert);
}

/* Files from before there was prepend_scheme have add_prefix_space. */
static bool read_metaspace(struct reader *r, const json_t *part)
{
    const char *mark = json_string_value(json_object_get(part, "replacement"));
    if (!mark || strcmp(mark, LM_SPACE_MARK) != 0)
        return leti_error_set(r->err, "%s: pre_tokenizer Metaspace: replacement is not U+2581",
                              r->name);
    const json_t *scheme = json_object_get(part, "prepend_scheme");
    const char *name = scheme ? json_string_value(scheme) : NULL;
    bool prefix = true, cuts = true;
    if (!read_flag(r, part, "add_prefix_space", true, &prefix) ||
        !read_flag(r, part, "split", true, &cuts))
        return false;
    if (!scheme)
        name = prefix ? "always" : "never";
    if (!name ||
        (strcmp(name, "always") != 0 && strcmp(name, "first") != 0 && strcmp(name, "never") != 0))
        return leti_error_set(r->err,
                              "%s: pre_tokenizer Metaspace: prepend_scheme is %.40s, allowed are "
                              "always, first and never",
                              r->name, name ? name : "no string");
    struct lm_split_step *step = add_spacing(r);
    if (!step)
        return false;
    *step = (struct lm_split_step){ .what = LM_SPLIT_META, .cuts = cuts };
    step->always = strcmp(name, "always") == 0;
    step->never = strcmp(name, "never") == 0;
    return true;
}

static bool read_part(struct reader *r, const json_t *part)
{
    static const struct {
        const char *type;
        bool (*read)(struct reader *r, const json_t *part);
    } kinds[] = { { "ByteLevel", read_byte_level },
                  { "Digits", read_digits },
                  { "Metaspace", read_metaspace },
                  { "Split", read_split } };
    const char *type = type_of(part);
    if (r->finished)
        return leti_error_set(r->err,
                              "%s: pre_tokenizer has %.40s after ByteLevel, which must be "
                              "the last",
                              r->name, type);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(type, kinds[i].type) == 0)
            return kinds[i].read(r, part);
    }
    return leti_error_set(r->err,
                          "%s: pre_tokenizer is %.40s, allowed are ByteLevel, Digits, Metaspace, "
                          "Split and a Sequence of them",
                          r->name, type);
}

bool lm_splitter_create(struct lm_splitter *splitter, const char *name, const json_t *pre_tokenizer,
                        struct leti_error *err)
{
    struct lm_splitter made = { 0 };
    struct reader r = { .splitter = &made, .name = name, .err = err };
    bool ok = true;
    if (strcmp(type_of(pre_tokenizer), "Sequence") == 0) {
        const json_t *parts = json_object_get(pre_tokenizer, "pretokenizers");
        for (size_t i = 0; ok && i < json_array_size(parts); i++)
            ok = read_part(&r, json_array_get(parts, i));
    } else if (pre_tokenizer && !json_is_null(pre_tokenizer)) {
        ok = read_part(&r, pre_tokenizer);
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

static bool reserve_spaced(struct lm_split *split, size_t size, struct leti_error *err)
{
    if (size <= split->spaced_capacity)
        return true;
    char *grown = realloc(split->spaced, 2 * size);
    if (!grown)
        return leti_error_set(err, "no memory for a text of %zu bytes", size);
    split->spaced = grown;
    split->spaced_capacity = 2 * size;
    return true;
}

/* Whether a piece continues text that was encoded before it: nothing comes in front of it. */
static bool is_within(const struct lm_split *split, const char *piece)
{
    return piece == split->first && split->place == LM_WITHIN;
}

static bool apply_prefix(struct lm_split *split, size_t step, const char *text, size_t size,
                         struct leti_error *err)
{
    if (text[0] == ' ' || is_within(split, text))
        return apply(split, step + 1, text, size, err);
    if (!reserve_spaced(split, size + 1, err))
        return false;
    split->spaced[0] = ' ';
    memcpy(split->spaced + 1, text, size);
    return apply(split, step + 1, split->spaced, size + 1, err);
}

/* Writes a piece with marks for spaces; returns its size, at most 3 * size + 3. */
static size_t put_marks(char *out, bool prefix, const char *text, size_t size)
{
    char *start = out;
    bool marked = text[0] == ' ' || (size >= 3 && memcmp(text, LM_SPACE_MARK, 3) == 0);
    if (prefix && !marked) {
        memcpy(out, LM_SPACE_MARK, 3);
        out += 3;
    }
    for (size_t i = 0; i < size; i++) {
        if (text[i] == ' ') {
            memcpy(out, LM_SPACE_MARK, 3);
            out += 3;
        } else {
            *out++ = text[i];
        }
    }
    return (size_t)(out - start);
}

static bool apply_meta(struct lm_split *split, size_t index, const char *text, size_t size,
                       struct leti_error *err)
{
    const struct lm_split_step *step = &split->splitter->steps[index];
    bool prefix =
        step->always ? !is_within(split, text) : text == split->first && split->place == LM_START;
    if (size > SIZE_MAX / 8)
        return leti_error_set(err, "a text of %zu bytes is too long", size);
    if (!reserve_spaced(split, 3 * size + 3, err))
        return false;
    size_t n = put_marks(split->spaced, prefix && !step->never, text, size), done = 0;
    for (size_t at = 1; step->cuts && at + 3 <= n; at++) {
        if (memcmp(split->spaced + at, LM_SPACE_MARK, 3) != 0)
            continue;
        if (!apply(split, index + 1, split->spaced + done, at - done, err))
            return false;
        done = at;
    }
    return apply(split, index + 1, split->spaced + done, n - done, err);
}

/* Matches and what lies between them, on their way to pieces: one waits for its neighbour. */
struct cutting {
    struct lm_split *split;
    size_t step;
    enum lm_behavior behavior;
    size_t begin, end;
    bool waiting, is_match; /* the one that waits; it was a match */
    bool after_match;       /* the one before was, whatever has become of it */
    const char *text;
    struct leti_error *err;
};

static bool flush(struct cutting *c)
{
    bool drop = !c->waiting || (c->behavior == LM_REMOVED && c->is_match);
    c->waiting = false;
    return drop || apply(c->split, c->step + 1, c->text + c->begin, c->end - c->begin, c->err);
}

static bool joins(const struct cutting *c, bool is_match)
{
    switch (c->behavior) {
    case LM_MERGED_WITH_PREVIOUS:
        return is_match && !c->after_match;
    case LM_MERGED_WITH_NEXT:
        return !is_match && c->is_match;
    case LM_CONTIGUOUS:
        return is_match == c->is_match;
    case LM_ISOLATED:
    case LM_REMOVED:
        break;
    }
    return false;
}

static bool cut(struct cutting *c, size_t begin, size_t end, bool is_match)
{
    bool join = c->waiting && joins(c, is_match);
    if (!join && !flush(c))
        return false;
    c->begin = join ? c->begin : begin;
    c->end = end;
    c->is_match = c->after_match = is_match;
    c->waiting = true;
    return true;
}

/* Matches one after the other as the reference finds them: an empty one right after a match does
 * not count, and the search goes on one character later. */
static bool apply_pattern(struct lm_split *split, size_t index, const char *text, size_t size,
                          struct leti_error *err)
{
    const struct lm_split_step *step = &split->splitter->steps[index];
    struct cutting c = { split, index, step->behavior, .text = text, .err = err };
    size_t done = 0, at = 0, last_end = SIZE_MAX;
    while (at <= size) {
        bool found = false;
        size_t begin = 0, end = 0;
        if (!lm_pattern_find(step->code, split->matches[index], text, size, at, &found, &begin,
                             &end, err))
            return false;
        if (!found)
            break;
        if (begin == end && begin == last_end) {
            at += at < size ? lm_utf8_length(text + at, size - at) : 1;
            continue;
        }
        at = last_end = end;
        if ((begin > done && !cut(&c, done, begin, step->invert)) ||
            !cut(&c, begin, end, !step->invert))
            return false;
        done = end;
    }
    return (done == size || cut(&c, done, size, step->invert)) && flush(&c);
}

static bool apply(struct lm_split *split, size_t step, const char *text, size_t size,
                  struct leti_error *err)
{
    if (size == 0)
        return true;
    if (step == split->splitter->n)
        return split->word(split->context, text, size, err);
    switch (split->splitter->steps[step].what) {
    case LM_SPLIT_PREFIX:
        return apply_prefix(split, step, text, size, err);
    case LM_SPLIT_META:
        return apply_meta(split, step, text, size, err);
    case LM_SPLIT_PATTERN:
        break;
    }
    return apply_pattern(split, step, text, size, err);
}

/* Bytes at the start that are well-formed UTF-8. */
static size_t valid_run(const char *text, size_t size)
{
    size_t at = 0, length = 1;
    while (at < size && length > 0) {
        length = (unsigned char)text[at] < 0x80 ? 1 : lm_utf8_length(text + at, size - at);
        at += length;
    }
    return at;
}

bool lm_split_text(struct lm_split *split, enum lm_place place, const char *text, size_t size,
                   struct leti_error *err)
{
    size_t at = 0;
    split->place = place;
    while (at < size) {
        size_t valid = at + valid_run(text + at, size - at), invalid = valid;
        while (invalid < size && lm_utf8_length(text + invalid, size - invalid) == 0)
            invalid++;
        split->first = text + at;
        if (!apply(split, 0, text + at, valid - at, err))
            return false;
        if (invalid > valid && !split->word(split->context, text + valid, invalid - valid, err))
            return false;
        at = invalid;
        split->place = LM_WITHIN;
    }
    return true;
}
