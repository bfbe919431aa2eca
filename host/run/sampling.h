/* sampling.h - how a run asks for its samples, which follows from the pipeline, the iteration and
 * the problem alone.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_SAMPLING_H
#define RUN_SAMPLING_H

#include "script/pipeline.h"

/* Condition, temperature, top_p, top_k and max_length of an iteration's training samples. */
struct leti_request sampling_of_training(const struct pipeline *, uint32_t iteration);

/* The same of a test of the model that `trained` iterations have made. */
struct leti_request sampling_of_test(const struct pipeline *, size_t test, uint32_t trained);

/* A request's seed; phase as in store.h. */
uint64_t sampling_seed(const struct pipeline *, uint32_t phase, uint32_t iteration,
                       uint32_t problem);

#endif
