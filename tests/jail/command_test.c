/* command_test - programs of any language are compiled, run and judged rightly, whatever they do,
 * and leave nothing.
 *
 * Takes the language as its argument, so that each is a test of its own: one that is not installed
 * is seen as a test that is switched off.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#define PLUGIN "evaluator.command.so"
#define PLUGIN_HELPER "leti-jail"
#include "jail_test.h"

struct ending {
    const char *claim, *program, *tests;
    enum leti_outcome outcome;
    const char *reason, *says; /* says: in the feedback; NULL: it is empty */
};

/* A language, a program with an error in each of the ways that there are, and what is said. */
struct suite {
    const char *language, *prompt;
    const struct ending *endings;
    size_t n;
};

#define PASSED LETI_PASSED, "passed", NULL
#define FAILS(reason, says) LETI_FAILED, reason, says

/* ---- C ---- */

#define C_TESTS "#include <assert.h>\nint main(void) { assert(f(1) == 2); return 0; }"

static const struct ending c[] = {
    { "right_program_passes", "int f(int x) { return x + 1; }", C_TESTS, PASSED },
    { "wrong_program_fails_with_its_stderr", "int f(int x) { return x; }", C_TESTS,
      FAILS("killed", "Assertion `f(1) == 2' failed.\nkilled by signal 6 (Aborted)\n") },
    { "exit_status_fails", "int f(int x) { return x; }", "int main(void) { return f(3); }",
      FAILS("exit", "exit status 3\n") },
    { "compiler_says_what_is_wrong", "int f(int x) { return y; }", C_TESTS,
      FAILS("compile", "main.c:2:23: error: ‘y’ undeclared") },
    { "missing_main_is_the_linkers_to_tell", "int f(int x) { return x + 1; }", "",
      FAILS("compile", "undefined reference to `main'") },
    { "linker_says_what_is_missing", "int g(int);\nint f(int x) { return g(x); }", C_TESTS,
      FAILS("compile", "/usr/bin/ld: main.o: in function `f':\n") },
    { "assembler_says_what_is_wrong", "int f(int x) { asm(\"nonsense\"); return x; }", C_TESTS,
      FAILS("compile", "main.c:2: Error: no such instruction: `nonsense'") },
    { "long_errors_are_cut_in_the_middle",
      "#define E y;y;y;y;y;y;y;y;y;y;\n#define F E E E E E E E E E E\n"
      "int f(void) { F F F F F F F F F F F F F F F F F F F F }\nint y(",
      C_TESTS, FAILS("compile", "main.c:4") },
    { "secrets_cannot_be_included", "#include \"/etc/shadow\"\n", "",
      FAILS("compile", "/etc/shadow: No such file") },
    { "endless_loop_times_out", "int f(int x) { for (;;) {} return x; }", C_TESTS,
      FAILS("timeout", "timed out after 2 s\n") },
    { "endless_include_times_out_or_fails", "#include __FILE__\n", C_TESTS,
      FAILS("compile", "nested depth") },
    { "sleep_times_out", "#include <unistd.h>\nint f(int x) { sleep(1000); return x; }", C_TESTS,
      FAILS("timeout", "timed out after 2 s\n") },
    { "crash_is_named_by_its_signal", "int f(int x) { *(volatile int *)0 = x; return x; }", C_TESTS,
      FAILS("killed", "killed by signal 11 (Segmentation fault)\n") },
    { "stack_exhaustion_is_a_crash",
      "int f(int x) { volatile char a[4096]; a[0] = (char)x; return f(x + 1) + a[0]; }", C_TESTS,
      FAILS("killed", "killed by signal 11 (Segmentation fault)\n") },
    { "kill_9_of_itself_is_named",
      "#include <signal.h>\n#include <unistd.h>\n"
      "int f(int x) { kill(getpid(), 9); return x + 1; }",
      C_TESTS, FAILS("killed", "killed by signal 9 (Killed)\n") },
    { "signals_to_all_do_not_reach_the_watcher",
      "#include <signal.h>\nint f(int x) { kill(-1, 9); kill(1, 9); kill(1, 19); return x; }",
      C_TESTS, FAILS("killed", "Assertion `f(1) == 2' failed.") },
    { "signal_to_the_watcher_is_the_programs_end",
      "#include <signal.h>\n#include <unistd.h>\n"
      "int f(int x) { kill(1, 15); sleep(9); return x + 1; }",
      C_TESTS, FAILS("killed", "killed by signal 15 (Terminated)\n") },
    { "memory_hog_is_a_memory_failure",
      "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"
      "int f(int x) {\n  for (;;) {\n    char *p = malloc(1 << 20);\n"
      "    if (!p) { perror(\"malloc\"); exit(1); }\n    memset(p, 1, 1 << 20);\n  }\n}",
      C_TESTS, FAILS("memory", "malloc: Cannot allocate memory\n") },
    { "fork_bomb_ends", "#include <unistd.h>\nint f(int x) { for (;;) fork(); return x; }", C_TESTS,
      FAILS("timeout", "timed out after 2 s\n") },
    { "processes_are_limited",
      "#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
      "int f(int x) {\n  for (;;) {\n    int p = fork();\n"
      "    if (p < 0) { perror(\"fork\"); exit(1); }\n    if (p == 0) { sleep(99); _exit(0); }\n"
      "  }\n}",
      C_TESTS, FAILS("exit", "fork: Resource temporarily unavailable\n") },
    { "detached_child_does_not_hold_it_up",
      "#include <unistd.h>\n"
      "int f(int x) { if (fork() == 0) { setsid(); sleep(99); _exit(0); } return x + 1; }",
      C_TESTS, PASSED },
    { "children_work",
      "#include <stdlib.h>\n#include <sys/wait.h>\n#include <unistd.h>\n"
      "int f(int x) { int s = 0; if (fork() == 0) _exit(x + 1); wait(&s);\n"
      "  return WEXITSTATUS(s); }",
      C_TESTS, PASSED },
    { "threads_work",
      "#include <pthread.h>\nstatic void *g(void *p) { ++*(int *)p; return p; }\n"
      "int f(int x) { pthread_t t; pthread_create(&t, 0, g, &x); pthread_join(t, 0); return x; }",
      C_TESTS, PASSED },
    { "endless_output_is_cut",
      "#include <stdio.h>\nint f(int x) { for (;;) puts(\"xxxxxxxxxxxxxxxx\"); return x; }",
      C_TESTS, FAILS("output", "wrote more than 1 MiB of output\n") },
    { "disk_is_limited",
      "#include <stdio.h>\n#include <stdlib.h>\nint f(int x) {\n  static char b[1 << 20];\n"
      "  for (int i = 0; i < 99; i++) {\n    char n[9];\n    sprintf(n, \"%d\", i);\n"
      "    FILE *o = fopen(n, \"w\");\n"
      "    if (!o || fwrite(b, sizeof b, 1, o) != 1 || fclose(o)) { perror(n); exit(1); }\n"
      "  }\n  return x; }",
      C_TESTS, FAILS("exit", ": No space left on device\n") },
    { "socket_is_forbidden",
      "#include <stdio.h>\n#include <stdlib.h>\n#include <sys/socket.h>\n"
      "int f(int x) { if (socket(2, 1, 0) < 0) { perror(\"socket\"); exit(1); } return x + 1; }",
      C_TESTS,
      FAILS("forbidden", "socket: Operation not permitted\n"
                         "forbidden: the program called socket, which the jail does not allow\n") },
    { "namespaces_mounts_and_tracing_are_forbidden",
      "#define _GNU_SOURCE\n#include <errno.h>\n#include <sched.h>\n#include <sys/mount.h>\n"
      "#include <sys/ptrace.h>\n#include <sys/syscall.h>\n#include <unistd.h>\n"
      "#define NO(call) (errno = 0, (call) == -1 && errno == EPERM)\n"
      "int f(int x) {\n  return x + (NO(unshare(CLONE_NEWUSER)) && NO(unshare(CLONE_NEWNS)) &&\n"
      "    NO(syscall(SYS_clone, CLONE_NEWUSER | 17, 0, 0, 0, 0)) &&\n"
      "    NO(syscall(SYS_clone, CLONE_NEWPID | 17, 0, 0, 0, 0)) &&\n"
      "    NO(mount(\"x\", \"/\", \"tmpfs\", 0, 0)) && NO(chroot(\"/\")) &&\n"
      "    NO(ptrace(PTRACE_TRACEME, 0, 0, 0)) && NO(syscall(SYS_bpf, 0, 0, 0)) &&\n"
      "    NO(syscall(SYS_keyctl, 0, 0, 0)) && NO(syscall(SYS_io_uring_setup, 1, 0)) &&\n"
      "    NO(syscall(SYS_setns, 0, 0)) && NO(syscall(SYS_pidfd_open, 1, 0)) && NO(setuid(0)));\n}",
      C_TESTS, PASSED },
    { "machine_is_out_of_sight",
      "#include <dirent.h>\n#include <fcntl.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
      "extern char **environ;\n"
      "int f(int x) {\n  int n = 0;\n  DIR *d = opendir(\"/proc\");\n"
      "  while (d && readdir(d)) n++;\n"
      "  for (int i = 3; i < 64; i++) if (fcntl(i, F_GETFD) >= 0 && i != dirfd(d)) return 0;\n"
      "  for (char **e = environ; *e; e++) n++;\n"
      "  return x + (n == 2 + 4 && open(\"/etc/passwd\", 0) < 0 && open(\"/tmp/x\", 65, 0600) < 0 "
      "&&\n"
      "    getpid() > 1 && getppid() == 1 && getenv(\"HOME\") && access(\"/usr/x\", W_OK) != "
      "0);\n}",
      C_TESTS, PASSED },
    { "setuid_programs_gain_nothing",
      "#include <stdlib.h>\n#include <unistd.h>\n"
      "int f(int x) { return x + (system(\"su -c true </dev/null >/dev/null 2>&1\") != 0 &&\n"
      "  (getuid() != 0 || access(\"/etc/shadow\", R_OK) != 0)); }",
      C_TESTS, PASSED },
    { "input_is_empty", "#include <stdio.h>\nint f(int x) { return getchar() == EOF ? x + 1 : 0; }",
      C_TESTS, PASSED },
};

