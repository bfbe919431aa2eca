/* ops_test - the operations against plain double-precision ones, and each backward pass against
 * central differences of those.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "leti/error.h"
#include "leti/plugin.h"
#include "ops/ops.h"

/* ---- numbers ---- */

static uint64_t counter;

static float noise(void)
{
    double u = (double)(leti_mix(7, counter++) >> 11) / (double)(UINT64_C(1) << 53);
    return (float)(2.0 * u - 1.0);
}

static float *array(size_t n)
{
    float *x = aligned_alloc(64, (n * sizeof *x + 63) / 64 * 64);
    assert_non_null(x);
    for (size_t i = 0; i < n; i++)
        x[i] = noise();
    return x;
}

static void assert_near(const char *what, size_t i, double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance * (1.0 + fabs(want))))
        fail_msg("%s[%zu] is %.9g, should be %.9g", what, i, got, want);
}

/* A scalar function of parameters x[n], in double. */
typedef double function(const void *context, const float *x);

/* Checks a gradient against central differences; the step's rounding to f32 is accounted for. */
static void assert_gradient(const char *what, function *f, const void *context, const float *x,
                            const float *gradient, size_t n, double tolerance)
{
    float *moved = malloc(n * sizeof *moved);
    assert_non_null(moved);
    memcpy(moved, x, n * sizeof *moved);
    for (size_t i = 0; i < n; i++) {
        float high = x[i] + 1e-3f, low = x[i] - 1e-3f;
        moved[i] = high;
        double above = f(context, moved);
        moved[i] = low;
        double below = f(context, moved);
        moved[i] = x[i];
        assert_near(what, i, gradient[i], (above - below) / ((double)high - (double)low),
                    tolerance);
    }
    free(moved);
}

/* ---- products ---- */

static void one_product(struct lm_products *products, bool a_transposed, bool b_transposed,
                        float beta)
{
    enum { M = 7, N = 5, P = 9 };
    float *a = array(M * P), *b = array(P * N), *c = array(M * N), want[M * N];
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            double sum = (double)beta * (double)c[i * N + j];
            for (int p = 0; p < P; p++)
                sum += (double)a[a_transposed ? p * M + i : i * P + p] *
                       (double)b[b_transposed ? j * P + p : p * N + j];
            want[i * N + j] = (float)sum;
        }
    struct leti_error err;
    assert_true(lm_matmul(products, a, a_transposed, b, b_transposed, c, beta, M, N, P, &err));
    for (size_t i = 0; i < M * N; i++)
        assert_near("c", i, c[i], want[i], 1e-6);
    free(a);
    free(b);
    free(c);
}

static void multiplies_every_transposition(void **state)
{
    (void)state;
    struct leti_error err;
    struct lm_products *products = NULL;
    assert_true(lm_products_create(&products, &err));
    for (int form = 0; form < 8; form++)
        one_product(products, form & 1, form & 2, form & 4 ? 1.0f : 0.0f);
    lm_products_destroy(products);
}

static void adds_the_gradient_of_some_rows(void **state)
{
    (void)state;
    enum { N = 6, STRIDE = 11, FIRST = 4, ROWS = 5, COLUMNS = 3 };
    struct leti_error err;
    struct lm_products *products = NULL;
    float *dy = array(N * STRIDE), *x = array(N * COLUMNS), *dw = array(ROWS * COLUMNS);
    double want[ROWS * COLUMNS];
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLUMNS; j++) {
            want[i * COLUMNS + j] = dw[i * COLUMNS + j];
            for (int n = 0; n < N; n++)
                want[i * COLUMNS + j] +=
                    (double)dy[n * STRIDE + FIRST + i] * (double)x[n * COLUMNS + j];
        }
    assert_true(lm_products_create(&products, &err));
    assert_true(
        lm_linear_gradient(products, LM_F32, dy + FIRST, STRIDE, x, dw, ROWS, COLUMNS, N, &err));
    for (size_t i = 0; i < ROWS * COLUMNS; i++)
        assert_near("dw", i, dw[i], want[i], 1e-6);
    lm_products_destroy(products);
    free(dy);
    free(x);
    free(dw);
}

/* ---- RMSNorm ---- */

enum { NORM_N = 5, NORM_C = 37 };

struct norm_case {
    const float *x, *weight, *w; /* w: the loss is sum w out */
};

