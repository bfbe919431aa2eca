/* tokenizer_added.c - added tokens.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer/tokenizer_added.h"

#include <stdlib.h>
#include <string.h>

#include "tokenizer/tokenizer_bytes.h"
#include "tokenizer/tokenizer_pattern.h"

/* ---- the set ---- */

/* What is indexed has moved. */
static void rebase(struct lm_added_index *index, const struct lm_added *from, struct lm_added *to)
{
    for (size_t i = 0; i < index->n; i++)
        index->entries[i] = to + (index->entries[i] - from);
}

bool lm_added_reserve(struct lm_added_set *set, size_t n, struct leti_error *err)
{
    if (n <= set->capacity - set->n)
        return true;
    size_t capacity = set->n + n + set->n / 2;
    struct lm_added *tokens = calloc(capacity, sizeof *tokens);
    if (!tokens)
        return leti_error_set(err, "no memory for %zu added tokens", capacity);
    if (set->n)
        memcpy(tokens, set->tokens, set->n * sizeof *tokens);
    rebase(&set->names, set->tokens, tokens);
    rebase(&set->passes[0], set->tokens, tokens);
    rebase(&set->passes[1], set->tokens, tokens);
    free(set->tokens);
    set->tokens = tokens;
    set->capacity = capacity;
    return true;
}

void lm_added_push(struct lm_added_set *set, const struct lm_added *token)
{
    set->tokens[set->n++] = *token;
}

static int compare(const char *a, size_t a_size, const char *b, size_t b_size)
{
    int order = memcmp(a, b, a_size < b_size ? a_size : b_size);
    return order ? order : (a_size > b_size) - (a_size < b_size);
}

static int by_text(const void *a, const void *b)
{
    const struct lm_added *x = *(const struct lm_added *const *)a;
    const struct lm_added *y = *(const struct lm_added *const *)b;
    return compare(x->text, x->size, y->text, y->size);
}

static int by_key(const void *a, const void *b)
{
    const struct lm_added *x = *(const struct lm_added *const *)a;
    const struct lm_added *y = *(const struct lm_added *const *)b;
    int order = compare(x->key, x->key_size, y->key, y->key_size);
    return order ? order : (x->id > y->id) - (x->id < y->id);
}

/* Sorts the entries and notes where each first byte begins. */
static void order(struct lm_added_index *index, bool names)
{
    qsort(index->entries, index->n, sizeof *index->entries, names ? by_text : by_key);
    size_t i = 0;
    for (int byte = 0; byte <= 256; byte++) {
        while (i < index->n &&
               (uint8_t)(names ? index->entries[i]->text : index->entries[i]->key)[0] < byte)
            i++;
        index->from[byte] = i;
    }
}

static bool reserve_index(struct lm_added_index *index, size_t n)
{
    const struct lm_added **entries = realloc(index->entries, (n ? n : 1) * sizeof *entries);
    if (!entries)
        return false;
    index->entries = entries;
    index->n = 0;
    return true;
}

static bool compile_word(struct lm_added_set *set, const char *name, struct leti_error *err)
{
    pcre2_code *code = NULL; /* joiners: as Rust's regular expressions have it */
    if (!lm_pattern_compile(name, "[\\w\\x{200c}\\x{200d}]", false, &code, err))
        return false;
    set->word = code;
    return true;
}

bool lm_added_index(struct lm_added_set *set, const char *name, struct leti_error *err)
{
    if (!reserve_index(&set->names, set->n) || !reserve_index(&set->passes[0], set->n) ||
        !reserve_index(&set->passes[1], set->n))
        return leti_error_set(err, "%s: no memory for its added tokens", name);
    for (size_t i = 0; i < set->n; i++) {
        const struct lm_added *a = &set->tokens[i];
        struct lm_added_index *pass = &set->passes[a->late];
        set->names.entries[set->names.n++] = a;
        if (a->key_size)
            pass->entries[pass->n++] = a;
        if (a->single_word && !set->word && !compile_word(set, name, err))
            return false;
    }
    order(&set->names, true);
    order(&set->passes[0], false);
    order(&set->passes[1], false);
    for (size_t i = 1; i < set->n; i++) {
        if (by_text(&set->names.entries[i - 1], &set->names.entries[i]) == 0)
            return leti_error_set(err, "%s: added_tokens: \"%.100s\" is there twice", name,
                                  set->names.entries[i]->text);
    }
    return true;
}

void lm_added_destroy(struct lm_added_set *set)
{
    free(set->tokens);
    free(set->names.entries);
    free(set->passes[0].entries);
    free(set->passes[1].entries);
    pcre2_code_free(set->word);
}

