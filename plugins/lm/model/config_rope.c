/* config_rope.c - rotary positions: what config.json says of them, and the angles that come of it.
 *
 * Older files have rope_theta and, beside it, an object rope_scaling; newer ones one object
 * rope_parameters, which may hold one for layers with a window and one for those without.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "model/config_json.h"

const char *const lm_rope_names[] = {
    [LM_ROPE_PLAIN] = "default", [LM_ROPE_LINEAR] = "linear", [LM_ROPE_DYNAMIC] = "dynamic",
    [LM_ROPE_LLAMA3] = "llama3", [LM_ROPE_YARN] = "yarn",
};

static bool read_kind(const struct lm_config_source *s, const char *field, const json_t *rope,
                      enum lm_rope_kind *out)
{
    const json_t *type = json_object_get(rope, "rope_type");
    if (!lm_config_is_set(type))
        type = json_object_get(rope, "type");
    const char *name = lm_config_is_set(type) ? json_string_value(type) : "default";
    for (size_t i = 0; json_is_object(rope) && name && i < LM_N_ROPE_KINDS; i++) {
        if (strcmp(name, lm_rope_names[i]) == 0) {
            *out = (enum lm_rope_kind)i;
            return true;
        }
    }
    return lm_config_bad(s, s->json, field,
                         "null or rope_type \"default\", \"linear\", \"dynamic\", \"llama3\" or "
                         "\"yarn\"");
}

/* What the attention of longer texts is made sharper with (Peng et al. 2023), where the file does
 * not say it outright. */
static double yarn_scale(double factor, double mscale)
{
    return factor <= 1 ? 1.0 : 0.1 * mscale * log(factor) + 1.0;
}

static bool read_yarn(const struct lm_config_source *s, const json_t *rope,
                      struct lm_rope_scaling *out)
{
    const json_t *mscale = json_object_get(rope, "mscale");
    const json_t *all = json_object_get(rope, "mscale_all_dim");
    double attention = yarn_scale((double)out->factor, 1.0);
    if (json_number_value(mscale) != 0 && json_number_value(all) != 0)
        attention = yarn_scale((double)out->factor, json_number_value(mscale)) /
                    yarn_scale((double)out->factor, json_number_value(all));
    out->exact_range = json_is_false(json_object_get(rope, "truncate"));
    return lm_config_positive(s, rope, "beta_fast", 32, 1e6, &out->beta_fast) &&
           lm_config_positive(s, rope, "beta_slow", 1, 1e6, &out->beta_slow) &&
           lm_config_positive(s, rope, "attention_factor", attention, 1e6, &out->attention_factor);
}

static bool read_scaling(const struct lm_config_source *s, const char *field, const json_t *rope,
                         int32_t max_positions, struct lm_rope_scaling *out)
{
    static const char original[] = "original_max_position_embeddings";
    struct lm_rope_scaling scaling = { 0 };
    if (!read_kind(s, field, rope, &scaling.kind))
        return false;
    if (scaling.kind != LM_ROPE_PLAIN) {
        scaling.original_positions = max_positions;
        if (!lm_config_positive(s, rope, "factor", 0, 1e6, &scaling.factor) ||
            (lm_config_is_set(json_object_get(rope, original)) &&
             !lm_config_integer(s, rope, original, 1, 1 << 24, &scaling.original_positions)))
            return false;
    }
    if (scaling.kind == LM_ROPE_LLAMA3 &&
        (!lm_config_positive(s, rope, "low_freq_factor", 0, 1e6, &scaling.low_freq) ||
         !lm_config_positive(s, rope, "high_freq_factor", 0, 1e6, &scaling.high_freq)))
        return false;
    if (scaling.kind == LM_ROPE_YARN && !read_yarn(s, rope, &scaling))
        return false;
    const json_t *part = json_object_get(rope, "partial_rotary_factor");
    if (lm_config_is_set(part) && json_number_value(part) != 1.0)
        return lm_config_bad(s, rope, "partial_rotary_factor", "1");
    *out = scaling;
    return true;
}

/* Of layers with a window, where files say it apart. */
static bool read_sliding(const struct lm_config_source *s, const json_t *rope, struct lm_config *c)
{
    enum lm_rope_kind kind = LM_ROPE_PLAIN;
    if (lm_config_is_set(rope) && !read_kind(s, "rope_parameters", rope, &kind))
        return false;
    if (kind != LM_ROPE_PLAIN)
        return lm_config_bad(s, s->json, "rope_parameters",
                             "rope_type \"default\" in sliding_attention");
    bool there = lm_config_is_set(json_object_get(rope, "rope_theta"));
    return lm_config_positive(s, there ? rope : s->json,
                              there ? "rope_theta" : "rope_local_base_freq",
                              (double)c->rope_theta_sliding, 1e12, &c->rope_theta_sliding);
}

