/* tokenizer_bpe.c - the merges of byte-pair encoding.
 *
 * A word is a doubly linked list of symbols and a heap of the merges that are possible in it, the
 * lowest rank first and of equal ranks the leftmost. A merge makes up to two new ones possible;
 * those that it made impossible stay in the heap and are seen to be stale when they come up.
 *
 * Most words of a text are tokens. Whether a token's own spelling becomes that token is worked out
 * the first time and remembered, so that such a word costs one look-up.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "tokenizer/tokenizer_bpe.h"

#include <stdlib.h>
#include <string.h>

#include "tokenizer/tokenizer_bytes.h"

enum { WHOLE_UNKNOWN, WHOLE_YES, WHOLE_NO };

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
    int32_t n;              /* symbols at the start: one a byte at most */
    struct candidate *heap; /* every merge removes one and adds two: never more than two a byte */
    size_t n_heap;
};

static const uint64_t mixer = 0x9e3779b97f4a7c15u;

static uint32_t hash_bytes(const char *bytes, size_t size)
{
    uint64_t hash = size * mixer;
    for (; size >= 8; size -= 8, bytes += 8) {
        uint64_t part;
        memcpy(&part, bytes, 8);
        hash = (hash ^ part) * mixer;
        hash ^= hash >> 32;
    }
    uint64_t part = 0;
    memcpy(&part, bytes, size);
    hash = (hash ^ part) * mixer;
    return (uint32_t)((hash ^ hash >> 32) * mixer >> 32);
}

static uint64_t hash_pair(int32_t left, int32_t right)
{
    uint64_t z = ((uint64_t)(uint32_t)left << 32 | (uint32_t)right) * mixer;
    return z ^ z >> 32;
}

static size_t slots_for(size_t n)
{
    size_t slots = 16;
    while (slots < 2 * n)
        slots *= 2;
    return slots;
}

/* The slot of a spelling, or the free one where it belongs. */
static struct lm_spelled *spelled_slot(const struct lm_bpe *bpe, const char *spelling, size_t size,
                                       uint32_t hash)
{
    for (size_t i = hash;; i++) {
        struct lm_spelled *slot = &bpe->spelled[i & bpe->spelled_mask];
        if (slot->id < 0)
            return slot;
        const struct lm_token *t = &bpe->tokens[slot->id];
        if (slot->hash == hash && t->spelling_size == size &&
            memcmp(t->spelling, spelling, size) == 0)
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

static void index_spelling(struct lm_bpe *bpe, int32_t id)
{
    const struct lm_token *t = &bpe->tokens[id];
    if (!t->spelling)
        return;
    uint32_t hash = hash_bytes(t->spelling, t->spelling_size);
    *spelled_slot(bpe, t->spelling, t->spelling_size, hash) = (struct lm_spelled){ hash, id };
    if (t->spelling_size > bpe->longest)
        bpe->longest = t->spelling_size;
}

bool lm_bpe_create(struct lm_bpe *bpe, const struct lm_token *tokens, size_t n, size_t n_merges,
                   struct leti_error *err)
{
    struct lm_bpe b = { .tokens = tokens, .unknown = -1 };
    b.spelled_mask = slots_for(n) - 1;
    b.merges_mask = slots_for(n_merges) - 1;
    b.spelled = malloc((b.spelled_mask + 1) * sizeof *b.spelled);
    b.merges = malloc((b.merges_mask + 1) * sizeof *b.merges);
    b.whole = calloc(n ? n : 1, sizeof *b.whole);
    if (!b.spelled || !b.merges || !b.whole) {
        lm_bpe_destroy(&b);
        return leti_error_set(err, "no memory for a vocabulary of %zu tokens", n);
    }
    for (size_t i = 0; i <= b.spelled_mask; i++)
        b.spelled[i].id = -1;
    for (size_t i = 0; i <= b.merges_mask; i++)
        b.merges[i].left = -1;
    for (size_t id = 0; id < n; id++)
        index_spelling(&b, (int32_t)id);
    for (int byte = 0; byte < 256; byte++) {
        b.unit_ids[byte] = lm_bpe_find(&b, &(char){ (char)byte }, 1);
        b.byte_ids[byte] = -1;
    }
    *bpe = b;
    return true;
}

void lm_bpe_destroy(struct lm_bpe *bpe)
{
    free(bpe->spelled);
    free(bpe->merges);
    free(bpe->whole);
}

int32_t lm_bpe_find(const struct lm_bpe *bpe, const char *spelling, size_t size)
{
    return spelled_slot(bpe, spelling, size, hash_bytes(spelling, size))->id;
}

static bool is_mark(const char *text)
{
    return memcmp(text, LM_SPACE_MARK, 3) == 0;
}

void lm_bpe_add_merge(struct lm_bpe *bpe, int32_t left, int32_t right, uint32_t rank, int32_t id)
{
    *merge_slot(bpe, left, right) = (struct lm_merge){ left, right, rank, id };
    const struct lm_token *a = &bpe->tokens[left], *b = &bpe->tokens[right];
    if (b->spelling_size >= 3 && is_mark(b->spelling))
        bpe->before_mark[(uint8_t)a->spelling[a->spelling_size - 1]] = true;
}

/* A word may be cut in front of a mark if nothing could reach across: no merge, and no unknown.
 * What a token for a byte ends in, '>', is not what the byte is: if that is ever joined to a mark,
 * nothing is cut. */
void lm_bpe_finish(struct lm_bpe *bpe)
{
    bpe->cuts =
        bpe->characters && !bpe->before_mark['>'] && lm_bpe_find(bpe, LM_SPACE_MARK, 3) >= 0;
    for (int byte = 0; byte < 256; byte++)
        bpe->cuts = bpe->cuts && bpe->byte_ids[byte] >= 0;
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
    w->n = 0;
    return true;
}

void lm_bpe_scratch_free(struct lm_bpe_scratch *scratch)
{
    free(scratch->memory);
}

static void append(struct word *w, int32_t id)
{
    w->symbols[w->n] = (struct symbol){ id, w->n - 1, w->n + 1 };
    w->n++;
}

/* The token of one character or byte, -1 if it has none. */
static int32_t unit_id(const struct lm_bpe *bpe, const char *unit, size_t size)
{
    return size == 1 ? bpe->unit_ids[(uint8_t)*unit] : lm_bpe_find(bpe, unit, size);
}

/* A character by its bytes, if each of them has a token for that. */
static bool append_bytes(const struct lm_bpe *bpe, struct word *w, const char *unit, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bpe->byte_ids[(uint8_t)unit[i]] < 0)
            return false;
    }
    for (size_t i = 0; i < size; i++)
        append(w, bpe->byte_ids[(uint8_t)unit[i]]);
    return true;
}