static double norm_loss(const struct norm_case *c, const float *x, const float *weight)
{
    double loss = 0.0;
    for (int n = 0; n < NORM_N; n++) {
        double sum = 0.0;
        for (int i = 0; i < NORM_C; i++)
            sum += (double)x[n * NORM_C + i] * (double)x[n * NORM_C + i];
        double rstd = 1.0 / sqrt(sum / NORM_C + 1e-5);
        for (int i = 0; i < NORM_C; i++)
            loss +=
                (double)c->w[n * NORM_C + i] * (double)x[n * NORM_C + i] * rstd * (double)weight[i];
    }
    return loss;
}

static double norm_of_x(const void *context, const float *x)
{
    const struct norm_case *c = context;
    return norm_loss(c, x, c->weight);
}

static double norm_of_weight(const void *context, const float *weight)
{
    const struct norm_case *c = context;
    return norm_loss(c, c->x, weight);
}

/* With numbers that bf16 holds exactly, so that only the order of sums differs from the truth.
 * Where the machine does not multiply in bf16 this is f32. */
static float *coarse(size_t n)
{
    float *x = array(n);
    for (size_t i = 0; i < n; i++)
        x[i] = roundf(x[i] * 64.0f) / 64.0f;
    return x;
}

static void all_three_products(struct lm_products *products, int64_t N, int64_t rows,
                               int64_t columns, float beta)
{
    struct leti_error err;
    struct lm_weight *weight = NULL;
    float *w = coarse((size_t)(rows * columns)), *x = coarse((size_t)(N * columns));
    float *y = coarse((size_t)(N * rows)), *dy = coarse((size_t)(N * rows));
    float *dx = array((size_t)(N * columns)), *dw = coarse((size_t)(rows * columns));
    double *want = calloc((size_t)((N + rows) * (rows + columns)), sizeof *want);
    assert_non_null(want);
    assert_true(lm_weight_create(rows, columns, lm_precision_best(), true, &weight, &err));
    lm_weight_set(weight, w);
    for (int64_t n = 0; n < N; n++)
        for (int64_t i = 0; i < rows; i++) {
            want[n * rows + i] = (double)beta * (double)y[n * rows + i];
            for (int64_t j = 0; j < columns; j++)
                want[n * rows + i] += (double)x[n * columns + j] * (double)w[i * columns + j];
        }
    assert_true(lm_linear(products, weight, x, y, beta, N, &err));
    for (int64_t i = 0; i < N * rows; i++)
        assert_near("y", (size_t)i, y[i], want[i], 1e-5);
    for (int64_t n = 0; n < N; n++)
        for (int64_t j = 0; j < columns; j++) {
            want[n * columns + j] = 0.0;
            for (int64_t i = 0; i < rows; i++)
                want[n * columns + j] += (double)dy[n * rows + i] * (double)w[i * columns + j];
        }
    assert_true(lm_linear_backward(products, weight, dy, dx, N, &err));
    for (int64_t i = 0; i < N * columns; i++)
        assert_near("dx", (size_t)i, dx[i], want[i], 1e-5);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) {
            want[i * columns + j] = (double)dw[i * columns + j];
            for (int64_t n = 0; n < N; n++)
                want[i * columns + j] += (double)dy[n * rows + i] * (double)x[n * columns + j];
        }
    assert_true(
        lm_linear_gradient(products, lm_precision_best(), dy, rows, x, dw, rows, columns, N, &err));
    for (int64_t i = 0; i < rows * columns; i++)
        assert_near("dw", (size_t)i, dw[i], want[i], 1e-5);
    lm_weight_destroy(weight);
    free(w);
    free(x);
    free(y);
    free(dy);
    free(dx);
    free(dw);
    free(want);
}

