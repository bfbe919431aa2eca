/* command_options_test - commands, texts and limits that a user sets are what happens, what cannot
 * be is told at the start, and nothing is left behind.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#define PLUGIN "evaluator.command.so"
#define PLUGIN_HELPER "leti-jail"
#include "jail_test.h"

#include <dirent.h>
#include <sys/wait.h>

struct setting {
    const char *name, *value; /* NULL: no more */
};

static bool try_to_open(struct fake_host *fake, const struct setting *settings)
{
    assert_true(fake_open(fake, PLUGIN));
    for (; settings->name; settings++)
        assert_true(fake_set(fake, settings->name, settings->value));
    return fake_start(fake);
}

#define OPEN(fake, ...)                                                                            \
    do {                                                                                           \
        if (!try_to_open(fake, (const struct setting[]){ __VA_ARGS__, { NULL, NULL } }))           \
            fail_msg("%s", (fake)->said);                                                          \
    } while (0)

static struct leti_verdict judge_with(struct fake_host *fake, const char *program,
                                      const char *tests, const char *key, const char *value)
{
    struct leti_pair extra[] = { { key, bytes_of(value) } };
    struct leti_problem problem = { .id = "1",
                                    .prompt = bytes_of("# prompt\n"),
                                    .tests = bytes_of(tests),
                                    .reference = bytes_of(""),
                                    .extra = extra,
                                    .n_extra = 1 };
    return fake_judge(fake, &problem, bytes_of(program));
}

static void assert_verdict(struct leti_verdict v, const char *reason, const char *says)
{
    if (strcmp(v.reason, reason) != 0 || !strstr(v.feedback.data, says))
        fail_msg("%s instead of %s: %s", v.reason, reason, v.feedback.data);
}

static void words_in_commands_are_replaced_as_whole_arguments(void **state)
{
    (void)state;
    struct fake_host fake;
    OPEN(&fake, { "file", "a b.txt" },
         { "run", "sh -c 'test $# = 4; echo \"$0|$1|$2|$3|$4\" >&2; cat \"$0\" >&2; exit 3' "
                  "{file} {program} {tests} {dir} \"it's \\\" {x}\"" });
    struct leti_verdict v = judge_with(&fake, "$(exit 1) 'p'", "t \"q\"", "x", "");
    assert_verdict(v, "exit",
                   "a b.txt|# prompt\n$(exit 1) 'p'|t \"q\"|/sandbox|it's \" {x}\n"
                   "# prompt\n$(exit 1) 'p'\nt \"q\"\n");
    fake_close(&fake, true);
}

static void template_makes_the_text(void **state)
{
    (void)state;
    struct fake_host fake;
    OPEN(&fake, { "file", "f" }, { "run", "cat {file} /nofile" },
         { "template", "{tests}<{program}>{prompt}{program} {file} {" });
    struct leti_verdict v = judge_with(&fake, "{tests}", "T", "run_prompt", "P");
    assert_verdict(v, "exit", "cat: /nofile: No such file or directory\n");
    fake_close(&fake, true);
    OPEN(&fake, { "file", "f" }, { "run", "sh -c 'cat f; exit 1'" },
         { "template", "{tests}<{program}>{prompt}{program} {file} {" });
    v = judge_with(&fake, "{tests}", "T", "run_prompt", "P");
    /* nothing on stderr: stdout it is */
    assert_string_equal(v.feedback.data, "T<{tests}>P{tests} {file} {");
    fake_close(&fake, true);
}

static void another_language_needs_no_more_than_its_command(void **state)
{
    (void)state;
    struct fake_host fake;
    OPEN(&fake, { "file", "main.pl" }, { "run", "perl {file}" });
    const char *tests = "die 'wrong' unless f(1) == 2;";
    assert_verdict(judge_with(&fake, "sub f { $_[0] + 1 }", tests, "x", ""), "passed", "");
    assert_verdict(judge_with(&fake, "sub f { $_[0] }", tests, "x", ""), "exit",
                   "wrong at main.pl line 3.\n");
    fake_close(&fake, true);
}

static void input_comes_from_the_problem(void **state)
{
    (void)state;
    struct fake_host fake;
    OPEN(&fake, { "language", "shell" });
    assert_verdict(judge_with(&fake, "read a b", "test $b = 2", "stdin", "1 2\n"), "passed", "");
    assert_verdict(judge_with(&fake, "read a b", "test $b = 2", "stdin", ""), "exit", "");
    assert_verdict(judge_with(&fake, "ls -a .input", "false", "stdin", "x"), "exit",
                   "No such file");
    fake_close(&fake, true);
}

static void compiler_and_run_have_limits_of_their_own(void **state)
{
    (void)state;
    struct fake_host fake;
    OPEN(&fake, { "file", "f" }, { "compile", "sh f" }, { "run", "sleep 99" }, { "timeout", "0.2" },
         { "compile_timeout", "0.3" });
    assert_verdict(judge_with(&fake, "sleep 99", "", "x", ""), "timeout",
                   "the compiler timed out after 0.3 s\n");
    assert_verdict(judge_with(&fake, "echo no >&2; exit 4", "", "x", ""), "compile", "no\n");
    assert_verdict(judge_with(&fake, "", "", "x", ""), "timeout", "timed out after 0.2 s\n");
    /* what a compiler leaves running does not run beside the program */
    assert_verdict(judge_with(&fake, "(sleep 99; touch f) &", "", "x", ""), "timeout", "timed out");
    fake_close(&fake, true);
}

