/* ops_bf16_rows.c - products of a few rows with a packed weight: a sample or two being decoded.
 *
 * There is so little to compute that all depends on how fast the weight comes from memory. It is
 * read once, in the order in which it lies, and asked for some time ahead, for the processor's own
 * guesses end at every page: that takes an eighth off the time.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/ops_bf16.h"

#include <omp.h>

#ifdef __x86_64__
#include <immintrin.h>

#include "ops/ops_vector.h"

#define BF16 __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))
#define BF16_INLINE BF16 static inline __attribute__((always_inline))

enum {
    COLUMNS = 64,    /* of a block of the packed weight */
    UNIT = 32,       /* columns that threads share out */
    LANES = 16,      /* columns of a vector */
    ROUND = 32,      /* rows of the weight that are padded to */
    AHEAD = 4 << 10, /* elements, several times what the memory takes to answer */
};

/* The product of `rows` rows with vectors * LANES columns; b points at the first of them. */
BF16_INLINE void columns(const int rows, const int vectors, const uint16_t *a, const uint16_t *b,
                         int64_t k, float *out)
{
    __m512 sums[LM_FEW_ROWS][COLUMNS / LANES];
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < vectors; j++)
            sums[i][j] = _mm512_setzero_ps();
    for (int64_t pair = 0; pair < k / 2; pair++, b += 2 * COLUMNS) {
        __m512i weights[COLUMNS / LANES];
        for (int j = 0; j < vectors; j++) {
            _mm_prefetch((const char *)(b + AHEAD + 2 * LANES * j), _MM_HINT_T0);
            weights[j] = _mm512_loadu_si512(b + 2 * LANES * j);
        }
        for (int i = 0; i < rows; i++) {
            int32_t two;
            memcpy(&two, a + i * k + 2 * pair, sizeof two);
            __m512i x = _mm512_set1_epi32(two);
            for (int j = 0; j < vectors; j++)
                sums[i][j] = _mm512_dpbf16_ps(sums[i][j], (__m512bh)x, (__m512bh)weights[j]);
        }
    }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < vectors; j++)
            _mm512_storeu_ps(out + i * COLUMNS + j * LANES, sums[i][j]);
}

BF16_INLINE void columns_of_rows(int rows, const int vectors, const uint16_t *a, const uint16_t *b,
                                 int64_t k, float *out)
{
    if (rows == 1)
        columns(1, vectors, a, b, k, out);
    else if (rows == 2)
        columns(2, vectors, a, b, k, out);
    else if (rows == 3)
        columns(3, vectors, a, b, k, out);
    else
        columns(4, vectors, a, b, k, out);
}

/* Units first .. end-1 of the columns. */
BF16 static void units(const uint16_t *a, const uint16_t *packed, float *c, float beta, int64_t m,
                       int64_t n, int64_t k, int64_t first, int64_t end)
{
    float out[LM_FEW_ROWS * COLUMNS];
    for (int64_t unit = first, width; unit < end; unit += width / UNIT) {
        int64_t column = unit * UNIT, within = column % COLUMNS;
        const uint16_t *b = packed + (column - within) * ((k + ROUND - 1) / ROUND * ROUND);
        bool whole = within == 0 && unit + 1 < end;
        width = whole ? COLUMNS : UNIT;
        if (whole)
            columns_of_rows((int)m, COLUMNS / LANES, a, b, k, out);
        else
            columns_of_rows((int)m, UNIT / LANES, a, b + 2 * within, k, out);
        int64_t used = n - column < width ? n - column : width;
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = 0; j < used; j++) {
                float *at = c + i * n + column + j;
                *at = (beta != 0.0f ? *at : 0.0f) + out[i * COLUMNS + j];
            }
    }
}

bool lm_bf16_few_rows(const uint16_t *a, const uint16_t *packed, float *c, float beta, int64_t m,
                      int64_t n, int64_t k)
{
    if (m > LM_FEW_ROWS || k % 2 || !__builtin_cpu_supports("avx512bf16"))
        return false;
    int64_t n_units = (n + UNIT - 1) / UNIT, parts = omp_in_parallel() ? 1 : omp_get_max_threads();
    if (parts == 1) {
        units(a, packed, c, beta, m, n, k, 0, n_units);
        return true;
    }
#pragma omp parallel for schedule(static, 1) num_threads((int)parts)
    for (int64_t i = 0; i < parts; i++)
        units(a, packed, c, beta, m, n, k, n_units * i / parts, n_units * (i + 1) / parts);
    return true;
}

#else

bool lm_bf16_few_rows(const uint16_t *a, const uint16_t *packed, float *c, float beta, int64_t m,
                      int64_t n, int64_t k)
{
    (void)a, (void)packed, (void)c, (void)beta, (void)m, (void)n, (void)k;
    return false;
}

#endif
