/* reader.h - the problems of a data file, one after the other.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef READER_H
#define READER_H

#include "records.h"
#include "schema.h"

/* Set the first four, and open it. */
struct reader {
    const struct leti_host *host;
    const char *file;
    const struct schema *schema;
    struct form form;

    struct records records;
    json_t *seen; /* an object whose keys are the ids so far */
    unsigned long long n_records;
};

/* Closes itself when it fails. */
bool reader_open(struct reader *, struct leti_error *err);
void reader_close(struct reader *);

/* The next problem that ids chooses, with memory of host->alloc; *end says that there is none.
 * *number, which may be NULL, becomes what it was chosen by. Errors begin with file and line. */
bool reader_next(struct reader *, const char *ids, struct leti_problem *out,
                 unsigned long long *number, bool *end, struct leti_error *err);

#endif