/* ---- C++ ---- */

#define CPP_TESTS "#include <cassert>\nint main() { assert(f(1) == 2); }"

static const struct ending cpp[] = {
    { "right_program_passes",
      "#include <bits/stdc++.h>\nint f(int x) { std::vector<int> v{ x, 1 };\n"
      "return std::accumulate(v.begin(), v.end(), 0); }",
      CPP_TESTS, PASSED },
    { "wrong_program_fails_with_its_stderr", "int f(int x) { return x; }", CPP_TESTS,
      FAILS("killed", "Assertion `f(1) == 2' failed.\n") },
    { "compiler_says_what_is_wrong", "int f(int x) { return y; }", CPP_TESTS,
      FAILS("compile", "main.cpp:2:23: error: ‘y’ was not declared in this scope") },
    { "exception_is_told",
      "#include <stdexcept>\nint f(int x) { throw std::logic_error(\"why\"); }", CPP_TESTS,
      FAILS("killed", "what():  why\n") },
    { "memory_hog_is_a_memory_failure",
      "#include <vector>\nint f(int x) { std::vector<std::vector<char>> v;\n"
      "for (;;) v.emplace_back(1 << 20); return x; }",
      CPP_TESTS, FAILS("memory", "std::bad_alloc") },
    { "endless_template_is_the_compilers_to_tell",
      "template <int N> struct A { static constexpr int v = A<N + 1>::v; };\n"
      "int f(int x) { return A<0>::v; }",
      CPP_TESTS, FAILS("compile", "template instantiation depth exceeds maximum") },
    { "endless_loop_times_out", "int f(int x) { for (;;) { asm(\"\"); } }", CPP_TESTS,
      FAILS("timeout", "timed out after 2 s\n") },
};

