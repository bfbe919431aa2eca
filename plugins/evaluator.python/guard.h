/* guard.h - the guard against programs that pass without solving what the tests ask.
 *
 * boot.py compiles the tests so that what they compare, compute, call and ask the truth of goes
 * through one function of C: see there. This is the other half, with its state where the
 * program's Python cannot reach it. Whoever calls the function, with whatever arguments, can only
 * add to the suspicion.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef GUARD_H
#define GUARD_H

#include <stdbool.h>

#include "leti/plugin.h"
#include "python.h"
#include "report.h"

enum guard_phase {
    GUARD_OFF,     /* the zygote */
    GUARD_COMPILE, /* the program's process, before anything of the program runs */
    GUARD_PROGRAM,
    GUARD_TESTS,
};

/* Entry of the extension module that boot.py loads; it has
 *     load(main, builtins, modules, proxies, referents): makes ready
 *     watch(names, modules, attributes, globals, said): what the tests use, see replaced.h, and
 *         a name with which the program could look for them, or None
 *     check: the function that the compiled tests call */
LETI_EXPORT void *PyInit_leti_guard(void);

/* Begins: what is noted from now on goes into the report. */
void guard_begin(struct report *report);

/* The program is about to run; the tests are, with their code; they have ended with a value. */
void guard_program_begins(void);
void guard_tests_begin(void *tests);
void guard_tests_ended(void);

enum guard_phase guard_phase(void);

/* Takes down what the program did, as what follows "the program "; the first counts. */
void guard_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What was noted, or NULL. */
const char *guard_noted(void);

#endif
