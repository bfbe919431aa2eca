/* tokenizer_bpe.c - the merges of byte-pair encoding over bytes.
 *
 * A word is a doubly linked list of symbols and a heap of the merges that are possible in it, the
 * lowest rank first and of equal ranks the leftmost. A merge makes up to two new ones possible;
 * those that it made impossible stay in the heap and are seen to be stale when they come up.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer_bpe.h"

#include <stdlib.h>

struct symbol {
    int32_t id; /* -1: merged into the one before it */
    int32_t prev, next;
};

struct candidate {
    uint32_t rank;
    int32_t at; /* left symbol */
    int32_t id; /* what the two become */
};

struct word {
    struct symbol *symbols;
    struct candidate *heap; /* every merge removes one and adds two: never more than two a byte */
    size_t n_heap;
};

/* FNV-1a, 64 bits. */
static uint64_t hash_bytes(uint64_t hash, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (uint8_t)bytes[i]) * 0x100000001b3u;
    return hash;
}

static uint64_t hash_pair(int32_t left, int32_t right)
{
    uint64_t z = ((uint64_t)(uint32_t)left << 32 | (uint32_t)right) * 0x9e3779b97f4a7c15u;
    return z ^ z >> 32;
}

static size_t slots_for(size_t n)
{
    size_t slots = 16;
    while (slots < 2 * n)
        slots *= 2;
    return slots;
}

/* The slot of a token, or the free one where it belongs. */
static int32_t *token_slot(const struct lm_bpe *bpe, const char *a, size_t a_size, const char *b,
                           size_t b_size)
{
    uint64_t hash = hash_bytes(hash_bytes(0xcbf29ce484222325u, a, a_size), b, b_size);
    for (size_t i = (size_t)(hash ^ hash >> 32);; i++) {
        int32_t *slot = &bpe->by_bytes[i & bpe->by_bytes_mask];
        if (*slot < 0)
            return slot;
        const struct lm_token *t = &bpe->tokens[*slot];
        if (t->size == a_size + b_size && memcmp(t->bytes, a, a_size) == 0 &&
            memcmp(t->bytes + a_size, b, b_size) == 0)
            return slot;
    }
}

static struct lm_merge *merge_slot(const struct lm_bpe *bpe, int32_t left, int32_t right)
{
    for (size_t i = (size_t)hash_pair(left, right);; i++) {
        struct lm_merge *m = &bpe->merges[i & bpe->merges_mask];
        if (m->left < 0 || (m->left == left && m->right == right))
            return m;
    }
}

bool lm_bpe_create(struct lm_bpe *bpe, const struct lm_token *tokens, size_t n, size_t n_merges,
                   struct leti_error *err)
{
    struct lm_bpe b = { .tokens = tokens };
    b.by_bytes_mask = slots_for(n) - 1;
    b.merges_mask = slots_for(n_merges) - 1;
    b.by_bytes = malloc((b.by_bytes_mask + 1) * sizeof *b.by_bytes);
    b.merges = malloc((b.merges_mask + 1) * sizeof *b.merges);
    if (!b.by_bytes || !b.merges) {
        lm_bpe_destroy(&b);
        return leti_error_set(err, "no memory for a vocabulary of %zu tokens", n);
    }
    for (size_t i = 0; i <= b.by_bytes_mask; i++)
        b.by_bytes[i] = -1;
    for (size_t i = 0; i <= b.merges_mask; i++)
        b.merges[i].left = -1;
    for (size_t id = 0; id < n; id++) {
        if (tokens[id].spelled)
            *token_slot(&b, tokens[id].bytes, tokens[id].size, "", 0) = (int32_t)id;
    }
    for (int byte = 0; byte < 256; byte++)
        b.byte_ids[byte] = lm_bpe_find(&b, &(char){ (char)byte }, 1, "", 0);
    *bpe = b;
    return true;
}

void lm_bpe_destroy(struct lm_bpe *bpe)
{
    free(bpe->by_bytes);
    free(bpe->merges);
}

int32_t lm_bpe_find(const struct lm_bpe *bpe, const char *a, size_t a_size, const char *b,
                    size_t b_size)
{
    return *token_slot(bpe, a, a_size, b, b_size);
}

void lm_bpe_add_merge(struct lm_bpe *bpe, int32_t left, int32_t right, uint32_t rank, int32_t id)
{
    *merge_slot(bpe, left, right) = (struct lm_merge){ left, right, rank, id };
}

bool lm_ids_push(struct lm_ids *ids, int32_t id, struct leti_error *err)
{
    if (ids->n == ids->capacity) {
        size_t capacity = ids->capacity ? 2 * ids->capacity : 64;
        int32_t *grown = realloc(ids->ids, capacity * sizeof *grown);
        if (!grown)
            return leti_error_set(err, "no memory for %zu token ids", capacity);
        ids->ids = grown;
        ids->capacity = capacity;
    }
    ids->ids[ids->n++] = id;
    return true;
}

