/* schema.h - one JSON record of a data set to a problem, by the data set's own field names.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SCHEMA_H
#define SCHEMA_H

#include <jansson.h>

#include "leti/plugin.h"
#include "leti/error.h"

/* What schema question makes of a record. */
struct form {
    const char *id_prefix;         /* before the record's number */
    const char *tests, *reference; /* with the record's target in the place of "{target}" */
};

/* mbpp: MBPP, its sanitized subset, and what is written like them, such as MBPP+, whose tests are
 *   one text.
 * humaneval: HumanEval, and what is written like it; a task_id without a number at its end has the
 *   number of its place in the file.
 * question: input and target, a text or a number: PaL's GSM8K, BIG-Bench Hard.
 * generic: id, prompt, tests, reference, entry_point, setup, run_prompt, and extra, an object of
 *   texts, which reach the stages under their names. A field of another name is an error, since one
 *   that is misspelt would be lost. */
struct schema {
    const char *name;
    const char *array; /* member with the records where the file is one object, or NULL */
    /* Fills *out from the record with memory of host->alloc. number is the record's place in the
     * file, from 1; *number becomes what `ids` chooses by. Errors name the field. */
    bool (*fill)(const struct leti_host *host, const struct form *, const json_t *record,
                 unsigned long long *number, struct leti_problem *out, struct leti_error *err);
};

#define SCHEMA_NAMES "mbpp|humaneval|question|generic"

/* NULL for a name that is not one of them. */
const struct schema *schema_find(const char *name);

#endif
