/* adapter.h - what is trained in the place of a model: a low-rank adapter and rows of new tokens.
 *
 * A model version with an adapter is a folder that holds the merged model, which any generator
 * reads, and beside it adapter/: the adapter as PEFT saves it, relative to the base model, and the
 * moments. To go on exactly, W0 is read from the base model's folder.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FCFT_ADAPTER_H
#define FCFT_ADAPTER_H

#include <limits.h>

#include "leti/plugin.h"
#include "train/lora.h"

/* Zero: none, for which all that follows but adapter_open does nothing. */
struct adapter {
    struct lm_lora *lora;
    char *base;          /* folder of the base model */
    int32_t base_tokens; /* of its tokenizer */
};

/* The adapter in dir/adapter, with the model's frozen parameters set to the base model's; or, where
 * there is none, a new one, with dir as the base. To be called before tokens are added. */
bool adapter_open(struct lm_model *, const struct lm_lora_config *, const char *dir, uint64_t seed,
                  struct adapter *out, struct leti_error *err);
void adapter_clear(struct adapter *);

/* Also trains the rows of these tokens and of all that the base model lacks, and merges. */
bool adapter_fit(struct adapter *, struct lm_model *, const struct leti_list *tokens,
                 struct leti_error *err);

/* Where the adapter and its moments lie; dir itself without an adapter. out has PATH_MAX bytes. */
bool adapter_folder(const struct adapter *, const char *dir, char *out, struct leti_error *err);

bool adapter_save(const struct adapter *, const struct lm_model *, const char *dir,
                  struct leti_error *err);

#endif
