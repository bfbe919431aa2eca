/* page_test - what Prometheus reads: its text format, whatever labels a run brings along.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "page.h"

#define LABELS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static char *text_of(struct page *page)
{
    size_t size;
    char *text = page_text(page, &size);
    assert_non_null(text);
    assert_int_equal(strlen(text), size);
    return text;
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, what)); at++)
        n++;
    return n;
}

static void check_has(const char *text, const char *what)
{
    if (!strstr(text, what))
        fail_msg("\"%s\" is not in:\n%s", what, text);
}

static void says_nothing_of_what_it_was_not_told(void **state)
{
    (void)state;
    struct page *page = page_create();
    char *text = text_of(page);
    assert_string_equal(text, "");
    free(text);
    page_destroy(page);
}

static void sets_and_adds_by_label(void **state)
{
    (void)state;
    struct page *page = page_create();
    page_set(page, PAGE_ITERATION, PAGE_NO_LABELS, 3);
    page_set(page, PAGE_ITERATION, PAGE_NO_LABELS, 4);
    page_add(page, PAGE_SAMPLES, LABELS("outcome", "passed", "reason", "passed"), 1);
    page_add(page, PAGE_SAMPLES, LABELS("outcome", "failed", "reason", "NameError"), 1);
    page_add(page, PAGE_SAMPLES, LABELS("outcome", "passed", "reason", "passed"), 2);
    char *text = text_of(page);
    assert_string_equal(text, "# HELP leti_iteration Iteration at work; 0 before any training.\n"
                              "# TYPE leti_iteration gauge\n"
                              "leti_iteration 4\n"
                              "# HELP leti_samples_total Samples that were judged.\n"
                              "# TYPE leti_samples_total counter\n"
                              "leti_samples_total{outcome=\"passed\",reason=\"passed\"} 3\n"
                              "leti_samples_total{outcome=\"failed\",reason=\"NameError\"} 1\n");
    free(text);
    page_destroy(page);
}

static void escapes_labels(void **state)
{
    (void)state;
    struct page *page = page_create();
    page_set(page, PAGE_SOLVE_RATE, LABELS("test", "a\"b\\c\nd\xc3\xa9"), 0.5);
    char *text = text_of(page);
    check_has(text, "\nleti_solve_rate{test=\"a\\\"b\\\\c\\nd\xc3\xa9\"} 0.5\n");
    free(text);
    page_destroy(page);
}

static void writes_numbers_that_are_not_finite(void **state)
{
    (void)state;
    struct page *page = page_create();
    page_set(page, PAGE_METRIC, LABELS("name", "a"), NAN);
    page_set(page, PAGE_METRIC, LABELS("name", "b"), INFINITY);
    page_set(page, PAGE_METRIC, LABELS("name", "c"), -INFINITY);
    page_set(page, PAGE_METRIC, LABELS("name", "d"), 1234567890123);
    char *text = text_of(page);
    check_has(text, "{name=\"a\"} NaN\n");
    check_has(text, "{name=\"b\"} +Inf\n");
    check_has(text, "{name=\"c\"} -Inf\n");
    check_has(text, "{name=\"d\"} 1234567890123\n");
    free(text);
    page_destroy(page);
}

static void keeps_a_bounded_number_of_labels(void **state)
{
    (void)state;
    struct page *page = page_create();
    char name[32];
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "Error%d", i);
        page_add(page, PAGE_SAMPLES, LABELS("reason", name), 1);
        assert_int_equal(page_set(page, PAGE_METRIC, LABELS("name", name), i), i < PAGE_LABELS);
    }
    char *text = text_of(page);
    assert_int_equal(count(text, "\nleti_samples_total{"), PAGE_LABELS + 1);
    assert_int_equal(count(text, "\nleti_metric{"), PAGE_LABELS);
    check_has(text, "\nleti_samples_total{other=\"true\"} 936\n");
    check_has(text, "\nleti_values_left_out_total 936\n");
    free(text);
    page_destroy(page);
}

/* However long and however odd: three labels that close, of whole characters. */
static void cuts_labels_that_are_too_long(void **state)
{
    (void)state;
    struct page *page = page_create();
    char quotes[2000], umlauts[2001], plain[2000];
    memset(quotes, '"', sizeof quotes - 1);
    memset(plain, 'x', sizeof plain - 1);
    quotes[sizeof quotes - 1] = plain[sizeof plain - 1] = '\0';
    for (size_t i = 0; i < sizeof umlauts - 1; i += 2)
        memcpy(umlauts + i, "\xc3\xa4", 2);
    umlauts[sizeof umlauts - 1] = '\0';
    page_add(page, PAGE_SAMPLES, LABELS("phase", quotes, "outcome", umlauts, "reason", plain), 1);
    char *text = text_of(page);
    check_has(text, "leti_samples_total{phase=\"\\\"\\\"");
    check_has(text, "\\\"\",outcome=\"\xc3\xa4");
    check_has(text, "\xc3\xa4\",reason=\"x");
    check_has(text, "x\"} 1\n");
    free(text);
    page_destroy(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_nothing_of_what_it_was_not_told),
        cmocka_unit_test(sets_and_adds_by_label),
        cmocka_unit_test(escapes_labels),
        cmocka_unit_test(writes_numbers_that_are_not_finite),
        cmocka_unit_test(keeps_a_bounded_number_of_labels),
        cmocka_unit_test(cuts_labels_that_are_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