/* The symbols before any merge. An unknown waits for the next token that is found, not for one
 * that stands for a byte: the reference does it so. */
static void begin(const struct lm_bpe *bpe, struct word *w, const char *bytes, size_t size)
{
    bool waiting = false;
    for (size_t at = 0, length = 1; at < size; at += length) {
        if (bpe->characters)
            length = lm_utf8_length(bytes + at, size - at);
        length += !length; /* a byte that is not UTF-8 */
        int32_t id = unit_id(bpe, bytes + at, length);
        if (id >= 0) {
            if (waiting)
                append(w, bpe->unknown);
            waiting = false;
            append(w, id);
        } else if (!append_bytes(bpe, w, bytes + at, length) && bpe->unknown >= 0) {
            if (waiting && !bpe->fuse_unknown)
                append(w, bpe->unknown);
            waiting = true;
        }
    }
    if (waiting)
        append(w, bpe->unknown);
    if (w->n)
        w->symbols[w->n - 1].next = -1;
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

static void merge_all(const struct lm_bpe *bpe, struct word *w)
{
    for (int32_t i = 0; i + 1 < w->n; i++)
        propose(bpe, w, i);
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

/* Of one word, or of a part of it that nothing reaches out of. */
static bool encode_part(const struct lm_bpe *bpe, struct lm_bpe_scratch *scratch, const char *bytes,
                        size_t size, struct lm_ids *out, struct leti_error *err)
{
    int32_t id = size <= bpe->longest ? lm_bpe_find(bpe, bytes, size) : -1;
    if (id >= 0 && atomic_load_explicit(&bpe->whole[id], memory_order_relaxed) == WHOLE_YES)
        return lm_ids_push(out, id, err);
    struct word w = { 0 };
    if (!reserve(scratch, size, &w, err))
        return false;
    begin(bpe, &w, bytes, size);
    merge_all(bpe, &w);
    for (int32_t i = w.n ? 0 : -1; i >= 0; i = w.symbols[i].next) {
        if (!lm_ids_push(out, w.symbols[i].id, err))
            return false;
    }
    if (id >= 0) {
        bool whole = w.n && w.symbols[0].id == id && w.symbols[0].next < 0;
        atomic_store_explicit(&bpe->whole[id], whole ? WHOLE_YES : WHOLE_NO, memory_order_relaxed);
    }
    return true;
}

bool lm_bpe_encode(const struct lm_bpe *bpe, struct lm_bpe_scratch *scratch, const char *bytes,
                   size_t size, struct lm_ids *out, struct leti_error *err)
{
    if (size == 0)
        return true;
    int32_t id = bpe->ignore_merges && size <= bpe->longest ? lm_bpe_find(bpe, bytes, size) : -1;
    if (id >= 0)
        return lm_ids_push(out, id, err);
    size_t done = 0;
    for (size_t at = 1; bpe->cuts && at + 3 <= size; at++) {
        if (!is_mark(bytes + at) || bpe->before_mark[(uint8_t)bytes[at - 1]])
            continue;
        if (!encode_part(bpe, scratch, bytes + done, at - done, out, err))
            return false;
        done = at;
    }
    return encode_part(bpe, scratch, bytes + done, size - done, out, err);
}