/* ---- JavaScript ---- */

#define JS_TESTS "const assert = require('node:assert');\nassert.deepEqual(f(1), 2);"

static const struct ending javascript[] = {
    { "right_program_passes", "function f(x) { return x + 1 }", JS_TESTS, PASSED },
    { "wrong_program_fails_with_its_stderr", "function f(x) { return x }", JS_TESTS,
      FAILS("exit", "AssertionError [ERR_ASSERTION]") },
    { "error_has_its_line", "function f(x) {\n  return y\n}", JS_TESTS,
      FAILS("exit", "main.js:3\n  return y\n  ^\n\nReferenceError: y is not defined") },
    { "syntax_error_is_told", "function f(x { return x }", JS_TESTS,
      FAILS("exit", "SyntaxError: Unexpected token") },
    { "endless_loop_times_out", "function f(x) { for (;;) {} }", JS_TESTS,
      FAILS("timeout", "timed out after 2 s\n") },
    { "deep_recursion_is_told", "function f(x) { return f(x) }", JS_TESTS,
      FAILS("exit", "RangeError: Maximum call stack size exceeded") },
    { "memory_hog_is_a_memory_failure",
      "function f(x) { const a = []; for (;;) a.push(new Array(1000).fill(x)) }", JS_TESTS,
      FAILS("memory", "") },
    { "socket_is_forbidden",
      "function f(x) { return x + 1 }\nrequire('net').createServer().listen(8080)", JS_TESTS,
      FAILS("forbidden", "the program called socket") },
    { "child_process_works",
      "function f(x) { return +require('child_process').execSync('echo 2') }", JS_TESTS, PASSED },
    { "endless_output_is_cut",
      "(function f() { console.log('x'.repeat(1000)); setImmediate(f) })()", "",
      FAILS("output", "wrote more than 1 MiB of output\n") },
    { "unhandled_rejection_fails", "Promise.reject(new Error('why'))", "",
      FAILS("exit", "Error: why") },
};

