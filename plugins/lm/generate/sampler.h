/* sampler.h - draws a token from one row of logits.
 *
 * The warpers and their order are Hugging Face's: temperature, top-k (ties with the k-th stay),
 * then top-p (the smallest set of the likeliest tokens whose share reaches p, at least one).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_SAMPLER_H
#define LM_SAMPLER_H

#include <stdint.h>

struct lm_sampling {
    double temperature; /* 0: greedy, where the lowest id wins ties */
    double top_p;       /* 1: off */
    int32_t top_k;      /* 0: off */
    int32_t max_length; /* tokens, prompt included; at most max_positions */
};

struct lm_candidate {
    float weight;
    int32_t id;
};

/* What one draw needs room for, [V] each; one per thread. */
struct lm_sampler_scratch {
    float *weights;
    struct lm_candidate *candidates;
};

/* A token below allowed, drawn with u, uniform in [0, 1), from logits [V], or -1 where the logits
 * are not finite. *logprob is its log-probability among all V at temperature 1. */
int32_t lm_sample_token(const float *logits, int32_t V, int32_t allowed, const struct lm_sampling *,
                        double u, struct lm_sampler_scratch *, float *logprob);

#endif
