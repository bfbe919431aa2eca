/* tokenizer_golden.h - the tokenizers that golden/make_tokenizer.py trained, and its hash.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TOKENIZER_GOLDEN_H
#define TOKENIZER_GOLDEN_H

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "tokenizer/tokenizer.h"

enum { N_GOLDEN = 10 };

static const char *const golden_names[N_GOLDEN] = { "gpt2",      "llama3", "digits",    "classes",
                                                    "qwen",      "smollm", "behaviors", "llama2",
                                                    "metaspace", "gemma" };

/* tests/lm/golden/name */
__attribute__((unused)) static const char *golden_path(const char *name)
{
    static char path[PATH_MAX];
    const char *source = getenv("LETI_SOURCE_DIR");
    snprintf(path, sizeof path, "%s/tests/lm/golden/%s", source ? source : ".", name);
    return path;
}

/* FNV-1a over the ids as four little-endian bytes each. */
__attribute__((unused)) static uint64_t golden_hash(uint64_t hash, const struct lm_ids *ids)
{
    for (size_t i = 0; i < ids->n; i++) {
        for (int shift = 0; shift < 32; shift += 8)
            hash = (hash ^ ((uint32_t)ids->ids[i] >> shift & 0xff)) * 0x100000001b3u;
    }
    return hash;
}

static const uint64_t golden_seed = 0xcbf29ce484222325u;

#endif
