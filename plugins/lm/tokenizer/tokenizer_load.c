/* tokenizer_load.c - tokenizer.json into the tables of the tokenizer.
 *
 * What the file asks for and we would do in another way than the reference is an error that names
 * the field: ids that are a little wrong cost a training run, and nobody sees it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer/tokenizer_load.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tokenizer/tokenizer_bytes.h"

enum { MAX_ADDED = 1 << 16 };

struct loader {
    struct lm_tokenizer *t;
    const char *name;
    size_t n_vocab;
    char *scratch; /* for the halves of a merge */
    size_t scratch_size;
    struct leti_error *err;
};

static bool is_set(const json_t *value)
{
    return value && !json_is_null(value);
}

static const char *type_of(const json_t *part)
{
    const char *type = json_string_value(json_object_get(part, "type"));
    return type ? type : "without a type";
}

char *lm_tokenizer_text(struct lm_tokenizer *t, const char *text, size_t size)
{
    struct lm_text *copy = malloc(sizeof *copy + size + 1);
    if (!copy)
        return NULL;
    if (text)
        memcpy(copy->bytes, text, size);
    copy->bytes[size] = '\0';
    copy->next = t->texts;
    t->texts = copy;
    return copy->bytes;
}

bool lm_tokenizer_spells(const struct lm_tokenizer *t, int32_t id, const char *text)
{
    if ((size_t)id >= t->n || !t->tokens[id].spelling || !t->splitter.byte_level)
        return false;
    return t->tokens[id].size != strlen(text) || memcmp(t->tokens[id].bytes, text, strlen(text));
}

/* ---- what there must not be ---- */

static bool check_absent(const struct loader *l, const json_t *part, const char *field)
{
    const json_t *value = json_object_get(part, field);
    if (!is_set(value) || json_is_false(value))
        return true;
    const char *text = json_string_value(value);
    if (text && *text == '\0')
        return true;
    return leti_error_set(l->err, "%s: %s is %.40s, allowed is null", l->name, field,
                          text                    ? text
                          : json_is_object(value) ? type_of(value)
                                                  : "set");
}

static bool check_flag(const struct loader *l, const json_t *model, const char *field)
{
    const json_t *value = json_object_get(model, field);
    return !is_set(value) || json_is_boolean(value) ||
           leti_error_set(l->err, "%s: model.%s is no boolean", l->name, field);
}

static bool check_model(const struct loader *l, const json_t *model)
{
    if (strcmp(type_of(model), "BPE") != 0)
        return leti_error_set(l->err, "%s: model is %.40s, allowed is BPE", l->name,
                              type_of(model));
    if (!json_object_size(json_object_get(model, "vocab")))
        return leti_error_set(l->err, "%s: model.vocab is not a JSON object, or empty", l->name);
    if (!json_is_array(json_object_get(model, "merges")))
        return leti_error_set(l->err, "%s: model.merges is not a JSON array", l->name);
    return check_flag(l, model, "ignore_merges") && check_flag(l, model, "byte_fallback") &&
           check_flag(l, model, "fuse_unk") && check_absent(l, model, "dropout") &&
           check_absent(l, model, "continuing_subword_prefix") &&
           check_absent(l, model, "end_of_word_suffix") &&
           (!l->t->splitter.byte_level || check_absent(l, model, "byte_fallback"));
}

/* ---- vocabulary ---- */

/* Every token's bytes and spelling lie in one block: together at most twice what the file has. */
static bool reserve_tokens(struct loader *l, json_t *vocab, const json_t *added)
{
    size_t n = json_object_size(vocab), bytes = 0;
    if (n > INT32_MAX / 2)
        return leti_error_set(l->err, "%s: model.vocab has %zu tokens", l->name, n);
    const char *spelling;
    json_t *id;
    json_object_foreach(vocab, spelling, id)
    {
        size_t length = strlen(spelling);
        if (length > INT32_MAX)
            return leti_error_set(l->err, "%s: model.vocab: a token of %zu bytes", l->name, length);
        bytes += 2 * length + 2;
    }
    size_t capacity = n + json_array_size(added) + 16;
    l->t->tokens = calloc(capacity, sizeof *l->t->tokens);
    if (!l->t->tokens || !lm_tokenizer_text(l->t, NULL, bytes))
        return leti_error_set(l->err, "%s: no memory for %zu tokens", l->name, n);
    l->t->capacity = capacity;
    l->t->n = l->n_vocab = n;
    return true;
}

