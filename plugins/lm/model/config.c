/* config.c - config.json, checked field by field.
 *
 * A field that is wrong here becomes an allocation, a loop bound or a silent change of the
 * mathematics elsewhere, so nothing is taken on trust and nothing unknown to the decoder passes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "model/config.h"

#include <math.h>
#include <stdlib.h>

#include "model/config_json.h"
#include "model/files.h"

static const struct {
    size_t offset; /* within struct lm_config */
    int32_t max;
} sizes[LM_N_SIZES] = {
    [LM_N_LAYERS] = { offsetof(struct lm_config, n_layers), 1 << 12 },
    [LM_D_MODEL] = { offsetof(struct lm_config, d_model), 1 << 18 },
    [LM_N_HEADS] = { offsetof(struct lm_config, n_heads), 1 << 12 },
    [LM_N_KV_HEADS] = { offsetof(struct lm_config, n_kv_heads), 1 << 12 },
    [LM_HEAD_DIM] = { offsetof(struct lm_config, head_dim), 1 << 12 },
    [LM_D_FF] = { offsetof(struct lm_config, d_ff), 1 << 20 },
    [LM_VOCAB_SIZE] = { offsetof(struct lm_config, vocab_size), 1 << 24 },
    [LM_MAX_POSITIONS] = { offsetof(struct lm_config, max_positions), 1 << 24 },
};

const struct lm_activation_name lm_activation_names[] = {
    { "silu", LM_SILU },          { "swish", LM_SILU }, { "gelu_pytorch_tanh", LM_GELU_TANH },
    { "gelu_new", LM_GELU_TANH }, { "gelu", LM_GELU },
};
const size_t lm_n_activation_names = sizeof lm_activation_names / sizeof lm_activation_names[0];

/* Fields that would change the function that the decoder computes, and their one value that does
 * not; a file may leave them out, or null. */
static const struct {
    const char *field, *allowed; /* JSON */
} fixed[] = {
    { "quantization_config", "null" },     { "partial_rotary_factor", "1" },
    { "scale_attn_weights", "true" },      { "scale_attn_by_inverse_layer_idx", "false" },
    { "add_cross_attention", "false" },    { "attn_logit_softcapping", "null" },
    { "final_logit_softcapping", "null" }, { "use_bidirectional_attention", "false" },
};

int32_t *lm_config_size(struct lm_config *c, enum lm_size size)
{
    return (int32_t *)(void *)((char *)c + sizes[size].offset);
}

int32_t lm_config_size_limit(enum lm_size size)
{
    return sizes[size].max;
}

/* ---- fields ---- */

/* A field's value for a message; cut where it is long. */
static const char *show(const json_t *value, char out[64])
{
    char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    snprintf(out, 64, "%.60s", text ? text : "missing");
    free(text);
    return out;
}

bool lm_config_is_set(const json_t *value)
{
    return value && !json_is_null(value);
}

bool lm_config_bad(const struct lm_config_source *s, const json_t *object, const char *field,
                   const char *allowed)
{
    char text[64];
    return leti_error_set(s->err, "%s: %s is %s, allowed is %s", s->name, field,
                          show(json_object_get(object, field), text), allowed);
}

bool lm_config_integer(const struct lm_config_source *s, const json_t *object, const char *field,
                       int64_t min, int64_t max, int32_t *out)
{
    const json_t *value = json_object_get(object, field);
    if (!json_is_integer(value) || json_integer_value(value) < min ||
        json_integer_value(value) > max) {
        char allowed[80];
        snprintf(allowed, sizeof allowed, "an integer from %lld to %lld", (long long)min,
                 (long long)max);
        return lm_config_bad(s, object, field, allowed);
    }
    *out = (int32_t)json_integer_value(value);
    return true;
}

bool lm_config_positive(const struct lm_config_source *s, const json_t *object, const char *field,
                        double fallback, double max, float *out)
{
    const json_t *value = json_object_get(object, field);
    double number = lm_config_is_set(value) ? json_number_value(value) : fallback;
    float rounded = (float)number;
    if ((lm_config_is_set(value) && !json_is_number(value)) || !(rounded > 0) || !(number <= max)) {
        char allowed[64];
        snprintf(allowed, sizeof allowed, "a number above 0 up to %g", max);
        return lm_config_bad(s, object, field, allowed);
    }
    *out = rounded;
    return true;
}

/* Leaves *out where the field is not set. */
static bool read_bool(const struct lm_config_source *s, const char *field, bool *out)
{
    const json_t *value = json_object_get(s->json, field);
    if (lm_config_is_set(value) && !json_is_boolean(value))
        return lm_config_bad(s, s->json, field, "true or false");
    if (lm_config_is_set(value))
        *out = json_is_true(value);
    return true;
}

