/* capture.c - bounded memory for unbounded output.
 * SPDX-License-Identifier: Apache-2.0 */
#include "capture.h"

#include <stdio.h>
#include <string.h>

void capture_add(struct capture *capture, const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++, capture->size++) {
        if (capture->size < CAPTURE_HALF)
            capture->head[capture->size] = data[i];
        else
            capture->tail[capture->size % CAPTURE_HALF] = data[i];
    }
}

/* The last n bytes of the tail. */
static void report_tail(const struct capture *capture, size_t n, struct report *report)
{
    size_t end = (size_t)(capture->size % CAPTURE_HALF);
    if (n > end)
        report_append(report, capture->tail + CAPTURE_HALF - (n - end), n - end);
    report_append(report, capture->tail + end - (n < end ? n : end), n < end ? n : end);
}

void capture_report(const struct capture *capture, struct report *report)
{
    uint64_t size = capture->size;
    if (size <= FEEDBACK_MAX) {
        size_t head = size < CAPTURE_HALF ? (size_t)size : CAPTURE_HALF;
        report_feedback(report, capture->head, head);
        report_tail(capture, (size_t)size - head, report);
        return;
    }
    char note[64];
    size_t half = CAPTURE_HALF - sizeof note;
    int n = snprintf(note, sizeof note, "\n[... %llu bytes left out ...]\n",
                     (unsigned long long)(size - 2 * half));
    report_feedback(report, capture->head, half);
    report_append(report, note, (size_t)n);
    report_tail(capture, half, report);
}
