/* train.h - one iteration's training: its examples in, a durable checkpoint out.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_TRAIN_H
#define RUN_TRAIN_H

#include "run/context.h"

/* Trains on what the store has for the iteration, unless its checkpoint is there already. Once
 * the checkpoint is durable, the optimizer state of all but the newest two goes. */
bool train_run(struct run *, uint32_t iteration, const char *label, struct leti_error *err);

/* The model that an iteration's training (0: none) left; the caller frees *dir, which is NULL
 * where there is no model at all. `stage` says whose it is before the first training. */
bool train_model(const struct run *, const struct stage *stage, uint32_t iteration, char **dir,
                 struct leti_error *err);

/* The version that stands for it to workers; never 0. */
uint64_t train_version(uint32_t iteration);

#endif
