/* same_config.h - compares configurations field by field: structs have padding.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SAME_CONFIG_H
#define SAME_CONFIG_H

#include "config.h"

static bool same_config(const struct lm_config *a, const struct lm_config *b)
{
    return a->n_layers == b->n_layers && a->d_model == b->d_model && a->n_heads == b->n_heads &&
           a->n_kv_heads == b->n_kv_heads && a->head_dim == b->head_dim && a->d_ff == b->d_ff &&
           a->vocab_size == b->vocab_size && a->max_positions == b->max_positions &&
           a->rope_theta == b->rope_theta && a->norm_eps == b->norm_eps && a->tied == b->tied &&
           a->bos == b->bos && a->eos == b->eos;
}

#endif
