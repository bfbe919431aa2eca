/* run_name.h - RUN and RUN@3: a run's folder, and perhaps one of its iterations.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_RUN_NAME_H
#define RUN_RUN_NAME_H

#include <stdint.h>

#include "leti/error.h"

struct run_name {
    char *folder; /* as it was given; owned */
    bool is_run;  /* there is a run.db in it */
    bool has_iteration;
    uint32_t iteration;
};

/* Where the whole text is a run's folder, an @ in it means nothing. Fails only where memory does.
 */
bool run_name_parse(const char *text, struct run_name *, struct leti_error *err);
void run_name_free(struct run_name *);

#endif
