/* record.h - what a run's results depend on, written down at its beginning and held against what
 * is there when it goes on.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_RECORD_H
#define RUN_RECORD_H

#include "run/context.h"

/* Writes pipeline.lua and the manifest: pipeline, seed, hashes of data and models, versions of
 * plugins, options in force; and all problems. The caller commits, so that it is all there or
 * nothing is. */
bool record_begin(struct run *, struct leti_error *err);

/* Opens the recorded pipeline with overrides, which record_check will judge. An error where the run
 * was cut off before record_begin's end. */
bool record_open_pipeline(struct store *, const char *const *overrides, size_t n_overrides,
                          struct pipeline **out, struct leti_error *err);

/* Other data, models, plugins or settings than recorded, which a changed module or file may bring,
 * are errors that name the first of them. */
bool record_check(struct run *, struct leti_error *err);

#endif
