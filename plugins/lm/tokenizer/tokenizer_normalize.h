/* tokenizer_normalize.h - rewrites a text before it is split.
 *
 * What tokenizer.json calls normalizer: a short list of steps. Known are those that the models we
 * read have: NFC (Unicode Standard Annex 15), Prepend, and Replace of a string.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_TOKENIZER_NORMALIZE_H
#define LM_TOKENIZER_NORMALIZE_H

#include <stdbool.h>
#include <stddef.h>

#include "leti/error.h"

struct json_t; /* jansson's */

enum { LM_MAX_NORMALIZERS = 8 };

struct lm_normalizer {
    size_t n;
    struct lm_normalize_step {
        enum { LM_NFC, LM_PREPEND, LM_REPLACE } what;
        char *from, *to; /* owned */
        size_t from_size, to_size;
    } steps[LM_MAX_NORMALIZERS];
};

/* Reads the description, which may be null; name stands for the file in errors. */
bool lm_normalizer_create(struct lm_normalizer *normalizer, const char *name,
                          const struct json_t *description, struct leti_error *err);
void lm_normalizer_destroy(struct lm_normalizer *normalizer);

/* Two buffers that the steps of one encoding write in turn; zero it, free both at the end. */
struct lm_normalized {
    char *bytes[2];
    size_t capacity[2];
};
void lm_normalized_free(struct lm_normalized *buffers);

/* *out is the text itself or lies in the buffers, until their next use. Bytes that are not UTF-8
 * stay as they are. prepend: whether the text begins where Prepend counts. */
bool lm_normalize(const struct lm_normalizer *normalizer, struct lm_normalized *buffers,
                  bool prepend, const char *text, size_t size, const char **out, size_t *out_size,
                  struct leti_error *err);

#endif
