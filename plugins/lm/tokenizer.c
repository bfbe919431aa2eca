/* tokenizer.c - text to token ids and back.
 *
 * Encoding goes in three steps: added tokens are cut out, what lies between them is split into
 * words, and each word becomes the tokens that its merges lead to. Nothing is written to the
 * tokenizer on the way: threads may share it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer.h"

#include <jansson.h>
#include <stdlib.h>

#include "files.h"
#include "tokenizer_load.h"

enum { FILE_LIMIT = 256 << 20 /* bytes of tokenizer.json */ };

bool lm_tokenizer_parse(const char *name, const char *text, size_t size, struct lm_tokenizer **out,
                        struct leti_error *err)
{
    json_t *document;
    if (!lm_json_parse(name, text, size, &document, err))
        return false;
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
    lm_splitter_destroy(&t->splitter);
    lm_bpe_destroy(&t->bpe);
    while (t->texts) {
        struct lm_text *next = t->texts->next;
        free(t->texts);
        t->texts = next;
    }
    free(t->added);
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

static struct lm_added *find_added(const struct lm_tokenizer *t, const char *name)
{
    unsigned char first = (unsigned char)name[0];
    for (size_t i = t->added_from[first]; i < t->added_from[first + 1]; i++) {
        if (strcmp(t->added[i].text, name) == 0)
            return &t->added[i];
    }
    return NULL;
}

int32_t lm_tokenizer_special(const struct lm_tokenizer *t, const char *name)
{
    const struct lm_added *added = find_added(t, name);
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

/* ---- adding ---- */

/* Room for one more token and one more added token. */
static bool reserve(struct lm_tokenizer *t)
{
    struct lm_added *added = realloc(t->added, (t->n_added + 1) * sizeof *added);
    if (!added)
        return false;
    t->added = added;
    if (t->n < t->capacity)
        return true;
    struct lm_token *tokens = realloc(t->tokens, 2 * t->capacity * sizeof *tokens);
    if (!tokens)
        return false;
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
    const struct lm_added *known = find_added(t, name);
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
    char *text = reserve(t) ? lm_tokenizer_text(t, name, strlen(name)) : NULL;
    if (!text || !append_to_document(t, name, next))
        return leti_error_set(err, "cannot add special token \"%.100s\": no memory, or not UTF-8",
                              name);

    struct lm_token *token = &t->tokens[next];
    if (!in_vocab)
        t->tokens[t->n++] = (struct lm_token){ 0 };
    token->bytes = text;
    token->size = (uint32_t)strlen(name);
    token->added = token->special = true;
    t->added[t->n_added++] = (struct lm_added){ next, text, token->size, true, false };
    lm_tokenizer_index_added(t);
    *id = next;
    return true;
}

/* ---- encoding ---- */

struct encoding {
    const struct lm_tokenizer *tokenizer;
    bool specials;
    struct lm_split split;
    struct lm_bpe_scratch scratch;
    struct lm_ids *out;
};

static bool encode_word(void *context, const char *word, size_t size, struct leti_error *err)
{
    struct encoding *e = context;
    return lm_bpe_encode(&e->tokenizer->bpe, &e->scratch, word, size, e->out, err);
}

/* The longest added token that the text starts with. */
static const struct lm_added *added_at(const struct lm_tokenizer *t, bool late, const char *text,
                                       size_t size)
{
    unsigned char first = (unsigned char)text[0];
    for (size_t i = t->added_from[first]; i < t->added_from[first + 1]; i++) {
        const struct lm_added *a = &t->added[i];
        if (a->late == late && a->size <= size && memcmp(a->text, text, a->size) == 0)
            return a;
    }
    return NULL;
}

/* Text between added tokens of the pass before. First those that are not "normalized" are cut
 * out, then in what is left the others, then words. A special one that shall be plain text is
 * passed over as a whole: nothing is found within its name. */
static bool encode_text(struct encoding *e, bool late, const char *text, size_t size,
                        struct leti_error *err)
{
    size_t done = 0, at = 0;
    while (at <= size) {
        const struct lm_added *a =
            at < size ? added_at(e->tokenizer, late, text + at, size - at) : NULL;
        bool passed_over = a && a->special && !e->specials;
        if (at < size && (!a || passed_over)) {
            at += a ? a->size : 1;
            continue;
        }
        if (late ? !lm_split_text(&e->split, text + done, at - done, err)
                 : !encode_text(e, true, text + done, at - done, err))
            return false;
        if (!a)
            break;
        if (!lm_ids_push(e->out, a->id, err))
            return false;
        done = at += a->size;
    }
    return true;
}

bool lm_tokenizer_encode(const struct lm_tokenizer *t, const char *text, size_t size, bool specials,
                         struct lm_ids *out, struct leti_error *err)
{
    struct encoding e = { .tokenizer = t, .specials = specials, .out = out };
    size_t before = out->n;
    if (!lm_split_start(&e.split, &t->splitter, encode_word, &e, err))
        return false;
    bool ok = encode_text(&e, false, text, size, err);
    lm_split_end(&e.split);
    lm_bpe_scratch_free(&e.scratch);
    if (!ok)
        out->n = before;
    return ok;
}