/* ---- Lua ---- */

#define LUA_TESTS "assert(f(1) == 2)"

static const struct ending lua[] = {
    { "right_program_passes", "local function f(x) return x + 1 end", LUA_TESTS, PASSED },
    { "wrong_program_fails_with_its_stderr", "local function f(x) return x end", LUA_TESTS,
      FAILS("exit", "lua5.4: main.lua:3: assertion failed!\nstack traceback:") },
    { "syntax_error_is_told", "local function f(x) return x + end", LUA_TESTS,
      FAILS("exit", "main.lua:2: unexpected symbol near 'end'") },
    { "endless_loop_times_out", "while true do end", LUA_TESTS,
      FAILS("timeout", "timed out after 2 s\n") },
    { "memory_hog_is_a_memory_failure",
      "local t = {} for i = 1, 1 << 40 do t[i] = ('x'):rep(1000):rep(1000) .. i end", LUA_TESTS,
      FAILS("memory", "not enough memory") },
    { "popen_works", "local f = function() return #io.popen('echo x'):read('a') end", LUA_TESTS,
      PASSED },
};

/* ---- shell ---- */

#define SHELL_TESTS "[[ $(f 1) = 2 ]]"

static const struct ending shell[] = {
    { "right_program_passes", "f() { echo $(($1 + 1)); }", SHELL_TESTS, PASSED },
    { "wrong_program_fails", "f() { echo $1; }", SHELL_TESTS, FAILS("exit", "exit status 1\n") },
    { "errors_are_told", "f() { nosuchprogram; }", SHELL_TESTS,
      FAILS("exit", "main.sh: line 2: nosuchprogram: command not found\n") },
    { "programs_of_the_system_work", "f() { seq $1 2 | sort -n | tail -n 1; }", SHELL_TESTS,
      PASSED },
    { "endless_loop_times_out", "while :; do :; done", SHELL_TESTS,
      FAILS("timeout", "timed out after 2 s\n") },
    { "fork_bomb_fails", "b() { b | b & }; b; wait; sleep 9", "false",
      FAILS("timeout", "timed out") },
    { "background_processes_do_not_hold_it_up", "f() { echo 2; }\nsleep 99 &\nnohup sleep 99 &",
      SHELL_TESTS, PASSED },
    { "machine_cannot_be_written", "f() { echo x >/etc/x || echo x >/usr/x || echo x >/tmp/x; }",
      "f", FAILS("exit", "/tmp/x: Read-only file system") },
    { "network_is_forbidden", "exec 3<>/dev/tcp/127.0.0.1/22 || exit 1", "true",
      FAILS("forbidden", "Operation not permitted") },
};

