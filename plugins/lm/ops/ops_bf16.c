/* ops_bf16.c - oneDNN's matmul for bf16, with what it needs kept between calls.
 *
 * oneDNN makes a kernel for each shape, in some tenths of a millisecond, so kernels are kept. The
 * number of rows is another one in each batch; some hundred places, in sets found by hash, bound
 * what is kept.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/ops_bf16.h"

#include <omp.h>
#include <oneapi/dnnl/dnnl.h>
#include <stdlib.h>
#include <string.h>

#include "ops/ops_vector.h"

enum { COLUMNS = 64, ROWS = 32, SETS = 64, WAYS = 8, ALIGNMENT = 64 };

/* ---- numbers ---- */

/* Rounded to nearest, ties to even; not a number stays not a number. */
LM_INLINE uint16_t to_bf16(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint32_t rounded = bits + 0x7fffu + ((bits >> 16) & 1u);
    return (uint16_t)((bits & 0x7fffffffu) > 0x7f800000u ? (bits >> 16) | 0x40u : rounded >> 16);
}

LM_VECTOR static void convert(const float *x, uint16_t *out, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = to_bf16(x[i]);
}

/* ---- packing ---- */

static int64_t round_up(int64_t n, int64_t to)
{
    return (n + to - 1) / to * to;
}

size_t lm_bf16_packed_size(int64_t k, int64_t n)
{
    return (size_t)round_up(k, ROWS) * (size_t)round_up(n, COLUMNS);
}

/* A block of columns: b points at its first, of `width`. */
LM_VECTOR static void pack_columns(const float *b, int64_t stride, int64_t k, int64_t width,
                                   uint16_t *out)
{
    for (int64_t row = 0; row < k; row++) {
        uint16_t *at = out + row / 2 * 2 * COLUMNS + row % 2;
        for (int64_t j = 0; j < width; j++)
            at[2 * j] = to_bf16(b[row * stride + j]);
    }
}

/* b: [width][k]. */
LM_VECTOR static void pack_columns_transposed(const float *b, int64_t k, int64_t width,
                                              uint16_t *out)
{
    for (int64_t first = 0; first < k; first += ROWS) {
        int64_t n = k - first < ROWS ? k - first : ROWS;
        for (int64_t j = 0; j < width; j++) {
            uint16_t row[ROWS] = { 0 };
            for (int64_t i = 0; i < n; i++)
                row[i] = to_bf16(b[j * k + first + i]);
            for (int64_t i = 0; i < ROWS; i += 2)
                memcpy(out + (first + i) * COLUMNS + 2 * j, row + i, 2 * sizeof *row);
        }
    }
}

void lm_bf16_pack(const float *b, int64_t k, int64_t n, uint16_t *out)
{
#pragma omp parallel for schedule(static)
    for (int64_t j = 0; j < n; j += COLUMNS)
        pack_columns(b + j, n, k, n - j < COLUMNS ? n - j : COLUMNS, out + j * round_up(k, ROWS));
}

void lm_bf16_pack_transposed(const float *b, int64_t k, int64_t n, uint16_t *out)
{
#pragma omp parallel for schedule(static)
    for (int64_t j = 0; j < n; j += COLUMNS)
        pack_columns_transposed(b + j * k, k, n - j < COLUMNS ? n - j : COLUMNS,
                                out + j * round_up(k, ROWS));
}

/* ---- kernels ---- */

struct shape {
    int64_t m, n, k;
    int32_t threads;
    bool gradient, sum;
};

struct kernel {
    struct shape shape;
    dnnl_primitive_t primitive; /* NULL: a free place */
    dnnl_memory_t a, b, c;
    uint64_t used; /* when it was last */
};

struct rows {
    uint16_t *data;
    size_t capacity;
};

struct worker {
    dnnl_stream_t stream;
    struct rows a, b;
    struct kernel kernels[SETS][WAYS];
    uint64_t uses;
};

struct lm_bf16 {
    dnnl_engine_t engine;
    int n_workers;
    struct worker *workers;
};

static bool check(dnnl_status_t status, const struct shape *s, struct leti_error *err)
{
    if (status == dnnl_success)
        return true;
    return leti_error_set(err, "bf16 product of %lld x %lld x %lld failed: %s", (long long)s->m,
                          (long long)s->n, (long long)s->k,
                          status == dnnl_out_of_memory ? "out of memory" : "oneDNN refused it");
}

static void kernel_clear(struct kernel *kernel)
{
    dnnl_memory_destroy(kernel->a);
    dnnl_memory_destroy(kernel->b);
    dnnl_memory_destroy(kernel->c);
    dnnl_primitive_destroy(kernel->primitive);
    *kernel = (struct kernel){ 0 };
}

