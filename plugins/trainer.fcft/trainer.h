/* trainer.h - the instance: its options and what it holds between calls.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FCFT_TRAINER_H
#define FCFT_TRAINER_H

#include "adapter.h"
#include "corpus.h"
#include "examples.h"
#include "held_out.h"
#include "optimizer.h"

struct trainer {
    /* options */
    const char *mode, *init, *dtype, *precision, *corpus, *kl_direction, *truncated;
    int64_t epochs, batch, micro_tokens, max_length, steps, warmup, decay_iterations;
    int64_t corpus_tokens, corpus_block, corpus_eval_tokens, lora_rank;
    double lr, weight_decay, beta1, beta2, eps, decay, final_lr_ratio, max_grad_norm;
    double corpus_holdout, lora_alpha, kl;
    struct leti_list tokens, lora_targets;
    bool recompute, corpus_mix;

    const struct leti_host *host;
    char *model_dir; /* that the model was loaded from */
    bool fresh;      /* it was not trained since */
    struct lm_model *model;
    struct adapter adapter;   /* none: the model itself is trained */
    char *initial_dir;        /* of the model that the training began from, */
    struct lm_model *initial; /* and that itself; NULL without kl */
    struct optimizer optimizer;
    struct examples examples;
    struct held_out held_out;
    struct corpus documents; /* of the corpus; none before the first train */
    int32_t documents_of;    /* size of the vocabulary that they were read with */
};

/* Trains on the examples and the corpus as the options say, and tells the metrics. */
bool loop_run(struct trainer *, const struct leti_training *, struct leti_error *err);

#endif
