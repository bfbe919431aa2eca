/* config_json.h - within the library: what reading and writing config.json share.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_CONFIG_JSON_H
#define LM_CONFIG_JSON_H

#include <jansson.h>

#include "model/architectures.h"

enum { LM_CONFIG_LIMIT = 1 << 20 }; /* of config.json, in bytes */

/* A size within the config, by enum lm_size, and the most that it may be; the least is 1. The
 * limits keep every product of two sizes within 64 bits, with room for a third. */
int32_t *lm_config_size(struct lm_config *, enum lm_size);
int32_t lm_config_size_limit(enum lm_size);

/* Names that config.json has for an activation: the first with this value is what is written where
 * the file said nothing else. */
struct lm_activation_name {
    const char *name;
    enum lm_activation activation;
};
extern const struct lm_activation_name lm_activation_names[];
extern const size_t lm_n_activation_names;

/* By enum lm_rope_kind. */
extern const char *const lm_rope_names[];
enum { LM_N_ROPE_KINDS = LM_ROPE_YARN + 1 };

/* A file being read. */
struct lm_config_source {
    const char *name; /* of the file */
    const json_t *json;
    const struct lm_architecture *arch;
    struct leti_error *err;
};

/* A field that is there and not null. */
bool lm_config_is_set(const json_t *value);

/* Errors: "name: field is value, allowed is ..." - always false. */
bool lm_config_bad(const struct lm_config_source *, const json_t *object, const char *field,
                   const char *allowed);

/* A number above 0 of an object; fallback where it is not set. */
bool lm_config_positive(const struct lm_config_source *, const json_t *object, const char *field,
                        double fallback, double max, float *out);
bool lm_config_integer(const struct lm_config_source *, const json_t *object, const char *field,
                       int64_t min, int64_t max, int32_t *out);

/* Rotary positions: theta, the scaling, theta of layers with a window. */
bool lm_config_read_rope(const struct lm_config_source *, struct lm_config *);

#endif
