/* borrow.h - a run that trains on another run's samples in the place of its own.
 *
 * What is trained on stays the same while how it is trained changes: feedback with words and
 * without, say, on the very same programs. Iteration i takes what the other run sampled and judged
 * in its iteration i, which a model of its own drew: this run's model trains on from its own
 * previous checkpoint, off-policy. Tests are sampled from its own model, as ever.
 *
 * The rows are copied when the run begins, so that the other run may go afterwards. Samples that
 * the other run could not judge are left out, as they were there.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_BORROW_H
#define RUN_BORROW_H

#include "run/context.h"

enum borrow_start {
    BORROW_FEEDBACK, /* samples and verdicts; this run's formatter makes the examples */
    BORROW_TRAIN,    /* the other run's examples as well */
};

/* Keys of the manifest: the other run's folder, where it starts, a hash of what was copied. */
#define BORROW_KEY "samples from"
#define BORROW_START_KEY "samples from start"
#define BORROW_HASH_KEY "samples from hash"

/* Copies what the pipeline's iterations need out of the folder, within the transaction that is
 * open. Other problems, evaluators or cut, iterations that are not there, too few samples: errors
 * that say what differs. The run's manifest is written. */
bool borrow_samples(struct run *, const char *folder, enum borrow_start, struct leti_error *err);

/* run->borrowed, from the manifest of a run that goes on. */
bool borrow_recall(struct run *, struct leti_error *err);

#endif
