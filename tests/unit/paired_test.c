/* paired_test - the comparison of two models against scipy and exact counting.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "result/paired.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "golden/paired.h"

static void assert_near(double a, double b, double tolerance)
{
    if (!(fabs(a - b) <= tolerance))
        fail_msg("%.15g is not %.15g", a, b);
}

static struct paired compare(const struct golden *g)
{
    struct tally first[MOST_PROBLEMS], second[MOST_PROBLEMS];
    struct paired paired;
    struct leti_error err;
    for (size_t i = 0; i < g->n; i++) {
        first[i] = (struct tally){ g->samples, g->first[i] };
        second[i] = (struct tally){ g->samples, g->second[i] };
    }
    assert_true(paired_compare(first, second, g->n, &paired, &err));
    return paired;
}

static void difference_is_the_mean_over_problems(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++)
        assert_near(compare(&golden[i]).difference, golden[i].difference, 1e-12);
}

/* Drawn: three deviations of a share among 100,000. */
static void p_value_agrees_with_counting_all_signs(void **state)
{
    size_t n_exact = 0, n_drawn = 0;
    (void)state;
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
        struct paired paired = compare(&golden[i]);
        double p = golden[i].p;
        assert_near(paired.p_value, p, paired.exact ? 1e-12 : 3 * sqrt(p * (1 - p) / 1e5) + 2e-5);
        n_exact += paired.exact;
        n_drawn += !paired.exact;
    }
    assert_true(n_exact >= 4 && n_drawn >= 3);
}

/* Of 10,000 draws, the ends wander by a few hundredths of the interval's width. */
static void interval_agrees_with_another_bootstrap(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
        struct paired paired = compare(&golden[i]);
        double step = 1.0 / (golden[i].samples * (double)golden[i].n);
        double slack = 0.03 * (golden[i].high - golden[i].low) + step;
        assert_near(paired.interval.low, golden[i].low, slack);
        assert_near(paired.interval.high, golden[i].high, slack);
    }
}

static void turns_round_with_its_sides(void **state)
{
    const struct tally a[] = { { 8, 8 }, { 8, 3 }, { 8, 5 } },
                       b[] = { { 8, 2 }, { 8, 3 }, { 4, 1 } };
    struct paired ab, ba;
    struct leti_error err;
    (void)state;
    assert_true(paired_compare(a, b, 3, &ab, &err) && paired_compare(b, a, 3, &ba, &err));
    assert_near(ab.difference, -ba.difference, 0);
    assert_near(ab.first, ba.second, 0);
    assert_near(ab.interval.low, -ba.interval.high, 1e-12);
    assert_near(ab.p_value, ba.p_value, 0);
}

static void problems_that_one_was_not_judged_on_do_not_count(void **state)
{
    const struct tally a[] = { { 4, 4 }, { 0, 0 }, { 4, 1 } },
                       b[] = { { 4, 2 }, { 4, 4 }, { 0, 0 } };
    struct paired paired;
    struct leti_error err;
    (void)state;
    assert_true(paired_compare(a, b, 3, &paired, &err));
    assert_int_equal(paired.n_problems, 1);
    assert_near(paired.difference, 0.5, 0);
    assert_near(paired.interval.low, 0.5, 0);
    assert_near(paired.p_value, 1, 0);
}

static void of_nothing_there_is_no_difference(void **state)
{
    struct paired paired;
    struct leti_error err;
    (void)state;
    assert_true(paired_compare(NULL, NULL, 0, &paired, &err));
    assert_int_equal(paired.n_problems, 0);
    assert_near(paired.difference, 0, 0);
    assert_near(paired.p_value, 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(difference_is_the_mean_over_problems),
        cmocka_unit_test(p_value_agrees_with_counting_all_signs),
        cmocka_unit_test(interval_agrees_with_another_bootstrap),
        cmocka_unit_test(turns_round_with_its_sides),
        cmocka_unit_test(problems_that_one_was_not_judged_on_do_not_count),
        cmocka_unit_test(of_nothing_there_is_no_difference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