/* a is [m][k], or [k][m] for a gradient; b packed, or [k][n]; c [m][n] in f32. */
static dnnl_status_t describe(const struct shape *s, dnnl_memory_desc_t md[3])
{
    dnnl_dims_t a = { s->m, s->k }, b = { s->k, s->n }, c = { s->m, s->n };
    dnnl_status_t status =
        dnnl_memory_desc_init_by_tag(&md[0], 2, a, dnnl_bf16, s->gradient ? dnnl_ba : dnnl_ab);
    if (status == dnnl_success)
        status = dnnl_memory_desc_init_by_tag(&md[1], 2, b, dnnl_bf16,
                                              s->gradient ? dnnl_ab : dnnl_BA16a64b2a);
    if (status == dnnl_success)
        status = dnnl_memory_desc_init_by_tag(&md[2], 2, c, dnnl_f32, dnnl_ab);
    return status;
}

static dnnl_status_t make_primitive(const struct lm_bf16 *bf16, const struct shape *s,
                                    const dnnl_memory_desc_t md[3], dnnl_primitive_t *out)
{
    dnnl_matmul_desc_t desc;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_post_ops_t ops = NULL;
    dnnl_primitive_desc_t made = NULL;
    dnnl_status_t status = dnnl_matmul_desc_init(&desc, &md[0], &md[1], NULL, &md[2]);
    if (status == dnnl_success)
        status = dnnl_primitive_attr_create(&attr);
    if (status == dnnl_success)
        status = dnnl_post_ops_create(&ops);
    if (status == dnnl_success && s->sum)
        status = dnnl_post_ops_append_sum(ops, 1.0f);
    if (status == dnnl_success)
        status = dnnl_primitive_attr_set_post_ops(attr, ops);
    if (status == dnnl_success)
        status = dnnl_primitive_desc_create(&made, &desc, attr, bf16->engine, NULL);
    if (status == dnnl_success)
        status = dnnl_primitive_create(out, made);
    dnnl_primitive_desc_destroy(made);
    dnnl_post_ops_destroy(ops);
    dnnl_primitive_attr_destroy(attr);
    return status;
}

static bool kernel_make(const struct lm_bf16 *bf16, const struct shape *s, struct kernel *out,
                        struct leti_error *err)
{
    dnnl_memory_desc_t md[3];
    struct kernel kernel = { .shape = *s };
    dnnl_memory_t *const memories[] = { &kernel.a, &kernel.b, &kernel.c };
    dnnl_status_t status = describe(s, md);
    if (status == dnnl_success)
        status = make_primitive(bf16, s, md, &kernel.primitive);
    for (int i = 0; i < 3 && status == dnnl_success; i++)
        status = dnnl_memory_create(memories[i], &md[i], bf16->engine, DNNL_MEMORY_NONE);
    if (status != dnnl_success)
        kernel_clear(&kernel);
    else
        *out = kernel;
    return check(status, s, err);
}

static bool same(const struct shape *a, const struct shape *b)
{
    return a->m == b->m && a->n == b->n && a->k == b->k && a->threads == b->threads &&
           a->gradient == b->gradient && a->sum == b->sum;
}

/* The kernel of this shape, or the place in its set that was not used for the longest time. */
static struct kernel *place(struct worker *worker, const struct shape *s)
{
    uint64_t hash = (uint64_t)s->m * 31 + (uint64_t)s->n;
    hash =
        (hash * 31 + (uint64_t)s->k) * 31 + (uint64_t)(s->threads * 4 + s->gradient * 2 + s->sum);
    struct kernel *set = worker->kernels[(hash * 0x9e3779b97f4a7c15u) >> 58], *oldest = set;
    for (int i = 0; i < WAYS; i++) {
        if (set[i].primitive && same(&set[i].shape, s))
            return &set[i];
        if (set[i].used < oldest->used)
            oldest = &set[i];
    }
    kernel_clear(oldest);
    return oldest;
}

static bool find_kernel(const struct lm_bf16 *bf16, struct worker *worker, const struct shape *s,
                        struct kernel **out, struct leti_error *err)
{
    struct kernel *kernel = place(worker, s);
    if (!kernel->primitive && !kernel_make(bf16, s, kernel, err))
        return false;
    kernel->used = ++worker->uses;
    *out = kernel;
    return true;
}

