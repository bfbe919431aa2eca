/* tokens.h - whether generator, formatter and trainer mean the same special tokens.
 *
 * A formatter's examples name them; a trainer that has a list `tokens` must have each of them in
 * it, and a generator that has options `good` and `bad` must start its prompts with the one that a
 * passed and a failed sample's example has. Stages without such options are taken at their word.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef RUN_TOKENS_H
#define RUN_TOKENS_H

#include "script/pipeline.h"

/* Checks an example of a sample that passed, or did not. */
bool tokens_check(const struct pipeline *, const struct leti_example *, bool passed,
                  struct leti_error *err);

/* Whether an example has a special token that is not feedback's: one that a prompt may begin with.
 */
bool tokens_have_reward(const struct leti_example *);

#endif
