/* model_tensors.h - within the library: parameters from and to files, whatever their format.
 *
 * A reader of a format says what its file has for a tensor of the layout; what is to be checked
 * and undone is done here. The layout (lm_layout_make) names each tensor by role, layer and bias,
 * beside its name in Hugging Face's files.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_MODEL_TENSORS_H
#define LM_MODEL_TENSORS_H

#include "model/model.h"

/* What a file has for a tensor. The dims are row-major, the slowest first: rows and cols of a
 * matrix that is not transposed; vectors have one. */
struct lm_stored {
    size_t n_dims;
    int64_t dims[4];
    struct lm_storage storage; /* before find: as in Hugging Face's files */
};

struct lm_params_source {
    const char *name; /* of the file or folder, for errors */
    const void *self;
    /* Whether the file has the tensor, and how. Sets out->storage only where its own differs. */
    bool (*find)(const void *self, const struct lm_tensor *, struct lm_stored *out);
    /* All of a tensor's elements, in the file's order, as f32. Several threads may call it. */
    bool (*read)(const void *self, const struct lm_tensor *, float *out, struct leti_error *err);
};

/* Allocates and fills the parameters of a model from lm_layout_make. A tensor that is missing or
 * of another shape is an error that names it. */
bool lm_params_load(struct lm_model *, const struct lm_params_source *, struct leti_error *err);

/* From a file's order to the decoder's, [rows][cols]; the arrays do not overlap. */
void lm_tensor_unstore(const struct lm_config *, const struct lm_tensor *,
                       const struct lm_storage *, const float *stored, float *out);
/* And back. */
void lm_tensor_store(const struct lm_config *, const struct lm_tensor *, const struct lm_storage *,
                     const float *params, float *stored);

/* Whether both orders are the same, and the numbers too. */
bool lm_storage_is_plain(const struct lm_storage *);

#endif