static void multiplies_with_weights_of_any_size_by_any_number_of_rows(void **state)
{
    (void)state;
    static const int64_t sizes[][2] = {
        { 64, 32 }, { 100, 40 }, { 31, 7 }, { 160, 96 }, { 1, 64 }
    };
    struct leti_error err;
    struct lm_products *products = NULL;
    assert_true(lm_products_create(&products, &err));
    for (int64_t N = 1; N < 20; N++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            all_three_products(products, N, sizes[i][0], sizes[i][1], N % 2 ? 1.0f : 0.0f);
    lm_products_destroy(products);
}

static void normalises_and_back(void **state)
{
    (void)state;
    size_t n = NORM_N * NORM_C;
    float *x = array(n), *weight = array(NORM_C), *w = array(n), *out = array(n);
    float rstd[NORM_N], *dx = calloc(n, sizeof *dx), dweight[NORM_C] = { 0 };
    struct norm_case c = { .x = x, .weight = weight, .w = w };
    assert_non_null(dx);

    lm_rmsnorm(x, weight, 1e-5f, out, rstd, NORM_N, NORM_C);
    double loss = 0.0;
    for (size_t i = 0; i < n; i++)
        loss += (double)w[i] * (double)out[i];
    assert_near("loss", 0, loss, norm_loss(&c, x, weight), 1e-5);

    lm_rmsnorm_backward(w, x, weight, rstd, dx, NORM_N, NORM_C);
    lm_rmsnorm_weight_backward(w, x, rstd, dweight, NORM_N, NORM_C);
    assert_gradient("dx", norm_of_x, &c, x, dx, n, 1e-4);
    assert_gradient("dweight", norm_of_weight, &c, weight, dweight, NORM_C, 1e-4);
    lm_rmsnorm_weight_backward(w, x, rstd, dweight, NORM_N, NORM_C);
    for (int i = 0; i < NORM_C; i++)
        dweight[i] /= 2.0f; /* the second pass was added to the first */
    assert_gradient("2 dweight", norm_of_weight, &c, weight, dweight, NORM_C, 1e-4);
    free(x);
    free(weight);
    free(w);
    free(out);
    free(dx);
}

/* ---- rotary positions ---- */

static void rotates_halves_of_heads(void **state)
{
    (void)state;
    enum { N = 3, H = 4, K = 2, D = 6, POSITIONS = 9 };
    size_t n = N * (H + 2 * K) * D;
    const int32_t positions[N] = { 0, 3, 8 };
    float *qkv = array(n), *before = array(n), table[POSITIONS * D];
    memcpy(before, qkv, n * sizeof *qkv);
    float frequencies[D / 2];
    for (int i = 0; i < D / 2; i++)
        frequencies[i] = (float)pow(10000.0, -2.0 * i / D);
    lm_rope_table(frequencies, 1.0f, POSITIONS, D, table);
    lm_rope(qkv, positions, table, N, H, K, D, D);
    for (int t = 0; t < N; t++)
        for (int h = 0; h < H + 2 * K; h++)
            for (int i = 0; i < D / 2; i++) {
                size_t at = (size_t)((t * (H + 2 * K) + h) * D + i);
                double angle = positions[t] * pow(10000.0, -2.0 * i / D) * (h < H + K);
                double a = before[at], b = before[at + D / 2];
                assert_near("low", at, qkv[at], a * cos(angle) - b * sin(angle), 1e-5);
                assert_near("high", at, qkv[at + D / 2], b * cos(angle) + a * sin(angle), 1e-5);
            }
    lm_rope_backward(qkv, positions, table, N, H, K, D, D);
    for (size_t i = 0; i < n; i++)
        assert_near("back", i, qkv[i], before[i], 1e-5);
    free(qkv);
    free(before);
}

/* ---- attention ---- */

struct attention_case {
    const int32_t *starts;
    int32_t n_seqs;
    int H, K, D;
    int window; /* 0: none */
    const float *w;
};

static struct lm_heads heads_of(const struct attention_case *c)
{
    return (struct lm_heads){ c->H, c->K, c->D, 1.0f / sqrtf((float)c->D), c->window };
}

static void attention_row(const struct attention_case *c, const float *qkv, int first, int t, int h,
                          double *out, double *lse)
{
    int stride = (c->H + 2 * c->K) * c->D, kv = h / (c->H / c->K);
    double scores[512], max = -INFINITY, sum = 0.0;
    if (c->window > 0 && first < t - c->window + 1)
        first = t - c->window + 1;
    for (int j = first; j <= t; j++) {
        scores[j - first] = 0.0;
        for (int d = 0; d < c->D; d++)
            scores[j - first] += (double)qkv[t * stride + h * c->D + d] *
                                 (double)qkv[j * stride + (c->H + kv) * c->D + d] /
                                 sqrt((double)c->D);
        max = fmax(max, scores[j - first]);
    }
    memset(out, 0, (size_t)c->D * sizeof *out);
    for (int j = first; j <= t; j++) {
        double p = exp(scores[j - first] - max);
        sum += p;
        for (int d = 0; d < c->D; d++)
            out[d] += p * (double)qkv[j * stride + (c->H + c->K + kv) * c->D + d];
    }
    for (int d = 0; d < c->D; d++)
        out[d] /= sum;
    *lse = max + log(sum);
}

static double attention_loss(const void *context, const float *qkv)
{
    const struct attention_case *c = context;
    double loss = 0.0, out[64], lse;
    for (int32_t s = 0; s < c->n_seqs; s++)
        for (int t = c->starts[s]; t < c->starts[s + 1]; t++)
            for (int h = 0; h < c->H; h++) {
                attention_row(c, qkv, c->starts[s], t, h, out, &lse);
                for (int d = 0; d < c->D; d++)
                    loss += (double)c->w[(t * c->H + h) * c->D + d] * out[d];
            }
    return loss;
}

static void assert_attends(const struct attention_case *shape, float size, bool differences)
{
    struct attention_case c = *shape;
    int N = c.starts[c.n_seqs], stride = (c.H + 2 * c.K) * c.D;
    size_t n_in = (size_t)(N * stride), n_out = (size_t)(N * c.H * c.D);
    float *qkv = array(n_in), *w = array(n_out), *out = array(n_out), *dqkv = array(n_in);
    float *lse = array((size_t)(N * c.H));
    for (size_t i = 0; i < n_in; i++)
        qkv[i] *= size;
    c.w = w;

    struct lm_heads heads = heads_of(&c);
    lm_attention(qkv, c.starts, c.n_seqs, out, lse, &heads);
    for (int32_t s = 0; s < c.n_seqs; s++)
        for (int t = c.starts[s]; t < c.starts[s + 1]; t++)
            for (int h = 0; h < c.H; h++) {
                double row[64], row_lse;
                attention_row(&c, qkv, c.starts[s], t, h, row, &row_lse);
                for (int d = 0; d < c.D; d++)
                    assert_near("out", (size_t)(t * c.H + h), out[(t * c.H + h) * c.D + d], row[d],
                                1e-5);
                assert_near("lse", (size_t)(t * c.H + h), lse[t * c.H + h], row_lse, 1e-5);
            }
    lm_attention_backward(w, qkv, out, lse, c.starts, c.n_seqs, dqkv, &heads);
    if (differences)
        assert_gradient("dqkv", attention_loss, &c, qkv, dqkv, n_in, 1e-4);
    free(qkv);
    free(w);
    free(out);
    free(dqkv);
    free(lse);
}

static void attends_and_back(void **state)
{
    (void)state;
    static const int32_t one[] = { 0, 9 }, several[] = { 0, 1, 9, 12 }, tiles[] = { 0, 70, 103 };
    assert_attends(&(struct attention_case){ one, 1, 2, 2, 8, 0, NULL }, 1.0f, true);
    assert_attends(&(struct attention_case){ several, 3, 4, 2, 6, 0, NULL }, 1.0f, true);
    assert_attends(&(struct attention_case){ several, 3, 6, 1, 20, 0, NULL }, 1.0f, true);
    assert_attends(&(struct attention_case){ tiles, 2, 1, 1, 4, 0, NULL }, 2.0f, true);
    assert_attends(&(struct attention_case){ tiles, 2, 2, 1, 32, 0, NULL }, 1.0f, false);
}

static void attends_over_many_tiles(void **state)
{
    (void)state;
    static const int32_t starts[] = { 0, 300, 301, 365, 429 };
    assert_attends(&(struct attention_case){ starts, 4, 2, 1, 48, 0, NULL }, 3.0f, false);
}

static void attends_within_windows(void **state)
{
    (void)state;
    static const int32_t several[] = { 0, 1, 20, 32 }, tiles[] = { 0, 150, 263 };
    assert_attends(&(struct attention_case){ several, 3, 4, 2, 6, 1, NULL }, 1.0f, true);
    assert_attends(&(struct attention_case){ several, 3, 2, 1, 8, 5, NULL }, 1.0f, true);
    assert_attends(&(struct attention_case){ tiles, 2, 1, 1, 4, 3, NULL }, 2.0f, true);
    assert_attends(&(struct attention_case){ tiles, 2, 1, 1, 4, 70, NULL }, 2.0f, true);
    for (int window = 30; window < 160; window += 16)
        assert_attends(&(struct attention_case){ tiles, 2, 2, 1, 16, window, NULL }, 3.0f, false);
}

/* The gradient over many tiles, where differences of every element would take long: along one
 * random direction. */
static void attends_back_over_many_tiles(void **state)
{
    (void)state;
    static const int32_t starts[] = { 0, 200, 263 };
    struct attention_case c = { starts, 2, 4, 2, 16, 0, NULL };
    size_t N = 263, n_in = N * 8 * 16, n_out = N * 4 * 16;
    float *qkv = array(n_in), *w = array(n_out), *out = array(n_out), *dqkv = array(n_in);
    float *direction = array(n_in), *moved = array(n_in), *lse = array(N * 4);
    c.w = w;
    struct lm_heads heads = heads_of(&c);
    lm_attention(qkv, starts, 2, out, lse, &heads);
    lm_attention_backward(w, qkv, out, lse, starts, 2, dqkv, &heads);
    double along = 0.0, above, below;
    for (size_t i = 0; i < n_in; i++) {
        along += (double)dqkv[i] * (double)direction[i];
        moved[i] = qkv[i] + 1e-3f * direction[i];
    }
    above = attention_loss(&c, moved);
    for (size_t i = 0; i < n_in; i++)
        moved[i] = qkv[i] - 1e-3f * direction[i];
    below = attention_loss(&c, moved);
    assert_near("along a direction", 0, along, (above - below) / 2e-3, 1e-3);
    free(qkv);
    free(w);
    free(out);
    free(dqkv);
    free(direction);
    free(moved);
    free(lse);
}

/* A step of decoding says what the last row of the whole sequence says, wherever the prompt that is
 * shared ends. */
static void assert_decodes(int64_t window)
{
    enum { T = 310, ROOM = 320, H = 4, K = 2, D = 44, STRIDE = (H + 2 * K) * D, B = 6 };
    static const int32_t starts[] = { 0, T }, shared_sizes[B] = { 0, 1, 64, 100, 300, T - 1 };
    float *qkv = array(T * STRIDE), *all = array(T * H * D), *lse = array(T * H);
    float *rows = array(B * STRIDE), *out = array(B * H * D), *kept[B];
    struct lm_kv shared[B], own[B];
    for (int b = 0; b < B; b++) {
        int32_t n = shared_sizes[b];
        kept[b] = array(4 * ROOM * K * D);
        shared[b] = (struct lm_kv){ kept[b], 4 * LM_CHUNK * K * D, 0 };
        own[b] = (struct lm_kv){ kept[b] + 2 * LM_CHUNK * K * D, 4 * LM_CHUNK * K * D, 0 };
        lm_kv_store(qkv, (const int32_t[]){ 0, n }, &shared[b], 1, H, K, D);
        lm_kv_store(qkv, (const int32_t[]){ n, T - 1 }, &own[b], 1, H, K, D);
        shared[b].n = n;
        own[b].n = T - 1 - n;
        memcpy(rows + b * STRIDE, qkv + (T - 1) * STRIDE, STRIDE * sizeof *rows);
    }
    struct lm_heads heads = { H, K, D, 0.2f, window };
    lm_attention(qkv, starts, 1, all, lse, &heads);
    lm_attention_decode(rows, shared, own, out, B, &heads);
    for (int b = 0; b < B; b++) {
        for (int i = 0; i < H * D; i++)
            assert_near("out", (size_t)i, out[b * H * D + i], all[(T - 1) * H * D + i], 1e-5);
        free(kept[b]);
    }
    free(qkv);
    free(all);
    free(lse);
    free(rows);
    free(out);
}

static void decodes_as_it_attends(void **state)
{
    (void)state;
    static const int64_t windows[] = { 0, 1, 8, 10, 200, 209, 210, 211, 300, 309, 310, 1000 };
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++)
        assert_decodes(windows[i]);
}

