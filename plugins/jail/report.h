/* report.h - what a program's process says of its end, in memory that it shares with who watches.
 *
 * There is no descriptor that a program could close, fill or write to. What must hold even against
 * a program that rewrites its own memory goes through a system call: see report_note.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPORT_H
#define REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "protocol.h"

enum {
    NOTE_MAX = 256, /* with its NUL */
    /* The option of prctl() that the filter hands to the watcher: "LETI". */
    NOTE_PRCTL = 0x4954454c,
    NOTE_SUSPICION = 0, /* its first argument */
    NOTE_BEGINS,
};

struct report {
    uint32_t ending; /* enum ending, written last */
    uint32_t signal; /* that ended the process, where it was told so; see first.h */
    uint32_t feedback_size;
    int32_t outer_pid; /* of the process, as the machine's /proc has it */
    char note[NOTE_MAX];
    char exception[EXCEPTION_MAX];
    char feedback[FEEDBACK_MAX];
};

/* Puts text into the report; the middle of one that is too long is left out. */
void report_feedback(struct report *report, const char *text, size_t size);

/* Adds text behind what is there. */
void report_append(struct report *report, const char *text, size_t size);

/* Tells the watcher that what comes is the program's own: from here on nothing that goes wrong is
 * anybody else's fault, whatever the report says. */
void report_begins(void);

/* Tells the watcher that the program did something after which its pass means nothing: "called
 * sys.settrace". The watcher takes it down at once, in memory of its own, and keeps the first: the
 * program may do what it likes afterwards. A pass becomes "suspicious: the program WHAT". */
void report_note(struct report *report, const char *what);

#endif
