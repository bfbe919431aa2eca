/* tell.h - what a run says of itself on stdout: lines for people, or JSON lines for programs.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_TELL_H
#define RUN_TELL_H

#include "run/context.h"

void tell_start(const struct run *, bool resumed);
void tell_finished(const struct run *); /* instead, where nothing is left to do */
void tell_preflight(const struct run *, const char *found);

/* A test's result, an iteration's counts, from the store. */
bool tell_test(struct run *, uint32_t test, uint32_t iteration, struct leti_error *err);
bool tell_iteration(struct run *, uint32_t iteration, struct leti_error *err);

/* The last lines: before and after. `last`: the iteration that was trained last. */
bool tell_end(struct run *, uint32_t last, struct leti_error *err);

#endif
