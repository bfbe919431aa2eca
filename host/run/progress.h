/* progress.h - how far a part of the run is: a line that moves on a terminal, a plain line now and
 * then elsewhere.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_PROGRESS_H
#define RUN_PROGRESS_H

#include <stdint.h>

struct progress {
    char label[64];   /* "iteration 2/5" */
    const char *verb; /* "sampled" */
    double began, shown;
    uint64_t first, total; /* done before it began */
    uint64_t last;         /* done when it was asked last */
};

void progress_begin(struct progress *, const char *label, const char *verb, uint64_t done,
                    uint64_t total);
/* Cheap; shows something only when it is time to. Where less is done than before, the work has
 * begun anew, and its speed with it. note: what stands at the end, "passed 54 %". */
void progress_show(struct progress *, uint64_t done, const char *note);
void progress_end(struct progress *);

/* "3 s", "2 min 31 s", "1 h 4 min". */
void progress_time(double seconds, char *out, int size);

#endif
