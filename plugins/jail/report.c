/* report.c - what a program's process says of its end.
 * SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

void report_feedback(struct report *report, const char *text, size_t size)
{
    if (size <= FEEDBACK_MAX) {
        memmove(report->feedback, text, size);
        report->feedback_size = (uint32_t)size;
        return;
    }
    char note[64];
    size_t half = FEEDBACK_MAX / 2 - sizeof note;
    int n = snprintf(note, sizeof note, "\n[... %zu bytes left out ...]\n", size - 2 * half);
    memmove(report->feedback, text, half);
    memmove(report->feedback + half, note, (size_t)n);
    memmove(report->feedback + half + (size_t)n, text + size - half, half);
    report->feedback_size = (uint32_t)(2 * half + (size_t)n);
}

void report_append(struct report *report, const char *text, size_t size)
{
    char both[FEEDBACK_MAX + 512];
    size_t before = report->feedback_size < FEEDBACK_MAX ? report->feedback_size : FEEDBACK_MAX;
    size_t room = sizeof both - before, added = size < room ? size : room;
    memcpy(both, report->feedback, before);
    memcpy(both + before, text, added);
    report_feedback(report, both, before + added);
}

/* Asks the watcher; it sees what the report holds by then. */
static void ask(unsigned long what)
{
    sigset_t all, before;
    sigfillset(&all);
    /* A signal would take the question back before the watcher has seen it. */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    while (prctl(NOTE_PRCTL, what, 0, 0, 0) != 0 && errno == EINTR)
        ; /* any other error: nobody listens where there is no filter yet */
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void report_begins(void)
{
    ask(NOTE_BEGINS);
}

void report_note(struct report *report, const char *what)
{
    snprintf(report->note, sizeof report->note, "%s", what);
    ask(NOTE_SUSPICION);
}
