/* capture.h - the beginning and the end of what a process writes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CAPTURE_H
#define CAPTURE_H

#include <stddef.h>
#include <stdint.h>

#include "report.h"

enum { CAPTURE_HALF = FEEDBACK_MAX / 2 };

/* Zeroed is empty. */
struct capture {
    uint64_t size;                               /* of all that was written */
    char head[CAPTURE_HALF], tail[CAPTURE_HALF]; /* the tail goes round */
};

void capture_add(struct capture *capture, const char *data, size_t size);

/* Puts it into the report, with a note where the middle is left out. */
void capture_report(const struct capture *capture, struct report *report);

#endif
