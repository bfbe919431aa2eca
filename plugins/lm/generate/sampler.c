/* sampler.c - a row of logits is small and there are hundreds of them a step, so the passes over
 * the row are plain loops that the compiler vectorises, and nothing is sorted beyond what top-k
 * and top-p ask for: a heap gives the likeliest candidates one after the other.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "generate/sampler.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "ops/ops_vector.h"

enum { BLOCK = 64 };

/* ---- passes over a row ---- */

LM_VECTOR static float row_max(const float *x, int32_t n)
{
    return lm_max(x, n);
}

/* out = exp((x - max) scale) */
LM_VECTOR static void row_exp(const float *x, float max, float scale, float *out, int32_t n)
{
#pragma omp simd
    for (int32_t i = 0; i < n; i++)
        out[i] = lm_exp((x[i] - max) * scale);
}

LM_VECTOR static float row_exp_sum(const float *x, float max, int32_t n)
{
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int32_t i = 0; i < n; i++)
        sum += lm_exp(x[i] - max);
    return sum;
}

LM_VECTOR static float row_sum(const float *x, int32_t n)
{
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int32_t i = 0; i < n; i++)
        sum += x[i];
    return sum;
}

/* In blocks, so that the walk below comes to the same sum. */
static double weights_sum(const float *weights, int32_t n)
{
    double sum = 0;
    for (int32_t at = 0; at < n; at += BLOCK)
        sum += row_sum(weights + at, n - at < BLOCK ? n - at : BLOCK);
    return sum;
}

static int32_t first_equal(const float *x, float value, int32_t n)
{
    int32_t i = 0;
    while (i < n - 1 && x[i] != value)
        i++;
    return i;
}

/* ---- draws ---- */

/* The first id at which the running sum passes target. Where rounding leaves the sum short, the
 * last id of any weight. */
static int32_t draw_any(const float *weights, double target, int32_t n)
{
    double sum = 0;
    int32_t last = 0;
    for (int32_t at = 0; at < n; at += BLOCK) {
        int32_t end = n - at < BLOCK ? n : at + BLOCK;
        double block = row_sum(weights + at, end - at);
        if (sum + block <= target && end < n) {
            sum += block;
            continue;
        }
        for (int32_t i = at; i < end; i++) {
            if (!(weights[i] > 0))
                continue;
            last = i;
            sum += weights[i];
            if (sum > target)
                return i;
        }
        if (last >= at)
            return last;
    }
    return last;
}

static bool likelier(struct lm_candidate a, struct lm_candidate b)
{
    return a.weight > b.weight || (a.weight == b.weight && a.id < b.id);
}

static void sift_down(struct lm_candidate *heap, int32_t i, int32_t n)
{
    struct lm_candidate moved = heap[i];
    for (int32_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && likelier(heap[child + 1], heap[child]))
            child++;
        if (!likelier(heap[child], moved))
            break;
        heap[i] = heap[child];
    }
    heap[i] = moved;
}

static int32_t gather(const float *weights, int32_t n, float least, struct lm_candidate *out)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < n; i++) {
        out[kept] = (struct lm_candidate){ weights[i], i };
        kept += weights[i] >= least && weights[i] > 0;
    }
    for (int32_t i = kept / 2; i-- > 0;)
        sift_down(out, i, kept);
    return kept;
}

/* Moves the likeliest candidates of a heap of n to its end, the first one last: k of them and
 * those equal to the k-th, or as many as sum up to share, but at least one. Returns how many are
 * left before them. */
static int32_t take_likeliest(struct lm_candidate *heap, int32_t n, int32_t k, double share,
                              double *sum)
{
    int32_t left = n;
    *sum = 0;
    while (left > 0 && (left == n || *sum < share)) {
        if (n - left >= k && heap[0].weight < heap[left].weight)
            break;
        struct lm_candidate best = heap[0];
        heap[0] = heap[--left];
        sift_down(heap, 0, left);
        heap[left] = best;
        *sum += best.weight;
    }
    return left;
}

static int32_t draw_likeliest(const float *weights, int32_t n, const struct lm_sampling *how,
                              double u, struct lm_candidate *candidates)
{
    bool by_rank = how->top_k > 0;
    double total = weights_sum(weights, n);
    /* Tokens below this share are together less than 1 - p: top-p never comes to them. (A little
     * less, so that no rounding excludes them all.) */
    float least = by_rank ? 0 : (float)(0.999 * (1 - how->top_p) * total / n);
    int32_t count = gather(weights, n, least, candidates);
    double sum;
    int32_t left = take_likeliest(candidates, count, by_rank ? how->top_k : count,
                                  by_rank ? INFINITY : how->top_p * total, &sum);
    if (by_rank && how->top_p < 1) {
        double share = how->top_p * sum;
        int32_t i = count;
        sum = 0;
        do
            sum += candidates[--i].weight;
        while (i > left && sum < share);
        left = i;
    }
    double target = u * sum;
    int32_t i = count - 1;
    for (double passed = candidates[i].weight; passed <= target && i > left;)
        passed += candidates[--i].weight;
    return candidates[i].id;
}

int32_t lm_sample_token(const float *logits, int32_t V, int32_t allowed,
                        const struct lm_sampling *how, double u, struct lm_sampler_scratch *scratch,
                        float *logprob)
{
    float max = row_max(logits, V);
    double all = row_exp_sum(logits, max, V);
    if (!(all < INFINITY))
        return -1;

    float best = allowed == V ? max : row_max(logits, allowed);
    int32_t token;
    if (how->temperature > 0) {
        float scale = (float)fmin(1 / how->temperature, 1e30);
        row_exp(logits, best, scale, scratch->weights, allowed);
        token =
            how->top_k > 0 || how->top_p < 1
                ? draw_likeliest(scratch->weights, allowed, how, u, scratch->candidates)
                : draw_any(scratch->weights, u * weights_sum(scratch->weights, allowed), allowed);
    } else {
        token = first_equal(logits, best, allowed);
    }
    *logprob = logits[token] - max - (float)log(all);
    return token;
}
