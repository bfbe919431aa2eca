/* sampler_test - draws against the exact distribution, computed here by sorting in double.
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

#include "ops/random.h"
#include "generate/sampler.h"

enum { V = 137, DRAWS = 50000 };

static float weights[V];
static struct lm_candidate candidates[V];
static struct lm_sampler_scratch scratch = { weights, candidates };

static int32_t sample(const float *logits, int32_t n, int32_t allowed, double temperature,
                      int32_t top_k, double top_p, double u, float *logprob)
{
    struct lm_sampling how = { .temperature = temperature, .top_k = top_k, .top_p = top_p };
    return lm_sample_token(logits, n, allowed, &how, u, &scratch, logprob);
}

static void noise(uint64_t seed, float scale, float *logits, int32_t n)
{
    struct lm_random random = { seed };
    for (int32_t i = 0; i < n; i++)
        logits[i] = scale * (float)lm_random_normal(&random);
}

/* ---- the reference ---- */

struct ranked {
    double p;
    int32_t id;
};

static int by_rank(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return x->p != y->p ? (x->p < y->p) - (x->p > y->p) : (x->id > y->id) - (x->id < y->id);
}

/* p [n]: Hugging Face's temperature, top-k and top-p warpers in this order, then softmax. */
static void reference(const float *logits, int32_t n, double temperature, int32_t top_k,
                      double top_p, double *p)
{
    struct ranked ranked[V];
    for (int32_t i = 0; i < n; i++)
        ranked[i] = (struct ranked){ exp((double)logits[i] / temperature), i };
    qsort(ranked, (size_t)n, sizeof *ranked, by_rank);
    int32_t kept = n;
    if (top_k > 0)
        for (kept = top_k < n ? top_k : n; kept < n && ranked[kept].p == ranked[kept - 1].p;)
            kept++;
    double sum = 0, passed = 0;
    for (int32_t i = 0; i < kept; i++)
        sum += ranked[i].p;
    int32_t nucleus = 0;
    do
        passed += ranked[nucleus++].p;
    while (nucleus < kept && passed < top_p * sum);
    memset(p, 0, (size_t)n * sizeof *p);
    for (int32_t i = 0; i < nucleus; i++)
        p[ranked[i].id] = ranked[i].p / passed;
}

/* Pearson's statistic of draws against p, ids expected fewer than 10 times taken together. */
static void assert_distribution(const float *logits, int32_t allowed, double temperature,
                                int32_t top_k, double top_p)
{
    double p[V];
    reference(logits, allowed, temperature, top_k, top_p, p);
    int64_t counts[V] = { 0 };
    struct lm_random random = { 99 };
    for (int i = 0; i < DRAWS; i++) {
        float logprob;
        int32_t id = sample(logits, V, allowed, temperature, top_k, top_p,
                            lm_random_uniform(&random), &logprob);
        assert_in_range(id, 0, allowed - 1);
        if (p[id] == 0)
            fail_msg("id %d was drawn, whose probability is 0", id);
        counts[id]++;
    }
    double statistic = 0, rare = 0, rare_count = 0;
    int freedom = -1;
    for (int32_t i = 0; i < allowed; i++) {
        double expected = p[i] * DRAWS, difference = (double)counts[i] - expected;
        if (expected < 10) {
            rare += expected;
            rare_count += (double)counts[i];
            continue;
        }
        statistic += difference * difference / expected;
        freedom++;
    }
    if (rare >= 10) {
        statistic += (rare_count - rare) * (rare_count - rare) / rare;
        freedom++;
    }
    double limit = freedom + 4 * sqrt(2.0 * freedom);
    if (statistic > limit)
        fail_msg("chi-square %.1f of %d degrees of freedom", statistic, freedom);
}

/* ---- claims ---- */

static void temperature_shapes_the_distribution(void **state)
{
    (void)state;
    float logits[V];
    noise(1, 2, logits, V);
    assert_distribution(logits, V, 1, 0, 1);
    assert_distribution(logits, V, 0.6, 0, 1);
    assert_distribution(logits, V, 1.7, 0, 1);
}

static void top_k_keeps_the_k_likeliest(void **state)
{
    (void)state;
    float logits[V];
    noise(2, 1.5f, logits, V);
    assert_distribution(logits, V, 1, 10, 1);
    assert_distribution(logits, V, 0.8, 1, 1);
    assert_distribution(logits, V, 1, V + 5, 1);
}

static void top_k_keeps_ties_with_the_last(void **state)
{
    (void)state;
    float logits[V] = { 0 };
    for (int32_t i = 0; i < V; i++)
        logits[i] = i % 10 == 0 ? 1.0f : 0.0f; /* 14 ids at 1 */
    assert_distribution(logits, V, 1, 5, 1);
    assert_distribution(logits, V, 1, 15, 1);
}

