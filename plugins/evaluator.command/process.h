/* process.h - runs one command in the jail and watches it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "capture.h"
#include "job.h"
#include "leti/error.h"

struct process {
    struct capture output, errors; /* what it wrote to stdout and stderr */
    int status;                    /* as waitpid has it, where it ended by itself */
    bool late, loud;               /* it did not: out of time, too much output */
    int failure;                   /* errno of an exec that failed, 0 */
    uint64_t memory_bytes;         /* that the largest of its processes had at once */
};

/* Must be called in the first process of a pid namespace. Runs the command with the descriptor
 * input as its stdin until it ends, the deadline (clock_ns), or too much output, and then ends
 * whatever it has left running. Fails where it could not be started. */
bool process_run(const struct command *command, int input, int64_t deadline_ns,
                 uint64_t output_bytes, struct process *out, struct leti_error *err);

#endif
