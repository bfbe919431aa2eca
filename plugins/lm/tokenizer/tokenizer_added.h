/* tokenizer_added.h - added tokens: found in a text as they are, before anything is split.
 *
 * There are two passes over a text. In the first those are found that are not "normalized"; what
 * lies between them is normalized, and there the others are found, in the form that the normalizer
 * gives them. Of several that begin at one place the longest counts.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_TOKENIZER_ADDED_H
#define LM_TOKENIZER_ADDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "leti/error.h"

struct lm_added {
    int32_t id;
    const char *text; /* borrowed, as key */
    uint32_t size;
    const char *key; /* what is looked for */
    uint32_t key_size;
    bool special;
    bool late;           /* "normalized" */
    bool single_word;    /* not where a letter or the like is beside it */
    bool lstrip, rstrip; /* takes white space on its side along */
};

/* Sorted by bytes. */
struct lm_added_index {
    const struct lm_added **entries;
    size_t n;
    size_t from[257]; /* first one that starts with this byte */
};

struct lm_added_set {
    struct lm_added *tokens;
    size_t n, capacity;
    struct lm_added_index names, passes[2]; /* by text; by key, early and late */
    void *word; /* pcre2_code of a character that is part of words; NULL: no need of it */
};

/* Makes room for so many more. */
bool lm_added_reserve(struct lm_added_set *set, size_t n, struct leti_error *err);
/* There must be room. It counts once the set is indexed. */
void lm_added_push(struct lm_added_set *set, const struct lm_added *token);
/* Two of one text are an error that names it. */
bool lm_added_index(struct lm_added_set *set, const char *name, struct leti_error *err);
void lm_added_destroy(struct lm_added_set *set);

/* The added token of this very text, NULL if there is none. */
const struct lm_added *lm_added_named(const struct lm_added_set *set, const char *text);

struct lm_added_match {
    const struct lm_added *token; /* NULL: there is no more */
    size_t begin, end;            /* with white space that it took along */
    size_t next;                  /* where to go on looking */
};

/* The next one at or after from. What is taken along on the left begins at done or later. Special
 * ones count with specials alone: otherwise they are passed over as a whole. */
bool lm_added_find(const struct lm_added_set *set, bool late, bool specials, const char *text,
                   size_t size, size_t from, size_t done, struct lm_added_match *out,
                   struct leti_error *err);

#endif
