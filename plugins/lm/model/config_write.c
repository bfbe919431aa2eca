/* config_write.c - config.json, as `transformers` of any age reads it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/config_json.h"
#include "model/files.h"

/* The shortest decimal that is this float: 1e-05, not 9.99999974737875e-06. */
static json_t *real_of(float value)
{
    char text[32];
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value)
            break;
    }
    return json_real(strtod(text, NULL));
}

static json_t *number_of(float value)
{
    bool whole = value == truncf(value) && fabsf(value) < 1e6f;
    return whole ? json_integer((json_int_t)value) : real_of(value);
}

/* A list of ids that starts with ours stays: the other ids end a text too. */
static json_t *token_of(const json_t *old, int32_t id)
{
    const json_t *first = json_array_get(old, 0);
    if (json_is_integer(first) && json_integer_value(first) == id)
        return json_deep_copy(old);
    return id < 0 ? json_null() : json_integer(id);
}

/* The name that the file had, if it means this activation. */
static json_t *activation_of(const json_t *old, enum lm_activation activation)
{
    const struct lm_activation_name *names = lm_activation_names;
    const char *found = NULL, *before = json_string_value(old);
    for (size_t i = 0; i < lm_n_activation_names; i++) {
        bool same = before && strcmp(names[i].name, before) == 0;
        if (names[i].activation == activation && (!found || same))
            found = names[i].name;
    }
    return json_string(found);
}

/* Versions that knew linear and dynamic alone wanted "type" and nothing but the factor beside it;
 * configs with two thetas are younger than the name "rope_type". */
static json_t *scaling_of(const struct lm_rope_scaling *s, bool two_thetas)
{
    bool old = s->kind == LM_ROPE_LINEAR || s->kind == LM_ROPE_DYNAMIC;
    json_t *json = json_pack("{s:s, s:o}", old && !two_thetas ? "type" : "rope_type",
                             lm_rope_names[s->kind], "factor", real_of(s->factor));
    int bad = 0;
    if (!old)
        bad |= json_object_set_new(json, "original_max_position_embeddings",
                                   json_integer(s->original_positions));
    if (s->kind == LM_ROPE_LLAMA3) {
        bad |= json_object_set_new(json, "low_freq_factor", real_of(s->low_freq));
        bad |= json_object_set_new(json, "high_freq_factor", real_of(s->high_freq));
    }
    if (s->kind == LM_ROPE_YARN) {
        bad |= json_object_set_new(json, "beta_fast", real_of(s->beta_fast));
        bad |= json_object_set_new(json, "beta_slow", real_of(s->beta_slow));
        bad |= json_object_set_new(json, "attention_factor", real_of(s->attention_factor));
        bad |= json_object_set_new(json, "truncate", json_boolean(!s->exact_range));
    }
    if (bad == 0)
        return json;
    json_decref(json);
    return NULL;
}

/* The older form, which newer readers know too. */
static int set_rope(json_t *json, const struct lm_config *c, const struct lm_architecture *a)
{
    if (!a->rope_theta)
        return 0;
    json_object_del(json, "rope_parameters");
    json_object_del(json, "rope_scaling");
    int bad = json_object_set_new(json, "rope_theta", real_of(c->rope_theta));
    if (c->rope_scaling.kind != LM_ROPE_PLAIN)
        bad |= json_object_set_new(json, "rope_scaling",
                                   scaling_of(&c->rope_scaling, a->rope_theta_sliding));
    if (a->rope_theta_sliding)
        bad |= json_object_set_new(json, "rope_local_base_freq", real_of(c->rope_theta_sliding));
    return bad;
}

