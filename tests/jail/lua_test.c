/* lua_test - a judge written in Lua says what it means, and what it does wrong is told with the
 * place, harms nobody and is nobody else's fault.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_host.h"

#define PLUGIN "evaluator.lua.so"

/* ---- a judge ---- */

/* For judges that are meant to pass the limit of time; the others have plenty, however slow. */
static const char *time_of(const char *name)
{
    static const char *const endless[] = { "loop", "pattern", "endless" };
    for (size_t i = 0; i < sizeof endless / sizeof *endless; i++)
        if (strstr(name, endless[i]))
            return "0.2";
    return "20";
}

static bool judge_try(struct fake_host *fake, const char *file, const char *function)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", getenv("LETI_SOURCE_DIR"), file);
    assert_true(fake_open(fake, PLUGIN));
    assert_true(fake_set(fake, "file", path));
    assert_true(fake_set(fake, "function", function));
    assert_true(fake_set(fake, "timeout", time_of(*function ? function : file)));
    assert_true(fake_set(fake, "memory", "32"));
    return fake_start(fake);
}

static void judge_open(struct fake_host *fake, const char *function)
{
    if (!judge_try(fake, "tests/jail/lua/cases.lua", function))
        fail_msg("%s", fake->said);
}

static struct leti_verdict ask(struct fake_host *fake)
{
    static const struct leti_pair extra[] = { { "entry_point", { "f", 1 } } };
    static const struct leti_problem problem = { .id = "p1",
                                                 .prompt = { "prompt", 6 },
                                                 .tests = { "tests", 5 },
                                                 .reference = { "", 0 },
                                                 .extra = extra,
                                                 .n_extra = 1 };
    static const struct leti_sample sample = { .problem = &problem,
                                               .iteration = 2,
                                               .index = 3,
                                               .program = { "a\0b", 3 },
                                               .raw = { "a\0b and more", 12 },
                                               .tokens = 7,
                                               .finish = LETI_FINISH_STOP };
    struct leti_verdict verdict = { .reason = "none" };
    fake_forget(fake);
    assert_int_equal(fake->plugin->evaluator.evaluate(fake->instance, &sample, &verdict), LETI_OK);
    return verdict;
}

/* ---- verdicts ---- */

static void true_and_false_are_verdicts(void **state)
{
    (void)state;
    static const struct {
        const char *function, *reason;
        enum leti_outcome outcome;
    } cases[] = {
        { "yes", "passed", LETI_PASSED },       { "no", "failed", LETI_FAILED },
        { "fields", "passed", LETI_PASSED },    { "module", "passed", LETI_PASSED },
        { "libraries", "passed", LETI_PASSED }, { "memory_caught", "passed", LETI_PASSED }
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fake_host fake;
        judge_open(&fake, cases[i].function);
        struct leti_verdict v = ask(&fake);
        if (v.outcome != cases[i].outcome)
            fail_msg("%s: %s", cases[i].function, v.feedback.data);
        assert_string_equal(v.reason, cases[i].reason);
        assert_int_equal(v.feedback.size, 0);
        fake_close(&fake, true);
    }
}

static void table_says_reason_exception_feedback_and_scores(void **state)
{
    (void)state;
    struct fake_host fake;
    judge_open(&fake, "all");
    struct leti_verdict v = ask(&fake);
    assert_int_equal(v.outcome, LETI_FAILED);
    assert_string_equal(v.reason, "style");
    assert_string_equal(v.exception, "TooLong");
    assert_int_equal(v.feedback.size, 9);
    assert_memory_equal(v.feedback.data, "too\0long\n", 10);
    assert_int_equal(v.n_scores, 3);
    assert_string_equal(v.scores[0].key, "a");
    assert_string_equal(v.scores[0].value.data, "0.1");
    assert_string_equal(v.scores[1].value.data, "2");
    assert_string_equal(v.scores[2].value.data, "-1e+300");
    assert_true(v.seconds >= 0 && v.seconds < 1);
    fake_close(&fake, true);
}

