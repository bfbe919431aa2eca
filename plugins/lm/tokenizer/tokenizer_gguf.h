/* tokenizer_gguf.h - the tokenizer that a GGUF file carries.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_TOKENIZER_GGUF_H
#define LM_TOKENIZER_GGUF_H

#include <stdbool.h>

#include "gguf/gguf.h"
#include "leti/error.h"
#include "tokenizer/tokenizer.h"

/* From the metadata tokenizer.ggml.*: model "gpt2", merges over bytes, where "pre" names the way
 * of splitting, and model "llama", SentencePiece's merges by score. What is not known is an error
 * that names it. The result owes nothing to the file, and can be saved as tokenizer.json. Unused
 * ids at the end are left out: lm_tokenizer_size may be less than the number of tokens there. */
bool lm_tokenizer_from_gguf(const struct lm_gguf *, struct lm_tokenizer **out,
                            struct leti_error *err);

#endif
