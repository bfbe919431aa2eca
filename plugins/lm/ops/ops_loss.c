/* ops_loss.c - softmax cross-entropy and its gradient, in place on the logits; with a penalty for
 * leaving another model.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "ops/ops.h"

#include <math.h>
#include <string.h>

#include "ops/ops_vector.h"

/* sum_j e^(x_j - max) */
LM_VECTOR static float row_sum(const float *x, int64_t V, float *max)
{
    float top = lm_max(x, V), sum = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < V; j++)
        sum += lm_exp(x[j] - top);
    *max = top;
    return sum;
}

LM_VECTOR static void row_gradient(float *x, int64_t V, float max, float factor)
{
#pragma omp simd
    for (int64_t j = 0; j < V; j++)
        x[j] = lm_exp(x[j] - max) * factor;
}

static double row_loss(float *x, int32_t target, float scale, int64_t V)
{
    float max, sum = row_sum(x, V, &max);
    double loss = log((double)sum) + (double)max - (double)x[target];
    if (scale != 0.0f) {
        row_gradient(x, V, max, scale / sum);
        x[target] -= scale;
    }
    return loss;
}

/* ---- with a penalty ---- */

/* Logits and what their softmax needs. */
struct row {
    const float *x; /* [V] */
    float max;
    double sum;
};

/* So many elements are added up in f32, and what they come to in double: small divergences are
 * differences of large sums. */
enum { CHUNK = 256 };

static int64_t chunk_end(int64_t first, int64_t V)
{
    return first + CHUNK < V ? first + CHUNK : V;
}

LM_VECTOR static struct row row_of(const float *x, int64_t V)
{
    struct row row = { .x = x, .max = lm_max(x, V) };
    for (int64_t first = 0; first < V; first += CHUNK) {
        float sum = 0.0f, max = row.max;
        int64_t end = chunk_end(first, V);
#pragma omp simd reduction(+ : sum)
        for (int64_t j = first; j < end; j++)
            sum += lm_exp(x[j] - max);
        row.sum += (double)sum;
    }
    return row;
}

/* The difference of two rows' logarithms of sums: log p_j - log q_j = x_j - y_j - shift, which is
 * exact where the rows are close, as two logarithms that are subtracted would not be. */
static float shift_of(const struct row *p, const struct row *q)
{
    return (float)((double)p->max - (double)q->max + log(p->sum / q->sum));
}

/* KL(p || q) */
LM_VECTOR static double row_divergence(const struct row *p, const struct row *q, int64_t V)
{
    const float *x = p->x, *y = q->x;
    float max = p->max, shift = shift_of(p, q);
    double divergence = 0.0;
    for (int64_t first = 0; first < V; first += CHUNK) {
        float sum = 0.0f;
        int64_t end = chunk_end(first, V);
#pragma omp simd reduction(+ : sum)
        for (int64_t j = first; j < end; j++)
            sum += lm_exp(x[j] - max) * (x[j] - y[j] - shift);
        divergence += (double)sum;
    }
    return divergence / p->sum;
}

/* Of factor (-log p_t + weight KL(p || q)), but for the target's share. */
LM_VECTOR static void row_reverse_gradient(float *x, const struct row *p, const struct row *q,
                                           float weight, float divergence, float factor, int64_t V)
{
    const float *y = q->x;
    float max = p->max, less = shift_of(p, q) + divergence;
    factor /= (float)p->sum;
#pragma omp simd
    for (int64_t j = 0; j < V; j++)
        x[j] = lm_exp(x[j] - max) * factor * (1.0f + weight * (x[j] - y[j] - less));
}

/* Of factor (-log p_t + weight KL(q || p)), but for the target's share. */
LM_VECTOR static void row_forward_gradient(float *x, const struct row *p, const struct row *q,
                                           float weight, float factor, int64_t V)
{
    const float *y = q->x;
    float max = p->max, other = q->max;
    float own = (1.0f + weight) * factor / (float)p->sum, its = weight * factor / (float)q->sum;
#pragma omp simd
    for (int64_t j = 0; j < V; j++)
        x[j] = lm_exp(x[j] - max) * own - lm_exp(y[j] - other) * its;
}

static double row_held_loss(float *x, const float *reference, int32_t target, float scale,
                            const struct lm_penalty *penalty, double *kl, int64_t V)
{
    struct row p = row_of(x, V), q = row_of(reference, V);
    double loss = log(p.sum) + (double)p.max - (double)x[target];
    bool reverse = penalty->kind == LM_REVERSE_KL;
    *kl = reverse ? row_divergence(&p, &q, V) : row_divergence(&q, &p, V);
    if (scale != 0.0f) {
        if (reverse)
            row_reverse_gradient(x, &p, &q, penalty->weight, (float)*kl, scale, V);
        else
            row_forward_gradient(x, &p, &q, penalty->weight, scale, V);
        x[target] -= scale;
    }
    return loss;
}

/* ---- all rows ---- */

/* What lm_cross_entropy_held is given. */
struct rows {
    float *logits;
    const int32_t *targets;
    const struct lm_penalty *penalty; /* may be NULL */
    float scale;
    int64_t V;
};

static double loss_at(const struct rows *rows, int64_t n, double *kl)
{
    const struct lm_penalty *penalty = rows->penalty;
    float *x = rows->logits + n * rows->V;
    *kl = 0.0;
    if (rows->targets[n] < 0) {
        if (rows->scale != 0.0f)
            memset(x, 0, (size_t)rows->V * sizeof *x);
        return 0.0;
    }
    if (!penalty || !penalty->held[n])
        return row_loss(x, rows->targets[n], rows->scale, rows->V);
    return row_held_loss(x, penalty->reference + n * rows->V, rows->targets[n], rows->scale,
                         penalty, kl, rows->V);
}

/* The rows' losses are added in their order, so that the sum is the same in every run. */
static double all_rows(const struct rows *rows, float *logprobs, double *kl, int64_t N)
{
    enum { ROWS = 512 };
    double total = 0.0, divergence = 0.0;
    for (int64_t first = 0; first < N; first += ROWS) {
        int64_t end = first + ROWS < N ? first + ROWS : N;
        double losses[ROWS], kls[ROWS];
#pragma omp parallel for schedule(static)
        for (int64_t n = first; n < end; n++) {
            losses[n - first] = loss_at(rows, n, &kls[n - first]);
            if (logprobs)
                logprobs[n] = (float)-losses[n - first];
        }
        for (int64_t n = first; n < end; n++) {
            total += losses[n - first];
            divergence += kls[n - first];
        }
    }
    *kl = divergence;
    return total;
}

double lm_cross_entropy(float *logits, const int32_t *targets, float scale, float *logprobs,
                        int64_t N, int64_t V)
{
    double kl;
    struct rows rows = { .logits = logits, .targets = targets, .scale = scale, .V = V };
    return all_rows(&rows, logprobs, &kl, N);
}

double lm_cross_entropy_held(float *logits, const int32_t *targets, float scale,
                             const struct lm_penalty *penalty, double *kl, int64_t N, int64_t V)
{
    struct rows rows = { logits, targets, penalty, scale, V };
    return all_rows(&rows, NULL, kl, N);
}