/* "<0x0A>": the byte, -1 for any other spelling. */
static int byte_of_fallback(const char *spelling, size_t length)
{
    static const char digits[] = "0123456789ABCDEF";
    if (length != 6 || memcmp(spelling, "<0x", 3) != 0 || spelling[5] != '>')
        return -1;
    const char *high = strchr(digits, spelling[3]), *low = strchr(digits, spelling[4]);
    return high && low ? (int)(high - digits) * 16 + (int)(low - digits) : -1;
}

/* What a spelling of characters stands for in a text; returns its size. */
static size_t bytes_of_characters(const char *spelling, size_t length, char *out)
{
    size_t size = 0;
    for (size_t i = 0; i < length;) {
        bool mark = length - i >= 3 && memcmp(spelling + i, LM_SPACE_MARK, 3) == 0;
        out[size++] = mark ? ' ' : spelling[i];
        i += mark ? 3 : 1;
    }
    return size;
}

/* Writes a token's bytes and spelling to room; returns where the next one's go. */
static char *fill_token(const struct loader *l, struct lm_token *t, const char *spelling,
                        char *room)
{
    size_t length = strlen(spelling), size;
    t->bytes = room;
    if (l->t->splitter.byte_level) {
        t->spelling = lm_bytes_of_spelling(spelling, length, room, &size) && size ? room : NULL;
        t->spelling_size = (uint32_t)size;
    } else {
        const json_t *model = json_object_get(l->t->document, "model");
        int byte = byte_of_fallback(spelling, length);
        if (byte >= 0 && json_is_true(json_object_get(model, "byte_fallback"))) {
            *room = (char)byte;
            size = 1;
        } else {
            size = bytes_of_characters(spelling, length, room);
        }
        char *copy = room + size + 1;
        memcpy(copy, spelling, length + 1);
        t->spelling = length ? copy : NULL;
        t->spelling_size = (uint32_t)length;
    }
    room[size] = '\0';
    t->size = (uint32_t)size;
    return room + size + 1 + (t->spelling && t->spelling != room ? length + 1 : 0);
}

static bool load_vocab(struct loader *l, json_t *vocab)
{
    char *room = l->t->texts->bytes;
    const char *spelling;
    json_t *value;
    json_object_foreach(vocab, spelling, value)
    {
        if (!json_is_integer(value) || json_integer_value(value) < 0 ||
            (uint64_t)json_integer_value(value) >= l->n_vocab)
            return leti_error_set(l->err,
                                  "%s: model.vocab: id of \"%.100s\" is no integer from 0 to %zu "
                                  "(the vocabulary must have no gaps)",
                                  l->name, spelling, l->n_vocab - 1);
        struct lm_token *t = &l->t->tokens[json_integer_value(value)];
        if (t->bytes)
            return leti_error_set(l->err,
                                  "%s: model.vocab: \"%.100s\" has id %lld, and so has "
                                  "another token",
                                  l->name, spelling, (long long)json_integer_value(value));
        room = fill_token(l, t, spelling, room);
    }
    return true;
}

/* ---- merges ---- */

static bool reserve_scratch(struct loader *l, size_t size)
{
    if (size <= l->scratch_size)
        return true;
    char *grown = realloc(l->scratch, 2 * size);
    if (!grown)
        return leti_error_set(l->err, "%s: no memory for its merges", l->name);
    l->scratch = grown;
    l->scratch_size = 2 * size;
    return true;
}

/* Appends one half of a merge to the scratch as merges know it; *id is its token's or -1. */
static size_t load_half(const struct loader *l, const char *spelling, size_t length, char *out,
                        int32_t *id)
{
    size_t size = length;
    bool spelled = true;
    if (l->t->splitter.byte_level)
        spelled = lm_bytes_of_spelling(spelling, length, out, &size);
    else
        memcpy(out, spelling, length);
    *id = spelled ? lm_bpe_find(&l->t->bpe, out, size) : -1;
    return size;
}

static bool add_merge(struct loader *l, size_t rank, const char *left, size_t left_size,
                      const char *right, size_t right_size)
{
    if (!reserve_scratch(l, left_size + right_size))
        return false;
    int32_t a, b, id = -1;
    size_t size = load_half(l, left, left_size, l->scratch, &a);
    size += load_half(l, right, right_size, l->scratch + size, &b);
    if (a >= 0 && b >= 0)
        id = lm_bpe_find(&l->t->bpe, l->scratch, size);
    if (id < 0)
        return leti_error_set(l->err,
                              "%s: model.merges[%zu]: \"%.100s\" %s is not in the "
                              "vocabulary",
                              l->name, rank, left,
                              a < 0   ? "starts with what"
                              : b < 0 ? "ends with what"
                                      : "makes what");
    lm_bpe_add_merge(&l->t->bpe, a, b, (uint32_t)rank, id);
    return true;
}

