/* lora.h - low-rank adaptation: small matrices that are trained in the place of the model's.
 *
 * Each target matrix is W = W0 + (alpha / r) B A, with A [r][in], B [out][r] and W0 frozen (Hu et
 * al. 2021, arXiv 2106.09685). W lies in the model's parameters, so that whatever computes with
 * the model knows nothing of this; from the dense gradient dW follow, exactly, dB = (alpha / r) dW
 * A^T and dA = (alpha / r) B^T dW. Rows of the embedding (and of an untied head) may train as
 * well, as new tokens need it; everything else is frozen.
 *
 * On disk it is an adapter folder as PEFT writes it: adapter_config.json and
 * adapter_model.safetensors, with the rows under `trainable_token_indices`. (PEFT 0.21 leaves out
 * the bias of a head whose rows train, until it has merged the adapter.)
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_LORA_H
#define LM_LORA_H

#include "model/model.h"

struct lm_lora_config {
    int32_t rank; /* 1 .. */
    double alpha;
    /* The part of a tensor's name in front of ".weight" ("q_proj"); or "all-linear": every matrix
     * but embeddings and head. */
    const char *const *targets;
    size_t n_targets;
};

struct lm_lora {
    /* Trained: A and B of each target, then the rows. The names are PEFT's. */
    float *params;
    struct lm_tensor *tensors;
    size_t n_tensors, n_params;

    int32_t rank;
    double alpha;
    char **names; /* [n_names] targets as asked for */
    size_t n_names;
    struct lm_lora_target {
        size_t tensor; /* of the model */
        size_t base;   /* where its W0 starts within base */
    } * targets;       /* [n_targets]; their A and B are tensors 2 i and 2 i + 1 */
    size_t n_targets;
    int32_t *rows; /* [n_rows] tokens whose rows train */
    size_t n_rows;
    float *base;    /* W0 of the targets */
    float *scratch; /* of the largest A or B */
    struct lm_products *products;
};

/* An adapter that changes nothing yet: A uniform in [-1/sqrt(in), 1/sqrt(in)], B zero, as PEFT
 * begins. W0 is what the model has now. A target that the model lacks is an error. */
bool lm_lora_create(const struct lm_model *, const struct lm_lora_config *, uint64_t seed,
                    struct lm_lora **out, struct leti_error *err);
void lm_lora_destroy(struct lm_lora *);

/* Trains the rows of these tokens as well, from what the model has there. Those that are trained
 * already stay as they are. The parameters may move. */
bool lm_lora_add_rows(struct lm_lora *, const struct lm_model *, const int32_t *tokens, size_t n,
                      struct leti_error *err);

/* Puts W and the rows into the model's parameters. */
bool lm_lora_merge(struct lm_lora *, struct lm_model *, struct leti_error *err);

/* The gradient of the adapter's parameters, out [n_params], from that of the model's. */
bool lm_lora_backward(struct lm_lora *, const struct lm_model *, const float *grad, float *out,
                      struct leti_error *err);

/* Whether the folder holds an adapter. */
bool lm_lora_exists(const char *dir);

/* Reads the base model's folder from an adapter's; base has PATH_MAX bytes. */
bool lm_lora_base(const char *dir, char *base, struct leti_error *err);

/* Reads an adapter of the model, whose targets hold W0. Other settings than the config's are an
 * error. Rows that it trains must be the model's. Nothing is merged yet. */
bool lm_lora_open(const struct lm_model *, const struct lm_lora_config *, const char *dir,
                  struct lm_lora **out, struct leti_error *err);

/* Writes the folder, f32. base: the folder of the model that holds W0. */
bool lm_lora_save(const struct lm_lora *, const struct lm_model *, const char *base,
                  const char *dir, struct leti_error *err);

#endif
