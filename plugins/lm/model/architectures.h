/* architectures.h - what tells one family of models from another, as data.
 *
 * There is one decoder. An architecture says what it does (the config that reading starts from),
 * how config.json calls its sizes, and how files call and keep its tensors. Nothing else asks
 * which architecture a model is of.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_ARCHITECTURES_H
#define LM_ARCHITECTURES_H

#include "model/config.h"
#include "model/model.h"

/* Sizes, in the order in which they are read. */
enum lm_size {
    LM_N_LAYERS,
    LM_D_MODEL,
    LM_N_HEADS,
    LM_N_KV_HEADS,
    LM_HEAD_DIM,
    LM_D_FF,
    LM_VOCAB_SIZE,
    LM_MAX_POSITIONS,
    LM_N_SIZES
};

/* How config.json says which layers see a window only. */
enum lm_windows {
    LM_NO_WINDOWS,
    LM_WINDOWS_BY_SWITCH, /* use_sliding_window, then max_window_layers */
    LM_WINDOWS_BY_PATTERN /* each sliding_window_pattern-th layer is full */
};

struct lm_architecture {
    const char *model_type, *class_name;
    struct lm_config base; /* what holds for all of its models, and defaults of what may miss */

    /* config.json. NULL among the sizes: follows from the others. */
    const char *const *sizes; /* [LM_N_SIZES] */
    const char *eps, *activation;
    bool kv_heads_may_miss; /* there are then as many as of queries */
    bool rope_theta;        /* and scaling; otherwise base says it */
    bool rope_theta_sliding;
    bool rotary_dim;
    bool attention_bias, mlp_bias; /* fields of this name count */
    bool query_scalar;             /* query_pre_attn_scalar */
    enum lm_windows windows;

    /* tensors: prefix [layers.N.]name.weight or .bias */
    const char *prefix, *layers;
    const char *const *names;   /* [LM_N_ROLES]; NULL: it has none */
    struct lm_storage matrices; /* of a layer's matrices */
    struct lm_storage queries;  /* of LM_Q, LM_K and LM_QKV, on top of it */
    struct lm_storage norms;
};

/* By enum lm_arch. */
extern const struct lm_architecture lm_architectures[LM_N_ARCHS];

/* NULL where there is none of this model_type. */
const struct lm_architecture *lm_architecture_find(const char *model_type);

#endif
