/* feedback_test - feedback.leti: the training text, span by span.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "registry/instance.h"

static struct plugin plugin;

static int set_up(void **state)
{
    struct leti_error err;
    (void)state;
    return plugin_find("feedback.leti", &plugin, &err) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    plugin_close(&plugin);
    return 0;
}

static struct leti_bytes bytes(const char *text)
{
    return (struct leti_bytes){ text, strlen(text) };
}

/* options: pairs of name and value, NULL at the end. */
static struct instance *open_with(const char *const *options)
{
    struct settings settings = { 0 };
    struct leti_error err = { 0 };
    struct instance *feedback = NULL;
    for (; options[0]; options += 2)
        assert_true(settings_put(&settings, options[0], &options[1], 1, false, NULL, &err));
    struct instance_config config = { .plugin = &plugin,
                                      .settings = &settings,
                                      .stage = "feedback",
                                      .run_dir = "/tmp",
                                      .threads = 1 };
    if (!instance_start(&config, &feedback, &err))
        fail_msg("%s", err.text);
    settings_free(&settings);
    return feedback;
}

/* The spans as one text: {S text} special, {F text} feedback, {SF text} both, plain text as it
 * is; the last one {...} open. Every span must be trained on. */
static char *shape(const struct leti_example *example)
{
    struct leti_error err;
    struct text text = { 0 };
    for (size_t i = 0; i < example->n_spans; i++) {
        const struct leti_span *span = &example->spans[i];
        const char *mark = span->flags & LETI_SPAN_SPECIAL
                               ? span->flags & LETI_SPAN_FEEDBACK ? "{SF " : "{S "
                           : span->flags & LETI_SPAN_FEEDBACK ? "{F "
                                                              : "{";
        assert_true(span->flags & LETI_SPAN_TRAIN);
        assert_int_equal(span->text.data[span->text.size], '\0');
        text_add(&text, mark);
        text_append(&text, span->text.data, span->text.size);
        text_add(&text, "}");
        if (span->flags & LETI_SPAN_OPEN)
            text_add(&text, "...");
    }
    char *whole = text_take(&text, &err);
    assert_non_null(whole);
    return whole;
}

struct given {
    struct leti_bytes raw;
    size_t program_size;
    struct leti_verdict verdicts[2];
    size_t n;
};

static void check_all(const char *const *options, const struct given *given,
                      enum leti_finish finish, const char *expected)
{
    struct leti_problem problem = { .id = "9", .prompt = bytes("PROMPT") };
    struct leti_sample sample = { .problem = &problem,
                                  .iteration = 2,
                                  .index = 3,
                                  .program = { given->raw.data, given->program_size },
                                  .raw = given->raw,
                                  .finish = finish };
    /* a program is a text of its own: the NUL stands behind it */
    char *program = strndup(given->raw.data, given->program_size);
    sample.program.data = program;
    struct leti_example example;
    struct leti_error err = { 0 };
    struct instance *feedback = open_with(options);
    if (instance_format(feedback, &sample, given->verdicts, given->n, &example, &err) != LETI_OK)
        fail_msg("%s", err.text);
    char *got = shape(&example);
    assert_string_equal(got, expected);
    free(got);
    free(program);
    instance_stop(feedback);
}

static void check_finish(const char *option, const char *value, const struct given *given,
                         enum leti_finish finish, const char *expected)
{
    check_all((const char *[]){ option, value, NULL }, given, finish, expected);
}

static void check_two(const char *option, const char *value, const char *other,
                      const char *other_value, const struct given *given, const char *expected)
{
    check_all((const char *[]){ option, value, other, other_value, NULL }, given, LETI_FINISH_EOS,
              expected);
}

static void check(const char *option, const char *value, const struct given *given,
                  const char *expected)
{
    check_finish(option, value, given, LETI_FINISH_EOS, expected);
}

static struct leti_verdict failure(const char *reason, const char *feedback)
{
    return (struct leti_verdict){
        .outcome = LETI_FAILED, .reason = reason, .exception = "", .feedback = bytes(feedback)
    };
}

static const struct leti_verdict success = {
    .outcome = LETI_PASSED, .reason = "passed", .exception = "", .feedback = { "", 0 }
};

static void a_success_has_no_feedback(void **state)
{
    struct given given = { bytes("\ncode\n"), 5, { success }, 1 };
    (void)state;
    check(NULL, NULL, &given, "{S <|good|>}{PROMPT}{\ncode}");
}

/* Whether an end-of-text token belongs behind the text. */
static void a_sample_that_was_too_long_stays_open(void **state)
{
    struct given given = { bytes("\nco"), 3, { success }, 1 };
    struct given blank = { bytes("\n "), 0, { success }, 1 };
    struct given cut = { bytes("\ncode\nprint(1"), 5, { success }, 1 };
    (void)state;
    check_finish(NULL, NULL, &given, LETI_FINISH_LENGTH, "{S <|good|>}{PROMPT}{\nco}...");
    check_finish(NULL, NULL, &given, LETI_FINISH_STOP, "{S <|good|>}{PROMPT}{\nco}");
    check_finish(NULL, NULL, &blank, LETI_FINISH_LENGTH, "{S <|good|>}{PROMPT}...");
    check_finish("additional", "false", &cut, LETI_FINISH_LENGTH, "{S <|good|>}{PROMPT}{\ncode}");
}

