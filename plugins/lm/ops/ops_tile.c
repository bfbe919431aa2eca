/* ops_tile.c - the small products that attention is made of.
 *
 * They are written in vectors of a fixed width, which compilers keep in registers only where the
 * machine's are that wide: so there is one kernel a width, and each call takes the widest that
 * this machine has.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/ops_tile.h"

#include <string.h>

#include "ops/ops_vector.h"

/* Columns beyond the last whole vector: heads whose size is no multiple of it. */
static void edge(struct lm_tile a, const float *b, int64_t b_stride, float *c, int64_t c_stride,
                 int64_t m, int64_t n, int64_t k, bool add)
{
    for (int64_t i = 0; i < m; i++) {
        if (!add)
            memset(c + i * c_stride, 0, (size_t)n * sizeof *c);
        for (int64_t p = 0; p < k; p++)
            for (int64_t j = 0; j < n; j++)
                c[i * c_stride + j] += a.data[i * a.row + p * a.column] * b[p * b_stride + j];
    }
}

#ifdef __x86_64__
#define LANES 16
#define BLOCK 8
#define RIFFLE_LOW 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define RIFFLE_HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define TARGET __attribute__((target("avx512f")))
#define KERNEL(name) name##_16
#include "ops/ops_tile_kernel.inc"

#define LANES 8
#define BLOCK 6
#define RIFFLE_LOW 0, 8, 1, 9, 2, 10, 3, 11
#define RIFFLE_HIGH 4, 12, 5, 13, 6, 14, 7, 15
#define TARGET __attribute__((target("avx2,fma")))
#define KERNEL(name) name##_8
#include "ops/ops_tile_kernel.inc"
#endif

#define LANES 4
#define BLOCK 6
#define RIFFLE_LOW 0, 4, 1, 5
#define RIFFLE_HIGH 2, 6, 3, 7
#define TARGET
#define KERNEL(name) name##_4
#include "ops/ops_tile_kernel.inc"

void lm_tile_product(struct lm_tile a, const float *b, int64_t b_stride, float *c, int64_t c_stride,
                     int64_t m, int64_t n, int64_t k, bool add)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f")) {
        product_16(a, b, b_stride, c, c_stride, m, n, k, add);
        return;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        product_8(a, b, b_stride, c, c_stride, m, n, k, add);
        return;
    }
#endif
    product_4(a, b, b_stride, c, c_stride, m, n, k, add);
}

void lm_tile_transpose(const float *x, int64_t stride, float *out, int64_t rows, int64_t columns)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f")) {
        transpose_16(x, stride, out, rows, columns);
        return;
    }
    if (__builtin_cpu_supports("avx2")) {
        transpose_8(x, stride, out, rows, columns);
        return;
    }
#endif
    transpose_4(x, stride, out, rows, columns);
}
