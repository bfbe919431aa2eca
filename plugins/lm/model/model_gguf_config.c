/* model_gguf_config.c - the shape of a model from the metadata of a GGUF file.
 *
 * GGUF names an architecture and keys below it, "llama.block_count". Some of what config.json says
 * is not written there but known of the architecture (the table of architectures has it), and some
 * is told by the tensors: a head without a tensor of its own is tied, say.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>

#include "model/architectures.h"
#include "model/config_json.h"
#include "model/model_gguf.h"

enum { KEY_SIZE = 96 };

/* Layers of the one Gemma 3 that scales queries by something else than the size of a head. */
enum { GEMMA3_27B_LAYERS = 62 };

struct source {
    const struct lm_gguf *file;
    const char *arch; /* as the file calls it */
    struct leti_error *err;
};

static const struct {
    const char *name;
    enum lm_arch arch;
} architectures[] = {
    { "llama", LM_LLAMA }, { "qwen2", LM_QWEN2 },   { "qwen3", LM_QWEN3 },
    { "gpt2", LM_GPT2 },   { "gemma3", LM_GEMMA3 },
};

/* Sizes by their keys; NULL: found otherwise. */
static const char *const sizes[LM_N_SIZES] = {
    [LM_N_LAYERS] = "block_count",          [LM_D_MODEL] = "embedding_length",
    [LM_N_HEADS] = "attention.head_count",  [LM_N_KV_HEADS] = "attention.head_count_kv",
    [LM_HEAD_DIM] = "attention.key_length", [LM_D_FF] = "feed_forward_length",
    [LM_MAX_POSITIONS] = "context_length",
};

/* What would change the function that the decoder computes, where it is there and not 0. */
static const char *const refused[] = {
    "expert_count",
    "attn_logit_softcapping",
    "final_logit_softcapping",
    "logit_scale",
    "embedding_scale",
    "residual_scale",
    "attention.scale",
    "attention.max_alibi_bias",
    "attention.clamp_kqv",
    "rope.scaling.yarn_log_multiplier",
};

/* "llama.block_count" */
static const char *key_of(const struct source *s, const char *name, char out[KEY_SIZE])
{
    snprintf(out, KEY_SIZE, "%s.%s", s->arch, name);
    return out;
}

static bool has(const struct source *s, const char *name)
{
    char key[KEY_SIZE];
    return lm_gguf_has(s->file, key_of(s, name, key));
}

static bool bad(const struct source *s, const char *name, double value, const char *allowed)
{
    char key[KEY_SIZE];
    return leti_error_set(s->err, "%s: metadata key %s is %.9g, allowed is %s",
                          lm_gguf_name(s->file), key_of(s, name, key), value, allowed);
}

static bool read_int(const struct source *s, const char *name, int64_t max, int32_t *out)
{
    char key[KEY_SIZE], allowed[64];
    int64_t value;
    if (!lm_gguf_get_int(s->file, key_of(s, name, key), &value, s->err))
        return false;
    snprintf(allowed, sizeof allowed, "an integer from 1 to %lld", (long long)max);
    if (value < 1 || value > max)
        return bad(s, name, (double)value, allowed);
    *out = (int32_t)value;
    return true;
}

/* A number above 0; *out stays as it is where there is none. */
static bool read_positive(const struct source *s, const char *name, float *out)
{
    char key[KEY_SIZE];
    double value;
    if (!has(s, name))
        return true;
    if (!lm_gguf_get_real(s->file, key_of(s, name, key), &value, s->err))
        return false;
    float rounded = (float)value;
    if (!(rounded > 0) || !isfinite(rounded))
        return bad(s, name, value, "a number above 0");
    *out = rounded;
    return true;
}

static bool find_architecture(struct source *s, enum lm_arch *out)
{
    struct lm_gguf_text name;
    if (!lm_gguf_get_string(s->file, "general.architecture", &name, s->err))
        return false;
    for (size_t i = 0; i < sizeof architectures / sizeof architectures[0]; i++) {
        s->arch = architectures[i].name;
        *out = architectures[i].arch;
        if (strlen(s->arch) == name.size && memcmp(s->arch, name.data, name.size) == 0)
            return true;
    }
    return leti_error_set(s->err,
                          "%s: general.architecture is \"%.*s\", allowed are llama, qwen2, qwen3, "
                          "gpt2 and gemma3",
                          lm_gguf_name(s->file), (int)(name.size < 40 ? name.size : 40), name.data);
}

static bool read_vocab(const struct source *s, int32_t *out)
{
    const struct lm_gguf_tensor *t = lm_gguf_find(s->file, "token_embd.weight");
    if (!t)
        return leti_error_set(s->err, "%s: tensor token_embd.weight is missing",
                              lm_gguf_name(s->file));
    if (t->rows > lm_config_size_limit(LM_VOCAB_SIZE))
        return leti_error_set(s->err, "%s: tensor token_embd.weight has %lld rows, allowed is %d",
                              lm_gguf_name(s->file), (long long)t->rows,
                              lm_config_size_limit(LM_VOCAB_SIZE));
    *out = (int32_t)t->rows;
    return true;
}

