/* report.h - runs as one HTML file: what was run, whether it learned, why programs fail.
 *
 * The file needs nothing beside it: no script, no network; its style and its charts are inside,
 * and a content security policy forbids all else. Nothing in it that a model or an interpreter
 * wrote is markup.
 *
 * Data goes one way: gather.h reads each run into data.h's structs, group.h finds those that
 * differ in their seed alone, and the sections of sections.h render what was read.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stddef.h>

#include "leti/error.h"

/* Writes the report on the runs in the folders to the file, which is replaced in one step. A folder
 * that is given twice is one of the *n_runs runs. */
bool report_write(const char *const *folders, size_t n, const char *file, size_t *n_runs,
                  struct leti_error *err);

#endif
