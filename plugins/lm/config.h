/* config.h - the shape of a model: Hugging Face's config.json.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_CONFIG_H
#define LM_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "leti/error.h"
#include "safetensors.h"

/* A Llama-family decoder: pre-norm RMSNorm, rotary positions (the halves of a head rotate),
 * grouped-query attention, SwiGLU. */
struct lm_config {
    int32_t n_layers;
    int32_t d_model;       /* hidden_size */
    int32_t n_heads;       /* of queries */
    int32_t n_kv_heads;    /* divides n_heads */
    int32_t head_dim;      /* even */
    int32_t d_ff;          /* intermediate_size */
    int32_t vocab_size;    /* rows of the embedding */
    int32_t max_positions; /* max_position_embeddings */
    float rope_theta;
    float norm_eps;
    bool tied;        /* the head is the embedding, transposed */
    int32_t bos, eos; /* -1: none. Of several eos ids the first. */
};

/* Reads dir/config.json; checks every field and the products that sizes are made of. What the
 * decoder cannot do exactly (another architecture, biases, rope scaling, another activation)
 * is an error that names the field and its value. */
bool lm_config_read(const char *dir, struct lm_config *out, struct leti_error *err);

/* The same from text in memory; name stands for the file in errors. */
bool lm_config_parse(const char *name, const char *text, size_t size, struct lm_config *out,
                     struct leti_error *err);

/* Whether the fields are within bounds and fit one another. name as above. */
bool lm_config_check(const char *name, const struct lm_config *, struct leti_error *err);

/* Writes dir/config.json so that `transformers` loads the folder; keeps the fields of
 * from_dir/config.json that LETI has no opinion on where from_dir is not NULL. dtype: of the
 * weights beside it. */
bool lm_config_write(const struct lm_config *, const char *from_dir, const char *dir,
                     enum lm_dtype dtype, struct leti_error *err);

#endif
