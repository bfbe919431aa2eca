/* first.h - what the first process of a pid namespace needs to die of a signal.
 *
 * The kernel keeps from that process each signal that it has no handler for: a program there could
 * neither abort nor be ended by its own timer. So there are handlers, which end it and say of what.
 * What the processor itself raises (a segmentation fault) ends it as it ends any process; SIGKILL
 * is the filter's to see (see syscalls.h).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FIRST_H
#define FIRST_H

#include <stdbool.h>

#include "leti/error.h"
#include "report.h"

/* Handles every signal whose default is the end of the process and that is at its default now.
 * Processes that are forked later have this from us. */
bool first_handle_signals(struct leti_error *err);

/* Where this process says of which signal it died. Before that the handlers only end it. */
void first_reports_to(struct report *report);

#endif
