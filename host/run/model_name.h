/* model_name.h - what a user names a model by: a folder, a file, or a run's checkpoint.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_MODEL_NAME_H
#define RUN_MODEL_NAME_H

#include <stdint.h>

#include "base/text.h"
#include "leti/error.h"

/* How it is said in --help. */
#define MODEL_NAME_HELP                                                                            \
    "a model's folder or GGUF file, RUN for a run's last checkpoint, RUN@3 for that of its third " \
    "iteration, RUN@0 for the model that it began with"

/* The absolute path of the model that is meant, which the caller frees. */
bool model_find(const char *name, char **dir, struct leti_error *err);

/* The same of a run's model after so many iterations; 0: that it began with. */
bool model_of_run(const char *folder, uint32_t iteration, char **dir, struct leti_error *err);

/* How a line names the model with that path: the last part, or "RUN@3" of a run's checkpoint. */
void model_add_name(struct text *, const char *path);

#endif
