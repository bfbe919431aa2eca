/* tokenizer_load.c - tokenizer.json into the tables of the tokenizer.
 *
 * What the file asks for and we would do in another way than the reference is an error that names
 * the field: ids that are a little wrong cost a training run, and nobody sees it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer_load.h"

#include <jansson.h>
#include <stdlib.h>

#include "tokenizer_bytes.h"

enum { MAX_ADDED = 1 << 14 };

struct loader {
    struct lm_tokenizer *t;
    const char *name;
    size_t n_vocab;
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
    if ((size_t)id >= t->n || !t->tokens[id].spelled)
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

/* A list of no normalizers does nothing. */
static bool check_normalizer(const struct loader *l)
{
    const json_t *value = json_object_get(l->t->document, "normalizer");
    if (is_set(value) && strcmp(type_of(value), "Sequence") == 0 &&
        json_array_size(json_object_get(value, "normalizers")) == 0)
        return true;
    return check_absent(l, l->t->document, "normalizer");
}

/* Post-processors put tokens around a text only where a caller asks for it, which we never do. */
static bool check_surroundings(const struct loader *l)
{
    static const char *const harmless[] = { "ByteLevel", "TemplateProcessing", "Sequence" };
    const json_t *document = l->t->document, *post = json_object_get(document, "post_processor");
    bool known = !is_set(post);
    for (size_t i = 0; !known && i < 3; i++)
        known = strcmp(type_of(post), harmless[i]) == 0;
    if (!known)
        return leti_error_set(l->err,
                              "%s: post_processor is %.40s, allowed are null, ByteLevel, "
                              "TemplateProcessing and Sequence",
                              l->name, type_of(post));
    const json_t *decoder = json_object_get(document, "decoder");
    if (strcmp(type_of(decoder), "ByteLevel") != 0)
        return leti_error_set(l->err, "%s: decoder is %.40s, allowed is ByteLevel", l->name,
                              is_set(decoder) ? type_of(decoder) : "null");
    return check_normalizer(l) && check_absent(l, document, "truncation") &&
           check_absent(l, document, "padding");
}

static bool check_model(const struct loader *l, const json_t *model)
{
    if (strcmp(type_of(model), "BPE") != 0)
        return leti_error_set(l->err, "%s: model is %.40s, allowed is BPE", l->name,
                              type_of(model));
    const json_t *ignore = json_object_get(model, "ignore_merges");
    if (is_set(ignore) && !json_is_boolean(ignore))
        return leti_error_set(l->err, "%s: model.ignore_merges is no boolean", l->name);
    if (!json_is_object(json_object_get(model, "vocab")))
        return leti_error_set(l->err, "%s: model.vocab is not a JSON object", l->name);
    if (!json_is_array(json_object_get(model, "merges")))
        return leti_error_set(l->err, "%s: model.merges is not a JSON array", l->name);
    return check_absent(l, model, "dropout") && check_absent(l, model, "byte_fallback") &&
           check_absent(l, model, "continuing_subword_prefix") &&
           check_absent(l, model, "end_of_word_suffix");
}

/* ---- vocabulary ---- */

static bool reserve_tokens(struct loader *l, json_t *vocab, const json_t *added)
{
    size_t n = json_object_size(vocab), bytes = 0;
    if (n > INT32_MAX / 2)
        return leti_error_set(l->err, "%s: model.vocab has %zu tokens", l->name, n);
    const char *spelling;
    json_t *id;
    json_object_foreach(vocab, spelling, id) bytes += strlen(spelling) + 1;
    size_t capacity = n + json_array_size(added) + 16;
    l->t->tokens = calloc(capacity, sizeof *l->t->tokens);
    if (!l->t->tokens || !lm_tokenizer_text(l->t, NULL, bytes))
        return leti_error_set(l->err, "%s: no memory for %zu tokens", l->name, n);
    l->t->capacity = capacity;
    l->t->n = l->n_vocab = n;
    return true;
}

static bool load_vocab(struct loader *l, json_t *vocab)
{
    char *bytes = l->t->texts->bytes;
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
        size_t size;
        t->spelled = lm_bytes_of_spelling(spelling, bytes, &size) && size > 0;
        t->bytes = bytes;
        t->size = (uint32_t)size;
        bytes[size] = '\0';
        bytes += size + 1;
    }
    return true;
}

static bool check_bytes(const struct loader *l)
{
    for (int byte = 0; byte < 256; byte++) {
        if (l->t->bpe.byte_ids[byte] < 0)
            return leti_error_set(l->err,
                                  "%s: model.vocab has no token for byte 0x%02x: not every "
                                  "text could be encoded",
                                  l->name, byte);
    }
    return true;
}

/* ---- merges ---- */

struct half {
    char *bytes; /* owned */
    size_t size;
    int32_t id; /* -1: not in the vocabulary */
};

static bool load_half(const struct loader *l, const char *spelling, size_t length, struct half *out)
{
    char *copy = strndup(spelling, length);
    out->bytes = malloc(length + 1);
    if (!copy || !out->bytes) {
        free(copy);
        return leti_error_set(l->err, "%s: no memory for its merges", l->name);
    }
    out->id = lm_bytes_of_spelling(copy, out->bytes, &out->size)
                  ? lm_bpe_find(&l->t->bpe, out->bytes, out->size, "", 0)
                  : -1;
    free(copy);
    return true;
}

