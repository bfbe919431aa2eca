/* tokenizer_pattern.h - splitting patterns: written for Oniguruma, run by PCRE2.
 *
 * The `tokenizers` library compiles the patterns of tokenizer.json with Oniguruma in its Ruby
 * syntax. Most of a pattern means the same to PCRE2; what does not is rewritten, and what cannot
 * be rewritten is an error, so that no text is ever split another way in silence. What is left to
 * the version of PCRE2: which characters younger than Unicode 14 have a property other than \p{L},
 * \p{M} and \p{N}.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_TOKENIZER_PATTERN_H
#define LM_TOKENIZER_PATTERN_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdbool.h>

#include "leti/error.h"

/* Compiles a pattern, or a literal string. name stands for it in errors. */
bool lm_pattern_compile(const char *name, const char *pattern, bool literal, pcre2_code **out,
                        struct leti_error *err);

/* Finds the next match at or after start; *found says whether there is one. text is valid UTF-8.
 * data is the calling thread's own. */
bool lm_pattern_find(const pcre2_code *code, pcre2_match_data *data, const char *text, size_t size,
                     size_t start, bool *found, size_t *begin, size_t *end, struct leti_error *err);

#endif