#define SUITE(name, prompt)                                                                        \
    {                                                                                              \
#name, prompt, name, sizeof name / sizeof *name                                            \
    }

static const struct suite suites[] = {
    SUITE(c, "/* prompt */\n"), SUITE(cpp, "// prompt\n"),  SUITE(javascript, "// prompt\n"),
    SUITE(lua, "-- prompt\n"),  SUITE(shell, "# prompt\n"),
};

/* ---- checks ---- */

static const struct suite *suite; /* the one that was asked for */
static struct fake_host fake;

static struct leti_verdict judge_in(struct fake_host *host, const char *prompt, const char *program,
                                    const char *tests)
{
    struct leti_problem problem = {
        .id = "1", .prompt = bytes_of(prompt), .tests = bytes_of(tests), .reference = bytes_of("")
    };
    return fake_judge(host, &problem, bytes_of(program));
}

static void check_ending(void **state)
{
    const struct ending *e = *state;
    struct leti_verdict v = judge_in(&fake, suite->prompt, e->program, e->tests);
    if (strcmp(v.reason, e->reason) != 0)
        fail_msg("%s: reason is %s:\n%s", e->claim, v.reason, v.feedback.data);
    assert_int_equal(v.outcome, e->outcome);
    assert_true(v.feedback.size <= 64 << 10);
    if (!e->says)
        assert_int_equal(v.feedback.size, 0);
    else if (!strstr(v.feedback.data, e->says))
        fail_msg("%s: feedback is\n%s", e->claim, v.feedback.data);
}

static bool open_language(struct fake_host *host, const char *language)
{
    return fake_open(host, PLUGIN) && fake_set(host, "language", language) &&
           fake_set(host, "timeout", "2") && fake_set(host, "memory", "512") &&
           fake_set(host, "output", "1") && fake_set(host, "disk", "16");
}

static int group_setup(void **state)
{
    (void)state;
    bool ok = open_language(&fake, suite->language) && fake_start(&fake);
    if (!ok)
        print_error("%s\n", fake.said);
    return ok ? 0 : -1;
}

static int group_teardown(void **state)
{
    (void)state;
    fake_close(&fake, true);
    return 0;
}

static int run(void)
{
    static struct CMUnitTest tests[64];
    for (size_t i = 0; i < suite->n; i++)
        tests[i] = (struct CMUnitTest){ .name = suite->endings[i].claim,
                                        .test_func = check_ending,
                                        .initial_state = (void *)&suite->endings[i] };
    return _cmocka_run_group_tests(suite->language, tests, suite->n, group_setup, group_teardown);
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof suites / sizeof *suites && argc == 2; i++)
        if (strcmp(suites[i].language, argv[1]) == 0)
            suite = &suites[i];
    if (!suite) {
        fprintf(stderr, "usage: %s c|cpp|javascript|lua|shell\n", argv[0]);
        return 2;
    }
    return run_as_asked(run);
}
