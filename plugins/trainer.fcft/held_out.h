/* held_out.h - texts that are not trained on, and the loss on them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FCFT_HELD_OUT_H
#define FCFT_HELD_OUT_H

#include "corpus.h"
#include "examples.h"
#include "learner.h"

/* Zero it. */
struct held_out {
    struct text_set {
        char *name;
        struct examples texts;
    } * sets; /* [n] in the order in which the names came */
    size_t n;
};

/* Where a text of this name belongs. Empty names and "corpus", whose loss is told already, are
 * errors. */
bool held_out_set(struct held_out *, const char *name, struct examples **out,
                  struct leti_error *err);
void held_out_clear(struct held_out *);

/* Tells the loss of each set as the metric NAME_loss. */
bool held_out_tell(const struct held_out *, struct learner *, const struct leti_host *,
                   struct leti_error *err);

/* Tells the loss of the held-out documents, up to limit tokens in blocks, as corpus_loss. */
bool held_out_tell_corpus(const struct corpus *, int64_t block, size_t limit, struct learner *,
                          const struct leti_host *, struct leti_error *err);

#endif