static bool add_merge(struct loader *l, size_t rank, const char *text, const struct half *a,
                      const struct half *b)
{
    int32_t id =
        a->id < 0 || b->id < 0 ? -1 : lm_bpe_find(&l->t->bpe, a->bytes, a->size, b->bytes, b->size);
    if (id < 0)
        return leti_error_set(l->err,
                              "%s: model.merges[%zu]: \"%.100s\" %s is not in the "
                              "vocabulary",
                              l->name, rank, text,
                              a->id < 0   ? "starts with what"
                              : b->id < 0 ? "ends with what"
                                          : "makes what");
    lm_bpe_add_merge(&l->t->bpe, a->id, b->id, (uint32_t)rank, id);
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
    struct half a = { 0 }, b = { 0 };
    bool ok = load_half(l, left, left_size, &a) && load_half(l, right, strlen(right), &b) &&
              add_merge(l, rank, left, &a, &b);
    free(a.bytes);
    free(b.bytes);
    return ok;
}

static bool load_model(struct loader *l, const json_t *model, const json_t *added)
{
    json_t *vocab = json_object_get(model, "vocab");
    const json_t *merges = json_object_get(model, "merges");
    size_t n_merges = json_array_size(merges);
    if (n_merges > INT32_MAX)
        return leti_error_set(l->err, "%s: model.merges has %zu merges", l->name, n_merges);
    if (!reserve_tokens(l, vocab, added) || !load_vocab(l, vocab) ||
        !lm_bpe_create(&l->t->bpe, l->t->tokens, l->n_vocab, n_merges, l->err) || !check_bytes(l))
        return false;
    l->t->bpe.ignore_merges = json_is_true(json_object_get(model, "ignore_merges"));
    for (size_t i = 0; i < n_merges; i++) {
        if (!load_merge(l, i, json_array_get(merges, i)))
            return false;
    }
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

static bool load_added_token(struct loader *l, size_t i, const json_t *entry)
{
    static const char *const flags[] = { "single_word", "lstrip", "rstrip" };
    const json_t *content = json_object_get(entry, "content");
    if (!json_is_string(content) || json_string_length(content) == 0)
        return bad_added(l, i, "content is no string of one character or more");
    const char *text = json_string_value(content);
    for (size_t f = 0; f < 3; f++) {
        const json_t *flag = json_object_get(entry, flags[f]);
        if (is_set(flag) && !json_is_false(flag))
            return leti_error_set(l->err, "%s: added_tokens[%zu]: %s is set, allowed is false",
                                  l->name, i, flags[f]);
    }
    for (size_t k = 0; k < l->t->n_added; k++) {
        if (strcmp(l->t->added[k].text, text) == 0)
            return leti_error_set(l->err, "%s: added_tokens[%zu]: \"%.100s\" is there twice",
                                  l->name, i, text);
    }
    const json_t *id = json_object_get(entry, "id");
    if (!check_added_id(l, i, text, id))
        return false;
    if (lm_tokenizer_spells(l->t, (int32_t)json_integer_value(id), text))
        return bad_added(l, i, "content is spelled as bytes in the vocabulary");
    char *copy = lm_tokenizer_text(l->t, text, json_string_length(content));
    if (!copy)
        return bad_added(l, i, "no memory");
    bool special = json_is_true(json_object_get(entry, "special"));
    struct lm_token *t = &l->t->tokens[json_integer_value(id)];
    l->t->n += (size_t)json_integer_value(id) == l->t->n;
    t->bytes = copy;
    t->size = (uint32_t)json_string_length(content);
    t->added = true;
    t->special = special;
    l->t->added[l->t->n_added++] =
        (struct lm_added){ (int32_t)json_integer_value(id), copy, t->size, special,
                           json_is_true(json_object_get(entry, "normalized")) };
    return true;
}

static bool load_added(struct loader *l, const json_t *list)
{
    if (is_set(list) && !json_is_array(list))
        return leti_error_set(l->err, "%s: added_tokens is not a JSON array", l->name);
    if (json_array_size(list) > MAX_ADDED)
        return leti_error_set(l->err, "%s: added_tokens has %zu tokens, allowed are up to %d",
                              l->name, json_array_size(list), MAX_ADDED);
    l->t->added = calloc(json_array_size(list) + 1, sizeof *l->t->added);
    if (!l->t->added)
        return leti_error_set(l->err, "%s: no memory for its added tokens", l->name);
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!load_added_token(l, i, json_array_get(list, i)))
            return false;
    }
    lm_tokenizer_index_added(l->t);
    return true;
}

static int longest_first(const void *a, const void *b)
{
    const struct lm_added *x = a, *y = b;
    unsigned char p = (unsigned char)x->text[0], q = (unsigned char)y->text[0];
    if (p != q)
        return p < q ? -1 : 1;
    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

void lm_tokenizer_index_added(struct lm_tokenizer *t)
{
    qsort(t->added, t->n_added, sizeof *t->added, longest_first);
    size_t i = 0;
    for (int byte = 0; byte <= 256; byte++) {
        while (i < t->n_added && (unsigned char)t->added[i].text[0] < byte)
            i++;
        t->added_from[byte] = i;
    }
}

bool lm_tokenizer_load(struct lm_tokenizer *t, const char *name, json_t *document,
                       struct leti_error *err)
{
    struct loader l = { t, name, 0, err };
    t->document = document;
    if (!json_is_object(document))
        return leti_error_set(err, "%s: not a JSON object", name);
    const json_t *model = json_object_get(document, "model");
    const json_t *added = json_object_get(document, "added_tokens");
    return check_surroundings(&l) && check_model(&l, model) && load_model(&l, model, added) &&
           load_added(&l, added) &&
           lm_splitter_create(&t->splitter, name, json_object_get(document, "pre_tokenizer"), err);
}
