/* tokenizer.c - text to token ids and back.
 *
 * Encoding goes in four steps: added tokens are cut out, what lies between them is normalized and
 * split into words, and each word becomes the tokens that its merges lead to. All that is written
 * to the tokenizer on the way is an atomic flag a token (tokenizer_bpe.c): threads may share it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer/tokenizer.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "model/files.h"
#include "tokenizer/tokenizer_load.h"

enum { FILE_LIMIT = 256 << 20 /* bytes of tokenizer.json */ };

bool lm_tokenizer_create(const char *name, json_t *document, struct lm_tokenizer **out,
                         struct leti_error *err)
{
    struct lm_tokenizer *t = calloc(1, sizeof *t);
    if (!t) {
        json_decref(document);
        return leti_error_set(err, "%s: no memory", name);
    }
    if (!lm_tokenizer_load(t, name, document, err)) {
        lm_tokenizer_close(t);
        return false;
    }
    *out = t;
    return true;
}

bool lm_tokenizer_parse(const char *name, const char *text, size_t size, struct lm_tokenizer **out,
                        struct leti_error *err)
{
    json_t *document;
    return lm_json_parse(name, text, size, &document, err) &&
           lm_tokenizer_create(name, document, out, err);
}

bool lm_tokenizer_open(const char *dir, struct lm_tokenizer **out, struct leti_error *err)
{
    char path[PATH_MAX];
    char *text;
    size_t size;
    if (!lm_path(dir, "tokenizer.json", path, err) ||
        !lm_file_read(path, FILE_LIMIT, &text, &size, err))
        return false;
    bool ok = lm_tokenizer_parse(path, text, size, out, err);
    free(text);
    return ok;
}

void lm_tokenizer_close(struct lm_tokenizer *t)
{
    if (!t)
        return;
    lm_normalizer_destroy(&t->normalizer);
    lm_splitter_destroy(&t->splitter);
    lm_added_destroy(&t->added);
    lm_bpe_destroy(&t->bpe);
    while (t->texts) {
        struct lm_text *next = t->texts->next;
        free(t->texts);
        t->texts = next;
    }
    free(t->tokens);
    json_decref(t->document);
    free(t);
}

bool lm_tokenizer_save(const struct lm_tokenizer *t, const char *dir, struct leti_error *err)
{
    char path[PATH_MAX];
    return lm_path(dir, "tokenizer.json", path, err) && lm_json_write(path, t->document, err);
}

int32_t lm_tokenizer_size(const struct lm_tokenizer *t)
{
    return (int32_t)t->n;
}

int32_t lm_tokenizer_special(const struct lm_tokenizer *t, const char *name)
{
    const struct lm_added *added = lm_added_named(&t->added, name);
    return added && added->special ? added->id : -1;
}

const char *lm_tokenizer_bytes(const struct lm_tokenizer *t, int32_t id, size_t *size)
{
    bool known = id >= 0 && (size_t)id < t->n;
    *size = known ? t->tokens[id].size : 0;
    return known ? t->tokens[id].bytes : "";
}

bool lm_tokenizer_is_special(const struct lm_tokenizer *t, int32_t id)
{
    return id >= 0 && (size_t)id < t->n && t->tokens[id].special;
}

size_t lm_tokenizer_prefix(const struct lm_tokenizer *t, const int32_t **ids)
{
    *ids = t->prefix;
    return t->n_prefix;
}

size_t lm_tokenizer_stripped(const struct lm_tokenizer *t)
{
    return t->n_stripped;
}

/* ---- adding ---- */

/* Room for one more token and one more added token. */
static bool reserve(struct lm_tokenizer *t, struct leti_error *err)
{
    if (!lm_added_reserve(&t->added, 1, err))
        return false;
    if (t->n < t->capacity)
        return true;
    struct lm_token *tokens = realloc(t->tokens, 2 * t->capacity * sizeof *tokens);
    if (!tokens)
        return leti_error_set(err, "no memory for %zu tokens", 2 * t->capacity);
    t->tokens = tokens;
    t->capacity *= 2;
    t->bpe.tokens = tokens;
    return true;
}

static bool append_to_document(struct lm_tokenizer *t, const char *name, int32_t id)
{
    json_t *list = json_object_get(t->document, "added_tokens");
    if (!json_is_array(list)) {
        list = json_array();
        if (json_object_set_new(t->document, "added_tokens", list) != 0)
            return false;
    }
    json_t *entry =
        json_pack("{s:i, s:s, s:b, s:b, s:b, s:b, s:b}", "id", (int)id, "content", name,
                  "single_word", 0, "lstrip", 0, "rstrip", 0, "normalized", 0, "special", 1);
    return json_array_append_new(list, entry) == 0;
}

