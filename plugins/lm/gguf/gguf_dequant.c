/* gguf_dequant.c - the tensor types of GGUF to f32.
 *
 * A quantised tensor is a row of blocks. A block has a scale d, some also a minimum m, and a few
 * bits q for each element: x = d q + m. The K types share one scale among 256 elements and give
 * each group of 16 or 32 a small integer by which it is multiplied. The layouts are those of the
 * public GGUF files; each is drawn beside its function, sizes in bytes.
 *
 * This file is compiled without fused multiply-add: the same file gives the same bits everywhere.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "gguf/gguf_parts.h"
#include "ops/ops_vector.h"

enum {
    SMALL = 32,  /* elements of a block */
    LARGE = 256, /* of a K block */
};

LM_INLINE float f32_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Without branches, so that loops of it become vectors. */
LM_INLINE float f32_of_f16(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, magnitude = half & 0x7fff;
    uint32_t normal = (magnitude << 13) + (112u << 23);
    uint32_t special = magnitude << 13 | 0x7f800000; /* infinity, not a number */
    float subnormal = (float)(int32_t)magnitude * 0x1p-24f;
    uint32_t small;
    memcpy(&small, &subnormal, sizeof small);
    uint32_t bits = magnitude < 0x400 ? small : normal;
    bits = magnitude >= 0x7c00 ? special : bits;
    return f32_of_bits(sign | bits);
}

LM_INLINE float f16_at(const uint8_t *bytes)
{
    uint16_t half;
    memcpy(&half, bytes, sizeof half);
    return f32_of_f16(half);
}

/* ---- one element a block ---- */

static void f32_to_f32(const uint8_t *in, size_t n, float *out)
{
    memcpy(out, in, n * sizeof *out);
}

LM_VECTOR static void f16_to_f32(const uint8_t *in, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = f16_at(in + 2 * i);
}

LM_VECTOR static void bf16_to_f32(const uint8_t *in, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++) {
        uint16_t half;
        memcpy(&half, in + 2 * i, sizeof half);
        out[i] = f32_of_bits((uint32_t)half << 16);
    }
}

/* ---- blocks of 32 ---- */

/* d 2 | q 32, signed */
LM_VECTOR static void q8_0_to_f32(const uint8_t *in, size_t n, float *out)
{
    for (size_t b = 0; b < n; b++, in += 34, out += SMALL) {
        float d = f16_at(in);
        for (int i = 0; i < SMALL; i++)
            out[i] = d * (float)(int8_t)in[2 + i];
    }
}

/* d 2 | q 16: the low halves of the bytes are elements 0 to 15, the high ones 16 to 31; minus 8 */
LM_VECTOR static void q4_0_to_f32(const uint8_t *in, size_t n, float *out)
{
    for (size_t b = 0; b < n; b++, in += 18, out += SMALL) {
        float d = f16_at(in);
        for (int i = 0; i < SMALL / 2; i++) {
            out[i] = d * (float)((in[2 + i] & 15) - 8);
            out[i + SMALL / 2] = d * (float)((in[2 + i] >> 4) - 8);
        }
    }
}

/* d 2 | m 2 | q 16, in halves as above */
LM_VECTOR static void q4_1_to_f32(const uint8_t *in, size_t n, float *out)
{
    for (size_t b = 0; b < n; b++, in += 20, out += SMALL) {
        float d = f16_at(in), m = f16_at(in + 2);
        for (int i = 0; i < SMALL / 2; i++) {
            out[i] = d * (float)(in[4 + i] & 15) + m;
            out[i + SMALL / 2] = d * (float)(in[4 + i] >> 4) + m;
        }
    }
}

/* The fifth bits of a block's elements, 4 bytes, bit i of element i. */
LM_INLINE uint32_t fifth_bits(const uint8_t *in)
{
    return (uint32_t)lm_gguf_little_endian(in, 4);
}

/* d 2 | fifth bits 4 | q 16, in halves as above; minus 16 */
LM_VECTOR static void q5_0_to_f32(const uint8_t *in, size_t n, float *out)
{
    for (size_t b = 0; b < n; b++, in += 22, out += SMALL) {
        float d = f16_at(in);
        uint32_t high = fifth_bits(in + 2);
        for (int i = 0; i < SMALL / 2; i++) {
            out[i] = d * (float)((int)((in[6 + i] & 15) | (high >> i & 1) << 4) - 16);
            out[i + 16] = d * (float)((int)((in[6 + i] >> 4) | (high >> (i + 16) & 1) << 4) - 16);
        }
    }
}

