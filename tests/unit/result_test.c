/* result_test - what a run's rows come to: failures by their share, metrics over iterations.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "result/result.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/file.h"

static char folder[] = "/tmp/leti-result-XXXXXX";
static struct store *store;
static struct leti_error err;

#define must(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("%s: %s", #condition, err.text);                                              \
    } while (0)

static int begin(void **state)
{
    (void)state;
    return mkdtemp(folder) && store_create(folder, &store, &err) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    store_close(store);
    return file_remove_tree(folder, &err) ? 0 : -1;
}

static void put_verdict(uint32_t iteration, uint32_t sample, uint32_t evaluator,
                        enum leti_outcome outcome, const char *reason, const char *exception)
{
    struct store_key key = { .phase = 1, .iteration = iteration, .sample = sample };
    struct store_verdict row = { .evaluator = evaluator,
                                 .attempt = 1,
                                 .verdict = { .outcome = outcome,
                                              .reason = reason,
                                              .exception = exception,
                                              .feedback = { "", 0 } } };
    must(store_put_verdict(store, &key, &row, NULL, &err));
}

static void a_failed_sample_counts_once_by_its_first_failure(void **state)
{
    (void)state;
    static const char *const names[] = { "NameError", "TypeError", "NameError", "" };
    for (uint32_t i = 0; i < 4; i++)
        put_verdict(0, i, 0, LETI_FAILED, i == 3 ? "timeout" : "exception", names[i]);
    put_verdict(0, 4, 0, LETI_PASSED, "passed", "");
    for (uint32_t i = 0; i < 5; i++)
        put_verdict(0, i, 1, LETI_FAILED, "style", "");
    put_verdict(0, 5, 0, LETI_PASSED, "passed", "");
    put_verdict(0, 5, 1, LETI_PASSED, "passed", "");
    put_verdict(0, 6, 0, LETI_FAILED, "exception", "NameError"); /* not judged by the other */
    put_verdict(0, 6, 1, LETI_INFRA, "jail", "");

    struct result result;
    struct text text = { 0 };
    must(result_of(store, 1, 0, 1, 7, &result, &err));
    assert_int_equal(result.n_failures, 4);
    result_failures(&result, 3, &text);
    assert_string_equal(text_string(&text), "NameError 33.3 %, TypeError 16.7 %, style 16.7 %");
    text_clear(&text);
    result_json(&result, &text);
    assert_non_null(
        strstr(text_string(&text), "\"infra\": 1, \"failures\": {\"NameError\": 0.333"));
    assert_non_null(strstr(text_string(&text), "\"timeout\": 0.1666"));
    text_free(&text);
}

static void the_rarest_failures_are_left_out_and_long_names_cut(void **state)
{
    (void)state;
    char name[200];
    for (uint32_t i = 0; i < RESULT_FAILURES + 3; i++) {
        snprintf(name, sizeof name, "E%0*u", i ? 3 : 150, i);
        put_verdict(1, 2 * i, 0, LETI_FAILED, "exception", name);
        if (i == 0)
            put_verdict(1, 2 * i + 1, 0, LETI_FAILED, "exception", name);
    }
    struct result result;
    must(result_of(store, 1, 1, 1, 100, &result, &err));
    assert_int_equal(result.n_failures, RESULT_FAILURES);
    assert_int_equal(strlen(result.failures[0].why), RESULT_WHY - 1);
    assert_string_equal(result.failures[1].why, "E001");
}

static void put_passed(uint32_t problem, uint32_t samples)
{
    for (uint32_t i = 0; i < samples; i++) {
        struct store_key key = { .phase = 1, .iteration = 2, .problem = problem, .sample = i };
        struct store_verdict row = { .attempt = 1,
                                     .verdict = { .outcome = LETI_PASSED,
                                                  .reason = "passed",
                                                  .exception = "",
                                                  .feedback = { "", 0 } } };
        must(store_put_verdict(store, &key, &row, NULL, &err));
    }
}