static bool read_sizes(const struct source *s, struct lm_config *c)
{
    for (int i = 0; i < LM_N_SIZES; i++) {
        int32_t *out = lm_config_size(c, (enum lm_size)i);
        bool there = sizes[i] && has(s, sizes[i]);
        if (!there && i == LM_N_KV_HEADS) {
            *out = c->n_heads;
        } else if (!there && i == LM_HEAD_DIM) {
            *out = c->d_model / c->n_heads;
            if (*out * c->n_heads != c->d_model)
                return bad(s, sizes[LM_D_MODEL], c->d_model,
                           "a multiple of attention.head_count, or attention.key_length");
        } else if (sizes[i] && !read_int(s, sizes[i], lm_config_size_limit((enum lm_size)i), out)) {
            return false;
        }
    }
    return read_vocab(s, &c->vocab_size);
}

/* Keys and values are of one size, and windows of those models that have them. */
static bool check_sizes(const struct source *s, const struct lm_config *c)
{
    int32_t value;
    if (has(s, "attention.value_length")) {
        if (!read_int(s, "attention.value_length", INT32_MAX, &value))
            return false;
        if (value != c->head_dim)
            return bad(s, "attention.value_length", value, "the size of a key");
    }
    if (c->window == 0 && has(s, "attention.sliding_window")) {
        if (!read_int(s, "attention.sliding_window", INT32_MAX, &value))
            return false;
        if (value < c->max_positions)
            return bad(s, "attention.sliding_window", value, "none below the context length");
    }
    return true;
}

static bool check_refused(const struct source *s)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        char key[KEY_SIZE];
        double value;
        if (!has(s, refused[i]))
            continue;
        if (!lm_gguf_get_real(s->file, key_of(s, refused[i], key), &value, s->err))
            return false;
        if (value != 0)
            return bad(s, refused[i], value, "none: the decoder does not do that");
    }
    return true;
}

/* ---- rotary positions ---- */

static bool read_yarn(const struct source *s, struct lm_rope_scaling *r)
{
    float scale = 1.0f;
    r->kind = LM_ROPE_YARN;
    r->beta_fast = 32;
    r->beta_slow = 1;
    if (!read_int(s, "rope.scaling.original_context_length", lm_config_size_limit(LM_MAX_POSITIONS),
                  &r->original_positions) ||
        !read_positive(s, "rope.scaling.attn_factor", &scale) ||
        !read_positive(s, "rope.scaling.yarn_beta_fast", &r->beta_fast) ||
        !read_positive(s, "rope.scaling.yarn_beta_slow", &r->beta_slow))
        return false;
    r->attention_factor = r->factor > 1 ? scale * (0.1f * logf(r->factor) + 1.0f) : scale;
    return true;
}

static bool read_scaling(const struct source *s, struct lm_rope_scaling *r)
{
    char key[KEY_SIZE];
    struct lm_gguf_text type = { "linear", 6 };
    const char *factor = "rope.scaling.factor";
    if (has(s, "rope.scaling.type")) {
        if (!lm_gguf_get_string(s->file, key_of(s, "rope.scaling.type", key), &type, s->err))
            return false;
    } else if (has(s, "rope.scale_linear")) { /* as older files say it */
        factor = "rope.scale_linear";
    } else {
        return true;
    }
    if (type.size == 4 && memcmp(type.data, "none", 4) == 0)
        return true;
    r->factor = 1;
    if (!read_positive(s, factor, &r->factor))
        return false;
    if (type.size == 4 && memcmp(type.data, "yarn", 4) == 0)
        return read_yarn(s, r);
    if (type.size != 6 || memcmp(type.data, "linear", 6) != 0)
        return leti_error_set(s->err,
                              "%s: metadata key %s is \"%.*s\", allowed are none, linear and yarn",
                              lm_gguf_name(s->file), key_of(s, "rope.scaling.type", key),
                              (int)(type.size < 40 ? type.size : 40), type.data);
    r->kind = r->factor == 1 ? LM_ROPE_PLAIN : LM_ROPE_LINEAR;
    return true;
}

/* By how much Llama 3 divides the frequency of a pair: long waves by factor, short ones by 1. */
static double llama3_divisor(const struct lm_rope_scaling *r, double frequency)
{
    double turns = r->original_positions * frequency / (2 * M_PI);
    if (turns < (double)r->low_freq)
        return (double)r->factor;
    if (turns > (double)r->high_freq)
        return 1;
    double smooth = (turns - (double)r->low_freq) / (double)(r->high_freq - r->low_freq);
    return 1 / ((1 - smooth) / (double)r->factor + smooth);
}

/* Of Llama 3's scaling the file has the divisors only. All of that family are made with the same
 * numbers but the factor, which is the last divisor; that the others follow is checked. */
