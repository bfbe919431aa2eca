/* report_test - the small parts of a report: text that is safe in HTML, axes, lists.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "report/data.h"
#include "report/html.h"
#include "report/metrics.h"
#include "report/ticks.h"

static void gives(const char *bytes, size_t size, const char *expected)
{
    struct text out = { 0 };
    html_bytes(&out, (struct leti_bytes){ bytes, size });
    assert_string_equal(text_string(&out), expected);
    text_free(&out);
}

static void markup_becomes_text(void **state)
{
    (void)state;
    gives("<a b=\"c\" d='e'>&amp;", 20, "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;amp;");
}

static void what_cannot_be_seen_is_escaped(void **state)
{
    (void)state;
    gives("a\0b\x1b\x7f", 5, "a\\x00b\\x1b\\x7f");
    gives("\xc2\x85", 2, "\\u0085");
    gives("\xe2\x80\xae", 3, "\\u202e");
    gives("\xef\xbb\xbf", 3, "\\ufeff");
    gives("a\n\tb", 4, "a\n\tb");
}

static void bytes_outside_of_utf8_are_escaped(void **state)
{
    (void)state;
    gives("\xff", 1, "\\xff");
    gives("\xc0\xbc", 2, "\\xc0\\xbc");          /* an overlong "<" */
    gives("\xe2\x82", 2, "\\xe2\\x82");          /* cut off */
    gives("\xed\xa0\x80", 3, "\\xed\\xa0\\x80"); /* a surrogate */
    gives("\xe2\x82\xac", 3, "\xe2\x82\xac");
    gives("\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80");
}

static void a_beginning_ends_between_characters(void **state)
{
    (void)state;
    struct text out = { 0 };
    html_beginning(&out,
                   (struct leti_bytes){ "ab\xe2\x82\xac"
                                        "cd",
                                        7 },
                   4);
    assert_string_equal(text_string(&out), "ab… (5 more bytes)");
    text_clear(&out);
    html_beginning(&out, (struct leti_bytes){ "abc", 3 }, 3);
    assert_string_equal(text_string(&out), "abc");
    text_free(&out);
}

static void numbers_are_written_for_people(void **state)
{
    (void)state;
    struct text out = { 0 };
    html_count(&out, 1234567);
    assert_string_equal(text_string(&out), "1\u202f234\u202f567");
    text_clear(&out);
    html_count(&out, 1234);
    assert_string_equal(text_string(&out), "1234");
    text_clear(&out);
    html_number(&out, NAN);
    assert_string_equal(text_string(&out), "–");
    text_clear(&out);
    html_seconds(&out, 3725);
    assert_string_equal(text_string(&out), "1 h 2 min");
    text_free(&out);
}

static void a_change_is_that_of_what_is_shown(void **state)
{
    (void)state;
    struct text out = { 0 };
    html_change(&out, 0.6284, 0.6656); /* 62.8 -> 66.6, though it is 3.72 */
    assert_string_equal(text_string(&out), "+3.8");
    text_clear(&out);
    html_change(&out, 0.5, 0.4);
    assert_string_equal(text_string(&out), "−10.0");
    text_free(&out);
}

static void an_axis_has_round_marks_around_its_values(void **state)
{
    (void)state;
    struct axis axis = axis_around(49.3, 70.4, 5, false);
    assert_true(axis.low == 45 && axis.high == 75 && axis.step == 5 && axis.n == 6);
    axis = axis_around(0, 3, 5, true);
    assert_true(axis.low == 0 && axis.high == 3 && axis.step == 1);
    axis = axis_around(-0.31, 0.27, 5, false);
    assert_true(axis.low <= -0.31 && axis.high >= 0.27);
    assert_true(axis_mark(&axis, 0) == axis.low);
    assert_true(fabs(axis_mark(&axis, axis.n) - axis.high) < 1e-9);
}

static void an_axis_is_never_empty(void **state)
{
    (void)state;
    static const double ends[][2] = { { 0, 0 },     { 5, 5 },           { -2, -2 },
                                      { 1, 0 },     { NAN, 1 },         { -INFINITY, 1 },
                                      { 0, 1e308 }, { 1e-300, 2e-300 }, { INFINITY, -INFINITY } };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        for (int whole = 0; whole < 2; whole++) {
            struct axis axis = axis_around(ends[i][0], ends[i][1], 5, whole);
            assert_true(isfinite(axis.low) && isfinite(axis.high) && axis.low < axis.high);
            assert_true(axis.step > 0 && axis.n >= 1 && axis.n <= 12);
        }
}

static void marks_have_the_decimals_of_their_step(void **state)
{
    (void)state;
    struct text out = { 0 };
    struct axis axis = axis_around(0.511, 0.5225, 5, false);
    axis_print(&out, &axis, axis.low);
    assert_string_equal(text_string(&out), "0.5100");
    text_clear(&out);
    axis = axis_around(0, 20000, 4, true);
    axis_print(&out, &axis, axis.high);
    assert_string_equal(text_string(&out), "20\u202f000");
    text_free(&out);
}

static void a_list_keeps_its_items_while_it_grows(void **state)
{
    (void)state;
    struct arena memory = { 0 };
    struct leti_error err;
    int *items = NULL;
    size_t n = 0;
    for (int i = 0; i < 1000; i++) {
        int *place = LIST_ADD(&memory, &items, &n, &err);
        assert_non_null(place);
        assert_int_equal(*place, 0);
        *place = i;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(items[i], i);
    memory.limit = memory.taken;
    size_t full = 1024;
    assert_null(LIST_ADD(&memory, &items, &full, &err));
    assert_string_equal(err.text, "out of memory for the report");
    arena_free(&memory);
}

static void values_of_a_metric_end_with_their_iteration(void **state)
{
    (void)state;
    struct metric_point points[] = {
        { .iteration = 1 }, { .iteration = 1 }, { .iteration = 2 }, { .iteration = 2 }
    };
    struct metric metric = { .points = points, .n_points = 4 };
    metric_place(&metric);
    assert_true(points[0].x == 0.5 && points[1].x == 1 && points[2].x == 1.5 && points[3].x == 2);
    assert_int_equal(points[0].iteration, 1);
}

static void a_first_value_more_is_from_before_training(void **state)
{
    (void)state;
    struct metric_point points[] = { { .iteration = 1, .value = 7 },
                                     { .iteration = 1, .value = 6 },
                                     { .iteration = 2, .value = 5 } };
    struct metric metric = { .points = points, .n_points = 3 };
    metric_place(&metric);
    assert_true(points[0].x == 0 && points[1].x == 1 && points[2].x == 2);
    assert_true(metric_last(&metric, 0) == 7 && metric_last(&metric, 1) == 6);
    assert_true(isnan(metric_last(&metric, 3)));
    assert_true(isnan(metric_last(NULL, 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markup_becomes_text),
        cmocka_unit_test(what_cannot_be_seen_is_escaped),
        cmocka_unit_test(bytes_outside_of_utf8_are_escaped),
        cmocka_unit_test(a_beginning_ends_between_characters),
        cmocka_unit_test(numbers_are_written_for_people),
        cmocka_unit_test(a_change_is_that_of_what_is_shown),
        cmocka_unit_test(an_axis_has_round_marks_around_its_values),
        cmocka_unit_test(an_axis_is_never_empty),
        cmocka_unit_test(marks_have_the_decimals_of_their_step),
        cmocka_unit_test(a_list_keeps_its_items_while_it_grows),
        cmocka_unit_test(values_of_a_metric_end_with_their_iteration),
        cmocka_unit_test(a_first_value_more_is_from_before_training),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
