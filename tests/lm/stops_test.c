/* stops_test - stop strings in a text that grows, against a search of the whole.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ops/random.h"
#include "generate/stops.h"

static size_t find(const char *const *items, size_t n, const char *text, size_t old)
{
    struct lm_stops stops = { .items = items, .n = n };
    return lm_stops_find(&stops, text, old, strlen(text));
}

static void finds_where_a_match_ends(void **state)
{
    (void)state;
    const char *const items[] = { "\nclass", "print" };
    assert_int_equal(find(items, 2, "return 1\nclass A", 0), 14);
    assert_int_equal(find(items, 2, "return 1\nclas", 0), 0);
    assert_int_equal(find(items, 2, "a print\nclass", 0), 7);
    assert_int_equal(find(items, 2, "", 0), 0);
}

static void a_match_may_span_old_and_new_bytes(void **state)
{
    (void)state;
    const char *const items[] = { "\nclass" };
    assert_int_equal(find(items, 1, "x\nclass", 6), 7);
    assert_int_equal(find(items, 1, "x\nclass", 2), 7);
    assert_int_equal(find(items, 1, "x\nclass y", 7), 0);
}

static void a_line_feed_stands_for_the_start_of_the_text(void **state)
{
    (void)state;
    const char *const items[] = { "\nclass", "\n" };
    assert_int_equal(find(items, 1, "class A", 0), 5);
    assert_int_equal(find(items, 1, "class A", 3), 5);
    assert_int_equal(find(items, 1, " class A", 0), 0);
    assert_int_equal(find(items + 1, 1, "class A", 0), 0);
    assert_int_equal(find(items + 1, 1, "a\n", 0), 2);
}

/* The first end of a match by trying every place. */
static size_t naive(const char *const *items, size_t n, const char *text)
{
    char whole[300] = "\n";
    strcat(whole, text);
    for (size_t end = 1; end <= strlen(whole); end++)
        for (size_t i = 0; i < n; i++) {
            size_t length = strlen(items[i]);
            if (length > 1 && items[i][0] == '\n' && length == end &&
                !memcmp(whole, items[i], length))
                return end - 1;
            if (end > length && !memcmp(whole + end - length, items[i], length))
                return end - 1;
        }
    return 0;
}

static void pieces_give_what_the_whole_gives(void **state)
{
    (void)state;
    const char *const items[] = { "\nab", "bab", "cc", "\n\na" };
    struct lm_stops stops = { .items = items, .n = 4 };
    struct lm_random random = { 3 };
    int found = 0;
    for (int round = 0; round < 20000; round++) {
        char text[32] = "";
        size_t size = 0, got = 0, length = lm_random_u64(&random) % 16;
        while (size < length && !got) {
            size_t old = size;
            for (size_t n = 1 + lm_random_u64(&random) % 4; n > 0; n--)
                text[size++] = "abc\n"[lm_random_u64(&random) % 4];
            got = lm_stops_find(&stops, text, old, size);
        }
        assert_int_equal(got, naive(items, 4, text));
        found += got > 0;
    }
    assert_in_range(found, 1000, 19000);
}

static void a_copy_outlives_the_original(void **state)
{
    (void)state;
    char a[] = "\nif", b[] = "Q:";
    const char *items[] = { a, b };
    struct lm_stops stops = { .items = items, .n = 2, .grace = 7 }, *copy;
    struct leti_error err;
    assert_true(lm_stops_copy(&stops, &copy, &err));
    a[1] = b[0] = 'x';
    items[0] = NULL;
    assert_int_equal(copy->n, 2);
    assert_int_equal(copy->grace, 7);
    assert_string_equal(copy->items[0], "\nif");
    assert_string_equal(copy->items[1], "Q:");
    free(copy);
}

static void an_empty_stop_string_is_refused(void **state)
{
    (void)state;
    const char *const items[] = { "a", "" };
    struct lm_stops stops = { .items = items, .n = 2 }, *copy;
    struct leti_error err;
    assert_false(lm_stops_copy(&stops, &copy, &err));
    assert_string_equal(err.text, "stop string 2 is empty");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_where_a_match_ends),
        cmocka_unit_test(a_match_may_span_old_and_new_bytes),
        cmocka_unit_test(a_line_feed_stands_for_the_start_of_the_text),
        cmocka_unit_test(pieces_give_what_the_whole_gives),
        cmocka_unit_test(a_copy_outlives_the_original),
        cmocka_unit_test(an_empty_stop_string_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
