/* run.h - a job in its cell: source written, compiled, run, judged.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_H
#define RUN_H

#include <stddef.h>

#include "report.h"

/* A warden_run: message is a packed job. The calling process is the first of its pid namespace and
 * stands in an empty folder that it may write to. */
void run_job(void *arg, const char *message, size_t size, struct report *report);

#endif