/* ---- activations ---- */

enum { ACT_N = 3, ACT_F = 21 };

struct activation_case {
    const float *w;
    enum lm_activation f;
    bool gated;
};

static double activated(enum lm_activation f, double x)
{
    if (f == LM_SILU)
        return x / (1.0 + exp(-x));
    if (f == LM_GELU)
        return 0.5 * x * (1.0 + erf(x / sqrt(2.0)));
    return 0.5 * x * (1.0 + tanh(sqrt(2.0 / 3.14159265358979) * (x + 0.044715 * x * x * x)));
}

static double activation_loss(const void *context, const float *in)
{
    const struct activation_case *c = context;
    double loss = 0.0;
    for (int n = 0; n < ACT_N; n++)
        for (int f = 0; f < ACT_F; f++) {
            const float *row = in + n * (c->gated ? 2 : 1) * ACT_F;
            double up = c->gated ? (double)row[ACT_F + f] : 1.0;
            loss += (double)c->w[n * ACT_F + f] * activated(c->f, (double)row[f]) * up;
        }
    return loss;
}

static void assert_activates(enum lm_activation f, bool gated)
{
    size_t n = ACT_N * ACT_F, n_in = gated ? 2 * n : n;
    float *in = array(n_in), *w = array(n), *out = array(n), *din = array(n_in);
    struct activation_case c = { .w = w, .f = f, .gated = gated };
    for (size_t i = 0; i < n_in; i++)
        in[i] *= 6.0f;
    lm_activate(f, gated, in, out, ACT_N, ACT_F);
    double loss = 0.0;
    for (size_t i = 0; i < n; i++)
        loss += (double)w[i] * (double)out[i];
    assert_near("loss", 0, loss, activation_loss(&c, in), 1e-5);
    memset(out, 0, n * sizeof *out);
    lm_activate_backward(f, gated, w, in, out, din, ACT_N, ACT_F);
    for (size_t i = 0; i < n; i++)
        loss -= (double)w[i] * (double)out[i];
    assert_near("the same again", 0, loss, 0.0, 1e-5);
    assert_gradient("din", activation_loss, &c, in, din, n_in, 1e-4);
    free(in);
    free(w);
    free(out);
    free(din);
}

