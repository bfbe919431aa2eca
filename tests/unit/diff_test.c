/* diff_test - by which lines texts differ, and what of bytes a terminal may see.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/diff.h"
#include "base/plain.h"

static struct leti_bytes bytes(const char *text)
{
    return (struct leti_bytes){ text, strlen(text) };
}

/* The difference as one text: a sign and a line each; hunks begin with "@ first second". */
static char *shown(const char *first, const char *second, size_t around)
{
    struct leti_error err;
    struct diff diff;
    struct diff_hunk hunk = { 0 };
    struct text out = { 0 };
    assert_true(diff_make(bytes(first), bytes(second), &diff, &err));
    while (diff_next_hunk(&diff, around, &hunk)) {
        text_printf(&out, "@ %zu+%zu %zu+%zu\n", hunk.at_first, hunk.in_first, hunk.at_second,
                    hunk.in_second);
        for (size_t i = hunk.begin; i < hunk.end; i++) {
            text_add_char(&out, " -+"[diff.lines[i].kind]);
            text_append(&out, diff.lines[i].text.data, diff.lines[i].text.size);
            text_add_char(&out, '\n');
        }
    }
    diff_free(&diff);
    return text_take(&out, NULL);
}

static void check_shown(const char *first, const char *second, size_t around, const char *expected)
{
    char *found = shown(first, second, around);
    assert_string_equal(found, expected);
    free(found);
}

static void has_no_hunk_where_nothing_differs(void **state)
{
    (void)state;
    check_shown("", "", 3, "");
    check_shown("a\nb\n", "a\nb\n", 3, "");
    check_shown("a\nb\n", "a\nb", 3, ""); /* the last line feed makes no line */
}

static void says_which_lines_go_and_come(void **state)
{
    (void)state;
    check_shown("", "a\n", 3, "@ 0+0 0+1\n+a\n");
    check_shown("a\n", "", 3, "@ 0+1 0+0\n-a\n");
    check_shown("a\nb\nc\n", "a\nx\nc\n", 3, "@ 0+3 0+3\n a\n-b\n+x\n c\n");
    check_shown("a\n\nb\n", "a\nb\n", 3, "@ 0+3 0+2\n a\n-\n b\n");
    check_shown("a\nb\n", "x\ny\n", 3, "@ 0+2 0+2\n-a\n-b\n+x\n+y\n");
}

static void joins_changes_that_stand_near_each_other(void **state)
{
    (void)state;
    const char *first = "1\n2\n3\n4\n5\n6\n7\n8\n", *second = "one\n2\n3\n4\nfive\n6\n7\n8\n";
    check_shown(first, second, 1,
                "@ 0+2 0+2\n-1\n+one\n 2\n"
                "@ 3+3 3+3\n 4\n-5\n+five\n 6\n");
    check_shown(first, second, 2, "@ 0+7 0+7\n-1\n+one\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n");
    check_shown(first, second, 0, "@ 0+1 0+1\n-1\n+one\n@ 4+1 4+1\n-5\n+five\n");
}

/* ---- against the textbook ---- */

enum { MOST_LINES = 12 };

static size_t longest_common(const char *a, size_t n, const char *b, size_t m)
{
    size_t longest[MOST_LINES + 1][MOST_LINES + 1] = { 0 };
    for (size_t i = 1; i <= n; i++)
        for (size_t j = 1; j <= m; j++) {
            size_t best =
                longest[i - 1][j] > longest[i][j - 1] ? longest[i - 1][j] : longest[i][j - 1];
            longest[i][j] = a[i - 1] == b[j - 1] ? longest[i - 1][j - 1] + 1 : best;
        }
    return longest[n][m];
}

/* Up to MOST_LINES letters, each a line of the text. */
static size_t random_lines(uint32_t *seed, char *letters, char *text)
{
    *seed = *seed * 1664525u + 1013904223u;
    size_t n = (*seed >> 16) % (MOST_LINES + 1);
    for (size_t i = 0; i < n; i++) {
        *seed = *seed * 1664525u + 1013904223u;
        letters[i] = (char)('a' + (*seed >> 16) % 3);
        text[2 * i] = letters[i];
        text[2 * i + 1] = '\n';
    }
    text[2 * n] = '\0';
    return n;
}

