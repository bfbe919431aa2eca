/* show_rows.h - what the parts of show share: the phase that is meant, samples row by row.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_SHOW_ROWS_H
#define RUN_SHOW_ROWS_H

#include "show/show.h"
#include "store/store.h"

/* The phase that is meant: the test of that name, or the first one that has the problem. */
bool show_phase(struct store *, const struct show_config *, int64_t *phase, struct leti_error *err);

/* One row a sample and evaluator, both in their order; what is of a verdict is null where there is
 * none. */
enum show_column {
    SHOW_ID,
    SHOW_ITERATION,
    SHOW_SAMPLE,
    SHOW_RAW,
    SHOW_PROGRAM_SIZE,
    SHOW_PROMPT,
    SHOW_EVALUATOR,
    SHOW_OUTCOME,
    SHOW_REASON,
    SHOW_EXCEPTION,
    SHOW_FEEDBACK,
    SHOW_SECONDS,
    SHOW_REUSED,
    SHOW_TOKENS,
    SHOW_FINISH,
    SHOW_LOGPROBS,
    SHOW_WORST, /* outcome of all its verdicts; SHOW_UNJUDGED */
    SHOW_VERDICTS,
    SHOW_TESTS,
    SHOW_EXAMPLE, /* packed spans that were trained on, or null */
};

/* Of the phase, the samples that the config asks for; where `only` is given, that one of its
 * problem's alone, at any of its iterations where it names none. Closed by store_rows_close. */
bool show_select(struct store *, const struct show_config *, int64_t phase,
                 const struct show_place *only, struct store_rows **out, struct leti_error *err);

/* The config's problem's sample at the place, whichever its outcome; *out stands on its first row.
 */
bool show_find(struct store *, const struct show_config *, int64_t phase, const struct show_place *,
               struct store_rows **out, struct leti_error *err);

struct leti_bytes show_program(const struct store_rows *); /* without a line feed in front */
struct leti_bytes show_cut_off(const struct store_rows *); /* what stands behind it in the raw */

/* The row's problem: its id, its prompt. */
void show_problem_of(const struct screen *, struct text *, const struct store_rows *);
/* "iteration 2, sample 3: failed, NameError (31 tokens, ...)", without a line feed. */
void show_headline(const struct screen *, struct text *, struct store_rows *);
/* The bytes as lines, the last one ended. */
void show_lines(struct text *, struct leti_bytes);
/* What the row's evaluator said; its name in front where there are several or `named`. */
void show_verdict(const struct screen *, struct text *, const struct store_rows *, bool named);
/* The row as a JSON object, not closed. */
void show_row_json(struct text *, struct store_rows *);

/* Writes the text and forgets it; false where memory was refused. */
bool show_print(const struct screen *, struct text *, struct leti_error *err);

#endif
