/* journal.h - log.jsonl: every line that the program logs while a run goes on, with its time.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_JOURNAL_H
#define RUN_JOURNAL_H

#include <stdio.h>

#include "leti/error.h"

struct journal {
    FILE *file; /* NULL: closed */
};

/* Appends to folder/log.jsonl until it is closed. There is one at a time. */
bool journal_open(struct journal *, const char *folder, struct leti_error *err);
void journal_close(struct journal *);

#endif
