/* model.h - a model in memory: its shape, its tokenizer and all its parameters.
 *
 * The parameters of a model are one contiguous f32 array, and so are its gradient and the two
 * moments of AdamW, in the same order; a tensor is a place in them. That makes the optimizer,
 * the checkpoint and the finite differences one loop each.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_MODEL_H
#define LM_MODEL_H

#include "model/config.h"
#include "model/safetensors.h"
#include "tokenizer/tokenizer.h"

/* What a tensor is to the decoder. Of a matrix and of a LayerNorm there may be a bias as well. */
enum lm_role {
    LM_EMBEDDING,
    LM_POSITIONS, /* learned */
    LM_ATTN_NORM,
    LM_QKV, /* where files have the next three as one */
    LM_Q,
    LM_K,
    LM_V,
    LM_Q_NORM,
    LM_K_NORM,
    LM_ATTN_OUT,
    LM_ATTN_POST_NORM,
    LM_MLP_NORM,
    LM_GATE,
    LM_UP,
    LM_DOWN,
    LM_MLP_POST_NORM,
    LM_FINAL_NORM,
    LM_HEAD,
    LM_N_ROLES
};

/* How a file keeps a tensor, where that is not how the decoder has it (model_tensors.h). */
enum lm_row_order {
    LM_ROWS_AS_THEY_ARE,
    LM_ROWS_PAIRED,  /* rows that rotate together are neighbours, not half a rotation apart */
    LM_ROWS_CODEGEN, /* the same, in four blocks of the heads' q, v and k */
};
struct lm_storage {
    bool transposed; /* [cols][rows] */
    enum lm_row_order rows;
    float less; /* so much less: norms around 0 instead of 1 */
};

/* All matrices are row-major [rows][cols]: y = x W^T. */
struct lm_tensor {
    char name[96]; /* in Hugging Face's files: "model.layers.3.self_attn.q_proj.weight" */
    size_t offset; /* first element within the parameters */
    int64_t rows;  /* 1 for vectors */
    int64_t cols;
    bool decay; /* weight decay applies: matrices, not norms and biases */
    bool bias;
    enum lm_role role;
    int32_t layer;             /* -1: of none */
    struct lm_storage storage; /* in Hugging Face's files */
};

/* Where the tensors of one layer start, in elements; LM_NONE: the model has none. wqkv: the rows of
 * q, k and v in this order, so that one product computes all three; w_gate_up: the rows of gate,
 * then of up, or up alone (mlp_width rows). */
#define LM_NONE SIZE_MAX
struct lm_layer {
    size_t attn_norm, attn_norm_bias; /* [C] */
    size_t wqkv, wqkv_bias;           /* [(n_heads + 2 n_kv_heads) head_dim][C] */
    size_t q_norm, k_norm;            /* [head_dim] */
    size_t wo, wo_bias;               /* [C][n_heads head_dim] */
    size_t attn_post_norm;            /* [C] */
    size_t mlp_norm, mlp_norm_bias;   /* [C] */
    size_t w_gate_up, w_gate_up_bias; /* [2 d_ff][C] */
    size_t w_down, w_down_bias;       /* [C][d_ff] */
    size_t mlp_post_norm;             /* [C] */
};

struct lm_model {
    struct lm_config config;
    struct lm_tokenizer *tokenizer; /* owned; NULL where a test needs none */
    float *params;                  /* owned, 64-byte aligned */
    uint64_t version;               /* see lm_model_changed */
    enum lm_dtype precision;        /* of products with weights; f32 unless somebody sets it */
    bool batch_invariant;           /* the engine: see lm_products_make_invariant */
    size_t n_params;
    struct lm_tensor *tensors; /* owned; as in Hugging Face's files: q, k, v, gate, up each apart */
    size_t n_tensors;
    struct lm_layer *layers;            /* owned, n_layers */
    size_t embedding;                   /* [V][C]; offset */
    size_t positions;                   /* [max_positions][C] or LM_NONE, as all biases */
    size_t final_norm, final_norm_bias; /* [C] */
    size_t head, head_bias;             /* [V][C]; == embedding when tied */
};

/* Reads a Hugging Face model folder: config.json, tokenizer.json, model.safetensors (or the
 * sharded form with its index); or a GGUF file, or a folder with one. A tensor that is missing, or
 * of another shape than the config says, and a tokenizer with more ids than the embedding has rows,
 * are errors. */
bool lm_model_open(const char *path, struct lm_model **out, struct leti_error *err);

/* The same from config and tokenizer alone, with random parameters: normal with
 * standard deviation 0.02, those that end a residual branch divided by sqrt(2 n_layers), norms 1.
 */
bool lm_model_random(const char *path, uint64_t seed, struct lm_model **out,
                     struct leti_error *err);

/* From a config alone: no tokenizer. For tests. */
bool lm_model_create(const struct lm_config *, uint64_t seed, struct lm_model **out,
                     struct leti_error *err);

void lm_model_close(struct lm_model *);

/* To be called after parameters were changed from outside: products in bf16 keep copies. */
void lm_model_changed(struct lm_model *);

/* Adds special tokens to the tokenizer and rows for them to the embedding (and to an untied
 * head), drawn normal at the standard deviation of the trained rows; those that exist are found
 * again. ids has n elements. Rows that exist already but that no token used are drawn too; the
 * biases of all these are 0. The parameters may move: whoever keeps arrays beside them (moments)
 * sizes them afterwards. */
bool lm_model_add_specials(struct lm_model *, const char *const *names, size_t n, uint64_t seed,
                           int32_t *ids, struct leti_error *err);

/* Writes a folder that `transformers` loads: config.json, tokenizer.json, tokenizer_config.json,
 * model.safetensors in this type. from (may be NULL): the folder or file that it once came from. */
bool lm_model_save(const struct lm_model *, const char *from, const char *dir, enum lm_dtype dtype,
                   struct leti_error *err);

#endif
