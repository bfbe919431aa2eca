/* config.c - config.json of a Llama-family model, checked field by field.
 *
 * A field that is wrong here becomes an allocation, a loop bound or a silent change of the
 * mathematics elsewhere, so nothing is taken on trust and nothing unknown to the decoder passes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "files.h"

enum { SIZE_LIMIT = 1 << 20 }; /* of config.json, in bytes */

struct int_field {
    const char *name;
    size_t offset; /* within struct lm_config */
    int32_t max;   /* min is 1 */
};

/* The limits keep every product of two fields within 64 bits, with room for a third. */
static const struct int_field int_fields[] = {
    { "num_hidden_layers", offsetof(struct lm_config, n_layers), 1 << 12 },
    { "hidden_size", offsetof(struct lm_config, d_model), 1 << 18 },
    { "num_attention_heads", offsetof(struct lm_config, n_heads), 1 << 12 },
    { "num_key_value_heads", offsetof(struct lm_config, n_kv_heads), 1 << 12 },
    { "head_dim", offsetof(struct lm_config, head_dim), 1 << 12 },
    { "intermediate_size", offsetof(struct lm_config, d_ff), 1 << 20 },
    { "vocab_size", offsetof(struct lm_config, vocab_size), 1 << 24 },
    { "max_position_embeddings", offsetof(struct lm_config, max_positions), 1 << 24 },
};
enum { N_INT_FIELDS = sizeof int_fields / sizeof int_fields[0] };

struct source {
    const char *name; /* of the file */
    const json_t *json;
    struct leti_error *err;
};

static int32_t *int_at(struct lm_config *c, const struct int_field *f)
{
    return (int32_t *)(void *)((char *)c + f->offset);
}

/* A field's value for a message; cut where it is long. */
static const char *show(const json_t *value, char out[64])
{
    char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    snprintf(out, 64, "%.60s", text ? text : "missing");
    free(text);
    return out;
}

static bool is_set(const json_t *value)
{
    return value && !json_is_null(value);
}

static bool bad_field(const struct source *s, const char *field, const char *allowed)
{
    char text[64];
    return leti_error_set(s->err, "%s: %s is %s, allowed is %s", s->name, field,
                          show(json_object_get(s->json, field), text), allowed);
}

static bool read_int(const struct source *s, const char *field, int64_t min, int64_t max,
                     int32_t *out)
{
    const json_t *value = json_object_get(s->json, field);
    if (!json_is_integer(value) || json_integer_value(value) < min ||
        json_integer_value(value) > max) {
        char allowed[80];
        snprintf(allowed, sizeof allowed, "an integer from %lld to %lld", (long long)min,
                 (long long)max);
        return bad_field(s, field, allowed);
    }
    *out = (int32_t)json_integer_value(value);
    return true;
}

/* The decoder's shape, with the defaults of the Llama family where a field is missing. */
static bool read_shape(const struct source *s, struct lm_config *c)
{
    for (size_t i = 0; i < N_INT_FIELDS; i++) {
        const struct int_field *f = &int_fields[i];
        int32_t *out = int_at(c, f);
        if (!is_set(json_object_get(s->json, f->name))) {
            if (out == &c->n_kv_heads) {
                *out = c->n_heads;
                continue;
            }
            if (out == &c->head_dim) {
                if (c->d_model % c->n_heads != 0)
                    return leti_error_set(s->err,
                                          "%s: hidden_size %d is no multiple of "
                                          "num_attention_heads %d, and there is no head_dim",
                                          s->name, c->d_model, c->n_heads);
                *out = c->d_model / c->n_heads;
                continue;
            }
        }
        if (!read_int(s, f->name, 1, f->max, out))
            return false;
    }
    return true;
}

