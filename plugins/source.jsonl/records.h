/* records.h - a data file's records one after the other: JSON lines, or the items of one JSON
 * array, which may be a member of an object; plain or gzip.
 *
 * An array's items are found by counting brackets, so that each record is parsed alone and its
 * errors name the line that it begins on, whatever the file's form.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RECORDS_H
#define RECORDS_H

#include <stddef.h>

#include "leti/error.h"

struct records {
    char *path, *data; /* owned */
    size_t size, at;
    unsigned long line; /* that `at` is on, from 1 */
    bool is_array, in_object;
};

struct record {
    const char *text; /* into the file's data */
    size_t size;
    unsigned long line; /* that it begins on */
};

/* Reads the whole file; up to 1 GiB unpacked. array: the member that holds the records where the
 * file is one object; NULL: none is looked for. */
bool records_open(struct records *, const char *path, const char *array, struct leti_error *err);
void records_close(struct records *);

/* The next record; *end says that there is none. Empty lines are skipped. */
bool records_next(struct records *, struct record *out, bool *end, struct leti_error *err);

#endif
