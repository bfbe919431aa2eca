/* context.h - what the parts of a run share.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_CONTEXT_H
#define RUN_CONTEXT_H

#include "run/problems.h"
#include "run/relay.h"
#include "store/folder.h"

struct run {
    struct pipeline *pipeline;
    struct folder folder;
    struct store *store;
    struct relay relay;
    struct observers *observers; /* see observe.h; NULL: none */
    struct problems training;
    struct problems *tests; /* one an entry of pipeline->tests */
    struct problems validation;
    char *generator_model; /* absolute; NULL where the pipeline names none */
    char *trainer_model;
    char *borrowed; /* the run whose samples are trained on; NULL: its own. See borrow.h */
    bool json, quiet, no_end;
};

#endif
