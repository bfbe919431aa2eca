/* observe.h - what a run tells its observers, as it happens.
 *
 * Where the run has no observers all of it does nothing. Nothing here fails once they have
 * started: whatever befalls an observer, the run goes on.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_OBSERVE_H
#define RUN_OBSERVE_H

#include "run/context.h"
#include "run/judging.h"

struct observers;

/* Starts all observers and tells them that the run begins or goes on. One that cannot start is an
 * error. */
bool observe_begin(struct run *, bool resumed, struct leti_error *err);

/* Tells them the run's end, gives them time to take it in, and stops them. why: it did not come
 * to its end; NULL: it did. */
void observe_end(struct run *, const char *why);

void observe_part_begins(struct run *, uint32_t iteration, const char *part);
void observe_part_ends(struct run *, uint32_t iteration, const char *part, double seconds,
                       bool done);
void observe_test(struct run *, uint32_t test, uint32_t iteration);

/* Of an iteration of which something was done since observe_begin. */
void observe_iteration(struct run *, uint32_t iteration);

void observe_metric(struct observers *, uint32_t iteration, const char *stage, const char *name,
                    uint64_t step, double value);

/* A sample has its last verdict; an attempt to judge it failed, and there will be another; it
 * could not be had. */
void observe_sample(const struct judging *, size_t slot);
void observe_retry(const struct judging *, const struct judgement *, const char *why);
void observe_lost(const struct judging *, size_t slot, const char *stage, const char *why);

#endif
