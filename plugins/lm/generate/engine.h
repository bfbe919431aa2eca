/* engine.h - generates: continuous batching over a KV cache.
 *
 * A request asks for several samples of one prompt, whose keys and values are computed once and
 * shared by all of them. Samples of many requests decode together, up to `slots` at a time; a
 * slot that ends is refilled at once. Each sample draws from its own generator, seeded by its
 * own seed, so that it does not depend on what else is in the batch, as far as the products'
 * floating point allows (see LM_ROWS in forward.h), and not at all where the model is
 * batch_invariant and computes in f32.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_ENGINE_H
#define LM_ENGINE_H

#include "model/model.h"
#include "generate/sampler.h"
#include "generate/stops.h"

enum lm_finish { LM_FINISH_EOS, LM_FINISH_STOP, LM_FINISH_LENGTH };

struct lm_sample {
    uint64_t request;
    uint32_t index;        /* 0 .. n-1 within the request */
    const int32_t *tokens; /* n_tokens sampled ones, without end-of-text */
    /* Of each, under the model at temperature 1; then of end-of-text, where it ended so. */
    const float *logprobs;
    size_t n_tokens;
    const char *text; /* their bytes, NUL-terminated; special tokens are left out */
    size_t size;
    enum lm_finish finish;
};

/* Called from lm_engine_step; what it is given lives until it returns. It must not call the
 * engine. */
typedef void lm_emit(void *context, const struct lm_sample *);

struct lm_engine;

/* Borrows the model, which must not change while the engine lives. slots: samples decoded at
 * once. max_length: the longest that any request may ask for. */
bool lm_engine_create(const struct lm_model *, int32_t slots, int32_t max_length,
                      struct lm_engine **out, struct leti_error *err);
void lm_engine_destroy(struct lm_engine *);

/* Opens no more samples than this many bytes of keys and values allow, whatever slots are free;
 * one is always allowed. At first there is no limit. */
void lm_engine_limit_kv(struct lm_engine *, size_t bytes);

/* Queues a request; copies what it needs. seeds [n] one a sample. An empty prompt starts from
 * bos (or eos). A prompt of max_length tokens or more is an error that says both numbers, and a
 * token outside the vocabulary one that names it; such a request leaves no trace. */
bool lm_engine_submit(struct lm_engine *, uint64_t request, const int32_t *prompt, size_t n_prompt,
                      const struct lm_sampling *, const struct lm_stops *, const uint64_t *seeds,
                      uint32_t n, struct leti_error *err);

/* One round: prefills what there is room for, then decodes one token of every open sample, and
 * emits those that ended. *open: samples left, queued ones included. After a failure only
 * cancel and destroy make sense. */
bool lm_engine_step(struct lm_engine *, lm_emit *emit, void *context, size_t *open,
                    struct leti_error *err);

/* Forgets every request. */
void lm_engine_cancel(struct lm_engine *);

#endif
