/* model.h - a model in memory: its shape, its tokenizer and all its parameters.
 *
 * The parameters of a model are one contiguous f32 array, and so are its gradient and the two
 * moments of AdamW, in the same order; a tensor is a place in them. That makes the optimizer,
 * the checkpoint and the finite differences one loop each.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_MODEL_H
#define LM_MODEL_H

#include "config.h"
#include "safetensors.h"
#include "tokenizer.h"

/* All matrices are row-major [rows][cols] as in Hugging Face's files: y = x W^T. */
struct lm_tensor {
    char name[96]; /* "model.layers.3.self_attn.q_proj.weight" */
    size_t offset; /* first element within the parameters */
    int64_t rows;  /* 1 for vectors */
    int64_t cols;
    bool decay; /* weight decay applies: matrices, not norms */
};

/* Where the tensors of one layer start, in elements. wqkv: the rows of q, k and v in this order,
 * so that one product computes all three; w_gate_up: the rows of gate, then of up. */
struct lm_layer {
    size_t attn_norm; /* [C] */
    size_t wqkv;      /* [(n_heads + 2 n_kv_heads) head_dim][C] */
    size_t wo;        /* [C][n_heads head_dim] */
    size_t mlp_norm;  /* [C] */
    size_t w_gate_up; /* [2 d_ff][C] */
    size_t w_down;    /* [C][d_ff] */
};

struct lm_model {
    struct lm_config config;
    struct lm_tokenizer *tokenizer; /* owned; NULL where a test needs none */
    float *params;                  /* owned, 64-byte aligned */
    uint64_t version;               /* see lm_model_changed */
    enum lm_dtype precision;        /* of products with weights; f32 unless somebody sets it */
    size_t n_params;
    struct lm_tensor *tensors; /* owned; by Hugging Face's names, q, k, v, gate, up each its own */
    size_t n_tensors;
    struct lm_layer *layers; /* owned, n_layers */
    size_t embedding;        /* [V][C]; offset */
    size_t final_norm;       /* [C] */
    size_t head;             /* [V][C]; == embedding when tied */
};

/* Reads a Hugging Face model folder: config.json, tokenizer.json, model.safetensors (or the
 * sharded form with its index). A tensor that is missing, or of another shape than config.json
 * says, and a tokenizer with more ids than the embedding has rows, are errors. */
bool lm_model_open(const char *dir, struct lm_model **out, struct leti_error *err);

/* The same from config.json and tokenizer.json alone, with random parameters: normal with
 * standard deviation 0.02, those that end a residual branch divided by sqrt(2 n_layers), norms 1.
 */
bool lm_model_random(const char *dir, uint64_t seed, struct lm_model **out, struct leti_error *err);

/* From a config alone: no tokenizer. For tests. */
bool lm_model_create(const struct lm_config *, uint64_t seed, struct lm_model **out,
                     struct leti_error *err);

void lm_model_close(struct lm_model *);

/* To be called after parameters were changed from outside: products in bf16 keep copies. */
void lm_model_changed(struct lm_model *);

/* Adds special tokens to the tokenizer and rows for them to the embedding (and to an untied
 * head), drawn normal at the standard deviation of the trained rows; those that exist are found
 * again. ids has n elements. Rows that exist already but that no token used are drawn too.
 * The parameters may move: whoever keeps arrays beside them (moments) sizes them afterwards. */
bool lm_model_add_specials(struct lm_model *, const char *const *names, size_t n, uint64_t seed,
                           int32_t *ids, struct leti_error *err);

/* Writes a folder that `transformers` loads: config.json, tokenizer.json, tokenizer_config.json,
 * model.safetensors in this type. from_dir (may be NULL): the folder that it once came from. */
bool lm_model_save(const struct lm_model *, const char *from_dir, const char *dir,
                   enum lm_dtype dtype, struct leti_error *err);

#endif
