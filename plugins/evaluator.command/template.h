/* template.h - the text that is run, made of prompt, program and tests.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "leti/error.h"
#include "leti/plugin.h"

struct parts {
    struct leti_bytes prompt, program, tests;
};

/* The template with {prompt}, {program} and {tests} replaced. *out (malloc, with a NUL behind it)
 * is the caller's. */
bool template_fill(const char *template, const struct parts *parts, struct leti_bytes *out,
                   struct leti_error *err);

#endif
