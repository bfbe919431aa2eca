/* config.h - the shape of a model: Hugging Face's config.json.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_CONFIG_H
#define LM_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "leti/error.h"
#include "ops/ops.h"
#include "model/safetensors.h"

/* Whose files they are: names of fields and tensors (architectures.h). What the decoder does is
 * said by the other fields of the config alone. */
enum lm_arch { LM_LLAMA, LM_QWEN2, LM_QWEN3, LM_GEMMA3, LM_GPT2, LM_GPTJ, LM_CODEGEN, LM_N_ARCHS };

enum lm_norm_kind { LM_RMS_NORM, LM_LAYER_NORM /* with bias */ };

/* How frequencies of rotary positions stretch to texts longer than the original ones (see
 * modeling_rope_utils.py of `transformers`). Dynamic: stretches only beyond max_positions, where
 * no text here goes. */
enum lm_rope_kind { LM_ROPE_PLAIN, LM_ROPE_LINEAR, LM_ROPE_DYNAMIC, LM_ROPE_LLAMA3, LM_ROPE_YARN };

struct lm_rope_scaling {
    enum lm_rope_kind kind;
    float factor;               /* all but plain */
    int32_t original_positions; /* llama3, yarn */
    float low_freq, high_freq;  /* llama3: low_freq_factor, high_freq_factor */
    float beta_fast, beta_slow; /* yarn */
    float attention_factor;     /* yarn: multiplies cos and sin */
    bool exact_range;           /* yarn: "truncate" is false */
};

/* A decoder. All that is 0 after bos and eos: a Llama, pre-norm RMSNorm, rotary positions (the
 * halves of a head rotate), grouped-query attention, SwiGLU. */
struct lm_config {
    int32_t n_layers;
    int32_t d_model;       /* hidden_size */
    int32_t n_heads;       /* of queries */
    int32_t n_kv_heads;    /* divides n_heads */
    int32_t head_dim;      /* even */
    int32_t d_ff;          /* intermediate_size */
    int32_t vocab_size;    /* rows of the embedding */
    int32_t max_positions; /* max_position_embeddings */
    float rope_theta;      /* with learned positions nobody reads it */
    float norm_eps;
    bool tied;        /* the head is the embedding, transposed */
    int32_t bos, eos; /* -1: none. Of several eos ids the first. */

    enum lm_arch arch;
    enum lm_norm_kind norm;
    enum lm_activation activation;
    bool plain_mlp;         /* activation(up) instead of activation(gate) * up */
    bool parallel;          /* x + attention(n(x)) + mlp(n(x)): one norm, no mlp_norm */
    bool post_norms;        /* a norm on what attention and MLP give, before it is added */
    bool qk_norm;           /* RMSNorm of each head of q and k, before they rotate */
    bool learned_positions; /* a table of max_positions rows instead of rotation */
    bool scaled_embedding;  /* times sqrt(d_model) */
    bool qkv_bias, out_bias, mlp_bias, head_bias;
    int32_t rotary_dim; /* of each head, from its first element on; even. 0: all of it */
    struct lm_rope_scaling rope_scaling;
    float rope_theta_sliding; /* of layers with a window, unscaled. 0: they are as the others */
    int32_t window;           /* positions that such a layer sees, its own included. 0: none */
    int32_t full_every;       /* each so-many-th layer has no window. 0: all have it */
    float query_scalar;       /* scores are divided by its square root. 0: head_dim */
};

/* Reads dir/config.json; checks every field and the products that sizes are made of. What the
 * decoder cannot do exactly (another architecture or activation, an unknown rope scaling, layers
 * with windows in no pattern) is an error that names the field and its value. */
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

/* Whether a layer sees a window only. */
bool lm_config_slides(const struct lm_config *, int32_t layer);

/* The attention of a layer. */
struct lm_heads lm_config_heads(const struct lm_config *, int32_t layer);

/* Elements of a head that rotate; 0: none. */
int32_t lm_config_rotary_dim(const struct lm_config *);

/* What rows of the embedding are multiplied with. */
float lm_config_embedding_scale(const struct lm_config *);

/* Columns of what an MLP takes in: gate and up, or up alone. */
int64_t lm_config_mlp_width(const struct lm_config *);

/* The table for lm_rope: angles of `positions` positions, in layers with or without a window. */
void lm_config_rope_table(const struct lm_config *, bool sliding, int64_t positions, float *table);

#endif
