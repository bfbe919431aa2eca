/* line_test - an event as a line of JSON: numbers as people write them, that lose nothing.
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

#include "line.h"

/* The caller frees it. */
static char *line(const struct leti_event *event)
{
    char *text = NULL;
    size_t size = 0;
    bool known = false;
    FILE *out = open_memstream(&text, &size);
    json_t *object = line_of(event, &known);
    assert_true(out && object && known);
    assert_true(line_write(object, out));
    json_decref(object);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void check_value(double value, const char *expected)
{
    struct leti_event event = { .kind = LETI_EVENT_METRIC,
                                .time = 1.5,
                                .metric = { .stage = "a\"b", .name = "\xc3\xa9", .value = value } };
    char wanted[300];
    snprintf(wanted, sizeof wanted,
             "{\"time\": 1.5, \"event\": \"metric\", \"iteration\": 0, \"steps\": 0, "
             "\"stage\": \"a\\\"b\", \"name\": \"\xc3\xa9\", \"step\": 0, \"value\": %s}\n",
             expected);
    char *text = line(&event);
    assert_string_equal(text, wanted);
    free(text);
}

static void numbers_have_no_digit_too_many(void **state)
{
    (void)state;
    check_value(0.61, "0.61");
    check_value(3, "3.0");
    check_value(-0.1, "-0.1");
    check_value(1e300, "1e+300");
    check_value(NAN, "null");
}

static void numbers_lose_nothing(void **state)
{
    static const double values[] = { 0.1 + 0.2, 1.0 / 3, 1764357386.1234567, 5e-324, 2.5e-8 };
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct leti_event event = { .kind = LETI_EVENT_METRIC,
                                    .metric = { .stage = "", .name = "", .value = values[i] } };
        char *text = line(&event);
        json_t *back = json_loads(text, 0, NULL);
        assert_true(json_real_value(json_object_get(back, "value")) == values[i]);
        json_decref(back);
        free(text);
    }
}

static void a_test_has_its_interval(void **state)
{
    struct leti_event event = { .kind = LETI_EVENT_TEST,
                                .test = { .name = "t",
                                          .k = { 1, 10 },
                                          .pass = { 0.61, 0.7 },
                                          .n_k = 2,
                                          .low = 0.5,
                                          .high = 0.65 } };
    (void)state;
    char *text = line(&event);
    assert_non_null(
        strstr(text, "\"pass@1\": 0.61, \"pass@10\": 0.7, \"interval\": [0.5, 0.65], "));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_no_digit_too_many),
        cmocka_unit_test(numbers_lose_nothing),
        cmocka_unit_test(a_test_has_its_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
