/* examples.h - the few problems and training texts of a run that its report shows in full.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_EXAMPLES_H
#define REPORT_EXAMPLES_H

#include "report/data.h"

/* One sample, as it was judged. */
struct shown_sample {
    struct leti_bytes raw;
    size_t program_size; /* the program is the first so many bytes of raw */
    uint32_t iteration, sample;
    struct tally tally; /* of the problem's samples at this iteration */
    bool passed;
    const char *cause; /* of a failure: exception or reason */
    struct leti_bytes feedback;
};

/* What became of a problem between the first and the last test. */
enum change { CHANGE_GAINED, CHANGE_FAILING, CHANGE_LOST, N_CHANGES };

struct problem_example {
    enum change change;
    const char *id;
    struct leti_bytes prompt;
    struct shown_sample before, after;
};

/* One text that was trained on. */
struct text_example {
    uint32_t iteration, sample;
    const char *id;
    const char *cause;        /* of the failure; "passed" */
    struct leti_bytes packed; /* spans, see store/packed.h */
};

/* Chooses and reads them; the run's phases have been read. Problems are of the first test. */
bool examples_read(struct store *, struct arena *, struct run_data *, struct leti_error *err);

#endif
