/* model_layout.h - within the library: where tensors lie, and the memory for them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_MODEL_LAYOUT_H
#define LM_MODEL_LAYOUT_H

#include "model/model.h"

/* Fills *out with config, tensors, layers and offsets; params and tokenizer stay NULL. What it
 * allocates goes with lm_model_close. name stands for the config in errors. */
bool lm_layout_make(const char *name, const struct lm_config *config, struct lm_model **out,
                    struct leti_error *err);

/* Zeroed parameters, 64-byte aligned; an amount that this machine does not have is an error. */
bool lm_layout_allocate(const struct lm_model *model, float **params, struct leti_error *err);

/* Parameters of a model from lm_layout_make out of a folder's weight files. */
bool lm_layout_load(struct lm_model *model, const char *dir, struct leti_error *err);

#endif
