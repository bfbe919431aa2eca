/* jail_test.h - what the tests of the jail share: a started evaluator and who runs it.
 *
 * With LETI_TEST_USER in the environment, a test that was started as root goes on as an ordinary
 * user, so that one ctest run covers both kinds of user namespace.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef JAIL_TEST_H
#define JAIL_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake_host.h"

#ifndef PLUGIN
#define PLUGIN "evaluator.python.so"
#define PLUGIN_HELPER "" /* a program that lies beside it */
#endif

/* Copies the plugin to where everybody may read it, and says so in LETI_PLUGIN_PATH. */
static bool publish_plugin(void)
{
    static char folder[] = "/tmp/leti-jail-XXXXXX";
    char command[4096];
    if (!mkdtemp(folder) || chmod(folder, 0755) != 0)
        return false;
    snprintf(command, sizeof command,
             "cd '%s' && cp " PLUGIN " " PLUGIN_HELPER " %s/ && chmod 755 %s/*",
             getenv("LETI_PLUGIN_PATH"), folder, folder);
    return system(command) == 0 && setenv("LETI_PLUGIN_PATH", folder, 1) == 0;
}

static void unpublish_plugin(void)
{
    char command[4096];
    snprintf(command, sizeof command, "rm -r '%s'", getenv("LETI_PLUGIN_PATH"));
    if (system(command) != 0)
        fprintf(stderr, "%s failed\n", command);
}

/* Runs the tests, as an ordinary user where that is asked for. Returns main's result. */
static int run_as_asked(int (*run)(void))
{
    if (!getenv("LETI_TEST_USER") || geteuid() != 0)
        return run();
    if (!publish_plugin())
        return 1;
    if (setgroups(0, NULL) != 0 || setegid(12345) != 0 || seteuid(12345) != 0 ||
        setresgid(12345, 12345, 0) != 0 || setresuid(12345, 12345, 0) != 0) {
        perror("change of user");
        return 1;
    }
    int rc = run();
    if (setresuid(0, 0, 0) == 0)
        unpublish_plugin();
    return rc;
}

/* Judges program and tests, after a prompt that is a comment of two lines. */
__attribute__((unused)) static struct leti_verdict judge(struct fake_host *fake,
                                                         const char *program, const char *tests)
{
    struct leti_problem problem = { .id = "1",
                                    .prompt = bytes_of("\"\"\"\nprompt\n\"\"\"\n"),
                                    .tests = bytes_of(tests) };
    return fake_judge(fake, &problem, bytes_of(program));
}

#endif