static void a_failure_says_its_traceback(void **state)
{
    struct given given = {
        bytes("\ncode"), 5, { failure("exception", "Trace\nNameError: x\n") }, 1
    };
    (void)state;
    check(NULL, NULL, &given,
          "{S <|bad|>}{SF <|lang_feedback|>}{F Trace\nNameError: x}{SF <|/lang_feedback|>}{PROMPT}"
          "{\ncode}");
}

static void a_failure_without_traceback_says_its_reason(void **state)
{
    struct given timeout = { bytes("x"), 1, { failure("timeout", "") }, 1 };
    struct given other = { bytes("x"), 1, { failure("exit", " \n") }, 1 };
    (void)state;
    check(NULL, NULL, &timeout,
          "{S <|bad|>}{SF <|lang_feedback|>}{F The program did not end in time.}"
          "{SF <|/lang_feedback|>}{PROMPT}{x}");
    check(NULL, NULL, &other,
          "{S <|bad|>}{SF <|lang_feedback|>}{F The program failed: exit.}"
          "{SF <|/lang_feedback|>}{PROMPT}{x}");
}

#define CUT                                                                                        \
    "Only the first function is needed. The end-of-text token should stand in the place of: "

static void what_was_cut_off_is_quoted(void **state)
{
    struct given passed = { bytes("\ncode\n\nprint(f(1))\n"), 5, { success }, 1 };
    struct given failed = { bytes("\ncode\nclass X"), 5, { failure("exception", "Trace") }, 1 };
    (void)state;
    check(NULL, NULL, &passed,
          "{S <|good|>}{SF <|lang_feedback|>}{F " CUT "print(f(1))}{SF <|/lang_feedback|>}{PROMPT}"
          "{\ncode}");
    check(NULL, NULL, &failed,
          "{S <|bad|>}{SF <|lang_feedback|>}{F Trace\n" CUT
          "class X}{SF <|/lang_feedback|>}{PROMPT}"
          "{\ncode}");
    check("additional", "false", &passed, "{S <|good|>}{PROMPT}{\ncode}");
}

static void the_quote_ends_with_a_whole_character(void **state)
{
    struct leti_error err;
    struct text raw = { 0 }, expected = { 0 };
    (void)state;
    text_add(&raw, "c\n");
    text_add(&expected, "{S <|good|>}{SF <|lang_feedback|>}{F " CUT);
    for (int i = 0; i < 200; i++)
        text_add(&raw, "\xe2\x82\xac"); /* the euro sign, three bytes */
    for (int i = 0; i < 128; i++)
        text_add(&expected, "\xe2\x82\xac");
    text_add(&expected, "}{SF <|/lang_feedback|>}{PROMPT}{c}");
    char *text = text_take(&raw, &err), *wanted = text_take(&expected, &err);
    struct given given = { bytes(text), 1, { success }, 1 };
    check(NULL, NULL, &given, wanted);
    free(text);
    free(wanted);
}

static void only_the_reward_is_left_of_binary_feedback(void **state)
{
    struct given given = { bytes("\ncode\nprint"), 5, { failure("exception", "Trace") }, 1 };
    (void)state;
    check("textual", "false", &given, "{S <|bad|>}{PROMPT}{\ncode}");
}

static void the_end_of_a_long_traceback_is_kept(void **state)
{
    struct given given = { bytes("x"), 1, { failure("exception", "0123456789") }, 1 };
    struct given wide = { bytes("x"),
                          1,
                          { failure("exception", "ab\xe2\x82\xac"
                                                 "cd") },
                          1 };
    (void)state;
    check("max_feedback", "4", &given,
          "{S <|bad|>}{SF <|lang_feedback|>}{F 6789}{SF <|/lang_feedback|>}{PROMPT}{x}");
    check("max_feedback", "4", &wide,
          "{S <|bad|>}{SF <|lang_feedback|>}{F cd}{SF <|/lang_feedback|>}{PROMPT}{x}");
}

