/* replaced.h - what the tests take from builtins and modules, and whether it is still the same.
 *
 * Before the program runs, boot.py tells what the tests use; afterwards, each of it must be the
 * object that it was.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef REPLACED_H
#define REPLACED_H

#include <stdbool.h>

#include "python.h"

/* Makes ready; they stay referenced for good: the module builtins, sys.modules, the dict of
 * __main__. */
bool replaced_load(const struct python *python, void *builtins, void *modules, void *main);

/* Remembers, of tuples: the names that the tests take from outside; modules by name; pairs of a
 * module's name and an attribute; names that stand for a module whoever imports it. */
void replaced_remember(void *names, void *modules, void *attributes, void *globals);

/* Notes what is not as it was. */
void replaced_check(void);

/* The tests call that function by the name of a builtin. */
void replaced_used(void *name, void *function);

/* Whether the tests name the class: then it is what they test. */
bool replaced_names_class(void *class);

#endif
