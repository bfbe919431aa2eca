/* tokenizer_scores.h - merges of a vocabulary that has scores instead.
 *
 * SentencePiece (Kudo and Richardson 2018) joins, of all neighbours that make a piece, those whose
 * piece has the highest score, the leftmost of several. Merges in the order of the scores do the
 * same; where a piece can be made of different halves the longest left one comes first, as in the
 * files that `transformers` converts.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_TOKENIZER_SCORES_H
#define LM_TOKENIZER_SCORES_H

#include <stdbool.h>
#include <stddef.h>

#include "leti/error.h"

struct json_t; /* jansson's */

struct lm_piece {
    float score;
    bool merges; /* it can be made of others, and others of it */
    bool first;  /* ... before any score counts */
};

/* Appends the merges "a b" to an array. vocab is the object of n spellings and their ids. */
bool lm_merges_of_scores(const char *name, const struct json_t *vocab,
                         const struct lm_piece *pieces, size_t n, struct json_t *merges,
                         struct leti_error *err);

#endif
