/* optimizer.h - AdamW's moments: beside the model in memory and on disk.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FCFT_OPTIMIZER_H
#define FCFT_OPTIMIZER_H

#include "model.h"
#include "ops.h"

/* Zero it. */
struct optimizer {
    float *m, *v;             /* in the order of the parameters */
    struct lm_tensor *layout; /* of the model that they fit */
    size_t n_tensors, n_params;
    int64_t step; /* that were made */
};

void optimizer_clear(struct optimizer *);

/* Makes the moments fit the model, whose vocabulary may have grown since the last time: new rows
 * start at zero. */
bool optimizer_fit(struct optimizer *, const struct lm_model *, struct leti_error *err);

/* Reads what optimizer_save wrote; a folder without it leaves the optimizer at its start. Moments
 * of another shape than the model's, but for rows that it has more, are an error. */
bool optimizer_load(struct optimizer *, const struct lm_model *, const char *dir,
                    struct leti_error *err);
bool optimizer_save(const struct optimizer *, const char *dir, struct leti_error *err);

/* One step; adamw->step is set here. */
void optimizer_update(struct optimizer *, struct lm_model *, const float *grad,
                      struct lm_adamw *adamw);

#endif
