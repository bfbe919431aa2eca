/* schema.h - one JSON record of a data set to a problem, by the data set's own field names.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SCHEMA_H
#define SCHEMA_H

#include <jansson.h>

#include "leti/plugin.h"
#include "leti/error.h"

/* mbpp: MBPP, its sanitized subset, and what is written like them.
 * humaneval: HumanEval, and what is written like it; a task_id without a number at its end has the
 *   number of its place in the file.
 * generic: id, prompt, tests, reference, run_prompt, and extra, an object of texts, which reach the
 *   stages under their names: entry_point, setup, or what an evaluator of your own asks for. */
struct schema {
    const char *name;
    /* Fills *out from the record with memory of host->alloc. number is the record's place in the
     * file, from 1; *number becomes what `ids` chooses by. Errors name the field. */
    bool (*fill)(const struct leti_host *host, const json_t *record, unsigned long long *number,
                 struct leti_problem *out, struct leti_error *err);
};

#define SCHEMA_NAMES "mbpp|humaneval|generic"

/* NULL for a name that is not one of them. */
const struct schema *schema_find(const char *name);

#endif
