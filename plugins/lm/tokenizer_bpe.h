/* tokenizer_bpe.h - the merges of byte-pair encoding (Sennrich, Haddow and Birch 2016) over bytes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_TOKENIZER_BPE_H
#define LM_TOKENIZER_BPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leti/error.h"
#include "tokenizer.h"

struct lm_token {
    const char *bytes; /* NUL-terminated */
    uint32_t size;
    bool spelled; /* in byte characters: merges can lead here */
    bool added;   /* found in a text as it is, before anything is split */
    bool special;
};

struct lm_merge {
    int32_t left, right; /* left -1: a free slot */
    uint32_t rank;
    int32_t id; /* of the two together */
};

/* Read only once it is built; both tables have a power of two of slots, at most half full. */
struct lm_bpe {
    const struct lm_token *tokens; /* borrowed */
    int32_t *by_bytes;             /* spelled tokens by their bytes; -1: a free slot */
    size_t by_bytes_mask;
    struct lm_merge *merges;
    size_t merges_mask;
    int32_t byte_ids[256];
    bool ignore_merges; /* a word that is a token is that token, merges or not */
};

/* Indexes the spelled ones of n tokens; n_merges: room for so many. */
bool lm_bpe_create(struct lm_bpe *bpe, const struct lm_token *tokens, size_t n, size_t n_merges,
                   struct leti_error *err);
void lm_bpe_destroy(struct lm_bpe *bpe);

/* The spelled token of the bytes of a followed by those of b, -1 if there is none. */
int32_t lm_bpe_find(const struct lm_bpe *bpe, const char *a, size_t a_size, const char *b,
                    size_t b_size);

/* Of two merges of one pair the later counts, as in the reference. */
void lm_bpe_add_merge(struct lm_bpe *bpe, int32_t left, int32_t right, uint32_t rank, int32_t id);

/* Scratch of one encoding; zero it, and lm_bpe_scratch_free at the end. */
struct lm_bpe_scratch {
    void *memory;
    size_t capacity; /* bytes of a word that it has room for */
};
void lm_bpe_scratch_free(struct lm_bpe_scratch *scratch);

/* Appends the ids of one word. Time O(n log n) in its bytes. */
bool lm_bpe_encode(const struct lm_bpe *bpe, struct lm_bpe_scratch *scratch, const char *word,
                   size_t size, struct lm_ids *out, struct leti_error *err);

bool lm_ids_push(struct lm_ids *ids, int32_t id, struct leti_error *err);

#endif