/* Where the cut is in the midst of a line, the rest of that line goes too: but not half of all. */
static void a_traceback_is_cut_between_lines(void **state)
{
    struct given lines = { bytes("x"), 1, { failure("exception", "aaaa\nbbbb\ncccc\ndd") }, 1 };
    (void)state;
#define TAIL "}{SF <|/lang_feedback|>}{PROMPT}{x}"
#define HEAD "{S <|bad|>}{SF <|lang_feedback|>}{F "
    check("max_feedback", "17", &lines, HEAD "aaaa\nbbbb\ncccc\ndd" TAIL);
    check("max_feedback", "16", &lines, HEAD "bbbb\ncccc\ndd" TAIL);
    check("max_feedback", "12", &lines, HEAD "bbbb\ncccc\ndd" TAIL);
    check("max_feedback", "11", &lines, HEAD "cccc\ndd" TAIL);
    check("max_feedback", "7", &lines, HEAD "cccc\ndd" TAIL);
    check("max_feedback", "6", &lines, HEAD "ccc\ndd" TAIL); /* a line of 2 is less than half */
    check("max_feedback", "2", &lines, HEAD "dd" TAIL);
    check("max_feedback", "1", &lines, HEAD "d" TAIL);
}

/* The quote is bounded by itself, and what was said before it does not push it out. */
static void the_quote_stays_where_a_traceback_is_cut(void **state)
{
    struct given given = {
        bytes("\ncode\nclass X"), 5, { failure("exception", "first\nlast") }, 1
    };
    (void)state;
    check("max_feedback", "4", &given,
          HEAD "last\n" CUT "class X}{SF <|/lang_feedback|>}{PROMPT}"
               "{\ncode}");
}

static void a_supervised_text_is_problem_and_program(void **state)
{
    struct given passed = { bytes("\ncode\nprint"), 5, { success }, 1 };
    struct given failed = { bytes("x"), 1, { failure("exception", "Trace") }, 1 };
    (void)state;
    check_two("reward", "none", "textual", "false", &passed, "{PROMPT}{\ncode}");
    check_two("reward", "none", "textual", "false", &failed, "{PROMPT}{x}");
    check("reward", "none", &failed, "{SF <|lang_feedback|>}{F Trace" TAIL);
}

static void good_only_where_every_evaluator_passed(void **state)
{
    struct given one = { bytes("x"), 1, { success, failure("exception", "B") }, 2 };
    struct given both = { bytes("x"), 1, { failure("e", "A"), failure("e", "B") }, 2 };
    struct given none = { bytes("x"), 1, { success, success }, 2 };
    (void)state;
    check(NULL, NULL, &one,
          "{S <|bad|>}{SF <|lang_feedback|>}{F B}{SF <|/lang_feedback|>}{PROMPT}{x}");
    check(NULL, NULL, &both,
          "{S <|bad|>}{SF <|lang_feedback|>}{F A\nB}{SF <|/lang_feedback|>}{PROMPT}{x}");
    check(NULL, NULL, &none, "{S <|good|>}{PROMPT}{x}");
}

static void an_empty_program_gives_no_empty_span(void **state)
{
    struct given given = { bytes(""), 0, { failure("exception", "T") }, 1 };
    (void)state;
    check(NULL, NULL, &given,
          "{S <|bad|>}{SF <|lang_feedback|>}{F T}{SF <|/lang_feedback|>}{PROMPT}");
}

static bool starts(const char *const *options, struct leti_error *err)
{
    struct settings settings = { 0 };
    struct instance *feedback = NULL;
    for (; options[0]; options += 2)
        assert_true(settings_put(&settings, options[0], &options[1], 1, false, NULL, err));
    struct instance_config config = { .plugin = &plugin,
                                      .settings = &settings,
                                      .stage = "feedback",
                                      .run_dir = "/tmp",
                                      .threads = 1 };
    bool started = instance_start(&config, &feedback, err);
    if (started)
        instance_stop(feedback);
    settings_free(&settings);
    return started;
}

static void refuses_a_token_without_a_name(void **state)
{
    static const char *const tokens[] = { "good", "bad", "open", "close" };
    struct leti_error err = { 0 };
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_false(starts((const char *[]){ tokens[i], "", NULL }, &err));
        assert_non_null(strstr(err.text, tokens[i]));
        assert_non_null(strstr(err.text, ": a token's name must not be empty"));
        assert_true(starts(
            (const char *[]){ tokens[i], "", "reward", "none", "textual", "false", NULL }, &err));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_success_has_no_feedback),
        cmocka_unit_test(a_sample_that_was_too_long_stays_open),
        cmocka_unit_test(a_failure_says_its_traceback),
        cmocka_unit_test(a_failure_without_traceback_says_its_reason),
        cmocka_unit_test(what_was_cut_off_is_quoted),
        cmocka_unit_test(the_quote_ends_with_a_whole_character),
        cmocka_unit_test(only_the_reward_is_left_of_binary_feedback),
        cmocka_unit_test(the_end_of_a_long_traceback_is_kept),
        cmocka_unit_test(a_traceback_is_cut_between_lines),
        cmocka_unit_test(the_quote_stays_where_a_traceback_is_cut),
        cmocka_unit_test(a_supervised_text_is_problem_and_program),
        cmocka_unit_test(good_only_where_every_evaluator_passed),
        cmocka_unit_test(an_empty_program_gives_no_empty_span),
        cmocka_unit_test(refuses_a_token_without_a_name),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