static void program_that_the_compiler_did_not_make_is_no_fault_of_ours(void **state)
{
    (void)state;
    struct fake_host fake;
    OPEN(&fake, { "file", "f" }, { "compile", "sh f" }, { "run", "./main" });
    assert_verdict(judge_with(&fake, "true", "", "x", ""), "exit",
                   "./main: No such file or directory\n");
    assert_verdict(judge_with(&fake, "echo x >main", "", "x", ""), "exit",
                   "./main: Permission denied\n");
    assert_verdict(
        judge_with(&fake, "printf '#!/bin/sh\\nexit 0' >main; chmod +x main", "", "x", ""),
        "passed", "");
    fake_close(&fake, true);
}

static void long_feedback_is_cut_in_the_middle(void **state)
{
    (void)state;
    struct fake_host fake;
    OPEN(&fake, { "language", "shell" });
    struct leti_verdict v =
        judge_with(&fake, "echo begin >&2; seq 100000 >&2; echo end >&2", "false", "x", "");
    assert_verdict(v, "exit", " bytes left out ...]\n");
    assert_in_range(v.feedback.size, 60 << 10, 64 << 10);
    assert_memory_equal(v.feedback.data, "begin\n1\n2\n", 10);
    assert_string_equal(v.feedback.data + v.feedback.size - 11, "100000\nend\n");
    /* and not where there is room: every byte is there */
    v = judge_with(&fake, "seq 10000 >&2", "false", "x", "");
    assert_int_equal(v.feedback.size, 48894);
    char *at = (char *)v.feedback.data;
    for (long i = 1; i <= 10000; i++)
        assert_int_equal(strtol(at, &at, 10), i);
    fake_close(&fake, true);
}

static void folders_can_be_shown(void **state)
{
    (void)state;
    struct fake_host fake;
    char folder[] = "/tmp/leti-shown-XXXXXX", path[64], program[256];
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chmod(folder, 0755), 0);
    snprintf(path, sizeof path, "%s/x", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    snprintf(program, sizeof program, "test -e %s && ! touch %s 2>/dev/null", path, path);
    OPEN(&fake, { "language", "shell" });
    assert_verdict(judge_with(&fake, program, "", "x", ""), "exit", "");
    fake_close(&fake, true);
    OPEN(&fake, { "language", "shell" }, { "paths", folder });
    assert_verdict(judge_with(&fake, program, "", "x", ""), "passed", "");
    fake_close(&fake, true);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void what_cannot_be_is_told_at_the_start(void **state)
{
    (void)state;
    static const struct {
        struct setting settings[4];
        const char *says;
    } cases[] = {
        { { { "language", "custom" } }, "file and run must be set" },
        { { { "file", "f" } }, "file and run must be set" },
        { { { "file", "a/f" }, { "run", "true" } }, "file: \"a/f\" must be the name of a file" },
        { { { "file", "f" }, { "run", "leti-none {file}" } },
          "leti-none is not installed: it is not in PATH" },
        { { { "file", "f" }, { "run", "/none/at/all" } }, "/none/at/all is not installed" },
        { { { "language", "lua" }, { "run", "lua0 {file}" } },
          "lua0 is not installed: it is not in PATH; for lua: apt-get install lua5.4" },
        { { { "file", "f" }, { "run", "sh -c 'x" } }, "a quote is not closed" },
        { { { "file", "f" }, { "run", "sh -c {dir}/f" } },
          "{dir} in \"{dir}/f\" must be an argument of its own" },
        { { { "file", "f" }, { "run", "/proc/self/exe" } },
          ", which the jail does not show: add a folder that it is in to paths" },
        { { { "language", "shell" }, { "paths", "here" } },
          "paths: here must be an absolute path" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fake_host fake;
        assert_false(try_to_open(&fake, cases[i].settings));
        if (!strstr(fake.said, cases[i].says))
            fail_msg("%s", fake.said);
        fake_close(&fake, false);
    }
}

/* ---- leftovers ---- */

static size_t count_entries(const char *path, const char *letters)
{
    size_t n = 0;
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));)
        n += strspn(entry->d_name, letters) == strlen(entry->d_name);
    closedir(folder);
    return n;
}

/* Processes with this file name in their command line, anywhere on the machine. */
static size_t count_processes(const char *name)
{
    size_t n = 0;
    DIR *folder = opendir("/proc");
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        char path[300], line[256];
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
            continue;
        snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
        FILE *file = fopen(path, "r");
        if (!file)
            continue;
        size_t size = fread(line, 1, sizeof line, file);
        n += memmem(line, size, name, strlen(name)) != NULL;
        fclose(file);
    }
    closedir(folder);
    return n;
}

