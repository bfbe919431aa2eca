/* optimizer.h - AdamW's moments: beside the model in memory and on disk.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FCFT_OPTIMIZER_H
#define FCFT_OPTIMIZER_H

#include "train/lora.h"
#include "ops/ops.h"

/* What is trained: a model's parameters, or those of an adapter. Borrowed. */
struct parameters {
    float *values; /* [n] */
    const struct lm_tensor *tensors;
    size_t n_tensors, n;
};

/* Of the adapter, or, where that is NULL, of the model. */
struct parameters parameters_of(const struct lm_model *, const struct lm_lora *);

/* Zero it. */
struct optimizer {
    float *m, *v;             /* in the order of the parameters */
    struct lm_tensor *layout; /* of the parameters that they fit */
    size_t n_tensors, n_params;
    int64_t step; /* that were made */
};

void optimizer_clear(struct optimizer *);

/* Makes the moments fit parameters whose vocabulary may have grown since the last time: new rows
 * start at zero. */
bool optimizer_fit(struct optimizer *, const struct parameters *, struct leti_error *err);

/* Reads what optimizer_save wrote; a folder without it leaves the optimizer at its start. Moments
 * of another shape than the parameters', but for rows that these have more, are an error. */
bool optimizer_load(struct optimizer *, const struct parameters *, const char *dir,
                    struct leti_error *err);
bool optimizer_save(const struct optimizer *, const char *dir, struct leti_error *err);

/* Euclidean norm of n numbers, which their order and number alone determine to the bit. */
double gradient_norm(const float *grad, size_t n);

/* Scales n numbers of this norm down to norm most, as PyTorch's clip_grad_norm_ does; most 0, or
 * not less than the norm: leaves them as they are. */
void gradient_clip(float *grad, size_t n, double norm, double most);

/* One step; adamw->step is set here. */
void optimizer_update(struct optimizer *, const struct parameters *, const float *grad,
                      struct lm_adamw *adamw);

#endif