/* d 2 | m 2 | fifth bits 4 | q 16 */
LM_VECTOR static void q5_1_to_f32(const uint8_t *in, size_t n, float *out)
{
    for (size_t b = 0; b < n; b++, in += 24, out += SMALL) {
        float d = f16_at(in), m = f16_at(in + 2);
        uint32_t high = fifth_bits(in + 4);
        for (int i = 0; i < SMALL / 2; i++) {
            out[i] = d * (float)(int)((in[8 + i] & 15) | (high >> i & 1) << 4) + m;
            out[i + 16] = d * (float)(int)((in[8 + i] >> 4) | (high >> (i + 16) & 1) << 4) + m;
        }
    }
}

/* ---- blocks of 256 ---- */

/* The eight groups of 32 have a factor of d and one of the minimum, 6 bits each, in 12 bytes: the
 * first four factors, the first four minima, then the low halves of the other four of both; their
 * high bits are above those of the first eight bytes. */
LM_INLINE void group_factors(const uint8_t *in, uint8_t scale[8], uint8_t minimum[8])
{
    for (int i = 0; i < 4; i++) {
        scale[i] = in[i] & 63;
        minimum[i] = in[4 + i] & 63;
        scale[4 + i] = (uint8_t)((in[8 + i] & 15) | in[i] >> 6 << 4);
        minimum[4 + i] = (uint8_t)(in[8 + i] >> 4 | in[4 + i] >> 6 << 4);
    }
}

/* d 2 | minimum 2 | factors 12 | q 128: 32 bytes for two groups, the low halves for the first */
LM_VECTOR static void q4_k_to_f32(const uint8_t *in, size_t n, float *out)
{
    for (size_t b = 0; b < n; b++, in += 144) {
        float d = f16_at(in), m = f16_at(in + 2);
        uint8_t scale[8], minimum[8];
        group_factors(in + 4, scale, minimum);
        const uint8_t *q = in + 16;
        for (int g = 0; g < 8; g += 2, q += 32, out += 64) {
            float d0 = d * (float)scale[g], m0 = m * (float)minimum[g];
            float d1 = d * (float)scale[g + 1], m1 = m * (float)minimum[g + 1];
            for (int i = 0; i < 32; i++) {
                out[i] = d0 * (float)(q[i] & 15) - m0;
                out[i + 32] = d1 * (float)(q[i] >> 4) - m1;
            }
        }
    }
}

/* d 2 | minimum 2 | factors 12 | fifth bits 32: bit g of byte i for element i of group g | q 128 */
LM_VECTOR static void q5_k_to_f32(const uint8_t *in, size_t n, float *out)
{
    for (size_t b = 0; b < n; b++, in += 176) {
        float d = f16_at(in), m = f16_at(in + 2);
        uint8_t scale[8], minimum[8];
        group_factors(in + 4, scale, minimum);
        const uint8_t *high = in + 16, *q = in + 48;
        for (int g = 0; g < 8; g += 2, q += 32, out += 64) {
            float d0 = d * (float)scale[g], m0 = m * (float)minimum[g];
            float d1 = d * (float)scale[g + 1], m1 = m * (float)minimum[g + 1];
            for (int i = 0; i < 32; i++) {
                out[i] = d0 * (float)((q[i] & 15) | (high[i] >> g & 1) << 4) - m0;
                out[i + 32] = d1 * (float)((q[i] >> 4) | (high[i] >> (g + 1) & 1) << 4) - m1;
            }
        }
    }
}

/* low four bits 128 | high two bits 64 | factors 16, signed, one for 16 elements | d 2.
 * Each half of the block is four runs of 32: the low bits of runs 0 and 2 share 32 bytes, those of
 * 1 and 3 the next 32; byte i of the high bits has those of element i of each run. Minus 32. */
