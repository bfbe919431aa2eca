/* diff.h - the lines by which two texts differ.
 *
 * The fewest lines that go and come (Myers 1986, "An O(ND) Difference Algorithm and Its
 * Variations"), within a run of them those that go first. Texts that differ by more than
 * DIFF_MOST_CHANGES lines differ by all lines between their first and their last difference: that
 * bounds time and memory. A line feed at a text's end makes no line.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_DIFF_H
#define BASE_DIFF_H

#include "leti/error.h"
#include "leti/plugin.h"

enum { DIFF_MOST_CHANGES = 2000 };

enum diff_kind { DIFF_BOTH, DIFF_FIRST, DIFF_SECOND }; /* which text has the line */

struct diff_line {
    enum diff_kind kind;
    struct leti_bytes text; /* without its line feed; points into the text that has it */
};

struct diff {
    struct diff_line *lines;
    size_t n, n_changes;
};

/* The texts must outlive *out, which is freed by diff_free. */
bool diff_make(struct leti_bytes first, struct leti_bytes second, struct diff *out,
               struct leti_error *err);
void diff_free(struct diff *);

/* Changes that stand near each other, with the lines around them. */
struct diff_hunk {
    size_t begin, end;          /* lines of the diff, the last one excluded */
    size_t at_first, at_second; /* lines of each text in front of it */
    size_t in_first, in_second; /* lines of each text in it */
};

/* The next one, with so many lines around its changes at most. *hunk is zero in front of the first
 * one. False after the last. */
bool diff_next_hunk(const struct diff *, size_t around, struct diff_hunk *hunk);

#endif
