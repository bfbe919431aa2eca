/* languages.h - ready settings of the languages that the stage knows by name.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LANGUAGES_H
#define LANGUAGES_H

#include <stdbool.h>

#define LANGUAGES "c|cpp|javascript|lua|shell|custom"

struct language {
    const char *name;
    const char *file;    /* of the source */
    const char *compile; /* "": it is not compiled */
    const char *run;
    const char *program; /* that both need, a name in PATH; "": none */
    const char *package; /* Debian's, that has the program */
    const char *good;    /* the least program that passes; NULL: none is known */
    bool reserves;       /* far more address space than it uses */
};

/* The settings by this name, one of LANGUAGES. Those of "custom" are empty. */
const struct language *language_find(const char *name);

#endif
