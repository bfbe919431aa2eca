/* architectures.c - the table of architectures.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "model/architectures.h"

#include <string.h>

static const char *const llama_sizes[LM_N_SIZES] = {
    [LM_N_LAYERS] = "num_hidden_layers",  [LM_D_MODEL] = "hidden_size",
    [LM_N_HEADS] = "num_attention_heads", [LM_N_KV_HEADS] = "num_key_value_heads",
    [LM_HEAD_DIM] = "head_dim",           [LM_D_FF] = "intermediate_size",
    [LM_VOCAB_SIZE] = "vocab_size",       [LM_MAX_POSITIONS] = "max_position_embeddings",
};

static const char *const gpt_sizes[LM_N_SIZES] = {
    [LM_N_LAYERS] = "n_layer", [LM_D_MODEL] = "n_embd",        [LM_N_HEADS] = "n_head",
    [LM_D_FF] = "n_inner",     [LM_VOCAB_SIZE] = "vocab_size", [LM_MAX_POSITIONS] = "n_positions",
};

static const char *const llama_names[LM_N_ROLES] = {
    [LM_EMBEDDING] = "embed_tokens",
    [LM_ATTN_NORM] = "input_layernorm",
    [LM_Q] = "self_attn.q_proj",
    [LM_K] = "self_attn.k_proj",
    [LM_V] = "self_attn.v_proj",
    [LM_Q_NORM] = "self_attn.q_norm",
    [LM_K_NORM] = "self_attn.k_norm",
    [LM_ATTN_OUT] = "self_attn.o_proj",
    [LM_MLP_NORM] = "post_attention_layernorm",
    [LM_GATE] = "mlp.gate_proj",
    [LM_UP] = "mlp.up_proj",
    [LM_DOWN] = "mlp.down_proj",
    [LM_FINAL_NORM] = "norm",
    [LM_HEAD] = "lm_head",
};

static const char *const gemma_names[LM_N_ROLES] = {
    [LM_EMBEDDING] = "embed_tokens",
    [LM_ATTN_NORM] = "input_layernorm",
    [LM_Q] = "self_attn.q_proj",
    [LM_K] = "self_attn.k_proj",
    [LM_V] = "self_attn.v_proj",
    [LM_Q_NORM] = "self_attn.q_norm",
    [LM_K_NORM] = "self_attn.k_norm",
    [LM_ATTN_OUT] = "self_attn.o_proj",
    [LM_ATTN_POST_NORM] = "post_attention_layernorm",
    [LM_MLP_NORM] = "pre_feedforward_layernorm",
    [LM_GATE] = "mlp.gate_proj",
    [LM_UP] = "mlp.up_proj",
    [LM_DOWN] = "mlp.down_proj",
    [LM_MLP_POST_NORM] = "post_feedforward_layernorm",
    [LM_FINAL_NORM] = "norm",
    [LM_HEAD] = "lm_head",
};

static const char *const gpt2_names[LM_N_ROLES] = {
    [LM_EMBEDDING] = "wte",   [LM_POSITIONS] = "wpe",        [LM_ATTN_NORM] = "ln_1",
    [LM_QKV] = "attn.c_attn", [LM_ATTN_OUT] = "attn.c_proj", [LM_MLP_NORM] = "ln_2",
    [LM_UP] = "mlp.c_fc",     [LM_DOWN] = "mlp.c_proj",      [LM_FINAL_NORM] = "ln_f",
    [LM_HEAD] = "lm_head",
};

static const char *const gptj_names[LM_N_ROLES] = {
    [LM_EMBEDDING] = "wte", [LM_ATTN_NORM] = "ln_1",  [LM_Q] = "attn.q_proj",
    [LM_K] = "attn.k_proj", [LM_V] = "attn.v_proj",   [LM_ATTN_OUT] = "attn.out_proj",
    [LM_UP] = "mlp.fc_in",  [LM_DOWN] = "mlp.fc_out", [LM_FINAL_NORM] = "ln_f",
    [LM_HEAD] = "lm_head",
};

static const char *const codegen_names[LM_N_ROLES] = {
    [LM_EMBEDDING] = "wte",          [LM_ATTN_NORM] = "ln_1", [LM_QKV] = "attn.qkv_proj",
    [LM_ATTN_OUT] = "attn.out_proj", [LM_UP] = "mlp.fc_in",   [LM_DOWN] = "mlp.fc_out",
    [LM_FINAL_NORM] = "ln_f",        [LM_HEAD] = "lm_head",
};

/* Sizes and names that the Llama family shares. */
#define LLAMA_FAMILY                                                                               \
    .sizes = llama_sizes, .eps = "rms_norm_eps", .rope_theta = true, .prefix = "model.",           \
    .layers = "layers"

