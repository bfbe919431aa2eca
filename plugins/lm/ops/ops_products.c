/* ops_products.c - matrix products, by oneDNN.
 *
 * In f32, dnnl_sgemm reaches the machine's peak at the shapes of small models already and needs
 * nothing prepared by shape. In bf16 weights are packed once a version; rows are converted on
 * their way, which costs little beside a product.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/ops.h"

#include <oneapi/dnnl/dnnl.h>
#include <stdlib.h>
#include <string.h>

#include "ops/buffer.h"
#include "ops/ops_bf16.h"
#include "ops/ops_rows.h"

struct lm_products {
    struct lm_bf16 *bf16;
    bool invariant;
};

struct lm_weight {
    int64_t rows, columns;
    enum lm_dtype precision;
    const float *params;          /* in f32 */
    uint16_t *forward, *backward; /* in bf16: w^T and w, packed; backward may be NULL */
};

enum lm_dtype lm_precision_best(void)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512bf16"))
        return LM_BF16;
#endif
    return LM_F32;
}

bool lm_precision_choose(const char *name, enum lm_dtype *out, struct leti_error *err)
{
    enum lm_dtype best = lm_precision_best(), asked = strcmp(name, "bf16") ? LM_F32 : LM_BF16;
    if (asked == LM_BF16 && best != LM_BF16)
        return leti_error_set(err, "precision bf16: this machine does not multiply in it; f32 and "
                                   "auto work everywhere");
    if (strcmp(name, "auto") && strcmp(name, "f32") && strcmp(name, "bf16"))
        return leti_error_set(err, "precision is \"%s\", allowed are f32, bf16 and auto", name);
    *out = strcmp(name, "auto") ? asked : best;
    return true;
}

bool lm_products_create(struct lm_products **out, struct leti_error *err)
{
    struct lm_products *products = calloc(1, sizeof *products);
    if (!products)
        return leti_error_set(err, "out of memory");
    if (!lm_bf16_create(&products->bf16, err)) {
        free(products);
        return false;
    }
    *out = products;
    return true;
}

void lm_products_destroy(struct lm_products *products)
{
    if (!products)
        return;
    lm_bf16_destroy(products->bf16);
    free(products);
}

void lm_products_make_invariant(struct lm_products *products)
{
    products->invariant = true;
}

/* ---- in f32 ---- */

static bool check(dnnl_status_t status, int64_t m, int64_t n, int64_t k, struct leti_error *err)
{
    if (status == dnnl_success)
        return true;
    return leti_error_set(err, "matrix product of %lld x %lld x %lld failed: %s", (long long)m,
                          (long long)n, (long long)k,
                          status == dnnl_out_of_memory ? "out of memory" : "oneDNN refused it");
}

bool lm_matmul(struct lm_products *products, const float *a, bool a_transposed, const float *b,
               bool b_transposed, float *c, float beta, int64_t m, int64_t n, int64_t k,
               struct leti_error *err)
{
    (void)products;
    dnnl_status_t status =
        dnnl_sgemm(a_transposed ? 'T' : 'N', b_transposed ? 'T' : 'N', m, n, k, 1.0f, a,
                   a_transposed ? m : k, b, b_transposed ? k : n, beta, c, n);
    return check(status, m, n, k, err);
}

/* ---- weights ---- */

bool lm_weight_create(int64_t rows, int64_t columns, enum lm_dtype precision, bool backward,
                      struct lm_weight **out, struct leti_error *err)
{
    struct lm_weight *w = calloc(1, sizeof *w);
    if (!w)
        return leti_error_set(err, "out of memory");
    *w = (struct lm_weight){ .rows = rows, .columns = columns, .precision = precision };
    size_t forward_size = lm_bf16_packed_size(columns, rows);
    size_t backward_size = lm_bf16_packed_size(rows, columns);
    if (precision == LM_BF16 &&
        (!lm_buffer(forward_size, sizeof *w->forward, &w->forward, err) ||
         (backward && !lm_buffer(backward_size, sizeof *w->backward, &w->backward, err)))) {
        lm_weight_destroy(w);
        return false;
    }
    if (w->forward)
        memset(w->forward, 0, forward_size * sizeof *w->forward);
    if (w->backward)
        memset(w->backward, 0, backward_size * sizeof *w->backward);
    *out = w;
    return true;
}

void lm_weight_set(struct lm_weight *w, const float *params)
{
    w->params = params;
    if (w->forward)
        lm_bf16_pack_transposed(params, w->columns, w->rows, w->forward);
    if (w->backward)
        lm_bf16_pack(params, w->rows, w->columns, w->backward);
}

void lm_weight_destroy(struct lm_weight *w)
{
    if (!w)
        return;
    free(w->forward);
    free(w->backward);
    free(w);
}

/* Each tile by one thread. */
static bool linear_in_tiles(const struct lm_weight *w, const float *x, float *y, float beta,
                            int64_t N, struct leti_error *err)
{
    enum { TILE_ROWS = 16, TILE_COLUMNS = 256 };
    int64_t V = w->rows, K = w->columns;
    dnnl_status_t failed = dnnl_success;
#pragma omp parallel for collapse(2) schedule(static)
    for (int64_t row = 0; row < N; row += TILE_ROWS)
        for (int64_t column = 0; column < V; column += TILE_COLUMNS) {
            int64_t m = N - row < TILE_ROWS ? N - row : TILE_ROWS;
            int64_t n = V - column < TILE_COLUMNS ? V - column : TILE_COLUMNS;
            dnnl_status_t status =
                dnnl_sgemm('N', 'T', m, n, K, 1.0f, x + row * K, K, w->params + column * K, K, beta,
                           y + row * V + column, V);
            if (status != dnnl_success)
#pragma omp atomic write
                failed = status;
        }
    return check(failed, N, V, K, err);
}

bool lm_linear(struct lm_products *products, const struct lm_weight *w, const float *x, float *y,
               float beta, int64_t N, struct leti_error *err)
{
    if (w->precision == LM_BF16)
        return lm_bf16_product(products->bf16, x, w->forward, y, beta, N, w->rows, w->columns, err);
    if (products->invariant)
        return linear_in_tiles(w, x, y, beta, N, err);
    if (N <= LM_FEW_ROWS) {
        lm_few_rows(x, w->params, y, beta, N, w->rows, w->columns);
        return true;
    }
    return lm_matmul(products, x, false, w->params, true, y, beta, N, w->rows, w->columns, err);
}

bool lm_linear_backward(struct lm_products *products, const struct lm_weight *w, const float *dy,
                        float *dx, int64_t N, struct leti_error *err)
{
    if (w->precision == LM_BF16)
        return lm_bf16_product(products->bf16, dy, w->backward, dx, 0.0f, N, w->columns, w->rows,
                               err);
    return lm_matmul(products, dy, false, w->params, false, dx, 0.0f, N, w->columns, w->rows, err);
}

bool lm_linear_gradient(struct lm_products *products, enum lm_dtype precision, const float *dy,
                        int64_t dy_stride, const float *x, float *dw, int64_t n_rows,
                        int64_t columns, int64_t N, struct leti_error *err)
{
    if (precision == LM_BF16)
        return lm_bf16_gradient(products->bf16, dy, dy_stride, x, dw, n_rows, columns, N, err);
    dnnl_status_t status = dnnl_sgemm('T', 'N', n_rows, columns, N, 1.0f, dy, dy_stride, x, columns,
                                      1.0f, dw, columns);
    return check(status, n_rows, columns, N, err);
}