/* One merge: "a b" or ["a", "b"]. */
static bool load_merge(struct loader *l, size_t rank, const json_t *entry)
{
    const char *left = json_string_value(entry), *right = NULL;
    size_t left_size = 0;
    if (left) {
        const char *space = strchr(left, ' ');
        right = space && !strchr(space + 1, ' ') ? space + 1 : NULL;
        left_size = space ? (size_t)(space - left) : 0;
    } else if (json_array_size(entry) == 2) {
        left = json_string_value(json_array_get(entry, 0));
        right = json_string_value(json_array_get(entry, 1));
        left_size = left ? strlen(left) : 0;
    }
    if (!left || !right || left_size == 0 || !*right)
        return leti_error_set(l->err, "%s: model.merges[%zu] is neither \"a b\" nor [\"a\", \"b\"]",
                              l->name, rank);
    return add_merge(l, rank, left, left_size, right, strlen(right));
}

/* What the merges start from, and what becomes of a character or byte that has no token. */
static bool load_units(struct loader *l, const json_t *model)
{
    struct lm_bpe *bpe = &l->t->bpe;
    const json_t *vocab = json_object_get(model, "vocab");
    const json_t *unknown = json_object_get(model, "unk_token");
    const json_t *id =
        json_object_get(vocab, json_is_string(unknown) ? json_string_value(unknown) : "");
    if (is_set(unknown) && !id)
        return leti_error_set(l->err, "%s: model.unk_token is not in the vocabulary", l->name);
    bpe->unknown = is_set(unknown) ? (int32_t)json_integer_value(id) : -1;
    bpe->characters = !l->t->splitter.byte_level;
    bpe->ignore_merges = json_is_true(json_object_get(model, "ignore_merges"));
    bpe->fuse_unknown = json_is_true(json_object_get(model, "fuse_unk"));
    for (int byte = 0; json_is_true(json_object_get(model, "byte_fallback")) && byte < 256;
         byte++) {
        char spelling[8];
        snprintf(spelling, sizeof spelling, "<0x%02X>", (unsigned)byte);
        bpe->byte_ids[byte] = lm_bpe_find(bpe, spelling, 6);
    }
    return true;
}

static bool load_model(struct loader *l, const json_t *model, const json_t *added)
{
    json_t *vocab = json_object_get(model, "vocab");
    const json_t *merges = json_object_get(model, "merges");
    size_t n_merges = json_array_size(merges);
    if (n_merges > INT32_MAX)
        return leti_error_set(l->err, "%s: model.merges has %zu merges", l->name, n_merges);
    if (!reserve_tokens(l, vocab, added) || !load_vocab(l, vocab) ||
        !lm_bpe_create(&l->t->bpe, l->t->tokens, l->n_vocab, n_merges, l->err) ||
        !load_units(l, model))
        return false;
    for (size_t i = 0; i < n_merges; i++) {
        if (!load_merge(l, i, json_array_get(merges, i)))
            return false;
    }
    lm_bpe_finish(&l->t->bpe);
    return true;
}

/* ---- added tokens ---- */

static bool bad_added(const struct loader *l, size_t i, const char *why)
{
    return leti_error_set(l->err, "%s: added_tokens[%zu]: %s", l->name, i, why);
}

/* The id is that of the same text in the vocabulary, or the next free one: the reference gives
 * it that one, whatever the file says. */
static bool check_added_id(const struct loader *l, size_t i, const char *text, const json_t *id)
{
    const json_t *vocab = json_object_get(json_object_get(l->t->document, "model"), "vocab");
    const json_t *known = json_object_get(vocab, text);
    json_int_t expected = known ? json_integer_value(known) : (json_int_t)l->t->n;
    if (json_is_integer(id) && json_integer_value(id) == expected)
        return true;
    char got[32] = "missing";
    if (json_is_integer(id))
        snprintf(got, sizeof got, "%lld", (long long)json_integer_value(id));
    return leti_error_set(l->err, "%s: added_tokens[%zu]: id of \"%.100s\" is %s, allowed is %lld",
                          l->name, i, text, got, (long long)expected);
}

