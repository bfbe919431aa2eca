/* samples_json.h - JSON as Python's json module writes it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_SAMPLES_JSON_H
#define RUN_SAMPLES_JSON_H

#include <jansson.h>
#include <stddef.h>

/* Parses the text, whose strings may have NUL bytes. Where it is no JSON but what Python writes for
 * want of a word (NaN, Infinity, integers of any size, halves of surrogate pairs), numbers of that
 * kind become 0, and halves become NUL bytes: no program that has either compiles. NULL where it
 * is neither, *why says what JSON lacks. The caller's to decref. */
json_t *samples_json(const char *text, size_t size, json_error_t *why);

#endif