static void activates_and_back(void **state)
{
    (void)state;
    for (enum lm_activation f = LM_SILU; f <= LM_GELU; f++) {
        assert_activates(f, true);
        assert_activates(f, false);
    }
}

static void gates_extreme_values(void **state)
{
    (void)state;
    float gate_up[] = { -1000.0f, 1000.0f, -88.0f, 2.0f, 2.0f, 2.0f }, out[3];
    lm_activate(LM_SILU, true, gate_up, out, 1, 3);
    assert_near("out", 0, out[0], 0.0, 1e-6);
    assert_near("out", 1, out[1], 2000.0, 1e-6);
    assert_near("out", 2, out[2], 0.0, 1e-6);
}

/* ---- embedding and sum ---- */

static void embeds_and_back(void **state)
{
    (void)state;
    enum { N = 4, C = 70, V = 3 };
    static const int32_t tokens[N] = { 2, 0, 2, 2 };
    float *table = array(V * C), *out = array(N * C), *dtable = calloc(V * C, sizeof *dtable);
    assert_non_null(dtable);
    lm_embed(table, tokens, 1.0f, out, N, C);
    for (int n = 0; n < N; n++)
        assert_memory_equal(out + n * C, table + tokens[n] * C, C * sizeof *out);
    lm_embed_backward(out, tokens, 1.0f, dtable, N, C);
    for (size_t i = 0; i < C; i++) {
        assert_near("once", i, dtable[i], table[i], 1e-6);
        assert_near("never", i, dtable[C + i], 0.0, 0.0);
        assert_near("three times", i, dtable[2 * C + i], 3.0 * (double)table[2 * C + i], 1e-6);
    }
    lm_add(out, out, N * C);
    assert_near("doubled", 0, out[0], 2.0 * (double)table[2 * C], 1e-6);
    free(table);
    free(out);
    free(dtable);
}

