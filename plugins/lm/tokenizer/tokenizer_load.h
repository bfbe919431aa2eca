/* tokenizer_load.h - within the tokenizer: what it consists of, and tokenizer.json into it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_TOKENIZER_LOAD_H
#define LM_TOKENIZER_LOAD_H

#include "tokenizer/tokenizer_added.h"
#include "tokenizer/tokenizer_bpe.h"
#include "tokenizer/tokenizer_normalize.h"
#include "tokenizer/tokenizer_split.h"

enum { LM_MAX_PREFIX = 8 };

struct lm_tokenizer {
    struct json_t *document; /* as read, and with what was added since */
    struct lm_token *tokens; /* by id */
    size_t n, capacity;
    struct lm_bpe bpe;
    struct lm_normalizer normalizer;
    struct lm_splitter splitter;
    struct lm_added_set added;
    int32_t prefix[LM_MAX_PREFIX]; /* what the post-processor puts in front of a text */
    size_t n_prefix;
    size_t n_stripped; /* spaces that the decoder takes off the beginning of a text */
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

/* Fills *t, which is zero, from the document; takes the reference. On failure *t is whatever it
 * has come to: the caller closes it. name stands for the file in errors. */
bool lm_tokenizer_load(struct lm_tokenizer *t, const char *name, struct json_t *document,
                       struct leti_error *err);

/* ---- parts of it ---- */

/* The decoder: how many spaces it strips, and that it does to the tokens what we do. */
bool lm_decoder_read(struct lm_tokenizer *t, const char *name, struct leti_error *err);

/* The post-processor: what it puts in front of a text. The tokens must be there. */
bool lm_post_processor_read(struct lm_tokenizer *t, const char *name, struct leti_error *err);

#endif