/* What is looked for: a "normalized" token as the normalizer makes it. */
static bool set_key(struct loader *l, struct lm_added *added)
{
    struct lm_normalized buffers = { { NULL }, { 0 } };
    const char *key = added->text;
    size_t size = added->size;
    bool ok = !added->late || lm_normalize(&l->t->normalizer, &buffers, true, added->text,
                                           added->size, &key, &size, l->err);
    if (ok && key != added->text) {
        key = lm_tokenizer_text(l->t, key, size);
        ok = key || leti_error_set(l->err, "%s: no memory", l->name);
    }
    added->key = key;
    added->key_size = (uint32_t)size;
    lm_normalized_free(&buffers);
    return ok;
}

/* The token of an added one. In a vocabulary of characters it keeps the bytes that it has there. */
static void mark_added(struct loader *l, const struct lm_added *added)
{
    struct lm_token *t = &l->t->tokens[added->id];
    l->t->n += (size_t)added->id == l->t->n;
    if (!t->bytes || l->t->splitter.byte_level) {
        t->bytes = added->text;
        t->size = added->size;
    }
    t->added = true;
    t->special = added->special;
}

static bool load_added_token(struct loader *l, size_t i, const json_t *entry)
{
    static const char *const names[] = { "special", "normalized", "single_word", "lstrip",
                                         "rstrip" };
    struct lm_added added = { 0 };
    bool *const flags[] = { &added.special, &added.late, &added.single_word, &added.lstrip,
                            &added.rstrip };
    const json_t *content = json_object_get(entry, "content");
    if (!json_is_string(content) || json_string_length(content) == 0 ||
        json_string_length(content) > INT32_MAX)
        return bad_added(l, i, "content is no string of one character or more");
    for (size_t f = 0; f < 5; f++) {
        const json_t *flag = json_object_get(entry, names[f]);
        if (is_set(flag) && !json_is_boolean(flag))
            return leti_error_set(l->err, "%s: added_tokens[%zu]: %s is no boolean", l->name, i,
                                  names[f]);
        *flags[f] = json_is_true(flag);
    }
    const json_t *id = json_object_get(entry, "id");
    if (!check_added_id(l, i, json_string_value(content), id))
        return false;
    added.id = (int32_t)json_integer_value(id);
    if (lm_tokenizer_spells(l->t, added.id, json_string_value(content)))
        return bad_added(l, i, "content is spelled as bytes in the vocabulary");
    added.text = lm_tokenizer_text(l->t, json_string_value(content), json_string_length(content));
    added.size = (uint32_t)json_string_length(content);
    if (!added.text)
        return bad_added(l, i, "no memory");
    if (!set_key(l, &added))
        return false;
    mark_added(l, &added);
    lm_added_push(&l->t->added, &added);
    return true;
}

static bool load_added(struct loader *l, const json_t *list)
{
    if (is_set(list) && !json_is_array(list))
        return leti_error_set(l->err, "%s: added_tokens is not a JSON array", l->name);
    if (json_array_size(list) > MAX_ADDED)
        return leti_error_set(l->err, "%s: added_tokens has %zu tokens, allowed are up to %d",
                              l->name, json_array_size(list), MAX_ADDED);
    if (!lm_added_reserve(&l->t->added, json_array_size(list), l->err))
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!load_added_token(l, i, json_array_get(list, i)))
            return false;
    }
    return lm_added_index(&l->t->added, l->name, l->err);
}

bool lm_tokenizer_load(struct lm_tokenizer *t, const char *name, json_t *document,
                       struct leti_error *err)
{
    struct loader l = { .t = t, .name = name, .err = err };
    t->document = document;
    if (!json_is_object(document))
        return leti_error_set(err, "%s: not a JSON object", name);
    const json_t *model = json_object_get(document, "model");
    const json_t *added = json_object_get(document, "added_tokens");
    bool ok =
        check_absent(&l, document, "truncation") && check_absent(&l, document, "padding") &&
        lm_normalizer_create(&t->normalizer, name, json_object_get(document, "normalizer"), err) &&
        lm_splitter_create(&t->splitter, name, json_object_get(document, "pre_tokenizer"), err) &&
        lm_decoder_read(t, name, err) && check_model(&l, model) && load_model(&l, model, added) &&
        load_added(&l, added) && lm_post_processor_read(t, name, err);
    free(l.scratch);
    return ok;
}
