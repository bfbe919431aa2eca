/* tokenizer_split.h - cuts a text into the words that merges stay within.
 *
 * What tokenizer.json calls pre_tokenizer: a short list of steps, each of which cuts the pieces
 * that the step before it left.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_TOKENIZER_SPLIT_H
#define LM_TOKENIZER_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

#include "leti/error.h"
#include "tokenizer/tokenizer.h"

struct json_t; /* jansson's */

enum { LM_MAX_STEPS = 16 };

/* What becomes of a match: a piece of its own, nothing, or a part of a neighbour. */
enum lm_behavior {
    LM_ISOLATED,
    LM_REMOVED,
    LM_MERGED_WITH_PREVIOUS,
    LM_MERGED_WITH_NEXT,
    LM_CONTIGUOUS /* neighbouring matches are one */
};

struct lm_split_step {
    enum {
        LM_SPLIT_PATTERN, /* cuts at matches */
        LM_SPLIT_PREFIX,  /* puts a space in front of a piece that starts without one */
        LM_SPLIT_META     /* Metaspace: spaces become marks, one comes in front, and it cuts */
    } what;
    void *code; /* PATTERN: pcre2_code */
    enum lm_behavior behavior;
    bool invert; /* PATTERN: what lies between matches counts as the match */
    bool always; /* META: a mark in front of every piece; else that of a text's beginning alone */
    bool never;  /* META: of none */
    bool cuts;   /* META: pieces end in front of marks */
};

struct lm_splitter {
    size_t n;
    struct lm_split_step steps[LM_MAX_STEPS];
    bool byte_level; /* words are of bytes; else of characters, with marks for spaces */
};

/* Reads the description, which may be null; name stands for the file in errors. */
bool lm_splitter_create(struct lm_splitter *splitter, const char *name,
                        const struct json_t *pre_tokenizer, struct leti_error *err);
void lm_splitter_destroy(struct lm_splitter *splitter);

/* Called with each word in turn; false stops. */
typedef bool lm_word(void *context, const char *word, size_t size, struct leti_error *err);

/* What one encoding needs beside the splitter, which is never written to. */
struct lm_split {
    const struct lm_splitter *splitter;
    lm_word *word;
    void *context;
    void *matches[LM_MAX_STEPS]; /* pcre2_match_data */
    char *spaced;                /* a piece with a space in front, or with marks */
    size_t spaced_capacity;
    enum lm_place place; /* of the text at first */
    const char *first;
};

bool lm_split_start(struct lm_split *split, const struct lm_splitter *splitter, lm_word *word,
                    void *context, struct leti_error *err);
void lm_split_end(struct lm_split *split);

/* Gives all words of the text, of any bytes: a run that is not UTF-8 is a word of its own. */
bool lm_split_text(struct lm_split *split, enum lm_place place, const char *text, size_t size,
                   struct leti_error *err);

#endif
