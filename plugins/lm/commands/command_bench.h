/* command_bench.h - what `leti model bench` measures, one phase after the other.
 *
 * A phase runs in a process of its own, so that its memory is its own. It is bounded: what would
 * take too long with a large model is measured at a smaller size, and the result says at which.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_COMMAND_BENCH_H
#define LM_COMMAND_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "model/model.h"

/* What is wanted; a phase takes less where the model has no room or the time is short. */
struct bench_sizes {
    double seconds;          /* for one phase */
    int32_t repeats;         /* after one to warm up */
    int32_t prompt_tokens;   /* of prefill */
    int32_t context_tokens;  /* of a prompt in front of what is decoded */
    int32_t new_tokens;      /* decoded after it */
    int32_t samples;         /* of one prompt */
    int32_t sequences;       /* of a training step */
    int32_t sequence_tokens; /* of each */
    int32_t shortest;        /* sequence of the mix, which has as many tokens in all */
};

/* What a child tells its parent, as it is. Sizes are those that were measured. */
struct bench_result {
    int64_t parameters;
    int32_t batch;  /* sequences at once */
    int32_t prompt; /* tokens of each, already there or processed */
    int32_t tokens; /* new ones of each; of training all of a step */
    int32_t repeats;
    double tokens_per_second; /* the median */
    double slowest, fastest;
    double first_token_seconds; /* until every sequence has one; 0 of training */
    double operations;          /* a second, floating point, of the model's products */
    double peak_operations;     /* of one large product on the same threads */
    int64_t memory_bytes;       /* the largest resident set of the process until here */
};

/* One prompt of prompt_tokens until its first new token. */
bool bench_prefill(const struct bench_sizes *, struct lm_model *, struct bench_result *out,
                   struct leti_error *err);

/* `batch` sequences at once, `samples` of each prompt, new_tokens after context_tokens. The rate
 * is that of decoding alone, sampling included. */
bool bench_decode(const struct bench_sizes *, struct lm_model *, int32_t batch,
                  struct bench_result *out, struct leti_error *err);

/* Loss, gradient and AdamW: sequences of one length, or with mix of many, from shortest on. */
bool bench_train(const struct bench_sizes *, struct lm_model *, bool mix, struct bench_result *out,
                 struct leti_error *err);

#endif
