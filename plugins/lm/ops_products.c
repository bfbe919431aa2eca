/* ops_products.c - matrix products, by oneDNN.
 *
 * dnnl_sgemm reaches the machine's peak at the shapes of small models already and needs nothing
 * prepared by shape, which suits batches of packed sequences: each has another number of rows.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops.h"

#include <stdlib.h>

#include <oneapi/dnnl/dnnl.h>

/* f32 keeps nothing; the handle is where another precision or device keeps its state. */
struct lm_products {
    char unused;
};

bool lm_products_create(struct lm_products **out, struct leti_error *err)
{
    struct lm_products *products = calloc(1, sizeof *products);
    if (!products)
        return leti_error_set(err, "out of memory");
    *out = products;
    return true;
}

void lm_products_destroy(struct lm_products *products)
{
    free(products);
}

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

bool lm_matmul_gradient(struct lm_products *products, const float *dy, int64_t dy_stride,
                        const float *x, float *dw, int64_t rows, int64_t columns, int64_t N,
                        struct leti_error *err)
{
    (void)products;
    dnnl_status_t status =
        dnnl_sgemm('T', 'N', rows, columns, N, 1.0f, dy, dy_stride, x, columns, 1.0f, dw, columns);
    return check(status, rows, columns, N, err);
}
