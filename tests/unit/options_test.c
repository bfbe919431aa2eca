/* options_test - option values never lie: the whole text counts, ranges and choices hold.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "registry/options.h"
#include "registry/plugin.h"

struct evaluator {
    bool textual;
    int64_t epochs;
    double timeout;
    const char *python, *mode;
    struct leti_list words;
};

static const struct leti_option table[] = {
    LETI_OPT_BOOL(struct evaluator, textual, "true", "Whether it says more."),
    LETI_OPT_INT(struct evaluator, epochs, "3", 1, 100, "Times around."),
    LETI_OPT_REAL(struct evaluator, timeout, "5", 0.01, 3600, "Seconds that a program may take."),
    LETI_OPT_TEXT(struct evaluator, python, "", "Interpreter."),
    LETI_OPT_CHOICE(struct evaluator, mode, "adamw", "adamw|sgd", "How."),
    LETI_OPT_LIST(struct evaluator, words, "one\ntwo", 0, 3, "Words."),
    { 0 },
};

static const struct leti_option required[] = {
    LETI_OPT_TEXT(struct evaluator, python, NULL, "Interpreter."),
    { 0 },
};

static void put(struct settings *settings, const char *name, const char *value)
{
    assert_true(settings_put(settings, name, &value, 1, false, "x.lua:3", NULL));
}

static void check_refused(const char *name, const char *value, const char *expected)
{
    struct settings settings = { 0 };
    struct leti_error err = { 0 };
    put(&settings, name, value);
    assert_false(options_check(table, &settings, "evaluate (evaluator.python)",
                               sizeof(struct evaluator), &err));
    assert_string_equal(err.text, expected);
    settings_free(&settings);
}

static void fills_defaults(void **state)
{
    (void)state;
    struct evaluator e;
    struct option_memory *memory;
    assert_true(options_fill(table, &(struct settings){ 0 }, "evaluate", &e, &memory, NULL));
    assert_true(e.textual);
    assert_int_equal(e.epochs, 3);
    assert_true(e.timeout == 5);
    assert_string_equal(e.python, "");
    assert_string_equal(e.mode, "adamw");
    assert_int_equal(e.words.n, 2);
    assert_string_equal(e.words.items[0], "one");
    assert_string_equal(e.words.items[1], "two");
    options_free(memory);
}

static void fills_what_is_set(void **state)
{
    (void)state;
    struct settings settings = { 0 };
    put(&settings, "textual", "false");
    put(&settings, "epochs", "7");
    put(&settings, "epochs", "100");
    put(&settings, "timeout", "1e-2");
    put(&settings, "python", "/a b");
    put(&settings, "mode", "sgd");
    assert_true(settings_put(&settings, "words", NULL, 0, true, NULL, NULL));
    struct evaluator e;
    struct option_memory *memory;
    assert_true(options_fill(table, &settings, "evaluate", &e, &memory, NULL));
    settings_free(&settings);
    assert_false(e.textual);
    assert_int_equal(e.epochs, 100);
    assert_true(e.timeout == 0.01);
    assert_string_equal(e.python, "/a b");
    assert_string_equal(e.mode, "sgd");
    assert_int_equal(e.words.n, 0);
    options_free(memory);
}

#define SUBJECT "x.lua:3: evaluate (evaluator.python): "

static void offers_the_nearest_option(void **state)
{
    (void)state;
    check_refused("timout", "5", SUBJECT "no option \"timout\"; did you mean \"timeout\"?");
    check_refused("colour", "5",
                  SUBJECT "no option \"colour\"; it has textual, epochs, timeout, python, mode, "
                          "words");
}

static void rejects_trailing_junk(void **state)
{
    (void)state;
    check_refused("epochs", "3x", SUBJECT "option \"epochs\" must be a whole number, not \"3x\"");
    check_refused("epochs", "3.5", SUBJECT "option \"epochs\" must be a whole number, not \"3.5\"");
    check_refused("epochs", " 3", SUBJECT "option \"epochs\" must be a whole number, not \" 3\"");
    check_refused("epochs", "", SUBJECT "option \"epochs\" must be a whole number, not \"\"");
    check_refused("timeout", "5s", SUBJECT "option \"timeout\" must be a number, not \"5s\"");
    check_refused("timeout", "nan", SUBJECT "option \"timeout\" must be a number, not \"nan\"");
    check_refused("timeout", "0x10", SUBJECT "option \"timeout\" must be a number, not \"0x10\"");
    check_refused("textual", "yes",
                  SUBJECT "option \"textual\" must be true or false, not \"yes\"");
}

static void rejects_what_is_out_of_range(void **state)
{
    (void)state;
    check_refused("epochs", "0", SUBJECT "option \"epochs\" must be from 1 to 100, not 0");
    check_refused("epochs", "99999999999999999999",
                  SUBJECT "option \"epochs\" must be from 1 to 100, not 99999999999999999999");
    check_refused("timeout", "1e999",
                  SUBJECT "option \"timeout\" must be from 0.01 to 3600, not 1e999");
}

static void rejects_a_choice_that_does_not_exist(void **state)
{
    (void)state;
    check_refused("mode", "adam", SUBJECT "option \"mode\" must be one of adamw|sgd, not \"adam\"");
    check_refused("mode", "", SUBJECT "option \"mode\" must be one of adamw|sgd, not \"\"");
    check_refused("mode", "adamw|sgd",
                  SUBJECT "option \"mode\" must be one of adamw|sgd, not \"adamw|sgd\"");
}

static void rejects_lists_where_one_value_is_wanted(void **state)
{
    (void)state;
    struct settings settings = { 0 };
    struct leti_error err = { 0 };
    const char *const words[] = { "a", "b", "c", "d" };
    assert_true(settings_put(&settings, "words", words, 4, true, "x.lua:3", NULL));
    assert_false(options_check(table, &settings, NULL, sizeof(struct evaluator), &err));
    assert_string_equal(err.text, "x.lua:3: option \"words\" must be from 0 to 3 items, not 4");
    assert_true(settings_put(&settings, "words", words, 3, true, "x.lua:3", NULL));
    assert_true(settings_put(&settings, "epochs", words, 1, true, "x.lua:3", NULL));
    assert_false(options_check(table, &settings, NULL, sizeof(struct evaluator), &err));
    assert_string_equal(err.text, "x.lua:3: option \"epochs\" takes one value, not a list");
    settings_free(&settings);
}

static void demands_what_has_no_default(void **state)
{
    (void)state;
    struct leti_error err = { 0 };
    struct settings settings = { .where = "x.lua:2" };
    assert_false(options_check(required, &settings, "evaluate", sizeof(struct evaluator), &err));
    assert_string_equal(err.text, "x.lua:2: evaluate: option \"python\" must be set: Interpreter.");
}

static void copies_settings_deeply(void **state)
{
    (void)state;
    struct settings settings = { 0 }, copy;
    put(&settings, "epochs", "7");
    assert_true(settings_copy(&settings, &copy, NULL));
    put(&settings, "epochs", "8");
    settings_free(&settings);
    assert_string_equal(settings_get(&copy, "epochs")->values[0], "7");
    assert_string_equal(settings_get(&copy, "epochs")->where, "x.lua:3");
    assert_null(settings_get(&copy, "epoch"));
    settings_free(&copy);
}

static void finds_the_name_that_was_meant(void **state)
{
    (void)state;
    const char *const names[] = { "timeout", "samples", "lr", "temperature" };
    assert_string_equal(nearest_name("tiemout", names, 4), "timeout");
    assert_string_equal(nearest_name("Timeout", names, 4), "timeout");
    assert_string_equal(nearest_name("temprature", names, 4), "temperature");
    assert_string_equal(nearest_name("sample", names, 4), "samples");
    assert_null(nearest_name("placement", names, 4));
    assert_null(nearest_name("", names, 4));
    assert_null(nearest_name("timeout", names, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_defaults),
        cmocka_unit_test(fills_what_is_set),
        cmocka_unit_test(offers_the_nearest_option),
        cmocka_unit_test(rejects_trailing_junk),
        cmocka_unit_test(rejects_what_is_out_of_range),
        cmocka_unit_test(rejects_a_choice_that_does_not_exist),
        cmocka_unit_test(rejects_lists_where_one_value_is_wanted),
        cmocka_unit_test(demands_what_has_no_default),
        cmocka_unit_test(copies_settings_deeply),
        cmocka_unit_test(finds_the_name_that_was_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
