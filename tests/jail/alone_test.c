/* alone_test - a program that timed out because the machine was busy is judged again, alone.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "jail_test.h"

#include <sched.h>
#include <sys/wait.h>

enum { CROWD = 8 };

/* A host of its own on the same core as the others. Exits with 0 if the program passed. */
__attribute__((noreturn)) static void judge_one(int start, const char *program)
{
    struct fake_host fake;
    char byte;
    if (!fake_open(&fake, PLUGIN) || !fake_set(&fake, "timeout", "1") || !fake_start(&fake))
        _exit(2);
    if (read(start, &byte, 1) < 0) /* the end of the pipe starts all of them at once */
        _exit(3);
    struct leti_verdict v = judge(&fake, program, "assert True");
    bool passed = v.outcome == LETI_PASSED;
    if (!passed)
        fprintf(stderr, "%s: %s", v.reason, v.feedback.data);
    fake_close(&fake, true);
    _exit(passed ? 0 : 1);
}

/* How many of a crowd of programs that share one core pass. */
static int crowd(const char *program)
{
    cpu_set_t all, one;
    int ends[2], passed = 0;
    pid_t pids[CROWD];
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    CPU_ZERO(&one);
    for (int i = 0; CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &all))
            CPU_SET(i, &one);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    for (int i = 0; i < CROWD; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i] == 0) {
            close(ends[1]);
            judge_one(ends[0], program);
        }
    }
    close(ends[0]);
    close(ends[1]);
    for (int i = 0; i < CROWD; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        passed += WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    return passed;
}

/* Together they need more than twice their time limit of the one core. */
static void programs_that_crowd_one_core_pass_as_each_would_alone(void **state)
{
    (void)state;
    assert_int_equal(crowd("import time\nwhile time.process_time() < 0.3: pass"), CROWD);
}

static void programs_that_sleep_too_long_are_not_tried_again(void **state)
{
    (void)state;
    struct fake_host fake;
    assert_true(fake_open(&fake, PLUGIN));
    assert_true(fake_set(&fake, "timeout", "1"));
    assert_true(fake_start(&fake));
    struct leti_verdict v = judge(&fake, "import time; time.sleep(9)", "");
    assert_string_equal(v.reason, "timeout");
    assert_true(v.seconds < 1.5);
    fake_close(&fake, true);
}

static int run(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_that_crowd_one_core_pass_as_each_would_alone),
        cmocka_unit_test(programs_that_sleep_too_long_are_not_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return run_as_asked(run);
}
