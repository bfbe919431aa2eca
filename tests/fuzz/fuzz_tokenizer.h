/* fuzz_tokenizer.h - what must hold of every tokenizer that a file was taken for.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_TOKENIZER_H
#define FUZZ_TOKENIZER_H

#include <stdlib.h>

#include "fuzz.h"
#include "tokenizer/tokenizer.h"

/* Each id that a text encodes to exists, and its bytes can be read. */
static void fuzz_encode(const struct lm_tokenizer *tokenizer, const char *text, size_t size,
                        bool specials)
{
    struct leti_error err;
    struct lm_ids ids = { 0 };
    unsigned sum = 0;
    if (lm_tokenizer_encode(tokenizer, text, size, specials, &ids, &err)) {
        for (size_t i = 0; i < ids.n; i++) {
            FUZZ_HOLDS(ids.ids[i] >= 0 && ids.ids[i] < lm_tokenizer_size(tokenizer));
            size_t n;
            const char *bytes = lm_tokenizer_bytes(tokenizer, ids.ids[i], &n);
            for (size_t k = 0; k < n; k++)
                sum += (unsigned char)bytes[k];
        }
    }
    fuzz_sink = sum;
    free(ids.ids);
}

static void fuzz_tokenizer(struct lm_tokenizer *tokenizer, const char *text, size_t size)
{
    struct leti_error err;
    int32_t id, again;
    fuzz_encode(tokenizer, text, size, false);
    fuzz_encode(tokenizer, text, size, true);
    if (lm_tokenizer_add_special(tokenizer, "<|bad|>", &id, &err)) {
        FUZZ_HOLDS(lm_tokenizer_special(tokenizer, "<|bad|>") == id);
        FUZZ_HOLDS(lm_tokenizer_add_special(tokenizer, "<|bad|>", &again, &err) && again == id);
        fuzz_encode(tokenizer, text, size, true);
    }
}

#endif
