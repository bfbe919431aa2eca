/* model_gguf.h - within the library: models from GGUF files.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_MODEL_GGUF_H
#define LM_MODEL_GGUF_H

#include "gguf/gguf.h"
#include "model/model.h"

/* Whether a path that somebody gave as a model means a GGUF file: the file itself, or a folder that
 * has one and neither config.json nor safetensors. *found says so, and file [PATH_MAX] is then
 * that file. Several in one folder are an error. */
bool lm_model_gguf_find(const char *path, bool *found, char *file, struct leti_error *err);

/* The shape of the model in a file, from its metadata and its tensors' sizes; checked as
 * lm_config_read does. */
bool lm_model_gguf_config(const struct lm_gguf *, struct lm_config *out, struct leti_error *err);

/* Shape, tokenizer and dequantised parameters. */
bool lm_model_gguf_open(const char *file, struct lm_model **out, struct leti_error *err);

/* Shape and tokenizer, with random parameters as lm_model_random has them. */
bool lm_model_gguf_random(const char *file, uint64_t seed, struct lm_model **out,
                          struct leti_error *err);

struct json_t; /* jansson's */

/* Adds to a tokenizer_config.json in the making what the file says beside the vocabulary: the
 * names of tokens for padding and for the unknown, whether a text begins with bos, and the chat
 * template. */
bool lm_model_gguf_describe_tokenizer(const char *file, struct json_t *config,
                                      struct leti_error *err);

#endif