static bool read_positive(const struct source *s, const json_t *object, const char *field,
                          double fallback, double max, float *out)
{
    const json_t *value = json_object_get(object, field);
    double number = is_set(value) ? json_number_value(value) : fallback;
    float rounded = (float)number;
    if ((is_set(value) && !json_is_number(value)) || !(rounded > 0) || !(number <= max)) {
        char text[64];
        return leti_error_set(s->err, "%s: %s is %s, allowed is a number above 0 up to %g", s->name,
                              field, show(value, text), max);
    }
    *out = rounded;
    return true;
}

/* Positions are either plain rotary or something that the decoder does not do. Newer files keep
 * theta in an object rope_parameters, older ones beside rope_scaling. */
static bool read_rope(const struct source *s, struct lm_config *c)
{
    static const char *const objects[] = { "rope_scaling", "rope_parameters" };
    const json_t *theta_in = s->json;
    for (size_t i = 0; i < 2; i++) {
        const json_t *rope = json_object_get(s->json, objects[i]);
        if (!is_set(rope))
            continue;
        const json_t *type = json_object_get(rope, "rope_type");
        if (!type)
            type = json_object_get(rope, "type");
        const char *name = type ? json_string_value(type) : "default";
        if (!json_is_object(rope) || !name || strcmp(name, "default") != 0)
            return bad_field(s, objects[i], "null or rope_type \"default\"");
        if (json_object_get(rope, "rope_theta"))
            theta_in = rope;
    }
    return read_positive(s, theta_in, "rope_theta", 10000.0, 1e12, &c->rope_theta);
}

static bool read_tied(const struct source *s, bool *out)
{
    const json_t *value = json_object_get(s->json, "tie_word_embeddings");
    if (is_set(value) && !json_is_boolean(value))
        return bad_field(s, "tie_word_embeddings", "true or false");
    *out = json_is_true(value);
    return true;
}

/* A token id, null or missing (-1), or a list of ids whose first counts. */
static bool read_token(const struct source *s, const char *field, int32_t vocab_size, int32_t *out)
{
    const json_t *value = json_object_get(s->json, field);
    if (json_is_array(value) && json_array_size(value) > 0)
        value = json_array_get(value, 0);
    if (!is_set(value)) {
        *out = -1;
        return true;
    }
    if (!json_is_integer(value) || json_integer_value(value) < -1 ||
        json_integer_value(value) >= vocab_size) {
        char allowed[64];
        snprintf(allowed, sizeof allowed, "null or an id below vocab_size %d", vocab_size);
        return bad_field(s, field, allowed);
    }
    *out = (int32_t)json_integer_value(value);
    return true;
}

static bool reject_unless_absent(const struct source *s, const char *field)
{
    const json_t *value = json_object_get(s->json, field);
    return !is_set(value) || json_is_false(value) || bad_field(s, field, "false");
}

/* What would change the function that the decoder computes. */
static bool check_architecture(const struct source *s)
{
    const json_t *type = json_object_get(s->json, "model_type");
    if (!json_is_string(type) || strcmp(json_string_value(type), "llama") != 0)
        return bad_field(s, "model_type", "\"llama\"");
    const json_t *classes = json_object_get(s->json, "architectures");
    const json_t *class = json_array_get(classes, 0);
    if (is_set(classes) &&
        (!json_is_string(class) || strcmp(json_string_value(class), "LlamaForCausalLM") != 0))
        return bad_field(s, "architectures", "[\"LlamaForCausalLM\"]");
    const json_t *act = json_object_get(s->json, "hidden_act");
    if (is_set(act) && (!json_is_string(act) || strcmp(json_string_value(act), "silu") != 0))
        return bad_field(s, "hidden_act", "\"silu\"");
    const json_t *rotary = json_object_get(s->json, "partial_rotary_factor");
    if (is_set(rotary) && json_number_value(rotary) != 1.0)
        return bad_field(s, "partial_rotary_factor", "1");
    const json_t *quantization = json_object_get(s->json, "quantization_config");
    if (is_set(quantization))
        return bad_field(s, "quantization_config", "null");
    return reject_unless_absent(s, "attention_bias") && reject_unless_absent(s, "mlp_bias");
}