static void each_call_starts_from_the_same_state(void **state)
{
    (void)state;
    struct fake_host fake;
    char first[64] = "";
    judge_open(&fake, "once");
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(ask(&fake).outcome, LETI_PASSED);
    fake_close(&fake, true);
    for (size_t i = 0; i < 3; i++) {
        judge_open(&fake, "luck");
        struct leti_verdict v = ask(&fake);
        if (i == 0)
            snprintf(first, sizeof first, "%s", v.scores[0].value.data);
        assert_string_equal(v.scores[0].value.data, first);
        fake_close(&fake, true);
    }
}

/* ---- faults ---- */

struct fault {
    const char *function, *says;
};

static const struct fault faults[] = {
    { "raises", "cases.lua:27: no idea" },
    { "raises_table", "cases.lua:28: raised a table instead of a message" },
    { "raises_nothing", "raised a nil instead of a message" },
    { "raises_plain", "cases.lua: plain" },
    { "indexes_nil", "cases.lua:31: attempt to index a nil value (field 'none')" },
    { "nothing", "cases.lua: the function must return true, false or a table, not nil" },
    { "number", "must return true, false or a table, not number" },
    { "no_passed", "the verdict's passed must be true or false, not nil" },
    { "odd_passed", "the verdict's passed must be true or false, not number" },
    { "unknown_key", "the verdict has an unknown key \"fedback\"" },
    { "list", "the verdict has an unknown key of type number" },
    { "reason_type", "the verdict's reason must be a string, not table" },
    { "reason_long", "the verdict's reason must be a string of less than 64 bytes" },
    { "reason_nul", "without a NUL" },
    { "feedback_type", "the verdict's feedback must be a string, not number" },
    { "feedback_long", "the verdict's feedback must be at most 65536 bytes, not 65537" },
    { "score_nan", "the score x must be a finite number, not " },
    { "score_infinite", "the score x must be a finite number, not inf" },
    { "score_text", "the score x must be a number, not a string" },
    { "score_list", "the verdict's score's name must be a string, not number" },
    { "scores_type", "the verdict's scores must be a table of numbers by name, not number" },
    { "scores_many", "the verdict has more than 32 scores" },
    { "cycle", "cases.lua: the " },
    { "metatable", "the verdict's passed must be true or false, not nil" },
    { "loop", "cases.lua:5: timed out after 0.2 s of processor time" },
    { "loop_caught", "cases.lua: timed out after 0.2 s of processor time" },
    { "loop_coroutine", "cases.lua:5: timed out after 0.2 s of processor time" },
    { "pattern", "cases.lua: timed out after 0.2 s of processor time" },
    { "memory", "cases.lua: out of memory, which is limited to 32 MiB" },
    { "memory_block", "cases.lua: out of memory, which is limited to 32 MiB" },
    { "deep", "out of memory" },
    { "module_outside", "\"../escape\" is no name of a file beside" },
    { "module_absent", "helpers/none.lua: No such file or directory" },
};

static void check_fault(void **state)
{
    const struct fault *fault = *state;
    struct fake_host fake;
    judge_open(&fake, fault->function);
    for (size_t i = 0; i < 2; i++) { /* the second is judged as if the first had not been */
        struct leti_verdict v = ask(&fake);
        assert_int_equal(v.outcome, LETI_INFRA);
        assert_string_equal(v.reason, "infrastructure");
        assert_int_equal(v.n_scores, 0);
        if (!strstr(v.feedback.data, fault->says))
            fail_msg("%s: %s", fault->function, v.feedback.data);
    }
    fake_close(&fake, true);
}