bool lm_tokenizer_add_special(struct lm_tokenizer *t, const char *name, int32_t *id,
                              struct leti_error *err)
{
    const struct lm_added *known = lm_added_named(&t->added, name);
    if (known && !known->special)
        return leti_error_set(err, "token \"%.100s\" exists and is not special", name);
    if (known) {
        *id = known->id;
        return true;
    }
    const json_t *vocab = json_object_get(json_object_get(t->document, "model"), "vocab");
    const json_t *in_vocab = json_object_get(vocab, name);
    int32_t next = in_vocab ? (int32_t)json_integer_value(in_vocab) : (int32_t)t->n;
    if (!*name || t->n == INT32_MAX || lm_tokenizer_spells(t, next, name))
        return leti_error_set(err, "\"%.100s\" cannot be a special token", name);
    if (!reserve(t, err))
        return false;
    char *text = lm_tokenizer_text(t, name, strlen(name));
    if (!text || !append_to_document(t, name, next))
        return leti_error_set(err, "cannot add special token \"%.100s\": no memory, or not UTF-8",
                              name);

    struct lm_token *token = &t->tokens[next];
    if (!in_vocab)
        t->tokens[t->n++] = (struct lm_token){ 0 };
    token->bytes = text;
    token->size = (uint32_t)strlen(name);
    token->added = token->special = true;
    lm_added_push(&t->added, &(struct lm_added){ .id = next,
                                                 .text = text,
                                                 .size = token->size,
                                                 .key = text,
                                                 .key_size = token->size,
                                                 .special = true });
    *id = next;
    return lm_added_index(&t->added, "added token", err);
}

/* ---- encoding ---- */

struct encoding {
    const struct lm_tokenizer *tokenizer;
    bool specials;
    enum lm_place place; /* of what is encoded next */
    struct lm_normalized normalized;
    struct lm_split split;
    struct lm_bpe_scratch scratch;
    struct lm_ids *out;
};

static bool encode_word(void *context, const char *word, size_t size, struct leti_error *err)
{
    struct encoding *e = context;
    return lm_bpe_encode(&e->tokenizer->bpe, &e->scratch, word, size, e->out, err);
}

static bool encode_pass(struct encoding *e, bool late, const char *text, size_t size,
                        struct leti_error *err);

/* Text between added tokens of one pass. */
static bool encode_between(struct encoding *e, bool late, const char *text, size_t size,
                           struct leti_error *err)
{
    if (size == 0)
        return true;
    if (late)
        return lm_split_text(&e->split, e->place, text, size, err);
    return lm_normalize(&e->tokenizer->normalizer, &e->normalized, e->place != LM_WITHIN, text,
                        size, &text, &size, err) &&
           encode_pass(e, true, text, size, err);
}

/* First added tokens that are not "normalized" are cut out, then the others of what is between
 * them, then comes plain text. */
static bool encode_pass(struct encoding *e, bool late, const char *text, size_t size,
                        struct leti_error *err)
{
    size_t done = 0, from = 0;
    for (;;) {
        struct lm_added_match match;
        if (!lm_added_find(&e->tokenizer->added, late, e->specials, text, size, from, done, &match,
                           err))
            return false;
        size_t end = match.token ? match.begin : size;
        if (end > done && !encode_between(e, late, text + done, end - done, err))
            return false;
        if (!match.token)
            return true;
        if (!lm_ids_push(e->out, match.token->id, err))
            return false;
        e->place = LM_AFTER_ADDED;
        done = match.end;
        from = match.next;
    }
}

static bool encode(const struct lm_tokenizer *t, enum lm_place place, const char *text, size_t size,
                   bool specials, struct lm_ids *out, struct leti_error *err)
{
    struct encoding e = { .tokenizer = t, .specials = specials, .place = place, .out = out };
    size_t before = out->n;
    if (!lm_split_start(&e.split, &t->splitter, encode_word, &e, err))
        return false;
    bool ok = encode_pass(&e, false, text, size, err);
    lm_split_end(&e.split);
    lm_bpe_scratch_free(&e.scratch);
    lm_normalized_free(&e.normalized);
    if (!ok)
        out->n = before;
    return ok;
}

bool lm_tokenizer_encode(const struct lm_tokenizer *t, const char *text, size_t size, bool specials,
                         struct lm_ids *out, struct leti_error *err)
{
    return encode(t, LM_START, text, size, specials, out, err);
}

bool lm_tokenizer_begin(const struct lm_tokenizer *t, struct lm_ids *text, struct leti_error *err)
{
    for (size_t i = 0; i < t->n_prefix; i++) {
        if (!lm_ids_push(text, t->prefix[i], err))
            return false;
    }
    return true;
}

bool lm_tokenizer_append(const struct lm_tokenizer *t, const char *part, size_t size, bool specials,
                         struct lm_ids *text, struct leti_error *err)
{
    int32_t last = text->n ? text->ids[text->n - 1] : -1;
    bool added = last >= 0 && (size_t)last < t->n && t->tokens[last].added;
    enum lm_place place = text->n <= t->n_prefix ? LM_START : added ? LM_AFTER_ADDED : LM_WITHIN;
    return encode(t, place, part, size, specials, text, err);
}
