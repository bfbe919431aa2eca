/* examples.h - the iteration's training texts as tokens.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FCFT_EXAMPLES_H
#define FCFT_EXAMPLES_H

#include "leti/plugin.h"
#include "model/model.h"

/* A sequence to learn from. */
struct sequence {
    const int32_t *tokens;  /* [n] */
    const int32_t *targets; /* [n] the token that follows; < 0: not counted */
    const int32_t *held;    /* [n] 0: the target is feedback; NULL: nothing is held */
    int32_t n;
};

/* Zero it. */
struct examples {
    struct lm_ids tokens, targets, held; /* of all examples, one after the other */
    size_t *ends;                        /* [n] where each ends */
    size_t n, capacity;
    size_t feedback_cut, text_cut; /* how many lost some of their feedback, or of the rest */
    size_t truncated;              /* how many were open, those that were dropped included */
};

/* Adds an example, cut to max_length tokens: first the feedback gives way, from its front, since a
 * traceback ends with what happened, and up to a whole character; then the end of the program. A
 * text that is whole, and that its last span does not call open, ends with the end-of-text token.
 * A special token that the model lacks is an error. Of a text without two tokens nothing is kept.
 */
bool examples_add(struct examples *, const struct lm_model *, const struct leti_example *,
                  int32_t max_length, struct leti_error *err);

/* Whether the text was cut off in its midst, before it came to the trainer. */
bool examples_truncated(const struct leti_example *);

/* Lives until the next examples_add. */
struct sequence examples_at(const struct examples *, size_t i);

void examples_clear(struct examples *);

#endif