/* Of 4 problems one lost a sample, one all of them. */
static void pass_at_k_says_of_how_many_problems(void **state)
{
    (void)state;
    struct result result;
    struct text text = { 0 };
    put_passed(0, 10);
    put_passed(1, 9);
    put_passed(3, 10);
    must(result_of(store, 1, 2, 4, 10, &result, &err));
    assert_true(result.counted[0] == 3 && result.counted[1] == 2);
    result_counted(&result, 1, &text);
    assert_string_equal(text_string(&text), " of 2 problems");
    text_clear(&text);
    result_counted(&result, 2, &text); /* there is no pass@100 */
    assert_string_equal(text_string(&text), "");
    result_json(&result, &text);
    assert_non_null(strstr(text_string(&text),
                           "\"failures\": {}, \"counted\": {\"pass@1\": 3, \"pass@10\": 2}"));
    text_clear(&text);
    result.counted[1] = 4;
    result_counted(&result, 1, &text);
    assert_string_equal(text_string(&text), "");
    text_free(&text);
}

static void nothing_failed_where_nothing_was_judged(void **state)
{
    (void)state;
    struct result result;
    must(result_of(store, 1, 9, 1, 4, &result, &err));
    assert_int_equal(result.n_failures, 0);
}

static void metrics_add_up_over_iterations(void **state)
{
    (void)state;
    static const struct {
        uint32_t iteration, step;
        double value;
    } told[] = { { 1, 0, 5 }, { 1, 1, 10 }, { 2, 0, 20 }, { 4, 0, 40 } };
    bool found = true;
    double value = -1;
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        must(store_put_metric(store, told[i].iteration, "train", "steps", told[i].step,
                              told[i].value, &err));
    must(metric_so_far(store, 3, "train", "steps", &value, &err));
    assert_true(value == 30); /* of each iteration the last */
    must(metric_so_far(store, 3, "train", "tokens", &value, &err));
    assert_true(value == 0);
    must(first_metric(store, 1, "train", "steps", &found, &value, &err));
    assert_true(found && value == 5);
    must(first_metric(store, 2, "train", "steps", &found, &value, &err));
    assert_false(found);
    must(first_metric(store, 3, "train", "steps", &found, &value, &err));
    assert_false(found);
}

static void uncut_samples_are_the_other_phases_whole(void **state)
{
    (void)state;
    const float logprobs[] = { -1, -2 };
    for (uint32_t i = 0; i < 3; i++) {
        struct store_sample sample = { .key = { .phase = 1, .iteration = i / 2, .sample = i },
                                       .raw = { "a\0bc", i == 1 ? 0 : 4 },
                                       .program_size = i == 1 ? 0 : 2,
                                       .tokens = 2,
                                       .finish = LETI_FINISH_LENGTH,
                                       .logprobs = logprobs };
        must(store_put_sample(store, &sample, &err));
    }
    for (int again = 0; again < 2; again++)
        must(store_put_uncut_samples(store, 2, 1, 0, &err) && store_commit(store, &err));
    struct store_rows *rows = NULL;
    must(
        store_select(store,
                     "SELECT sample, raw, program_size, tokens, finish, logprobs FROM sample WHERE "
                     "phase = 2 ORDER BY iteration, sample",
                     &rows, &err));
    for (int64_t i = 0; i < 2; i++) {
        assert_int_equal(store_next(rows, &err), LETI_OK);
        assert_int_equal(store_number(rows, 0), i);
        assert_int_equal(store_bytes(rows, 1).size, i ? 0 : 4);
        assert_memory_equal(store_bytes(rows, 1).data, "a\0bc", i ? 0 : 4);
        assert_int_equal(store_number(rows, 2), i ? 0 : 4);
        assert_int_equal(store_number(rows, 3), 2);
        assert_int_equal(store_number(rows, 4), LETI_FINISH_LENGTH);
        assert_memory_equal(store_floats(rows, 5, 2), logprobs, sizeof logprobs);
    }
    assert_int_equal(store_next(rows, &err), LETI_DONE);
    store_rows_close(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_sample_counts_once_by_its_first_failure),
        cmocka_unit_test(the_rarest_failures_are_left_out_and_long_names_cut),
        cmocka_unit_test(pass_at_k_says_of_how_many_problems),
        cmocka_unit_test(nothing_failed_where_nothing_was_judged),
        cmocka_unit_test(metrics_add_up_over_iterations),
        cmocka_unit_test(uncut_samples_are_the_other_phases_whole),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
