/* tokenizer.h - text to token ids and back: byte-level BPE as in Hugging Face's tokenizer.json.
 *
 * Identical to the `tokenizers` library (0.23) on the files that it accepts; any byte sequence can
 * be encoded and comes back the same (invalid UTF-8 included).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_TOKENIZER_H
#define LM_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leti/error.h"

struct lm_tokenizer;

/* A growing array of token ids; zero it, and free(ids) at the end. */
struct lm_ids {
    int32_t *ids;
    size_t n, capacity;
};

/* Reads dir/tokenizer.json. What is in the file but cannot be done exactly as the reference
 * does it (another model type, an unknown pre-tokenizer) is an error that names it. */
bool lm_tokenizer_open(const char *dir, struct lm_tokenizer **out, struct leti_error *err);
/* The same from text in memory; name stands for the file in errors. */
bool lm_tokenizer_parse(const char *name, const char *text, size_t size, struct lm_tokenizer **out,
                        struct leti_error *err);
void lm_tokenizer_close(struct lm_tokenizer *);

/* Writes dir/tokenizer.json: what was read, with the tokens added since. */
bool lm_tokenizer_save(const struct lm_tokenizer *, const char *dir, struct leti_error *err);

/* Number of ids, added tokens included: the largest id + 1. */
int32_t lm_tokenizer_size(const struct lm_tokenizer *);

/* Id of an added special token by its exact name, -1 if there is none. */
int32_t lm_tokenizer_special(const struct lm_tokenizer *, const char *name);

/* Adds a special token with the next free id, or finds it again; *id says which. */
bool lm_tokenizer_add_special(struct lm_tokenizer *, const char *name, int32_t *id,
                              struct leti_error *err);

/* Appends the ids of a text to *out. Nothing is added in front or behind. With specials, the
 * names of special tokens inside the text become those tokens; without, they are plain text. */
bool lm_tokenizer_encode(const struct lm_tokenizer *, const char *text, size_t size, bool specials,
                         struct lm_ids *out, struct leti_error *err);

/* The bytes of one token, which live as long as the tokenizer; an id that does not exist gives
 * size 0. Special tokens give their names. */
const char *lm_tokenizer_bytes(const struct lm_tokenizer *, int32_t id, size_t *size);
bool lm_tokenizer_is_special(const struct lm_tokenizer *, int32_t id);

#endif
