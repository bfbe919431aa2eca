/* child.h - one program, in the process that was forked for it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CHILD_H
#define CHILD_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol.h"
#include "python.h"

/* What boot.py left for us. */
struct prepared {
    void *main;    /* the dict of a fresh __main__ */
    void *guard;   /* guard(tests, line) -> code that watches their comparisons */
    void *rebound; /* rebound(): looks for builtins that the program replaced */
    void *found;   /* list of texts: what the guard noticed */
    void *trim;    /* trim(traceback) -> the same without the guard's frames */
    void *text_io; /* io.StringIO */
    void *compile; /* builtins.compile */
    void *sources; /* None, or what lets tracebacks show the source */
};

/* How a program ended, in memory that the zygote shares with it: there is no descriptor that a
 * program could close, fill or write to. */
struct report {
    uint32_t ending; /* enum ending, written last */
    uint32_t feedback_size;
    char exception[EXCEPTION_MAX];
    char feedback[FEEDBACK_MAX];
};

/* A program and its tests, with a NUL behind them. */
struct text {
    const char *data;
    size_t size, tests_from; /* bytes */
    uint32_t tests_line;     /* from 1 */
};

/* Runs the text and fills in *report. */
void child_run(const struct python *python, const struct prepared *prepared,
               const struct text *text, struct report *report);

/* Puts text into the report; the middle of one that is too long is left out. */
void report_feedback(struct report *report, const char *text, size_t size);

#endif
