/* observer.h - one observer of a run: its plugin, on a thread of its own, behind a queue.
 *
 * It can neither slow the run nor end it. One that fails is told nothing more; one that does not
 * come back in time at the end is left behind, with its plugin, until the program ends.
 * All functions are called from one thread, the head's.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_OBSERVER_H
#define RUN_OBSERVER_H

#include "script/pipeline.h"

struct observer;

/* Starts the stage's plugin and waits until it has started. run_dir: of the run, where it may
 * write. Borrows the stage until observer_end. */
bool observer_start(struct stage *, const char *run_dir, uint64_t seed, struct observer **out,
                    struct leti_error *err);

/* Hands the event over; never waits. */
void observer_tell(struct observer *, const struct leti_event *);

/* Nothing more will be told. */
void observer_close(struct observer *);

/* After observer_close: waits until it has taken what was told, as long as its deadline allows,
 * and stops it. What was missed is logged. */
void observer_end(struct observer *);

#endif
