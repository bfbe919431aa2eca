/* tests_only.h - what is left of a pipeline whose tests are all that is done.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SCRIPT_TESTS_ONLY_H
#define SCRIPT_TESTS_ONLY_H

#include "script/script.h"

/* Whether the file, or what was put over it, says tests_only. */
bool tests_only_wanted(const struct draft *);

/* Gives the draft back what only training needs, so that neither its models nor its options
 * matter: the problems, the formatter, the trainer. The draft has room for all stages. */
void tests_only_keep(struct pipeline *, struct draft *);

/* Once all is filled in: the model counts as trained, so that each test asks under its own
 * condition. */
void tests_only_settle(struct pipeline *);

#endif
