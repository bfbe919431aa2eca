/* classes.h - whose methods decide what the tests ask.
 *
 * `assert f(x) == y` says little where the program wrote both f and the class of what it returns:
 * then its own __eq__ sees what is expected. Here is told which classes in a value are such, by
 * their methods as the interpreter finds them: no code of the program runs meanwhile.
 *
 * All of it is for the one thread that holds the interpreter's lock.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLASSES_H
#define CLASSES_H

#include <stdbool.h>
#include <stddef.h>

#include "python.h"

enum {
    DECIDERS_MAX = 8,       /* that are told apart */
    DECIDER_TEXT_MAX = 128, /* with its NUL */
};

/* "Yes.__eq__" */
struct decider {
    void *class; /* borrowed, and only ever compared */
    char text[DECIDER_TEXT_MAX];
};

struct deciders {
    struct decider items[DECIDERS_MAX];
    size_t n;
};

/* Makes ready; proxies is a tuple of the classes of weak proxies, referents is
 * gc.get_referents, main the dict of __main__. They stay referenced for good. */
bool classes_load(const struct python *python, void *proxies, void *referents, void *main);

/* The class of a value; borrowed. */
void *classes_of(void *value);

/* Whether it is one of the interpreter's plain values: a number, a text, None. */
bool classes_plain(void *class);

/* Takes the code, and those in it, for the tests' own: their classes may decide. */
void classes_own(void *code);

/* Whether the code is one of the tests'. */
bool classes_owns(void *code);

/* Whether the code comes from a library's file, by what it says of itself; whether a file is a
 * library's, by its name. */
bool classes_library(void *code);
bool classes_library_file(const char *file);

/* Adds to *out the classes in value, and in what it contains, whose comparison methods come from
 * the program; with all, those as well that see the other operand of arithmetic, or what numpy's
 * functions are called with. */
void classes_find(void *value, bool all, struct deciders *out);

/* Whether the class takes that method from the program; text then names it. */
bool classes_decides(void *class, const char *method, char text[DECIDER_TEXT_MAX]);

/* As classes_decides, for a method that may also be no function, and is not the interpreter's. */
bool classes_overrides(void *class, const char *name, char text[DECIDER_TEXT_MAX]);

/* Whether it is made at run time, rather than in C and for good. */
bool classes_may_change(void *class);

/* Whether the class has anything under the name. */
bool classes_has(void *class, const char *name);

/* Whether membership in an object of the class is asked of its items alone. */
bool classes_iterated(void *class);

/* Whether a class in one of the two is not in the other; text then names it. */
bool classes_differ(const struct deciders *a, const struct deciders *b,
                    char text[DECIDER_TEXT_MAX]);

#endif
