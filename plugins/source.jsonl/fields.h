/* fields.h - what a record's fields hold, or what is wrong with them.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FIELDS_H
#define FIELDS_H

#include <jansson.h>

#include "leti/error.h"

/* "a number", for errors; NULL is "missing". */
const char *field_type(const json_t *value);

/* The record's string of this name; NULL with no error where it may be missing and is. */
bool field_string(const json_t *record, const char *name, bool needed, const json_t **out,
                  struct leti_error *err);

/* The same for an array of strings. */
bool field_strings(const json_t *record, const char *name, bool needed, const json_t **out,
                   struct leti_error *err);

/* Whether the record has no fields but these; names ends with NULL. */
bool field_check_names(const json_t *record, const char *const *names, struct leti_error *err);

#endif
