/* scratch.h - a folder for work that leaves nothing behind.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_SCRATCH_H
#define RUN_SCRATCH_H

#include "leti/error.h"

/* Makes leti-WHAT-XXXXXX in TMPDIR or /tmp. *path, absolute, goes to scratch_remove. */
bool scratch_make(const char *what, char **path, struct leti_error *err);

/* Removes the folder with all that is in it, and frees the path; NULL: nothing. */
void scratch_remove(char *path);

#endif
