/* corpus.h - plain text for continued pre-training, as tokens.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FCFT_CORPUS_H
#define FCFT_CORPUS_H

#include "tokenizer/tokenizer.h"

/* The documents of a file, each followed by the end-of-text token if there is one. Which of them
 * are held out depends on their places in the file alone. */
struct corpus {
    struct lm_ids tokens;
    size_t *ends;     /* [n] where each document ends */
    size_t *trained;  /* [n_trained] the documents to train on */
    size_t *held_out; /* [n_held_out] */
    size_t n, n_trained, n_held_out;
};

/* Reads a file, plain or gzip: JSON Lines of objects with a text, or any other text, whose form
 * feeds part documents. holdout: share of documents held out. Nothing to train on is an error. */
bool corpus_read(const char *path, const struct lm_tokenizer *, int32_t eos, double holdout,
                 struct corpus *out, struct leti_error *err);
void corpus_clear(struct corpus *);

/* A walk over documents, one behind the other: the order of each round follows from the seed. */
struct corpus_walk {
    const struct corpus *corpus;
    size_t *order;
    size_t n, document, token; /* where it stands: in order, in the document */
    uint64_t seed, round;
};

/* Over the documents to train on, without end. */
bool corpus_walk_begin(const struct corpus *, uint64_t seed, struct corpus_walk *out,
                       struct leti_error *err);
void corpus_walk_end(struct corpus_walk *);

/* The next n tokens. */
void corpus_walk_take(struct corpus_walk *, int32_t *tokens, size_t n);

/* Up to limit tokens of the held-out documents, from the first on; returns their number. */
size_t corpus_held_out(const struct corpus *, int32_t *tokens, size_t limit);

#endif
