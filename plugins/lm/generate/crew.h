/* crew.h - shares the rows of a round among threads.
 *
 * Where there are rows enough, each thread takes its part of them through all layers and up to
 * the drawn token: they meet once a round, not at every operation, which matters on a machine
 * that also runs programs and trains. With fewer rows the operations share out each product if
 * the model is large, and one thread does it all if it is not.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_CREW_H
#define LM_CREW_H

#include "generate/forward.h"
#include "generate/sampler.h"

/* A token to draw for a sequence. */
struct lm_draw {
    const float *hidden; /* [C] what its last token came to; NULL: what the decode row comes to */
    const struct lm_sampling *sampling;
    double u; /* uniform in [0, 1) */
    int32_t token;
    float logprob; /* under the model at temperature 1 */
};

struct lm_crew;

/* For up to max_prefill tokens of prompts and max_draws sequences at once, by as many threads as
 * OpenMP has in the calling thread. Tokens below allowed are drawn. Borrows model and cache. */
bool lm_crew_create(const struct lm_model *, struct lm_kv_cache *, int32_t max_positions,
                    int32_t max_prefill, int32_t max_draws, int32_t allowed, struct lm_crew **out,
                    struct leti_error *err);
void lm_crew_destroy(struct lm_crew *);

/* n prompts of together at most max_prefill tokens. */
bool lm_crew_prefill(struct lm_crew *, const struct lm_prefill *, int32_t n,
                     struct leti_error *err);

/* Decodes one token of n_decode sequences, and fills in token and logprob of n draws. The first
 * n_decode of them are of these sequences, in their order; the others have their hidden. */
bool lm_crew_draw(struct lm_crew *, const struct lm_decode *, int32_t n_decode, struct lm_draw *,
                  int32_t n, struct leti_error *err);

#endif