static void top_p_keeps_the_smallest_set_that_reaches_p(void **state)
{
    (void)state;
    float logits[V];
    noise(3, 1.5f, logits, V);
    assert_distribution(logits, V, 1, 0, 0.9);
    assert_distribution(logits, V, 0.7, 0, 0.5);
    assert_distribution(logits, V, 1, 0, 0.001);
    assert_distribution(logits, V, 1, 0, 0);
}

static void top_p_comes_after_top_k(void **state)
{
    (void)state;
    float logits[V];
    noise(4, 1.5f, logits, V);
    assert_distribution(logits, V, 1, 20, 0.8);
    assert_distribution(logits, V, 1.3, 5, 0.3);
    assert_distribution(logits, V, 1, 5, 0);
}

static void padded_ids_are_never_drawn(void **state)
{
    (void)state;
    float logits[V], logprob;
    noise(5, 1, logits, V);
    for (int32_t i = 100; i < V; i++)
        logits[i] = 30;
    assert_distribution(logits, 100, 1, 0, 1);
    assert_distribution(logits, 100, 1, 10, 0.9);
    assert_in_range(sample(logits, V, 100, 0, 0, 1, 0.5, &logprob), 0, 99);
}

static void temperature_zero_takes_the_lowest_of_the_best(void **state)
{
    (void)state;
    float logits[V], logprob;
    noise(6, 1, logits, V);
    logits[41] = logits[77] = logits[136] = 9;
    assert_int_equal(sample(logits, V, V, 0, 0, 1, 0.999, &logprob), 41);
    assert_int_equal(sample(logits, V, 41, 0, 3, 0.1, 0, &logprob),
                     sample(logits, 41, 41, 1e-300, 0, 1, 0.3, &logprob));
}

static void logprob_is_that_of_the_model_at_temperature_one(void **state)
{
    (void)state;
    float logits[V];
    noise(7, 3, logits, V);
    double sum = 0;
    for (int32_t i = 0; i < V; i++)
        sum += exp((double)logits[i]);
    struct lm_random random = { 1 };
    for (int i = 0; i < 1000; i++) {
        float logprob;
        int32_t id = sample(logits, V, 120, i % 2 ? 1 : 0.3, i % 3 ? 0 : 7, i % 5 ? 1 : 0.8,
                            lm_random_uniform(&random), &logprob);
        assert_true(fabs((double)logprob - ((double)logits[id] - log(sum))) < 1e-5);
    }
}

static void the_ends_of_the_unit_interval_draw_possible_tokens(void **state)
{
    (void)state;
    float logits[V], logprob;
    for (int32_t i = 0; i < V; i++)
        logits[i] = -1e4f;
    logits[64] = logits[70] = 2;
    for (int filter = 0; filter < 4; filter++) {
        int32_t top_k = filter & 1 ? 9 : 0;
        double top_p = filter & 2 ? 0.999 : 1;
        assert_int_equal(sample(logits, V, V, 1, top_k, top_p, 0, &logprob), 64);
        assert_int_equal(sample(logits, V, V, 1, top_k, top_p, 1 - 0x1p-53, &logprob), 70);
    }
    logits[0] = 2;
    assert_int_equal(sample(logits, 1, 1, 1, 0, 0.5, 0.7, &logprob), 0);
}

static void logits_that_are_not_finite_are_told(void **state)
{
    (void)state;
    const float bad[] = { NAN, INFINITY };
    for (size_t i = 0; i < 2; i++) {
        float logits[V], logprob;
        noise(8, 1, logits, V);
        logits[50] = bad[i];
        assert_int_equal(sample(logits, V, V, 1, 0, 1, 0.5, &logprob), -1);
        assert_int_equal(sample(logits, V, V, 0, 0, 1, 0.5, &logprob), -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(temperature_shapes_the_distribution),
        cmocka_unit_test(top_k_keeps_the_k_likeliest),
        cmocka_unit_test(top_k_keeps_ties_with_the_last),
        cmocka_unit_test(top_p_keeps_the_smallest_set_that_reaches_p),
        cmocka_unit_test(top_p_comes_after_top_k),
        cmocka_unit_test(padded_ids_are_never_drawn),
        cmocka_unit_test(temperature_zero_takes_the_lowest_of_the_best),
        cmocka_unit_test(logprob_is_that_of_the_model_at_temperature_one),
        cmocka_unit_test(the_ends_of_the_unit_interval_draw_possible_tokens),
        cmocka_unit_test(logits_that_are_not_finite_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
