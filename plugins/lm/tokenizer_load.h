/* tokenizer_load.h - within the tokenizer: what it consists of, and tokenizer.json into it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_TOKENIZER_LOAD_H
#define LM_TOKENIZER_LOAD_H

#include "tokenizer_bpe.h"
#include "tokenizer_split.h"

/* An added token: found in a text as it is, before anything is split. */
struct lm_added {
    int32_t id;
    const char *text;
    uint32_t size;
    bool special;
    bool late; /* "normalized": matched in what the others left */
};

struct lm_tokenizer {
    struct json_t *document; /* as read, and with what was added since */
    struct lm_token *tokens; /* by id */
    size_t n, capacity;
    struct lm_bpe bpe;
    struct lm_splitter splitter;
    struct lm_added *added; /* by first byte, the longest first */
    size_t n_added;
    size_t added_from[257]; /* first one that starts with this byte */
    struct lm_text {
        struct lm_text *next;
        char bytes[];
    } * texts; /* own every token's bytes */
};

/* A copy of a text that lives as long as the tokenizer, or room for one; NULL: no memory. */
char *lm_tokenizer_text(struct lm_tokenizer *t, const char *text, size_t size);

/* Whether a text that shall be an added token is in the vocabulary under this id, but stands for
 * other bytes there: it would have to mean both. */
bool lm_tokenizer_spells(const struct lm_tokenizer *t, int32_t id, const char *text);

/* Puts added tokens in order after they have changed. */
void lm_tokenizer_index_added(struct lm_tokenizer *t);

/* Fills *t, which is zero, from the document; takes the reference. On failure *t is whatever it
 * has come to: the caller closes it. name stands for the file in errors. */
bool lm_tokenizer_load(struct lm_tokenizer *t, const char *name, struct json_t *document,
                       struct leti_error *err);

#endif
