/* initial.h - the model that a training began from, in its later versions.
 *
 * Each version names that model's folder in trainer_initial.json, so that a penalty for leaving it
 * finds it whatever version the training goes on from. It must stay where it was.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FCFT_INITIAL_H
#define FCFT_INITIAL_H

#include "model/model.h"

/* Where the training began of which this is a model to go on from: in its first iteration that is
 * the folder itself, whatever it came from, and later what the version names. *path is the caller's
 * to free. */
bool initial_find(const char *version, uint32_t iteration, char **path, struct leti_error *err);

/* Writes the name into the folder of a new version. */
bool initial_save(const char *path, const char *version, struct leti_error *err);

/* Adds the tokens that the model in training has beyond the initial one's, whose rows are then what
 * they were when they were added there by one call with this seed. */
bool initial_fit(struct lm_model *initial, const struct lm_model *, uint64_t seed,
                 struct leti_error *err);

#endif
