/* config_shape.c - what must hold of a config wherever it came from, and what follows from it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "model/config_json.h"

static bool is_positive(float x)
{
    return x > 0 && isfinite(x);
}

static bool check_sizes(const char *name, struct lm_config c, struct leti_error *err)
{
    const char *const *fields = lm_architectures[c.arch].sizes;
    for (enum lm_size i = 0; i < LM_N_SIZES; i++) {
        int32_t value = *lm_config_size(&c, i), max = lm_config_size_limit(i);
        if (value < 1 || value > max)
            return leti_error_set(err, "%s: %s is %d, allowed is an integer from 1 to %d", name,
                                  fields[i]          ? fields[i]
                                  : i == LM_HEAD_DIM ? "head_dim"
                                                     : "number of key-value heads",
                                  value, max);
    }
    if (c.n_heads % c.n_kv_heads != 0)
        return leti_error_set(err,
                              "%s: num_attention_heads %d is no multiple of "
                              "num_key_value_heads %d",
                              name, c.n_heads, c.n_kv_heads);
    if (c.head_dim % 2 != 0)
        return leti_error_set(err, "%s: head_dim is %d, allowed are even numbers", name,
                              c.head_dim);
    if (c.arch == LM_CODEGEN && (c.n_heads % 4 != 0 || c.n_kv_heads != c.n_heads))
        return leti_error_set(err, "%s: n_head is %d, allowed are multiples of 4", name, c.n_heads);
    return true;
}

static bool check_scaling(const char *name, const struct lm_rope_scaling *s, struct leti_error *err)
{
    bool ok = s->kind == LM_ROPE_PLAIN || s->factor >= 1;
    if (s->kind == LM_ROPE_LLAMA3)
        ok = ok && is_positive(s->low_freq) && s->high_freq > s->low_freq;
    if (s->kind == LM_ROPE_YARN)
        ok = ok && is_positive(s->beta_slow) && s->beta_fast >= s->beta_slow &&
             is_positive(s->attention_factor);
    if (s->kind >= LM_ROPE_LLAMA3)
        ok = ok && s->original_positions > 0;
    return (ok && isfinite(s->factor) && isfinite(s->high_freq) && isfinite(s->beta_fast)) ||
           leti_error_set(err, "%s: the numbers of rope type \"%s\" do not fit one another", name,
                          lm_rope_names[s->kind]);
}

static bool check_positions(const char *name, const struct lm_config *c, struct leti_error *err)
{
    if (!is_positive(c->rope_theta) && !c->learned_positions)
        return leti_error_set(err, "%s: rope_theta is %g, allowed is a number above 0", name,
                              (double)c->rope_theta);
    if (c->rotary_dim < 0 || c->rotary_dim % 2 != 0 || c->rotary_dim > c->head_dim)
        return leti_error_set(err, "%s: rotary_dim is %d, allowed are even numbers up to %d", name,
                              c->rotary_dim, c->head_dim);
    if (c->window < 0 || c->full_every < 0 || !(c->query_scalar >= 0) || !isfinite(c->query_scalar))
        return leti_error_set(err,
                              "%s: window %d, every %d. layer full, query scalar %g: none "
                              "may be negative",
                              name, c->window, c->full_every, (double)c->query_scalar);
    if (c->rope_theta_sliding != 0 && !is_positive(c->rope_theta_sliding))
        return leti_error_set(err, "%s: rope_local_base_freq is %g, allowed is a number above 0",
                              name, (double)c->rope_theta_sliding);
    return check_scaling(name, &c->rope_scaling, err);
}

bool lm_config_check(const char *name, const struct lm_config *c, struct leti_error *err)
{
    if ((unsigned)c->arch >= LM_N_ARCHS)
        return leti_error_set(err, "%s: no architecture %d", name, (int)c->arch);
    if (!check_sizes(name, *c, err) || !check_positions(name, c, err))
        return false;
    if (!is_positive(c->norm_eps))
        return leti_error_set(err, "%s: %s is %g, allowed is a number above 0", name,
                              lm_architectures[c->arch].eps, (double)c->norm_eps);
    if (c->bos < -1 || c->bos >= c->vocab_size || c->eos < -1 || c->eos >= c->vocab_size)
        return leti_error_set(err, "%s: bos %d, eos %d, allowed are ids below vocab_size %d", name,
                              c->bos, c->eos, c->vocab_size);
    return true;
}

bool lm_config_slides(const struct lm_config *c, int32_t layer)
{
    return c->window > 0 && (c->full_every == 0 || (layer + 1) % c->full_every != 0);
}

struct lm_heads lm_config_heads(const struct lm_config *c, int32_t layer)
{
    float scalar = c->query_scalar > 0 ? c->query_scalar : (float)c->head_dim;
    return (struct lm_heads){
        .H = c->n_heads,
        .K = c->n_kv_heads,
        .D = c->head_dim,
        .scale = 1.0f / sqrtf(scalar),
        .window = lm_config_slides(c, layer) ? c->window : 0,
    };
}

int32_t lm_config_rotary_dim(const struct lm_config *c)
{
    if (c->learned_positions)
        return 0;
    return c->rotary_dim > 0 ? c->rotary_dim : c->head_dim;
}

float lm_config_embedding_scale(const struct lm_config *c)
{
    return c->scaled_embedding ? sqrtf((float)c->d_model) : 1.0f;
}

int64_t lm_config_mlp_width(const struct lm_config *c)
{
    return c->plain_mlp ? c->d_ff : 2 * (int64_t)c->d_ff;
}
