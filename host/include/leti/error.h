/* leti/error.h - why something failed, as one line for a person.
 *
 * Functions that can fail return bool and take a struct leti_error * as their last parameter.
 * The text says subject, problem, value and what is allowed; lower case, no full stop.
 * Header only, so that a plugin needs nothing but the installed headers.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LETI_ERROR_H
#define LETI_ERROR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct leti_error {
    char text[1024]; /* NUL-terminated; cut where it does not fit */
};

/* Fills *err, which may be NULL, and returns false, so that a caller can write
 * `return leti_error_set(err, ...)`. An argument may be err->text itself. */
__attribute__((format(printf, 2, 3), unused)) static bool leti_error_set(struct leti_error *err,
                                                                         const char *format, ...)
{
    if (!err)
        return false;
    char text[sizeof err->text];
    va_list args;
    va_start(args, format);
    if (vsnprintf(text, sizeof text, format, args) < 0)
        text[0] = '\0';
    va_end(args);
    memcpy(err->text, text, sizeof text);
    return false;
}

#endif