/* The verdict of a program may be kept for the next time. */
static void same_program_sees_the_same(void **state)
{
    (void)state;
    struct fake_host fake;
    char first[4096] = "";
    OPEN(&fake, { "language", "shell" });
    for (size_t i = 0; i < 3; i++) {
        struct leti_verdict v =
            judge_with(&fake, "env >&2; echo $$ $UID $PPID >&2; ulimit -a >&2; ls -a / . >&2",
                       "false", "x", "");
        if (i == 0)
            snprintf(first, sizeof first, "%s", v.feedback.data);
        assert_string_equal(v.feedback.data, first);
    }
    assert_non_null(strstr(first, "PATH=/usr/local/bin:/usr/bin:/bin\n"));
    assert_non_null(strstr(first, ".\n..\nmain.sh\n"));
    fake_close(&fake, true);
}

/* Reads a number from a file of the process's in /proc, behind a name in brackets if any. */
static long number_of(const char *pid, const char *name, const char *format)
{
    char path[300], line[512] = "";
    long number = -1;
    snprintf(path, sizeof path, "/proc/%s/%s", pid, name);
    FILE *file = fopen(path, "r");
    if (!file)
        return -1;
    size_t size = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    line[size] = '\0';
    const char *bracket = strrchr(line, ')');
    return sscanf(bracket ? bracket + 1 : line, format, &number) == 1 ? number : -1;
}

static void machine_without_memory_does_not_end_the_warden_first(void **state)
{
    (void)state;
    struct fake_host fake;
    OPEN(&fake, { "language", "shell" });
    assert_verdict(judge_with(&fake, "true", "", "x", ""), "passed", "");
    size_t ours = 0;
    long own = number_of("self", "oom_score_adj", "%ld");
    DIR *folder = opendir("/proc");
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));)
        if (number_of(entry->d_name, "stat", " %*c %ld") == getpid()) {
            assert_int_equal(number_of(entry->d_name, "oom_score_adj", "%ld"), own);
            ours++;
        }
    closedir(folder);
    assert_int_equal(ours, 1);
    fake_close(&fake, true);
}

static void text_larger_than_the_folder_is_told(void **state)
{
    (void)state;
    enum { SIZE = 2 << 20 };
    static char text[SIZE + 1];
    struct fake_host fake;
    OPEN(&fake, { "language", "shell" }, { "disk", "1" });
    memset(text, '#', SIZE);
    assert_verdict(judge_with(&fake, text, "", "x", ""), "exit", "main.sh: File too large\n");
    /* a program's own signal is as it ever was */
    assert_verdict(judge_with(&fake, "kill -XFSZ $$", "", "x", ""), "killed",
                   "killed by signal 25 (File size limit exceeded)\n");
    fake_close(&fake, true);
}

static void nothing_is_left_behind(void **state)
{
    (void)state;
    static const char *const programs[] = {
        "true",
        "false",
        "sleep $N & setsid sleep $N & disown; exit 0",
        "sleep $N",
        "kill -9 $$",
        "kill -9 -1",
        "f() { f | f & sleep $N; }; f",
    };
    enum { N = sizeof programs / sizeof *programs };
    struct fake_host fake;
    char number[32], program[256]; /* that no other process of the machine has */
    snprintf(number, sizeof number, "9%09d", (int)getpid());
    size_t before = count_entries("/proc/self/fd", "0123456789");
    OPEN(&fake, { "language", "shell" }, { "timeout", "0.3" });
    size_t during = count_entries("/proc/self/fd", "0123456789");
    for (size_t i = 0; i < 2 * N; i++) {
        snprintf(program, sizeof program, "N=%s; %s", number, programs[i % N]);
        struct leti_verdict v = judge_with(&fake, program, "", "x", "");
        assert_int_not_equal(v.outcome, LETI_INFRA);
        assert_int_equal(count_processes(number), 0);
    }
    assert_int_equal(count_entries("/proc/self/fd", "0123456789"), during);
    fake_close(&fake, true);
    assert_int_equal(count_entries("/proc/self/fd", "0123456789"), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child, not even an ended one */
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_in_commands_are_replaced_as_whole_arguments),
        cmocka_unit_test(template_makes_the_text),
        cmocka_unit_test(another_language_needs_no_more_than_its_command),
        cmocka_unit_test(input_comes_from_the_problem),
        cmocka_unit_test(compiler_and_run_have_limits_of_their_own),
        cmocka_unit_test(program_that_the_compiler_did_not_make_is_no_fault_of_ours),
        cmocka_unit_test(long_feedback_is_cut_in_the_middle),
        cmocka_unit_test(folders_can_be_shown),
        cmocka_unit_test(what_cannot_be_is_told_at_the_start),
        cmocka_unit_test(same_program_sees_the_same),
        cmocka_unit_test(machine_without_memory_does_not_end_the_warden_first),
        cmocka_unit_test(text_larger_than_the_folder_is_told),
        cmocka_unit_test(nothing_is_left_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return run_as_asked(run);
}
