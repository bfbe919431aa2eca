/* options_test - what runs before a program, and where it imports from.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "jail_test.h"

/* Judges the program, which the data set wants some code to run before. */
static struct leti_verdict judge_after(struct fake_host *fake, const char *setup,
                                       const char *program, const char *tests)
{
    struct leti_pair extra = { "setup", bytes_of(setup) };
    struct leti_problem problem = {
        .id = "1", .prompt = bytes_of(""), .tests = bytes_of(tests), .extra = &extra, .n_extra = 1
    };
    return fake_judge(fake, &problem, bytes_of(program));
}

static void start_with(struct fake_host *fake, const char *option, const char *value)
{
    assert_true(fake_open(fake, PLUGIN));
    assert_true(fake_set(fake, option, value));
    if (!fake_start(fake))
        fail_msg("%s", fake->said);
}

static void refuse_with(const char *option, const char *value, const char *why)
{
    struct fake_host fake;
    assert_true(fake_open(&fake, PLUGIN));
    assert_true(fake_set(&fake, option, value));
    assert_false(fake_start(&fake));
    if (!strstr(fake.said, why))
        fail_msg("\"%s\" does not say \"%s\"", fake.said, why);
    fake_close(&fake, false);
}

static void prelude_runs_before_every_program(void **state)
{
    (void)state;
    struct fake_host fake;
    start_with(&fake, "prelude", "def verify(x):\n    assert x == 2\nseen = []\n");
    for (int i = 0; i < 2; i++) {
        assert_string_equal(
            judge(&fake, "seen.append(2)", "verify(seen[0])\nassert seen == [2]").reason, "passed");
        struct leti_verdict v = judge(&fake, "x = 3", "verify(x)");
        assert_string_equal(v.exception, "AssertionError");
        /* The program's lines count as if there were none before it. */
        assert_non_null(strstr(v.feedback.data, "File \"<string>\", line 5, in <module>"));
        assert_non_null(strstr(v.feedback.data, "File \"<prelude>\", line 2, in verify"));
    }
    fake_close(&fake, true);
}

static void classes_of_the_prelude_may_decide(void **state)
{
    (void)state;
    struct fake_host fake;
    start_with(&fake, "prelude",
               "class Near:\n    def __init__(s, x): s.x = x\n"
               "    def __eq__(s, o): return abs(s.x - o) < 1e-3\n");
    assert_string_equal(judge(&fake, "y = 2.0001", "assert y == Near(2)").reason, "passed");
    fake_close(&fake, true);
}

static void prelude_that_fails_is_not_the_program_s_fault(void **state)
{
    (void)state;
    refuse_with("prelude", "def f(x:", "SyntaxError");
    refuse_with("prelude", "1 / 0", "ZeroDivisionError");
}

static void setup_of_a_problem_runs_before_its_program(void **state)
{
    (void)state;
    struct fake_host fake;
    start_with(&fake, "timeout", "5");
    struct leti_verdict v = judge_after(&fake, "import math\nroot = math.sqrt\n",
                                        "f = lambda x: root(x)", "assert f(4) == 2");
    assert_string_equal(v.reason, "passed");
    v = judge_after(&fake, "x = 1\n", "assert x == 2", "");
    assert_string_equal(v.feedback.data, "Traceback (most recent call last):\n"
                                         "  File \"<string>\", line 1, in <module>\n"
                                         "AssertionError\n");
    v = judge_after(&fake, "import no_such_module\n", "pass", "");
    assert_int_equal(v.outcome, LETI_INFRA);
    assert_non_null(strstr(v.feedback.data, "File \"<setup>\", line 1"));
    v = judge_after(&fake, "import os\nos._exit(0)\n", "pass", "");
    assert_int_equal(v.outcome, LETI_INFRA);
    assert_non_null(strstr(v.feedback.data, "what runs before the program: "));
    fake_close(&fake, true);
}

static void modules_come_from_paths_which_are_read_only(void **state)
{
    (void)state;
    struct fake_host fake;
    char folder[] = "/tmp/leti-paths-XXXXXX", path[64], program[256];
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chmod(folder, 0755), 0);
    snprintf(path, sizeof path, "%s/helper.py", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs("def twice(x): return 2 * x\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    start_with(&fake, "paths", folder);
    assert_string_equal(judge(&fake, "import helper", "assert helper.twice(2) == 4").reason,
                        "passed");
    snprintf(program, sizeof program, "open('%s/x', 'w')", folder);
    assert_non_null(strstr(judge(&fake, program, "").feedback.data, "Read-only file system"));
    fake_close(&fake, true);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    refuse_with("paths", "/no/such/folder", "/no/such/folder is no folder");
}

static void module_that_cannot_be_preloaded_is_said(void **state)
{
    (void)state;
    refuse_with("preload", "math\nno_such_module", "no_such_module");
}

static int run(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(prelude_runs_before_every_program),
        cmocka_unit_test(classes_of_the_prelude_may_decide),
        cmocka_unit_test(prelude_that_fails_is_not_the_program_s_fault),
        cmocka_unit_test(setup_of_a_problem_runs_before_its_program),
        cmocka_unit_test(modules_come_from_paths_which_are_read_only),
        cmocka_unit_test(module_that_cannot_be_preloaded_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return run_as_asked(run);
}