/* ---- the heap ---- */

static bool comes_before(const struct candidate *a, const struct candidate *b)
{
    return a->rank != b->rank ? a->rank < b->rank : a->at < b->at;
}

static void heap_push(struct word *w, struct candidate c)
{
    size_t i = w->n_heap++;
    while (i > 0 && comes_before(&c, &w->heap[(i - 1) / 2])) {
        w->heap[i] = w->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    w->heap[i] = c;
}

static struct candidate heap_pop(struct word *w)
{
    struct candidate top = w->heap[0], last = w->heap[--w->n_heap];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= w->n_heap)
            break;
        if (child + 1 < w->n_heap && comes_before(&w->heap[child + 1], &w->heap[child]))
            child++;
        if (!comes_before(&w->heap[child], &last))
            break;
        w->heap[i] = w->heap[child];
        i = child;
    }
    w->heap[i] = last;
    return top;
}

/* ---- a word ---- */

static bool reserve(struct lm_bpe_scratch *s, size_t size, struct word *w, struct leti_error *err)
{
    if (size > INT32_MAX / 2)
        return leti_error_set(err, "a word of %zu bytes, allowed are up to %d", size,
                              INT32_MAX / 2);
    if (size > s->capacity) {
        size_t capacity = size < 64 ? 64 : size;
        void *memory = malloc(capacity * (sizeof *w->symbols + 2 * sizeof *w->heap));
        if (!memory)
            return leti_error_set(err, "no memory for a word of %zu bytes", size);
        free(s->memory);
        s->memory = memory;
        s->capacity = capacity;
    }
    w->symbols = s->memory;
    w->heap = (struct candidate *)(w->symbols + size);
    w->n_heap = 0;
    return true;
}

void lm_bpe_scratch_free(struct lm_bpe_scratch *scratch)
{
    free(scratch->memory);
}

/* Puts the merge of a symbol with the next one into the heap, if there is one. */
static void propose(const struct lm_bpe *bpe, struct word *w, int32_t at)
{
    const struct symbol *left = &w->symbols[at];
    if (left->next < 0)
        return;
    const struct lm_merge *m = merge_slot(bpe, left->id, w->symbols[left->next].id);
    if (m->left >= 0)
        heap_push(w, (struct candidate){ m->rank, at, m->id });
}

/* Whether the two symbols still become what the candidate says. As in the reference the result
 * is compared, not the rank: another pair with the same result counts as the same. */
static bool is_current(const struct lm_bpe *bpe, const struct word *w, const struct candidate *c)
{
    const struct symbol *left = &w->symbols[c->at];
    if (left->id < 0 || left->next < 0)
        return false;
    const struct lm_merge *m = merge_slot(bpe, left->id, w->symbols[left->next].id);
    return m->left >= 0 && m->id == c->id;
}

static void merge(struct word *w, const struct candidate *c)
{
    struct symbol *left = &w->symbols[c->at], *right = &w->symbols[left->next];
    left->id = c->id;
    left->next = right->next;
    right->id = -1;
    if (left->next >= 0)
        w->symbols[left->next].prev = c->at;
}

static void merge_all(const struct lm_bpe *bpe, struct word *w, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        w->symbols[i] = (struct symbol){ bpe->byte_ids[(uint8_t)bytes[i]], (int32_t)i - 1,
                                         i + 1 < size ? (int32_t)i + 1 : -1 };
    for (size_t i = 0; i + 1 < size; i++)
        propose(bpe, w, (int32_t)i);
    while (w->n_heap > 0) {
        struct candidate c = heap_pop(w);
        if (!is_current(bpe, w, &c))
            continue;
        merge(w, &c);
        if (w->symbols[c.at].prev >= 0)
            propose(bpe, w, w->symbols[c.at].prev);
        propose(bpe, w, c.at);
    }
}

bool lm_bpe_encode(const struct lm_bpe *bpe, struct lm_bpe_scratch *scratch, const char *bytes,
                   size_t size, struct lm_ids *out, struct leti_error *err)
{
    if (size == 0)
        return true;
    if (size == 1)
        return lm_ids_push(out, bpe->byte_ids[(uint8_t)bytes[0]], err);
    int32_t whole = bpe->ignore_merges ? lm_bpe_find(bpe, bytes, size, "", 0) : -1;
    if (whole >= 0)
        return lm_ids_push(out, whole, err);
    struct word w = { 0 };
    if (!reserve(scratch, size, &w, err))
        return false;
    merge_all(bpe, &w, bytes, size);
    for (int32_t i = 0; i >= 0; i = w.symbols[i].next) {
        if (!lm_ids_push(out, w.symbols[i].id, err))
            return false;
    }
    return true;
}
