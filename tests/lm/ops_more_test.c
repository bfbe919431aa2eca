/* ops_more_test - the operations that only some architectures have: LayerNorm, norms of heads,
 * biases, scaled embeddings, learned positions, rotation of a part of a head. Each against plain
 * loops in double, and its way back against differences of those.
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

#include "ops/ops.h"
#include "ops/random.h"

static struct lm_random numbers = { 11 };

static void fill(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)lm_random_normal(&numbers);
}

static void assert_near(const char *what, size_t i, double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance * (1.0 + fabs(want))))
        fail_msg("%s[%zu] is %.9g, should be %.9g", what, i, got, want);
}

static double dot(const float *a, const float *b, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

/* Checks the gradient of f against central differences in x[n], which f reads. */
static void assert_gradient(const char *what, double (*f)(void), float *x, const float *gradient,
                            size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float at = x[i], high = at + 1e-3f, low = at - 1e-3f;
        x[i] = high;
        double above = f();
        x[i] = low;
        double below = f();
        x[i] = at;
        assert_near(what, i, gradient[i], (above - below) / ((double)high - (double)low), 1e-4);
    }
}

/* ---- LayerNorm ---- */

enum { NORM_N = 5, NORM_C = 37 };
static float norm_x[NORM_N * NORM_C], norm_weight[NORM_C], norm_bias[NORM_C];
static float norm_w[NORM_N * NORM_C]; /* the loss is sum w out */

static double layernorm_loss(void)
{
    double loss = 0.0;
    for (int n = 0; n < NORM_N; n++) {
        const float *x = norm_x + n * NORM_C;
        double mean = 0.0, squares = 0.0;
        for (int i = 0; i < NORM_C; i++)
            mean += (double)x[i] / NORM_C;
        for (int i = 0; i < NORM_C; i++)
            squares += ((double)x[i] - mean) * ((double)x[i] - mean) / NORM_C;
        for (int i = 0; i < NORM_C; i++)
            loss += (double)norm_w[n * NORM_C + i] *
                    (((double)x[i] - mean) / sqrt(squares + 1e-5) * (double)norm_weight[i] +
                     (double)norm_bias[i]);
    }
    return loss;
}

static void centres_normalises_and_back(void **state)
{
    (void)state;
    enum { N = NORM_N * NORM_C };
    float out[N], mean[NORM_N], rstd[NORM_N], dx[N], dweight[NORM_C] = { 0 }, dbias[NORM_C] = { 0 };
    fill(norm_x, N);
    fill(norm_weight, NORM_C);
    fill(norm_bias, NORM_C);
    fill(norm_w, N);
    for (int i = 0; i < NORM_C; i++)
        norm_x[i] += 20.0f; /* a mean far from 0 */
    for (int i = 0; i < N; i++)
        dx[i] = 1.0f; /* is added to */
    lm_layernorm(norm_x, norm_weight, norm_bias, 1e-5f, out, mean, rstd, NORM_N, NORM_C);
    assert_near("loss", 0, dot(norm_w, out, N), layernorm_loss(), 1e-5);
    lm_layernorm_backward(norm_w, norm_x, norm_weight, mean, rstd, dx, NORM_N, NORM_C);
    for (int i = 0; i < N; i++)
        dx[i] -= 1.0f;
    assert_gradient("dx", layernorm_loss, norm_x, dx, N);
    for (int twice = 0; twice < 2; twice++) {
        lm_layernorm_weight_backward(norm_w, norm_x, mean, rstd, dweight, NORM_N, NORM_C);
        lm_bias_backward(norm_w, dbias, NORM_N, NORM_C);
    }
    for (int i = 0; i < NORM_C; i++) {
        dweight[i] /= 2.0f; /* the second was added to the first */
        dbias[i] /= 2.0f;
    }
    assert_gradient("dweight", layernorm_loss, norm_weight, dweight, NORM_C);
    assert_gradient("dbias", layernorm_loss, norm_bias, dbias, NORM_C);
}

/* ---- norms of heads ---- */

enum { HEADS_N = 3, H = 4, K = 2, D = 10, WIDTH = (H + 2 * K) * D };
static float heads_qkv[HEADS_N * WIDTH], heads_q[D], heads_k[D], heads_w[HEADS_N * WIDTH];

static double headnorm_loss(void)
{
    double loss = 0.0;
    for (int n = 0; n < HEADS_N; n++)
        for (int h = 0; h < H + 2 * K; h++) {
            const float *x = heads_qkv + n * WIDTH + h * D, *w = heads_w + n * WIDTH + h * D;
            const float *weight = h < H ? heads_q : heads_k;
            double rms = sqrt(dot(x, x, D) / D + 1e-6);
            for (int d = 0; d < D; d++)
                loss += (double)w[d] * (double)x[d] * (h < H + K ? (double)weight[d] / rms : 1.0);
        }
    return loss;
}

