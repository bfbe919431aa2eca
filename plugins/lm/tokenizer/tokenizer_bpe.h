/* tokenizer_bpe.h - the merges of byte-pair encoding (Sennrich, Haddow and Birch 2016), over bytes
 * or over characters.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_TOKENIZER_BPE_H
#define LM_TOKENIZER_BPE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leti/error.h"
#include "tokenizer/tokenizer.h"

struct lm_token {
    const char *bytes;    /* what it stands for in a text; NUL-terminated */
    const char *spelling; /* what merges know it by: bytes where they are over bytes, else the
                             characters of the vocabulary. NULL: merges cannot lead here. */
    uint32_t size, spelling_size;
    bool added; /* found in a text as it is, before anything is split */
    bool special;
};

struct lm_merge {
    int32_t left, right; /* left -1: a free slot */
    uint32_t rank;
    int32_t id; /* of the two together */
};

struct lm_spelled {
    uint32_t hash;
    int32_t id; /* -1: a free slot */
};

/* Read only once it is built, but for what it remembers of whole words; both tables have a power
 * of two of slots, at most half full. */
struct lm_bpe {
    const struct lm_token *tokens; /* borrowed */
    struct lm_spelled *spelled;    /* by spelling */
    size_t spelled_mask;
    size_t longest; /* bytes of a spelling */
    struct lm_merge *merges;
    size_t merges_mask;
    _Atomic(uint8_t) *whole; /* by id: whether a word that spells it becomes it, once known */

    bool characters;       /* a word is a list of characters; else of bytes */
    bool ignore_merges;    /* a word that is a token is that token, merges or not */
    bool fuse_unknown;     /* what lies side by side and has no token is one unknown */
    int32_t unknown;       /* its id; -1: what has no token is left out */
    int32_t unit_ids[256]; /* of a byte, or of an ASCII character; -1: none */
    int32_t byte_ids[256]; /* of a byte of a character that has no token; -1: none */
    bool cuts;             /* whether a word may be taken apart where a mark follows a byte that */
    bool before_mark[256]; /* no merge ever joins to one */
};

/* U+2581, which stands for a space where merges are over characters. */
#define LM_SPACE_MARK "\xe2\x96\x81"

/* Indexes the spellings of n tokens; n_merges: room for so many. The flags and ids are the
 * caller's to set afterwards, and lm_bpe_finish comes when the merges are in. */
bool lm_bpe_create(struct lm_bpe *bpe, const struct lm_token *tokens, size_t n, size_t n_merges,
                   struct leti_error *err);
void lm_bpe_finish(struct lm_bpe *bpe);
void lm_bpe_destroy(struct lm_bpe *bpe);

/* The token of a spelling, -1 if there is none. */
int32_t lm_bpe_find(const struct lm_bpe *bpe, const char *spelling, size_t size);

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