/* ---- loss ---- */

enum { LOSS_N = 5, LOSS_V = 19 };

struct loss_case {
    const int32_t *targets;
};

static double naive_loss(const void *context, const float *logits)
{
    const struct loss_case *c = context;
    double loss = 0.0;
    for (int n = 0; n < LOSS_N; n++) {
        if (c->targets[n] < 0)
            continue;
        double sum = 0.0;
        for (int j = 0; j < LOSS_V; j++)
            sum += exp((double)logits[n * LOSS_V + j]);
        loss += log(sum) - (double)logits[n * LOSS_V + c->targets[n]];
    }
    return loss;
}

static void judges_and_back(void **state)
{
    (void)state;
    static const int32_t targets[LOSS_N] = { 0, 18, -1, 7, 7 };
    struct loss_case c = { .targets = targets };
    size_t n = LOSS_N * LOSS_V;
    float *logits = array(n), *gradient = array(n), logprobs[LOSS_N];
    for (size_t i = 0; i < n; i++)
        gradient[i] = logits[i] *= 4.0f;
    double loss = lm_cross_entropy(gradient, targets, 0.0f, logprobs, LOSS_N, LOSS_V);
    assert_memory_equal(gradient, logits, n * sizeof *logits);
    assert_near("loss", 0, loss, naive_loss(&c, logits), 1e-6);
    double sum = 0.0;
    for (int i = 0; i < LOSS_N; i++)
        sum -= (double)logprobs[i];
    assert_near("sum of logprobs", 0, sum, loss, 1e-6);
    assert_true(logprobs[2] == 0.0f);

    lm_cross_entropy(gradient, targets, 0.5f, NULL, LOSS_N, LOSS_V);
    for (size_t i = 0; i < n; i++)
        gradient[i] *= 2.0f;
    assert_gradient("dlogits", naive_loss, &c, logits, gradient, n, 1e-5);
    free(logits);
    free(gradient);
}