const struct lm_added *lm_added_named(const struct lm_added_set *set, const char *text)
{
    struct lm_added wanted = { .text = text, .size = (uint32_t)strlen(text) };
    const struct lm_added *key = &wanted, **found;
    found = set->n ? bsearch(&key, set->names.entries, set->names.n, sizeof key, by_text) : NULL;
    return found ? *found : NULL;
}

/* ---- in a text ---- */

/* The first of entries [low, high), which agree in depth bytes, whose next byte is byte or more. */
static size_t lower(const struct lm_added_index *index, size_t low, size_t high, size_t depth,
                    int byte)
{
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if ((uint8_t)index->entries[middle]->key[depth] < byte)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The longest that the text starts with. */
static const struct lm_added *at(const struct lm_added_index *index, const char *text, size_t size)
{
    const struct lm_added *best = NULL;
    size_t low = index->from[(uint8_t)text[0]], high = index->from[(uint8_t)text[0] + 1];
    for (size_t depth = 1; low < high; depth++) {
        if (index->entries[low]->key_size == depth)
            best = index->entries[low];
        while (low < high && index->entries[low]->key_size == depth)
            low++;
        if (depth == size)
            break;
        low = lower(index, low, high, depth, (uint8_t)text[depth]);
        high = lower(index, low, high, depth, (uint8_t)text[depth] + 1);
    }
    return best;
}

/* Whether the character at text is Unicode's White_Space; *length is its bytes. */
static bool is_space(const char *text, size_t size, size_t *length)
{
    *length = lm_utf8_length(text, size);
    uint32_t c = lm_utf8_character(text, *length);
    return *length && (c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xa0 ||
                       c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
                       c == 0x202f || c == 0x205f || c == 0x3000);
}

/* Where the character begins that ends before end. */
static size_t character_before(const char *text, size_t end)
{
    size_t begin = end - 1;
    while (begin > 0 && end - begin < 4 && ((uint8_t)text[begin] & 0xc0) == 0x80)
        begin--;
    return begin;
}

static size_t strip_left(const char *text, size_t begin, size_t done)
{
    while (begin > done) {
        size_t before = character_before(text, begin), length;
        if (before < done || !is_space(text + before, begin - before, &length) ||
            length != begin - before)
            break;
        begin = before;
    }
    return begin;
}

static size_t strip_right(const char *text, size_t size, size_t end)
{
    size_t length;
    while (end < size && is_space(text + end, size - end, &length))
        end += length;
    return end;
}

static bool is_word(const struct lm_added_set *set, const char *text, size_t size, bool *out,
                    struct leti_error *err)
{
    *out = false;
    if (size == 0 || lm_utf8_length(text, size) != size)
        return true;
    size_t begin, end;
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    if (!data)
        return leti_error_set(err, "no memory to look for added tokens");
    bool ok = lm_pattern_find(set->word, data, text, size, 0, out, &begin, &end, err);
    pcre2_match_data_free(data);
    return ok;
}

/* Whether nothing that belongs to a word is beside it. */
static bool stands_alone(const struct lm_added_set *set, const char *text, size_t size,
                         size_t begin, size_t end, bool *out, struct leti_error *err)
{
    size_t before = begin ? character_before(text, begin) : 0;
    size_t after = end < size ? lm_utf8_length(text + end, size - end) : 0;
    bool left, right;
    if (!is_word(set, text + before, begin - before, &left, err) ||
        !is_word(set, text + end, after, &right, err))
        return false;
    *out = !left && !right;
    return true;
}

bool lm_added_find(const struct lm_added_set *set, bool late, bool specials, const char *text,
                   size_t size, size_t from, size_t done, struct lm_added_match *out,
                   struct leti_error *err)
{
    const struct lm_added_index *index = &set->passes[late];
    *out = (struct lm_added_match){ 0 };
    while (index->n && from < size) {
        const struct lm_added *a = at(index, text + from, size - from);
        if (!a) {
            from++;
            continue;
        }
        size_t begin = from, end = from += a->key_size;
        bool counts = specials || !a->special;
        if (counts && a->single_word && !stands_alone(set, text, size, begin, end, &counts, err))
            return false;
        if (!counts)
            continue;
        out->token = a;
        out->begin = a->lstrip ? strip_left(text, begin, done) : begin;
        out->end = a->rstrip ? strip_right(text, size, end) : end;
        out->next = end;
        break;
    }
    return true;
}