LM_VECTOR static void q6_k_to_f32(const uint8_t *in, size_t n, float *out)
{
    for (size_t b = 0; b < n; b++, in += 210) {
        float d = f16_at(in + 208);
        for (int half = 0; half < 2; half++, out += 128) {
            const uint8_t *low = in + 64 * half, *high = in + 128 + 32 * half;
            const uint8_t *factor = in + 192 + 8 * half;
            float scale[8];
            for (int i = 0; i < 8; i++)
                scale[i] = d * (float)(int8_t)factor[i];
            for (int i = 0; i < 32; i++) {
                int q0 = (low[i] & 15) | (high[i] & 3) << 4;
                int q1 = (low[i + 32] & 15) | (high[i] >> 2 & 3) << 4;
                int q2 = low[i] >> 4 | (high[i] >> 4 & 3) << 4;
                int q3 = low[i + 32] >> 4 | high[i] >> 6 << 4;
                out[i] = scale[i / 16] * (float)(q0 - 32);
                out[i + 32] = scale[2 + i / 16] * (float)(q1 - 32);
                out[i + 64] = scale[4 + i / 16] * (float)(q2 - 32);
                out[i + 96] = scale[6 + i / 16] * (float)(q3 - 32);
            }
        }
    }
}

/* ---- all types ---- */

static const struct lm_gguf_block blocks[] = {
    [LM_GGUF_F32] = { "F32", 1, 4, f32_to_f32 },
    [LM_GGUF_F16] = { "F16", 1, 2, f16_to_f32 },
    [LM_GGUF_Q4_0] = { "Q4_0", SMALL, 18, q4_0_to_f32 },
    [LM_GGUF_Q4_1] = { "Q4_1", SMALL, 20, q4_1_to_f32 },
    [LM_GGUF_Q5_0] = { "Q5_0", SMALL, 22, q5_0_to_f32 },
    [LM_GGUF_Q5_1] = { "Q5_1", SMALL, 24, q5_1_to_f32 },
    [LM_GGUF_Q8_0] = { "Q8_0", SMALL, 34, q8_0_to_f32 },
    [LM_GGUF_Q4_K] = { "Q4_K", LARGE, 144, q4_k_to_f32 },
    [LM_GGUF_Q5_K] = { "Q5_K", LARGE, 176, q5_k_to_f32 },
    [LM_GGUF_Q6_K] = { "Q6_K", LARGE, 210, q6_k_to_f32 },
    [LM_GGUF_BF16] = { "BF16", 1, 2, bf16_to_f32 },
    /* Known, so that an error can name them. */
    [9] = { .name = "Q8_1" },
    [10] = { .name = "Q2_K" },
    [11] = { .name = "Q3_K" },
    [15] = { .name = "Q8_K" },
    [16] = { .name = "IQ2_XXS" },
    [17] = { .name = "IQ2_XS" },
    [18] = { .name = "IQ3_XXS" },
    [19] = { .name = "IQ1_S" },
    [20] = { .name = "IQ4_NL" },
    [21] = { .name = "IQ3_S" },
    [22] = { .name = "IQ2_S" },
    [23] = { .name = "IQ4_XS" },
    [24] = { .name = "I8" },
    [25] = { .name = "I16" },
    [26] = { .name = "I32" },
    [27] = { .name = "I64" },
    [28] = { .name = "F64" },
    [29] = { .name = "IQ1_M" },
    [34] = { .name = "TQ1_0" },
    [35] = { .name = "TQ2_0" },
    [39] = { .name = "MXFP4" },
};

const struct lm_gguf_block *lm_gguf_block(uint64_t type)
{
    bool known = type < sizeof blocks / sizeof blocks[0] && blocks[type].name;
    return known ? &blocks[type] : NULL;
}

const char *lm_gguf_type_name(enum lm_gguf_type type)
{
    const struct lm_gguf_block *block = lm_gguf_block((uint64_t)type);
    return block && block->to_f32 ? block->name : NULL;
}

/* Rows are whole blocks, so that those asked for are one run of blocks. */
void lm_gguf_to_f32(const struct lm_gguf_tensor *t, int64_t first, int64_t n, float *out)
{
    const struct lm_gguf_block *block = lm_gguf_block((uint64_t)t->type);
    size_t in_row = (size_t)t->cols / (size_t)block->elements;
    const uint8_t *rows = t->data;
    block->to_f32(rows + (size_t)first * in_row * (size_t)block->bytes, (size_t)n * in_row, out);
}
