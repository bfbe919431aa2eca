/* same_config.h - compares configurations field by field: structs have padding.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SAME_CONFIG_H
#define SAME_CONFIG_H

#include "model/config.h"

static bool same_scaling(const struct lm_rope_scaling *a, const struct lm_rope_scaling *b)
{
    return a->kind == b->kind && a->factor == b->factor &&
           (a->original_positions == b->original_positions || a->kind == LM_ROPE_LINEAR) &&
           a->low_freq == b->low_freq && a->high_freq == b->high_freq &&
           a->beta_fast == b->beta_fast && a->beta_slow == b->beta_slow &&
           a->attention_factor == b->attention_factor && a->exact_range == b->exact_range;
}

static bool same_behaviour(const struct lm_config *a, const struct lm_config *b)
{
    return a->arch == b->arch && a->norm == b->norm && a->activation == b->activation &&
           a->plain_mlp == b->plain_mlp && a->parallel == b->parallel &&
           a->post_norms == b->post_norms && a->qk_norm == b->qk_norm &&
           a->learned_positions == b->learned_positions &&
           a->scaled_embedding == b->scaled_embedding && a->qkv_bias == b->qkv_bias &&
           a->out_bias == b->out_bias && a->mlp_bias == b->mlp_bias &&
           a->head_bias == b->head_bias && a->rotary_dim == b->rotary_dim &&
           a->rope_theta_sliding == b->rope_theta_sliding && a->window == b->window &&
           a->full_every == b->full_every && a->query_scalar == b->query_scalar &&
           same_scaling(&a->rope_scaling, &b->rope_scaling);
}

static bool same_config(const struct lm_config *a, const struct lm_config *b)
{
    return a->n_layers == b->n_layers && a->d_model == b->d_model && a->n_heads == b->n_heads &&
           a->n_kv_heads == b->n_kv_heads && a->head_dim == b->head_dim && a->d_ff == b->d_ff &&
           a->vocab_size == b->vocab_size && a->max_positions == b->max_positions &&
           a->rope_theta == b->rope_theta && a->norm_eps == b->norm_eps && a->tied == b->tied &&
           a->bos == b->bos && a->eos == b->eos && same_behaviour(a, b);
}

#endif
