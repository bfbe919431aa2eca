/* decoder_pass.h - within the library: one training pass, and the memory that it works in.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_DECODER_PASS_H
#define LM_DECODER_PASS_H

#include "train/decoder.h"
#include "model/weights.h"

/* What attention or MLP gave, where a norm follows before it is added; otherwise NULL. */
struct lm_branch {
    float *out;  /* [N][C] */
    float *rstd; /* [N] */
};

/* What the forward pass of a layer leaves for the way back. */
struct lm_kept {
    float *x;          /* [N][C] before attention */
    float *middle;     /* [N][C] between attention and MLP; NULL where they are parallel */
    float *raw;        /* [N][(H + 2 K) D] before the norms of heads; NULL: there are none */
    float *heads_rstd; /* [N][H + K] of those */
    float *qkv;        /* [N][(H + 2 K) D] rotated */
    float *out;        /* [N][H D] of attention */
    float *lse;        /* [N][H] */
    float *gate_up;    /* [N][W] */
    struct lm_branch attn, mlp;
};

/* A norm in work: its output, its factors, the gradient of its output. */
struct lm_norm {
    float *out;         /* [N][C] */
    float *rstd, *mean; /* [N] */
    float *dout;        /* [N][C] */
};

/* Positions that the head takes at a time. */
enum { LM_HEAD_ROWS = 256 };

/* What of the layers stays for the way back. What does not stay lies in two sets, in turn. */
enum lm_keeping { LM_KEEP_ALL, LM_KEEP_INPUTS, LM_KEEP_NOTHING /* there is no way back */ };

struct lm_decoder {
    struct lm_config config;
    int64_t max_tokens;
    enum lm_keeping keeping;
    struct lm_products *products;
    struct lm_weights weights;
    void *memory;           /* all of the arrays below */
    struct lm_kept *layers; /* n_layers */
    float *x;               /* [N][C] after the last layer */
    struct lm_norm attn;    /* before attention, and the final norm */
    struct lm_norm mlp;     /* before the MLP */
    float *act;             /* [N][F] */
    float *logits;          /* [LM_HEAD_ROWS][V] */
    float *dx, *dmiddle;    /* [N][C] gradients of x and middle of the layer in work */
    float *dattn, *dmlp; /* of what attention and MLP gave: dmiddle and dx, unless a norm follows */
    float *dqkv, *dout;  /* as qkv, out */
    float *draw;         /* as raw: dqkv, unless there are norms of heads */
    float *dact;         /* [N][F] */
    float *dgate_up;     /* [N][W] */
    float *rope[2];      /* [positions][R/2] pairs: of layers without and with a window */
    int32_t *positions;  /* [N] */
};

/* The pass in work, with the field's letters. */
struct lm_pass {
    struct lm_decoder *decoder;
    const struct lm_model *model;
    const struct lm_batch *batch;
    int64_t N, C, H, K, D, F, V, HD, Q; /* HD = H D, Q = (H + 2 K) D */
    int64_t W, R;                       /* columns of gate_up, elements of a head that rotate */
    float embedding_scale;
    int64_t block; /* rows that one thread takes through a layer */
    float *grad;   /* NULL: forward only */
    const struct lm_anchor *anchor;
    const struct lm_pass *reference; /* of the anchor, done; both may be NULL */
    struct leti_error *err;
};

/* Rows from `first` on. */
struct lm_rows {
    int64_t first, n;
};

static inline int64_t lm_least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Shares of `size` of n, in any order, by all threads. A single one is done outside of any region,
 * where the operations within take all threads. */
typedef bool lm_share(void *context, struct lm_rows, struct leti_error *);
bool lm_share_out(lm_share *, void *context, int64_t n, int64_t size, struct leti_error *err);

/* Chooses the block from the sizes, which are set. */
void lm_pass_plan(struct lm_pass *);

/* Leaves the output of the final norm in attn.out. */
bool lm_pass_forward(const struct lm_pass *);

/* From attn.dout, the gradient of the final norm's output, to all parameters but the head. */
bool lm_pass_backward(const struct lm_pass *);

/* Logits of `rows` positions from `first` on. */
bool lm_pass_logits(const struct lm_pass *, int64_t first, int64_t rows, float *logits);

/* The loss of all positions and their divergence from the anchor; with a gradient also that of the
 * head, and attn.dout. An anchor needs a gradient. */
bool lm_pass_loss(const struct lm_pass *, float scale, float *logprobs, double *loss, double *kl);

/* ---- what a block of rows goes through: from one attention to the next, there and back ---- */

void lm_block_embed(const struct lm_pass *, struct lm_rows);
void lm_block_norm(const struct lm_pass *, struct lm_rows, const struct lm_norm *, const float *x,
                   size_t weight, size_t bias);
/* Adds to dx. */
void lm_block_norm_backward(const struct lm_pass *, struct lm_rows, const struct lm_norm *,
                            const float *x, size_t weight, float *dx);

/* From the layer's input to what its attention takes. */
bool lm_block_begin(const struct lm_pass *, int32_t l, struct lm_rows, struct leti_error *err);
/* From dqkv and dmiddle to dx, the gradient of the layer's input. */
bool lm_block_begin_backward(const struct lm_pass *, int32_t l, struct lm_rows,
                             struct leti_error *err);
/* From what attention gives to the next layer's input. */
bool lm_block_end(const struct lm_pass *, int32_t l, struct lm_rows, struct leti_error *err);
/* From dx, the gradient of the layer's output, to dmiddle and the gradient of attention's. */
bool lm_block_end_backward(const struct lm_pass *, int32_t l, struct lm_rows,
                           struct leti_error *err);

#endif
