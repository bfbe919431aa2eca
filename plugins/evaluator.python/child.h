/* child.h - one program, in the process that was forked for it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CHILD_H
#define CHILD_H

#include <stdbool.h>
#include <stdint.h>

#include "python.h"
#include "report.h"

/* What boot.py left for us. */
struct prepared {
    void *main;    /* the dict of a fresh __main__ */
    void *guard;   /* guard(tests, line, program) -> code that watches, see guard.h */
    void *text_io; /* io.StringIO */
    void *compile; /* builtins.compile */
    void *sources; /* None, or what lets tracebacks show the source */
    void *prelude; /* code that runs before every program; NULL: there is none */
};

/* A program and its tests, with a NUL behind them; and what the data set wants run before. */
struct text {
    const char *setup;
    size_t setup_size;
    const char *data;
    size_t size, tests_from; /* bytes */
    uint32_t tests_line;     /* from 1 */
};

/* The code of a text that is not the program's; NULL: an exception says why not. */
void *child_compile_own(const struct python *python, const char *text, size_t size,
                        const char *name);

/* Compiles a little program, so that what this takes is in the process's own memory. */
void child_warm(const struct python *python, const struct prepared *prepared);

/* Runs the text and fills in *report. */
void child_run(const struct python *python, const struct prepared *prepared,
               const struct text *text, struct report *report);

#endif