bool lm_config_read_rope(const struct lm_config_source *s, struct lm_config *c)
{
    static const char *const objects[] = { "rope_parameters", "rope_scaling" };
    const json_t *theta_in = s->json, *sliding = NULL;
    for (size_t i = 0; s->arch->rope_theta && i < 2; i++) {
        const json_t *rope = json_object_get(s->json, objects[i]);
        if (!lm_config_is_set(rope))
            continue;
        const json_t *full = json_object_get(rope, "full_attention");
        if (s->arch->rope_theta_sliding && json_is_object(full)) {
            sliding = json_object_get(rope, "sliding_attention");
            rope = full;
        }
        if (!read_scaling(s, objects[i], rope, c->max_positions, &c->rope_scaling))
            return false;
        if (json_object_get(rope, "rope_theta"))
            theta_in = rope;
    }
    if (s->arch->rope_theta_sliding && !read_sliding(s, sliding, c))
        return false;
    return !s->arch->rope_theta || lm_config_positive(s, theta_in, "rope_theta",
                                                      (double)c->rope_theta, 1e12, &c->rope_theta);
}

/* ---- angles ---- */

/* Frequencies that turn often within the original positions stay, those that turn less than once
 * stretch, with a ramp between. */
static void scale_llama3(const struct lm_rope_scaling *s, float *frequencies, int32_t n)
{
    double low = (double)s->low_freq, high = (double)s->high_freq;
    for (int32_t i = 0; i < n; i++) {
        double frequency = (double)frequencies[i];
        double turns = (double)s->original_positions * frequency / (2 * M_PI);
        double keep = fmin(fmax((turns - low) / (high - low), 0.0), 1.0);
        frequencies[i] = (float)((1 - keep) * frequency / (double)s->factor + keep * frequency);
    }
}

/* The element of a head that turns so often within the original positions. */
static double yarn_element(const struct lm_rope_scaling *s, double turns, double theta, int32_t R)
{
    return R * log(s->original_positions / (turns * 2 * M_PI)) / (2 * log(theta));
}

static void scale_yarn(const struct lm_rope_scaling *s, double theta, float *frequencies, int32_t n)
{
    double low = yarn_element(s, (double)s->beta_fast, theta, 2 * n);
    double high = yarn_element(s, (double)s->beta_slow, theta, 2 * n);
    low = fmax(s->exact_range ? low : floor(low), 0.0);
    high = fmin(s->exact_range ? high : ceil(high), 2.0 * n - 1);
    if (low == high)
        high += 0.001; /* as those who trained such models do */
    for (int32_t i = 0; i < n; i++) {
        double stretch = fmin(fmax((i - low) / (high - low), 0.0), 1.0);
        double frequency = (double)frequencies[i];
        frequencies[i] =
            (float)(stretch * frequency / (double)s->factor + (1 - stretch) * frequency);
    }
}

void lm_config_rope_table(const struct lm_config *c, bool sliding, int64_t positions, float *table)
{
    int32_t R = lm_config_rotary_dim(c), n = R / 2;
    float frequencies[(1 << 12) / 2]; /* the largest head_dim */
    bool apart = sliding && c->rope_theta_sliding > 0;
    double theta = (double)(apart ? c->rope_theta_sliding : c->rope_theta);
    const struct lm_rope_scaling plain = { 0 }, *s = apart ? &plain : &c->rope_scaling;
    /* Frequencies are rounded to f32, as they are where such models were trained. */
    for (int32_t i = 0; i < n; i++)
        frequencies[i] = (float)(1.0 / pow(theta, 2.0 * i / R));
    for (int32_t i = 0; i < n && s->kind == LM_ROPE_LINEAR; i++)
        frequencies[i] /= s->factor;
    if (s->kind == LM_ROPE_LLAMA3)
        scale_llama3(s, frequencies, n);
    if (s->kind == LM_ROPE_YARN)
        scale_yarn(s, theta, frequencies, n);
    lm_rope_table(frequencies, s->kind == LM_ROPE_YARN ? s->attention_factor : 1.0f, positions, R,
                  table);
}