#define GPT_FAMILY                                                                                 \
    .sizes = gpt_sizes, .eps = "layer_norm_epsilon", .activation = "activation_function",          \
    .prefix = "transformer.", .layers = "h"

/* GPT-J and CodeGen: attention and MLP side by side on one norm. */
#define GPTJ_BASE                                                                                  \
    .norm = LM_LAYER_NORM, .norm_eps = 1e-5f, .activation = LM_GELU_TANH, .plain_mlp = true,       \
    .mlp_bias = true, .head_bias = true, .parallel = true, .rope_theta = 10000, .rotary_dim = 64

const struct lm_architecture lm_architectures[LM_N_ARCHS] = {
    [LM_LLAMA] = {
        LLAMA_FAMILY,
        .model_type = "llama",
        .class_name = "LlamaForCausalLM",
        .base = { .arch = LM_LLAMA, .rope_theta = 10000, .norm_eps = 1e-6f },
        .activation = "hidden_act",
        .kv_heads_may_miss = true,
        .attention_bias = true,
        .mlp_bias = true,
        .names = llama_names,
    },
    [LM_QWEN2] = {
        LLAMA_FAMILY,
        .model_type = "qwen2",
        .class_name = "Qwen2ForCausalLM",
        .base = { .arch = LM_QWEN2, .rope_theta = 10000, .norm_eps = 1e-6f, .qkv_bias = true },
        .activation = "hidden_act",
        .windows = LM_WINDOWS_BY_SWITCH,
        .names = llama_names,
    },
    [LM_QWEN3] = {
        LLAMA_FAMILY,
        .model_type = "qwen3",
        .class_name = "Qwen3ForCausalLM",
        .base = { .arch = LM_QWEN3, .rope_theta = 10000, .norm_eps = 1e-6f, .head_dim = 128,
                  .qk_norm = true },
        .activation = "hidden_act",
        .attention_bias = true,
        .windows = LM_WINDOWS_BY_SWITCH,
        .names = llama_names,
    },
    [LM_GEMMA3] = {
        LLAMA_FAMILY,
        .model_type = "gemma3_text",
        .class_name = "Gemma3ForCausalLM",
        .base = { .arch = LM_GEMMA3, .rope_theta = 1e6f, .rope_theta_sliding = 10000,
                  .norm_eps = 1e-6f, .head_dim = 256, .activation = LM_GELU_TANH, .tied = true,
                  .qk_norm = true, .post_norms = true, .scaled_embedding = true,
                  .query_scalar = 256, .window = 4096, .full_every = 6 },
        .activation = "hidden_activation",
        .rope_theta_sliding = true,
        .attention_bias = true,
        .query_scalar = true,
        .windows = LM_WINDOWS_BY_PATTERN,
        .names = gemma_names,
        .norms = { .less = 1 },
    },
    [LM_GPT2] = {
        GPT_FAMILY,
        .model_type = "gpt2",
        .class_name = "GPT2LMHeadModel",
        .base = { .arch = LM_GPT2, .norm = LM_LAYER_NORM, .norm_eps = 1e-5f,
                  .activation = LM_GELU_TANH, .plain_mlp = true, .tied = true,
                  .learned_positions = true, .qkv_bias = true, .out_bias = true,
                  .mlp_bias = true },
        .names = gpt2_names,
        .matrices = { .transposed = true },
    },
    [LM_GPTJ] = {
        GPT_FAMILY,
        .model_type = "gptj",
        .class_name = "GPTJForCausalLM",
        .base = { .arch = LM_GPTJ, GPTJ_BASE },
        .rotary_dim = true,
        .names = gptj_names,
        .queries = { .rows = LM_ROWS_PAIRED },
    },
    [LM_CODEGEN] = {
        GPT_FAMILY,
        .model_type = "codegen",
        .class_name = "CodeGenForCausalLM",
        .base = { .arch = LM_CODEGEN, GPTJ_BASE },
        .rotary_dim = true,
        .names = codegen_names,
        .queries = { .rows = LM_ROWS_CODEGEN },
    },
};

const struct lm_architecture *lm_architecture_find(const char *model_type)
{
    for (size_t i = 0; i < LM_N_ARCHS; i++) {
        if (strcmp(lm_architectures[i].model_type, model_type) == 0)
            return &lm_architectures[i];
    }
    return NULL;
}
