/* tokenizer.h - text to token ids and back: byte-pair encoding as in Hugging Face's tokenizer.json,
 * over bytes (GPT-2, CodeGen, Llama 3, Qwen, SmolLM2) or over characters (Llama 2, Gemma).
 *
 * Identical to the `tokenizers` library (0.23) on the files that it accepts. A text may be any
 * bytes: what is not UTF-8, which the reference does not take, becomes tokens byte by byte. All
 * bytes come back as they were, but for what a tokenizer itself does away with: a normalizer (NFC;
 * U+2581 for a space), and bytes that its vocabulary has no token for.
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
/* The same from the parsed document, whose reference it takes in any case. */
struct json_t;
bool lm_tokenizer_create(const char *name, struct json_t *document, struct lm_tokenizer **out,
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

/* What this model's texts start with: the start token of Llama and Gemma; of others nothing.
 * Returns how many ids there are, which live as long as the tokenizer. */
size_t lm_tokenizer_prefix(const struct lm_tokenizer *, const int32_t **ids);

/* Appends the ids of a text to *out. Nothing is added in front or behind. With specials, the
 * names of special tokens inside the text become those tokens; without, they are plain text. */
bool lm_tokenizer_encode(const struct lm_tokenizer *, const char *text, size_t size, bool specials,
                         struct lm_ids *out, struct leti_error *err);

/* A text that is put together from parts. begin appends what it starts with, and append a part as
 * it is in this place: tokenizers that put a space in front of a text put none in front of its
 * later parts, and those that put one in front of each run between special tokens do that. The
 * ids of begin and one append are those of tokenizer(text) in `transformers`. */
bool lm_tokenizer_begin(const struct lm_tokenizer *, struct lm_ids *text, struct leti_error *err);
bool lm_tokenizer_append(const struct lm_tokenizer *, const char *part, size_t size, bool specials,
                         struct lm_ids *text, struct leti_error *err);

/* What was there before a text that is encoded. */
enum lm_place {
    LM_START,       /* nothing, or the prefix */
    LM_AFTER_ADDED, /* an added token */
    LM_WITHIN       /* other text */
};

/* The bytes of one token, which live as long as the tokenizer; an id that does not exist gives
 * size 0. Special tokens give their names. */
const char *lm_tokenizer_bytes(const struct lm_tokenizer *, int32_t id, size_t *size);
bool lm_tokenizer_is_special(const struct lm_tokenizer *, int32_t id);

/* How many spaces at the very beginning of a decoded text are not the text's own. */
size_t lm_tokenizer_stripped(const struct lm_tokenizer *);

#endif