/* A token id, null or missing (-1), or a list of ids whose first counts. */
static bool read_token(const struct lm_config_source *s, const char *field, int32_t vocab_size,
                       int32_t *out)
{
    const json_t *value = json_object_get(s->json, field);
    if (json_is_array(value) && json_array_size(value) > 0)
        value = json_array_get(value, 0);
    if (!lm_config_is_set(value)) {
        *out = -1;
        return true;
    }
    if (!json_is_integer(value) || json_integer_value(value) < -1 ||
        json_integer_value(value) >= vocab_size) {
        char allowed[64];
        snprintf(allowed, sizeof allowed, "null or an id below vocab_size %d", vocab_size);
        return lm_config_bad(s, s->json, field, allowed);
    }
    *out = (int32_t)json_integer_value(value);
    return true;
}

/* ---- what a file says ---- */

static bool find_architecture(struct lm_config_source *s)
{
    const json_t *type = json_object_get(s->json, "model_type");
    s->arch = json_is_string(type) ? lm_architecture_find(json_string_value(type)) : NULL;
    if (!s->arch) {
        char allowed[128] = "";
        for (size_t i = 0, n = 0; i < LM_N_ARCHS && n < sizeof allowed; i++)
            n += (size_t)snprintf(allowed + n, sizeof allowed - n, i ? ", \"%s\"" : "\"%s\"",
                                  lm_architectures[i].model_type);
        return lm_config_bad(s, s->json, "model_type", allowed);
    }
    const json_t *classes = json_object_get(s->json, "architectures");
    const char *class = json_string_value(json_array_get(classes, 0));
    if (lm_config_is_set(classes) && (!class || strcmp(class, s->arch->class_name) != 0)) {
        char allowed[64];
        snprintf(allowed, sizeof allowed, "[\"%s\"]", s->arch->class_name);
        return lm_config_bad(s, s->json, "architectures", allowed);
    }
    return true;
}

/* A size that a file does not have to give. */
static bool default_size(const struct lm_config_source *s, enum lm_size size, struct lm_config *c)
{
    const char *const *names = s->arch->sizes;
    if (size == LM_N_KV_HEADS && (!names[size] || s->arch->kv_heads_may_miss)) {
        c->n_kv_heads = c->n_heads;
    } else if (size == LM_D_FF && s->arch->base.plain_mlp) {
        c->d_ff = 4 * c->d_model;
    } else if (size == LM_HEAD_DIM && c->head_dim == 0) {
        if (c->d_model % c->n_heads != 0)
            return leti_error_set(
                s->err, "%s: %s %d is no multiple of %s %d, and there is no head_dim", s->name,
                names[LM_D_MODEL], c->d_model, names[LM_N_HEADS], c->n_heads);
        c->head_dim = c->d_model / c->n_heads;
    }
    return true;
}

static bool read_sizes(const struct lm_config_source *s, struct lm_config *c)
{
    for (enum lm_size i = 0; i < LM_N_SIZES; i++) {
        const char *field = s->arch->sizes[i];
        int32_t *out = lm_config_size(c, i);
        bool missing = !field || !lm_config_is_set(json_object_get(s->json, field));
        if (missing && !default_size(s, i, c))
            return false;
        if (missing && *out > 0)
            continue;
        if (!lm_config_integer(s, s->json, field, 1, sizes[i].max, out))
            return false;
    }
    return true;
}

static bool read_activation(const struct lm_config_source *s, struct lm_config *c)
{
    const json_t *value = json_object_get(s->json, s->arch->activation);
    const char *name = json_string_value(value);
    if (!lm_config_is_set(value))
        return true;
    for (size_t i = 0; name && i < lm_n_activation_names; i++) {
        if (strcmp(lm_activation_names[i].name, name) == 0) {
            c->activation = lm_activation_names[i].activation;
            return true;
        }
    }
    return lm_config_bad(s, s->json, s->arch->activation,
                         "\"silu\", \"gelu\", \"gelu_new\" or \"gelu_pytorch_tanh\"");
}

/* Biases of the family's matrices are all there or none. */
static bool read_biases(const struct lm_config_source *s, struct lm_config *c)
{
    bool attention = false, mlp = false;
    if (!read_bool(s, "attention_bias", &attention) || !read_bool(s, "mlp_bias", &mlp))
        return false;
    if (attention && !s->arch->attention_bias)
        return lm_config_bad(s, s->json, "attention_bias", "false");
    if (mlp && !s->arch->mlp_bias)
        return lm_config_bad(s, s->json, "mlp_bias", "false");
    c->qkv_bias |= attention;
    c->out_bias |= attention;
    c->mlp_bias |= mlp;
    return true;
}

/* Whether layer_types has a window in a layer; files without it follow the older fields. */
static bool layer_slides(const struct lm_config_source *s, const struct lm_config *c,
                         int32_t full_below, int32_t layer, bool *out)
{
    const json_t *types = json_object_get(s->json, "layer_types");
    if (!lm_config_is_set(types)) {
        bool by_switch = s->arch->windows == LM_WINDOWS_BY_SWITCH;
        *out = by_switch ? layer >= full_below : (layer + 1) % c->full_every != 0;
        return true;
    }
    const char *type = json_string_value(json_array_get(types, (size_t)layer));
    if (json_array_size(types) != (size_t)c->n_layers || !type ||
        (strcmp(type, "sliding_attention") != 0 && strcmp(type, "full_attention") != 0))
        return lm_config_bad(s, s->json, "layer_types",
                             "\"full_attention\" or \"sliding_attention\" for each layer");
    *out = type[0] == 's';
    return true;
}