static int set_windows(json_t *json, const struct lm_config *c, const struct lm_architecture *a)
{
    if (a->windows == LM_NO_WINDOWS)
        return 0;
    json_t *types = json_array();
    int bad = 0;
    for (int32_t l = 0; l < c->n_layers; l++)
        bad |= json_array_append_new(
            types, json_string(lm_config_slides(c, l) ? "sliding_attention" : "full_attention"));
    bad |= json_object_set_new(json, "layer_types", types);
    if (a->windows == LM_WINDOWS_BY_SWITCH)
        bad |= json_object_set_new(json, "use_sliding_window", json_boolean(c->window > 0));
    else
        json_object_del(json, "_sliding_window_pattern");
    if (c->window == 0)
        return bad;
    bad |= json_object_set_new(json, "sliding_window", json_integer(c->window));
    if (a->windows == LM_WINDOWS_BY_SWITCH)
        bad |= json_object_set_new(json, "max_window_layers", json_integer(0));
    else
        bad |= json_object_set_new(json, "sliding_window_pattern",
                                   json_integer(c->full_every ? c->full_every : c->n_layers + 1));
    return bad;
}

static int set_rest(json_t *json, const struct lm_config *c, const struct lm_architecture *a)
{
    int bad = 0;
    if (a->rotary_dim)
        bad |= json_object_set_new(json, "rotary_dim", json_integer(lm_config_rotary_dim(c)));
    if (a->attention_bias)
        bad |= json_object_set_new(json, "attention_bias", json_boolean(c->out_bias));
    if (a->mlp_bias)
        bad |= json_object_set_new(json, "mlp_bias", json_boolean(c->mlp_bias));
    if (a->query_scalar)
        bad |= json_object_set_new(json, "query_pre_attn_scalar", number_of(c->query_scalar));
    return bad;
}

static bool set_fields(json_t *json, const struct lm_config *config, enum lm_dtype dtype)
{
    static const char *const dtypes[] = {
        [LM_F32] = "float32", [LM_F16] = "float16", [LM_BF16] = "bfloat16"
    };
    const struct lm_architecture *a = &lm_architectures[config->arch];
    struct lm_config c = *config;
    int bad = json_object_set_new(json, "architectures", json_pack("[s]", a->class_name));
    bad |= json_object_set_new(json, "model_type", json_string(a->model_type));
    bad |= json_object_set_new(json, a->activation,
                               activation_of(json_object_get(json, a->activation), c.activation));
    for (enum lm_size i = 0; i < LM_N_SIZES; i++)
        if (a->sizes[i])
            bad |= json_object_set_new(json, a->sizes[i], json_integer(*lm_config_size(&c, i)));
    bad |= json_object_set_new(json, a->eps, real_of(c.norm_eps));
    bad |= set_rope(json, &c, a) | set_windows(json, &c, a) | set_rest(json, &c, a);
    bad |= json_object_set_new(json, "tie_word_embeddings", json_boolean(c.tied));
    bad |= json_object_set_new(json, "bos_token_id",
                               token_of(json_object_get(json, "bos_token_id"), c.bos));
    bad |= json_object_set_new(json, "eos_token_id",
                               token_of(json_object_get(json, "eos_token_id"), c.eos));
    json_object_del(json, "dtype"); /* the newer name of the next field; two could disagree */
    bad |= json_object_set_new(json, "torch_dtype", json_string(dtypes[dtype]));
    return bad == 0;
}

bool lm_config_write(const struct lm_config *c, const char *from_dir, const char *dir,
                     enum lm_dtype dtype, struct leti_error *err)
{
    char path[PATH_MAX];
    json_t *json = NULL;
    if (from_dir) {
        if (!lm_path(from_dir, "config.json", path, err) ||
            !lm_json_read(path, LM_CONFIG_LIMIT, &json, err))
            return false;
    } else {
        json = json_object();
    }
    bool ok = lm_path(dir, "config.json", path, err);
    ok = ok && (json_is_object(json) || leti_error_set(err, "%s: no JSON object to write", path));
    ok = ok && (set_fields(json, c, dtype) || leti_error_set(err, "%s: no memory", path));
    ok = ok && lm_json_write(path, json, err);
    json_decref(json);
    return ok;
}
