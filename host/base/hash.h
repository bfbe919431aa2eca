/* hash.h - SHA-256 of what a result depends on: data files, model folders, pipelines.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "leti/error.h"

enum { HASH_BYTES = 32, HASH_TEXT = 2 * HASH_BYTES + 1 }; /* as hexadecimal text, with its NUL */

struct hash {
    _Alignas(8) unsigned char state[128];
};

void hash_begin(struct hash *);
void hash_add(struct hash *, const void *bytes, size_t size);
/* Adds the size before the bytes, so that ("ab", "c") and ("a", "bc") differ. */
void hash_add_part(struct hash *, const void *bytes, size_t size);
void hash_end(struct hash *, unsigned char out[HASH_BYTES]);
void hash_end_text(struct hash *, char out[HASH_TEXT]);

void hash_of(const void *bytes, size_t size, char out[HASH_TEXT]);
bool hash_of_file(const char *path, char out[HASH_TEXT], struct leti_error *err);

/* Of a folder's config.json, tokenizer.json, *.safetensors, *.safetensors.index.json and *.gguf,
 * their names and contents; what else lies there makes no model. Of a single file, its content. */
bool hash_of_model(const char *path, char out[HASH_TEXT], struct leti_error *err);

#endif
