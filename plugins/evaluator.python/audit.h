/* audit.h - notices when a program looks into its interpreter, or rewrites it.
 *
 * A hook for CPython's audit events (PEP 578), which Python code cannot take out again. What
 * honest libraries do for honest programs (namedtuple looks at its caller's frame, numpy imports
 * ctypes) is nothing to it: it looks whose code asks.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef AUDIT_H
#define AUDIT_H

#include <stdbool.h>

#include "python.h"

/* Puts the hook in; it sleeps until a program runs. */
bool audit_load(const struct python *python);

/* Overlooks the next event of this name, which is our own doing; NULL: none. */
void audit_overlook(const char *event);

#endif