/* Whether the lines that are not `other` alone are the text. */
static void check_side(const struct diff *diff, enum diff_kind other, const char *text)
{
    struct text side = { 0 };
    for (size_t i = 0; i < diff->n; i++) {
        if (diff->lines[i].kind == other)
            continue;
        text_append(&side, diff->lines[i].text.data, diff->lines[i].text.size);
        text_add_char(&side, '\n');
    }
    assert_string_equal(text_string(&side), text);
    text_free(&side);
}

static void changes_as_few_lines_as_can_be(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (int i = 0; i < 20000; i++) {
        char a[MOST_LINES], b[MOST_LINES], first[2 * MOST_LINES + 1], second[2 * MOST_LINES + 1];
        size_t n = random_lines(&seed, a, first), m = random_lines(&seed, b, second);
        struct leti_error err;
        struct diff diff;
        assert_true(diff_make(bytes(first), bytes(second), &diff, &err));
        assert_int_equal(diff.n_changes, n + m - 2 * longest_common(a, n, b, m));
        check_side(&diff, DIFF_SECOND, first);
        check_side(&diff, DIFF_FIRST, second);
        diff_free(&diff);
    }
}

/* "same", then n lines of this sort, then "same". */
static char *many_lines(const char *sort, int n)
{
    struct text out = { 0 };
    text_add(&out, "same\n");
    for (int i = 0; i < n; i++)
        text_printf(&out, "%s%d\n", i % 2 ? "both" : sort, i);
    text_add(&out, "same\n");
    return text_take(&out, NULL);
}

static void replaces_the_middle_where_too_much_differs(void **state)
{
    (void)state;
    char *first = many_lines("a", 2 * DIFF_MOST_CHANGES), *second = many_lines("b", 5000);
    struct leti_error err;
    struct diff diff;
    assert_true(diff_make(bytes(first), bytes(second), &diff, &err));
    assert_int_equal(diff.n_changes, 2 * DIFF_MOST_CHANGES + 5000);
    assert_int_equal(diff.lines[0].kind, DIFF_BOTH);
    assert_int_equal(diff.lines[diff.n - 1].kind, DIFF_BOTH);
    check_side(&diff, DIFF_SECOND, first);
    check_side(&diff, DIFF_FIRST, second);
    diff_free(&diff);
    free(first);
    free(second);
}

static void finds_as_many_changes_as_it_may(void **state)
{
    (void)state;
    char *first = many_lines("a", DIFF_MOST_CHANGES), *second = many_lines("b", DIFF_MOST_CHANGES);
    struct leti_error err;
    struct diff diff;
    assert_true(diff_make(bytes(first), bytes(second), &diff, &err));
    assert_int_equal(diff.n_changes, DIFF_MOST_CHANGES);
    diff_free(&diff);
    free(first);
    free(second);
}

/* ---- for a terminal ---- */

static void check_plain(struct leti_bytes text, const char *expected)
{
    struct text out = { 0 };
    plain_text(&out, text);
    assert_string_equal(text_string(&out), expected);
    text_free(&out);
}

static void lets_a_terminal_see_nothing_that_it_would_obey(void **state)
{
    (void)state;
    check_plain(bytes("a\tb\nc\x1b[2J\r\x07\x7f"), "a\tb\nc\\x1b[2J\\x0d\\x07\\x7f");
    check_plain(bytes("\xc2\x9b"
                      "31m"),
                "\\u009b31m");                     /* what ESC [ is in one character */
    check_plain(bytes("\xe2\x80\xae"), "\\u202e"); /* writes from right to left */
    check_plain(bytes("\xff\xc0\x80"), "\\xff\\xc0\\x80");
    check_plain((struct leti_bytes){ "a\0b", 3 }, "a\\x00b");
    check_plain(bytes("größer 語 😀"), "größer 語 😀");
}

static void makes_names_one_line(void **state)
{
    (void)state;
    struct text out = { 0 };
    plain_line(&out, "a\nb\tc");
    assert_string_equal(text_string(&out), "a\\x0ab\\x09c");
    text_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_no_hunk_where_nothing_differs),
        cmocka_unit_test(says_which_lines_go_and_come),
        cmocka_unit_test(joins_changes_that_stand_near_each_other),
        cmocka_unit_test(changes_as_few_lines_as_can_be),
        cmocka_unit_test(replaces_the_middle_where_too_much_differs),
        cmocka_unit_test(finds_as_many_changes_as_it_may),
        cmocka_unit_test(lets_a_terminal_see_nothing_that_it_would_obey),
        cmocka_unit_test(makes_names_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