/* From the layers to the pattern that they are in: every n-th is full. */
static bool find_pattern(const struct lm_config_source *s, struct lm_config *c, int32_t full_below)
{
    int32_t every = 0;
    bool slides = false;
    for (int32_t l = 0; l < c->n_layers; l++) {
        if (!layer_slides(s, c, full_below, l, &slides))
            return false;
        if (!slides && every == 0)
            every = l + 1;
        if (slides != (every == 0 || (l + 1) % every != 0))
            return lm_config_bad(s, s->json,
                                 lm_config_is_set(json_object_get(s->json, "layer_types"))
                                     ? "layer_types"
                                     : "max_window_layers",
                                 "layers of which every n-th is full");
    }
    c->full_every = every;
    if (every == 1)
        c->window = c->full_every = 0;
    return true;
}

static bool read_windows(const struct lm_config_source *s, struct lm_config *c)
{
    if (s->arch->windows == LM_NO_WINDOWS)
        return true;
    static const char *const patterns[] = { "sliding_window_pattern", "_sliding_window_pattern" };
    bool on = s->arch->windows == LM_WINDOWS_BY_PATTERN;
    int32_t full_below = 28; /* transformers' default of both Qwens */
    for (size_t i = 0; i < 2; i++)
        if (lm_config_is_set(json_object_get(s->json, patterns[i])) &&
            !lm_config_integer(s, s->json, patterns[i], 1, 1 << 12, &c->full_every))
            return false;
    if (lm_config_is_set(json_object_get(s->json, "max_window_layers")) &&
        !lm_config_integer(s, s->json, "max_window_layers", 0, 1 << 12, &full_below))
        return false;
    if (!read_bool(s, "use_sliding_window", &on))
        return false;
    if (!on) {
        c->window = 0;
        return true;
    }
    if ((json_object_get(s->json, "sliding_window") || c->window == 0) &&
        !lm_config_integer(s, s->json, "sliding_window", 1, 1 << 24, &c->window))
        return false;
    return find_pattern(s, c, full_below);
}

/* What only some architectures say. */
static bool read_rest(const struct lm_config_source *s, struct lm_config *c)
{
    const struct lm_architecture *a = s->arch;
    if (a->rotary_dim && json_object_get(s->json, "rotary_dim") &&
        !lm_config_integer(s, s->json, "rotary_dim", 2, 1 << 12, &c->rotary_dim))
        return false;
    if (a->query_scalar && !lm_config_positive(s, s->json, "query_pre_attn_scalar",
                                               (double)c->query_scalar, 1e9, &c->query_scalar))
        return false;
    return read_activation(s, c) && read_biases(s, c) && read_windows(s, c);
}

static bool check_fixed(const struct lm_config_source *s)
{
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        const json_t *value = json_object_get(s->json, fixed[i].field);
        json_t *allowed = json_loads(fixed[i].allowed, JSON_DECODE_ANY, NULL);
        bool ok = !lm_config_is_set(value) || json_equal(value, allowed) ||
                  (json_is_number(value) && json_is_number(allowed) &&
                   json_number_value(value) == json_number_value(allowed));
        json_decref(allowed);
        if (!ok)
            return lm_config_bad(s, s->json, fixed[i].field, fixed[i].allowed);
    }
    return true;
}

bool lm_config_parse(const char *name, const char *text, size_t size, struct lm_config *out,
                     struct leti_error *err)
{
    json_t *json;
    if (!lm_json_parse(name, text, size, &json, err))
        return false;
    struct lm_config_source s = { name, json, NULL, err };
    struct lm_config c;
    bool ok = json_is_object(json) || leti_error_set(err, "%s: not a JSON object", name);
    ok = ok && find_architecture(&s) && check_fixed(&s);
    if (ok)
        c = s.arch->base;
    ok = ok && read_sizes(&s, &c) && lm_config_read_rope(&s, &c) && read_rest(&s, &c) &&
         lm_config_positive(&s, json, s.arch->eps, (double)c.norm_eps, 1.0, &c.norm_eps) &&
         read_bool(&s, "tie_word_embeddings", &c.tied) &&
         read_token(&s, "bos_token_id", c.vocab_size, &c.bos) &&
         read_token(&s, "eos_token_id", c.vocab_size, &c.eos) && lm_config_check(name, &c, err);
    json_decref(json);
    if (ok)
        *out = c;
    return ok;
}

bool lm_config_read(const char *dir, struct lm_config *out, struct leti_error *err)
{
    char path[PATH_MAX];
    char *text;
    size_t size;
    if (!lm_path(dir, "config.json", path, err) ||
        !lm_file_read(path, LM_CONFIG_LIMIT, &text, &size, err))
        return false;
    bool ok = lm_config_parse(path, text, size, out, err);
    free(text);
    return ok;
}