static bool read_divisors(const struct source *s, struct lm_config *c)
{
    const struct lm_gguf_tensor *t = lm_gguf_find(s->file, "rope_freqs.weight");
    if (!t)
        return true;
    int32_t dim = lm_config_rotary_dim(c);
    if (t->type != LM_GGUF_F32 || t->n != (size_t)dim / 2 || c->rope_scaling.kind != LM_ROPE_PLAIN)
        return leti_error_set(s->err,
                              "%s: rope_freqs.weight is not one f32 divisor for each of %d "
                              "pairs",
                              lm_gguf_name(s->file), dim / 2);
    const uint8_t *data = t->data;
    float divisor;
    memcpy(&divisor, data + (t->n - 1) * sizeof divisor, sizeof divisor);
    const struct lm_rope_scaling r = { .kind = LM_ROPE_LLAMA3,
                                       .factor = divisor,
                                       .original_positions = 8192,
                                       .low_freq = 1,
                                       .high_freq = 4 };
    bool plain = true;
    for (size_t i = 0; i < t->n; i++) {
        double expected =
            llama3_divisor(&r, pow((double)c->rope_theta, -2.0 * (double)i / (double)dim));
        memcpy(&divisor, data + i * sizeof divisor, sizeof divisor);
        if (!(fabs((double)divisor - expected) <= 1e-3 * expected))
            return leti_error_set(s->err,
                                  "%s: rope_freqs.weight[%zu] is %g, Llama 3's scaling "
                                  "would have %g: another scaling is not read",
                                  lm_gguf_name(s->file), i, (double)divisor, expected);
        plain = plain && divisor == 1.0f;
    }
    if (!plain)
        c->rope_scaling = r;
    return true;
}

static bool read_rope(const struct source *s, struct lm_config *c)
{
    int32_t dim = c->head_dim;
    if (c->learned_positions)
        return true;
    if (has(s, "rope.dimension_count") && !read_int(s, "rope.dimension_count", c->head_dim, &dim))
        return false;
    c->rotary_dim = dim == c->head_dim ? 0 : dim;
    return read_positive(s, "rope.freq_base", &c->rope_theta) &&
           (c->rope_theta_sliding == 0 ||
            read_positive(s, "rope.freq_base_swa", &c->rope_theta_sliding)) &&
           read_scaling(s, &c->rope_scaling) && read_divisors(s, c);
}

/* ---- the rest ---- */

static bool read_token(const struct source *s, const char *key, int32_t vocab_size, int32_t *out)
{
    int64_t id = -1;
    if (lm_gguf_has(s->file, key) && !lm_gguf_get_int(s->file, key, &id, s->err))
        return false;
    if (id < -1 || id >= vocab_size)
        return leti_error_set(s->err, "%s: metadata key %s is %lld, allowed is an id below %d",
                              lm_gguf_name(s->file), key, (long long)id, vocab_size);
    *out = (int32_t)id;
    return true;
}

/* What follows from which tensors there are. */
static void read_tensors(const struct source *s, struct lm_config *c)
{
    c->tied = !lm_gguf_find(s->file, "output.weight");
    c->head_bias = lm_gguf_find(s->file, "output.bias");
    c->qkv_bias =
        lm_gguf_find(s->file, "blk.0.attn_q.bias") || lm_gguf_find(s->file, "blk.0.attn_qkv.bias");
    c->out_bias = lm_gguf_find(s->file, "blk.0.attn_output.bias");
    c->mlp_bias = lm_gguf_find(s->file, "blk.0.ffn_up.bias");
}

static bool read_gemma3(const struct source *s, struct lm_config *c)
{
    bool largest = c->n_layers == GEMMA3_27B_LAYERS;
    c->query_scalar = largest ? (float)c->d_model / (float)c->n_heads : (float)c->head_dim;
    return !has(s, "attention.sliding_window") ||
           read_int(s, "attention.sliding_window", lm_config_size_limit(LM_MAX_POSITIONS),
                    &c->window);
}

bool lm_model_gguf_config(const struct lm_gguf *file, struct lm_config *out, struct leti_error *err)
{
    struct source s = { .file = file, .err = err };
    enum lm_arch arch;
    if (!find_architecture(&s, &arch))
        return false;
    struct lm_config c = lm_architectures[arch].base;
    const char *eps =
        c.norm == LM_RMS_NORM ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon";
    if (!check_refused(&s) || !read_sizes(&s, &c) || !check_sizes(&s, &c) ||
        !read_positive(&s, eps, &c.norm_eps) || !read_rope(&s, &c) ||
        (arch == LM_GEMMA3 && !read_gemma3(&s, &c)) ||
        !read_token(&s, "tokenizer.ggml.bos_token_id", c.vocab_size, &c.bos) ||
        !read_token(&s, "tokenizer.ggml.eos_token_id", c.vocab_size, &c.eos))
        return false;
    read_tensors(&s, &c);
    if (!lm_config_check(lm_gguf_name(file), &c, err))
        return false;
    *out = c;
    return true;
}