static bool run(const struct lm_bf16 *bf16, struct worker *worker, const struct shape *s,
                const uint16_t *a, const uint16_t *b, float *c, struct leti_error *err)
{
    struct kernel *kernel;
    if (!find_kernel(bf16, worker, s, &kernel, err))
        return false;
    dnnl_exec_arg_t args[] = { { DNNL_ARG_SRC, kernel->a },
                               { DNNL_ARG_WEIGHTS, kernel->b },
                               { DNNL_ARG_DST, kernel->c } };
    dnnl_status_t status = dnnl_memory_set_data_handle(kernel->a, (void *)(uintptr_t)a);
    if (status == dnnl_success)
        status = dnnl_memory_set_data_handle(kernel->b, (void *)(uintptr_t)b);
    if (status == dnnl_success)
        status = dnnl_memory_set_data_handle(kernel->c, c);
    if (status == dnnl_success)
        status = dnnl_primitive_execute(kernel->primitive, worker->stream, 3, args);
    return check(status, s, err);
}

/* ---- workers ---- */

bool lm_bf16_create(struct lm_bf16 **out, struct leti_error *err)
{
    struct lm_bf16 *bf16 = calloc(1, sizeof *bf16);
    if (!bf16)
        return leti_error_set(err, "out of memory");
    bf16->n_workers = omp_get_max_threads();
    bf16->workers = calloc((size_t)bf16->n_workers, sizeof *bf16->workers);
    dnnl_status_t status = dnnl_engine_create(&bf16->engine, dnnl_cpu, 0);
    for (int i = 0; bf16->workers && status == dnnl_success && i < bf16->n_workers; i++)
        status =
            dnnl_stream_create(&bf16->workers[i].stream, bf16->engine, dnnl_stream_default_flags);
    if (!bf16->workers || status != dnnl_success) {
        lm_bf16_destroy(bf16);
        return leti_error_set(err, "out of memory for products in bf16");
    }
    *out = bf16;
    return true;
}

void lm_bf16_destroy(struct lm_bf16 *bf16)
{
    if (!bf16)
        return;
    for (int i = 0; bf16->workers && i < bf16->n_workers; i++) {
        struct worker *worker = &bf16->workers[i];
        for (int set = 0; set < SETS; set++)
            for (int way = 0; way < WAYS; way++)
                kernel_clear(&worker->kernels[set][way]);
        dnnl_stream_destroy(worker->stream);
        free(worker->a.data);
        free(worker->b.data);
    }
    free(bf16->workers);
    dnnl_engine_destroy(bf16->engine);
    free(bf16);
}

static struct worker *this_worker(struct lm_bf16 *bf16, struct leti_error *err)
{
    int i = omp_get_thread_num();
    if (i < bf16->n_workers)
        return &bf16->workers[i];
    leti_error_set(err, "products made for %d threads, used by more", bf16->n_workers);
    return NULL;
}

static int team(void)
{
    return omp_in_parallel() ? 1 : omp_get_max_threads();
}

/* n rows of `width`, each `stride` apart. */
static bool take_rows(struct rows *rows, const float *x, int64_t stride, int64_t width, int64_t n,
                      struct leti_error *err)
{
    enum { GRAIN = 1 << 14 }; /* elements for which it is worth to share out */
    size_t size = (size_t)(n * width);
    if (rows->capacity < size) {
        free(rows->data);
        rows->capacity = 0;
        rows->data =
            aligned_alloc(ALIGNMENT, (size * sizeof *rows->data / ALIGNMENT + 1) * ALIGNMENT);
        if (!rows->data)
            return leti_error_set(err, "out of memory for %zu numbers in bf16", size);
        rows->capacity = size;
    }
    uint16_t *out = rows->data;
#pragma omp parallel for schedule(static) if (n * width > GRAIN && !omp_in_parallel())
    for (int64_t i = 0; i < n; i++)
        convert(x + i * stride, out + i * width, width);
    return true;
}

bool lm_bf16_product(struct lm_bf16 *bf16, const float *a, const uint16_t *packed, float *c,
                     float beta, int64_t m, int64_t n, int64_t k, struct leti_error *err)
{
    struct shape shape = { .m = m, .n = n, .k = k, .threads = team(), .sum = beta != 0.0f };
    struct worker *worker = this_worker(bf16, err);
    if (!worker || !take_rows(&worker->a, a, k, k, m, err))
        return false;
    return lm_bf16_few_rows(worker->a.data, packed, c, beta, m, n, k) ||
           run(bf16, worker, &shape, worker->a.data, packed, c, err);
}

bool lm_bf16_gradient(struct lm_bf16 *bf16, const float *a, int64_t a_stride, const float *b,
                      float *c, int64_t m, int64_t n, int64_t k, struct leti_error *err)
{
    struct shape shape = {
        .m = m, .n = n, .k = k, .threads = team(), .gradient = true, .sum = true
    };
    struct worker *worker = this_worker(bf16, err);
    return worker && take_rows(&worker->a, a, a_stride, m, k, err) &&
           take_rows(&worker->b, b, n, n, k, err) &&
           run(bf16, worker, &shape, worker->a.data, worker->b.data, c, err);
}
