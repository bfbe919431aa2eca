/* forward.h - the decoder without the way back: prompts into keys and values, and one more token
 * for many sequences at once.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_FORWARD_H
#define LM_FORWARD_H

#include "generate/kv_cache.h"
#include "model/weights.h"

struct lm_prefill {
    const int32_t *tokens;
    int32_t n;              /* at least 1 */
    struct lm_kv_block *kv; /* receives positions 0 .. n-1 */
    float *hidden;          /* [C]; receives what the last token comes to */
};

struct lm_decode {
    int32_t token;
    const struct lm_kv_block *prompt; /* n_prompt positions, shared */
    int32_t n_prompt;
    struct lm_kv_block *own; /* n_own positions after them; receives the token's */
    int32_t n_own;
};

/* Activations of up to max_rows rows; nothing is allocated later. Borrows the model, its weights
 * and the cache, whose blocks hold up to max_positions positions. */
struct lm_forward;

bool lm_forward_create(const struct lm_model *, const struct lm_weights *, struct lm_products *,
                       struct lm_kv_cache *, int32_t max_positions, int32_t max_rows,
                       struct lm_forward **out, struct leti_error *err);
void lm_forward_destroy(struct lm_forward *);

/* Several prompts, packed; together at most max_rows tokens. */
bool lm_forward_prefill(struct lm_forward *, const struct lm_prefill *, int32_t n,
                        struct leti_error *err);

/* One token of n sequences, at most max_rows. hidden [n][C]: what it comes to. */
bool lm_forward_decode(struct lm_forward *, const struct lm_decode *, int32_t n, float *hidden,
                       struct leti_error *err);

/* Logits of hidden [n][C]. logits has room for lm_rows(n) rows of V. */
bool lm_forward_logits(struct lm_forward *, const float *hidden, int32_t n, float *logits,
                       struct leti_error *err);

/* Products are made of whole multiples of this many rows: for fewer oneDNN takes other kernels.
 * With AVX-512, one thread and more than four rows, in f32, a row then comes out the same to the
 * last bit however many others there are; elsewhere the last bits may differ, unless the model is
 * batch_invariant. */
enum { LM_ROWS = 16 };

static inline int32_t lm_rows(int32_t n)
{
    return (n + LM_ROWS - 1) / LM_ROWS * LM_ROWS;
}

#endif