static void shows_not_a_number(void **state)
{
    (void)state;
    float logits[19] = { 0 };
    int32_t target = 3;
    logits[5] = NAN;
    assert_true(isnan(lm_cross_entropy(logits, &target, 1.0f, NULL, 1, 19)));
}

/* ---- AdamW ---- */

static void steps_as_adamw_says(void **state)
{
    (void)state;
    enum { N = 21 };
    struct lm_adamw adamw = {
        .lr = 1e-2f, .beta1 = 0.9f, .beta2 = 0.999f, .eps = 1e-8f, .weight_decay = 0.1f
    };
    float *params = array(N), *grad = array(N), m[N] = { 0 }, v[N] = { 0 };
    double x[N], first[N] = { 0 }, second[N] = { 0 };
    for (int i = 0; i < N; i++)
        x[i] = params[i];
    for (adamw.step = 1; adamw.step <= 5; adamw.step++) {
        for (int i = 0; i < N; i++) {
            grad[i] = noise();
            double g = grad[i];
            first[i] = 0.9 * first[i] + 0.1 * g;
            second[i] = 0.999 * second[i] + 0.001 * g * g;
            x[i] -= 1e-2 * 0.1 * x[i];
            x[i] -= 1e-2 * first[i] / (1.0 - pow(0.9, (double)adamw.step)) /
                    (sqrt(second[i] / (1.0 - pow(0.999, (double)adamw.step))) + 1e-8);
        }
        lm_adamw_update(&adamw, params, grad, m, v, N, true);
        for (size_t i = 0; i < N; i++)
            assert_near("params", i, params[i], x[i], 1e-6);
    }
    memset(grad, 0, N * sizeof *grad);
    memset(m, 0, sizeof m);
    float before = params[0];
    lm_adamw_update(&adamw, params, grad, m, v, N, false);
    assert_true(params[0] == before); /* no gradient, no decay */
    free(params);
    free(grad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(multiplies_every_transposition),
        cmocka_unit_test(adds_the_gradient_of_some_rows),
        cmocka_unit_test(multiplies_with_weights_of_any_size_by_any_number_of_rows),
        cmocka_unit_test(normalises_and_back),
        cmocka_unit_test(rotates_halves_of_heads),
        cmocka_unit_test(attends_and_back),
        cmocka_unit_test(attends_over_many_tiles),
        cmocka_unit_test(attends_within_windows),
        cmocka_unit_test(attends_back_over_many_tiles),
        cmocka_unit_test(decodes_as_it_attends),
        cmocka_unit_test(activates_and_back),
        cmocka_unit_test(gates_extreme_values),
        cmocka_unit_test(embeds_and_back),
        cmocka_unit_test(judges_and_back),
        cmocka_unit_test(shows_not_a_number),
        cmocka_unit_test(steps_as_adamw_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