bool lm_config_check(const char *name, const struct lm_config *config, struct leti_error *err)
{
    struct lm_config c = *config;
    for (size_t i = 0; i < N_INT_FIELDS; i++) {
        const struct int_field *f = &int_fields[i];
        if (*int_at(&c, f) < 1 || *int_at(&c, f) > f->max)
            return leti_error_set(err, "%s: %s is %d, allowed is an integer from 1 to %d", name,
                                  f->name, *int_at(&c, f), f->max);
    }
    if (c.n_heads % c.n_kv_heads != 0)
        return leti_error_set(err,
                              "%s: num_attention_heads %d is no multiple of "
                              "num_key_value_heads %d",
                              name, c.n_heads, c.n_kv_heads);
    if (c.head_dim % 2 != 0)
        return leti_error_set(err, "%s: head_dim is %d, allowed are even numbers", name,
                              c.head_dim);
    if (!(c.rope_theta > 0) || !isfinite(c.rope_theta))
        return leti_error_set(err, "%s: rope_theta is %g, allowed is a number above 0", name,
                              (double)c.rope_theta);
    if (!(c.norm_eps > 0) || !isfinite(c.norm_eps))
        return leti_error_set(err, "%s: rms_norm_eps is %g, allowed is a number above 0", name,
                              (double)c.norm_eps);
    if (c.bos < -1 || c.bos >= c.vocab_size || c.eos < -1 || c.eos >= c.vocab_size)
        return leti_error_set(err, "%s: bos %d, eos %d, allowed are ids below vocab_size %d", name,
                              c.bos, c.eos, c.vocab_size);
    return true;
}

bool lm_config_parse(const char *name, const char *text, size_t size, struct lm_config *out,
                     struct leti_error *err)
{
    json_t *json;
    if (!lm_json_parse(name, text, size, &json, err))
        return false;
    struct source s = { name, json, err };
    struct lm_config c = { 0 };
    bool ok = json_is_object(json) || leti_error_set(err, "%s: not a JSON object", name);
    ok = ok && check_architecture(&s) && read_shape(&s, &c) && read_rope(&s, &c) &&
         read_positive(&s, json, "rms_norm_eps", 1e-6, 1.0, &c.norm_eps) &&
         read_tied(&s, &c.tied) && read_token(&s, "bos_token_id", c.vocab_size, &c.bos) &&
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
        !lm_file_read(path, SIZE_LIMIT, &text, &size, err))
        return false;
    bool ok = lm_config_parse(path, text, size, out, err);
    free(text);
    return ok;
}

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

/* A list of ids that starts with ours stays: the other ids end a text too. */
static json_t *token_of(const json_t *old, int32_t id)
{
    const json_t *first = json_array_get(old, 0);
    if (json_is_integer(first) && json_integer_value(first) == id)
        return json_deep_copy(old);
    return id < 0 ? json_null() : json_integer(id);
}

static bool set_fields(json_t *json, const struct lm_config *config, enum lm_dtype dtype)
{
    static const char *const dtypes[] = {
        [LM_F32] = "float32", [LM_F16] = "float16", [LM_BF16] = "bfloat16"
    };
    struct lm_config c = *config;
    int bad = json_object_set_new(json, "architectures", json_pack("[s]", "LlamaForCausalLM"));
    bad |= json_object_set_new(json, "model_type", json_string("llama"));
    bad |= json_object_set_new(json, "hidden_act", json_string("silu"));
    for (size_t i = 0; i < N_INT_FIELDS; i++)
        bad |= json_object_set_new(json, int_fields[i].name,
                                   json_integer(*int_at(&c, &int_fields[i])));
    bad |= json_object_set_new(json, "rope_theta", real_of(c.rope_theta));
    json_t *rope = json_object_get(json, "rope_parameters");
    if (json_is_object(rope))
        bad |= json_object_set_new(rope, "rope_theta", real_of(c.rope_theta));
    bad |= json_object_set_new(json, "rms_norm_eps", real_of(c.norm_eps));
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
            !lm_json_read(path, SIZE_LIMIT, &json, err))
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
