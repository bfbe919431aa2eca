/* event_file.h - a file of events that TensorBoard reads: records of a length, its checksum, a
 * protobuf message and its checksum.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef OBSERVER_TENSORBOARD_EVENT_FILE_H
#define OBSERVER_TENSORBOARD_EVENT_FILE_H

#include <stdint.h>
#include <stdio.h>

#include "leti/error.h"

struct event_file {
    FILE *out;
    char *path;
};

/* Makes the folder if need be, but not those above it, and a new file in it. */
bool event_file_open(const char *folder, double time, struct event_file *out,
                     struct leti_error *err);
void event_file_close(struct event_file *);

/* Each record is on its way to the disk when these return. */
bool event_file_scalar(struct event_file *, double time, int64_t step, const char *tag,
                       double value, struct leti_error *err);

/* What other files of the folder have for this step and later ones is void. */
bool event_file_restart(struct event_file *, double time, int64_t step, struct leti_error *err);

#endif
