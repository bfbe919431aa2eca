/* tokenizer_scores.c - merges of a vocabulary that has scores instead.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer/tokenizer_scores.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tokenizer/tokenizer_bpe.h"
#include "tokenizer/tokenizer_bytes.h"

struct found {
    float score;
    bool first;
    uint32_t left_length, right_length; /* characters */
    int32_t id;
    uint32_t left_size; /* bytes */
};

struct search {
    const char *name;
    const struct lm_piece *pieces;
    struct lm_token *tokens;
    struct lm_bpe bpe; /* as an index of spellings */
    struct found *found;
    size_t n_found, capacity;
    struct leti_error *err;
};

static int higher_first(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    if (x->first != y->first)
        return x->first ? -1 : 1;
    if (!x->first && x->score != y->score)
        return x->score > y->score ? -1 : 1;
    if (x->left_length != y->left_length)
        return x->left_length > y->left_length ? -1 : 1;
    if (x->right_length != y->right_length)
        return x->right_length > y->right_length ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static bool keep(struct search *s, const struct found *found)
{
    if (s->n_found == s->capacity) {
        size_t capacity = s->capacity ? 2 * s->capacity : 1024;
        struct found *grown = realloc(s->found, capacity * sizeof *grown);
        if (!grown)
            return leti_error_set(s->err, "%s: no memory for its merges", s->name);
        s->found = grown;
        s->capacity = capacity;
    }
    s->found[s->n_found++] = *found;
    return true;
}

static bool is_piece(const struct search *s, const char *spelling, size_t size)
{
    int32_t id = lm_bpe_find(&s->bpe, spelling, size);
    return id >= 0 && s->pieces[id].merges;
}

/* All ways to cut one piece in two. */
static bool find_halves(struct search *s, int32_t id)
{
    const struct lm_token *t = &s->tokens[id];
    uint32_t length = 0, at = 0;
    for (uint32_t i = 0; i < t->spelling_size; length++)
        i += (uint32_t)lm_utf8_length(t->spelling + i, t->spelling_size - i);
    for (uint32_t left = 1; left < length; left++) {
        at += (uint32_t)lm_utf8_length(t->spelling + at, t->spelling_size - at);
        struct found found = {
            s->pieces[id].score, s->pieces[id].first, left, length - left, id, at
        };
        if (is_piece(s, t->spelling, at) && is_piece(s, t->spelling + at, t->spelling_size - at) &&
            !keep(s, &found))
            return false;
    }
    return true;
}

static bool put(struct search *s, const struct found *found, json_t *merges, char *room)
{
    const struct lm_token *t = &s->tokens[found->id];
    memcpy(room, t->spelling, found->left_size);
    room[found->left_size] = ' ';
    memcpy(room + found->left_size + 1, t->spelling + found->left_size,
           t->spelling_size - found->left_size);
    return json_array_append_new(merges, json_stringn_nocheck(room, t->spelling_size + 1)) == 0 ||
           leti_error_set(s->err, "%s: no memory for its merges", s->name);
}

static bool search(struct search *s, size_t n, json_t *merges)
{
    if (!lm_bpe_create(&s->bpe, s->tokens, n, 0, s->err))
        return false;
    for (size_t id = 0; id < n; id++) {
        if (s->pieces[id].merges && s->tokens[id].spelling && !find_halves(s, (int32_t)id))
            return false;
    }
    if (s->n_found)
        qsort(s->found, s->n_found, sizeof *s->found, higher_first);
    char *room = malloc(s->bpe.longest + 2);
    if (!room)
        return leti_error_set(s->err, "%s: no memory for its merges", s->name);
    bool ok = true;
    for (size_t i = 0; ok && i < s->n_found; i++)
        ok = put(s, &s->found[i], merges, room);
    free(room);
    return ok;
}

bool lm_merges_of_scores(const char *name, const json_t *vocab, const struct lm_piece *pieces,
                         size_t n, json_t *merges, struct leti_error *err)
{
    struct search s = { .name = name, .pieces = pieces, .err = err };
    s.tokens = calloc(n ? n : 1, sizeof *s.tokens);
    if (!s.tokens)
        return leti_error_set(err, "%s: no memory for its merges", name);
    const char *spelling;
    json_t *id;
    json_object_foreach((json_t *)vocab, spelling, id)
    {
        struct lm_token *t = &s.tokens[json_integer_value(id)];
        t->spelling = spelling;
        t->spelling_size = (uint32_t)strlen(spelling);
    }
    bool ok = search(&s, n, merges);
    lm_bpe_destroy(&s.bpe);
    free(s.found);
    free(s.tokens);
    return ok;
}