static void file_that_is_wrong_does_not_start(void **state)
{
    (void)state;
    static const struct {
        const char *file, *function, *says;
    } cases[] = {
        { "none.lua", "", "none.lua cannot be read" },
        { "syntax.lua", "", "syntax.lua:2: " },
        { "raises.lua", "", "raises.lua:1: at the start" },
        { "endless.lua", "", "endless.lua:1: timed out after 0.2 s" },
        { "endless_pattern.lua", "", "endless_pattern.lua: timed out after 0.2 s" },
        { "cases.lua", "", "must return a function, not a table" },
        { "cases.lua", "none", "has a nil as none, not a function" },
        { "table.lua", "judge", "has a number as judge, not a function" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fake_host fake;
        char path[256];
        snprintf(path, sizeof path, "tests/jail/lua/%s", cases[i].file);
        assert_false(judge_try(&fake, path, cases[i].function));
        if (!strstr(fake.said, cases[i].says))
            fail_msg("%s: %s", cases[i].file, fake.said);
        fake_close(&fake, false);
    }
}

/* ---- leftovers ---- */

static size_t count_descriptors(void)
{
    size_t n = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    while (readdir(folder))
        n++;
    closedir(folder);
    return n;
}

static void nothing_is_left_behind(void **state)
{
    (void)state;
    static const char *const functions[] = { "yes", "raises", "memory" };
    size_t before = count_descriptors();
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        struct fake_host fake;
        judge_open(&fake, functions[i]);
        for (size_t j = 0; j < 20; j++)
            ask(&fake);
        fake_close(&fake, true);
    }
    assert_int_equal(count_descriptors(), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child, not even an ended one */
}

/* ---- the example ---- */

static char *read_source(const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/plugins/evaluator.lua/%s", getenv("LETI_SOURCE_DIR"), name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char *text = calloc(1, 1 << 16);
    assert_non_null(text);
    assert_in_range(fread(text, 1, (1 << 16) - 1, file), 1, (1 << 16) - 2);
    fclose(file);
    return text;
}

static void example_of_the_readme_works(void **state)
{
    (void)state;
    struct fake_host fake;
    struct leti_problem problem = { .id = "1" };
    char *readme = read_source("README.md"), *example = read_source("example.lua");
    assert_non_null(strstr(readme, example));
    free(readme);
    free(example);
    if (!judge_try(&fake, "plugins/evaluator.lua/example.lua", ""))
        fail_msg("%s", fake.said);
    problem.prompt = problem.tests = problem.reference = bytes_of("");
    struct leti_verdict v = fake_judge(&fake, &problem, bytes_of("x = 1\ny = 2\n"));
    assert_int_equal(v.outcome, LETI_PASSED);
    assert_string_equal(v.reason, "passed");
    assert_string_equal(v.scores[0].key, "lines");
    assert_string_equal(v.scores[0].value.data, "2");
    v = fake_judge(&fake, &problem, bytes_of("x = 1\nprint (x)\n"));
    assert_int_equal(v.outcome, LETI_FAILED);
    assert_string_equal(v.reason, "style");
    assert_string_equal(v.feedback.data, "the program prints\n");
    v = fake_judge(&fake, &problem, bytes_of("a\na\na\na\n"));
    assert_string_equal(v.feedback.data, "3 of its 4 lines are repeated\n");
    fake_close(&fake, true);
}

int main(void)
{
    enum { N_FAULTS = sizeof faults / sizeof *faults };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(true_and_false_are_verdicts),
        cmocka_unit_test(table_says_reason_exception_feedback_and_scores),
        cmocka_unit_test(each_call_starts_from_the_same_state),
        cmocka_unit_test(file_that_is_wrong_does_not_start),
        cmocka_unit_test(nothing_is_left_behind),
        cmocka_unit_test(example_of_the_readme_works),
    };
    struct CMUnitTest told[N_FAULTS];
    char names[N_FAULTS][64];
    for (size_t i = 0; i < N_FAULTS; i++) {
        snprintf(names[i], sizeof names[i], "%s_is_told", faults[i].function);
        told[i] = (struct CMUnitTest){ .name = names[i],
                                       .test_func = check_fault,
                                       .initial_state = (void *)&faults[i] };
    }
    return cmocka_run_group_tests(tests, NULL, NULL) +
           _cmocka_run_group_tests("faults", told, N_FAULTS, NULL, NULL);
}