static void normalises_heads_and_back(void **state)
{
    (void)state;
    enum { N = HEADS_N * WIDTH };
    float out[N], rstd[HEADS_N * (H + K)], dqkv[N], dq[D] = { 0 }, dk[D] = { 0 }, in_place[N];
    fill(heads_qkv, N);
    fill(heads_q, D);
    fill(heads_k, D);
    fill(heads_w, N);
    lm_headnorm(heads_qkv, heads_q, heads_k, 1e-6f, out, rstd, HEADS_N, H, K, D);
    assert_near("loss", 0, dot(heads_w, out, N), headnorm_loss(), 1e-5);
    memcpy(in_place, heads_qkv, sizeof in_place);
    lm_headnorm(in_place, heads_q, heads_k, 1e-6f, in_place, NULL, HEADS_N, H, K, D);
    assert_memory_equal(in_place, out, sizeof out);
    lm_headnorm_backward(heads_w, heads_qkv, heads_q, heads_k, rstd, dqkv, HEADS_N, H, K, D);
    lm_headnorm_weight_backward(heads_w, heads_qkv, rstd, dq, dk, HEADS_N, H, K, D);
    assert_gradient("dqkv", headnorm_loss, heads_qkv, dqkv, N);
    assert_gradient("dq", headnorm_loss, heads_q, dq, D);
    assert_gradient("dk", headnorm_loss, heads_k, dk, D);
}

/* ---- bias, embedding, positions ---- */

static void adds_a_bias_to_each_row(void **state)
{
    (void)state;
    enum { N = 3, C = 150 };
    float y[N * C], before[N * C], bias[C];
    fill(y, N * C);
    fill(bias, C);
    memcpy(before, y, sizeof y);
    lm_bias(y, bias, N, C);
    for (size_t i = 0; i < N * C; i++)
        assert_near("y", i, y[i], (double)before[i] + (double)bias[i % C], 1e-6);
}

static void scales_embeddings_and_adds_positions(void **state)
{
    (void)state;
    enum { N = 4, C = 70, V = 3 };
    static const int32_t tokens[N] = { 2, 0, 2, 2 }, positions[N] = { 0, 1, 2, 0 };
    float table[V * C], learned[3 * C], out[N * C], w[N * C], dtable[V * C] = { 0 };
    fill(table, V * C);
    fill(learned, 3 * C);
    fill(w, N * C);
    lm_embed(table, tokens, 1.5f, out, N, C);
    lm_embed_add(learned, positions, out, N, C);
    lm_embed_backward(w, tokens, 1.5f, dtable, N, C);
    for (size_t i = 0; i < C; i++) {
        for (size_t n = 0; n < N; n++)
            assert_near("out", n, out[n * C + i],
                        1.5 * (double)table[(size_t)tokens[n] * C + i] +
                            (double)learned[(size_t)positions[n] * C + i],
                        1e-6);
        assert_near("never", i, dtable[C + i], 0.0, 0.0);
        assert_near("three times", i, dtable[2 * C + i],
                    1.5 * ((double)w[i] + (double)w[2 * C + i] + (double)w[3 * C + i]), 1e-6);
    }
}

/* ---- rotary positions ---- */

static void rotates_a_part_of_each_head(void **state)
{
    (void)state;
    enum { N = 2, R = 6, POSITIONS = 5, SIZE = N * WIDTH };
    static const int32_t positions[N] = { 4, 1 };
    static const float frequencies[R / 2] = { 1.0f, 0.3f, 0.01f };
    float qkv[SIZE], before[SIZE], w[SIZE], back[SIZE], table[POSITIONS * R];
    fill(qkv, SIZE);
    fill(w, SIZE);
    memcpy(before, qkv, sizeof qkv);
    memcpy(back, w, sizeof w);
    lm_rope_table(frequencies, 1.25f, POSITIONS, R, table);
    lm_rope(qkv, positions, table, N, H, K, D, R);
    for (int n = 0; n < N; n++)
        for (int h = 0; h < H + 2 * K; h++)
            for (int i = 0; i < D; i++) {
                size_t at = (size_t)(n * WIDTH + h * D + i);
                double want = before[at];
                if (i < R && h < H + K) {
                    double angle = (double)positions[n] * (double)frequencies[i % (R / 2)];
                    double other =
                        i < R / 2 ? -(double)before[at + R / 2] : (double)before[at - R / 2];
                    want = 1.25 * (want * cos(angle) + other * sin(angle));
                }
                assert_near("rotated", at, qkv[at], want, 1e-6);
            }
    lm_rope_backward(back, positions, table, N, H, K, D, R);
    assert_near("w (T x) = (T^t w) x", 0, dot(w, qkv, SIZE), dot(back, before, SIZE), 1e-5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(centres_normalises_and_back),
        cmocka_unit_test(normalises_heads_and_back),
        cmocka_unit_test(adds_a_bias_to_each_row),
        cmocka_unit_test(scales_embeddings_and_adds_positions),
        cmocka_unit_test(rotates_a_part_of_each_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
