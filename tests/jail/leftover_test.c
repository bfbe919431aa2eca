/* leftover_test - nothing that a program does outlives it or reaches the machine, and the
 * evaluator itself neither grows nor stays behind.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "jail_test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "leftover.h"

/* Starts an evaluator, with one option set where name is not NULL. */
static void evaluator_open(struct fake_host *fake, const char *name, const char *value)
{
    assert_true(fake_open(fake, PLUGIN));
    if (name)
        assert_true(fake_set(fake, name, value));
    if (!fake_start(fake))
        fail_msg("%s", fake->said);
}

static size_t count_descendants(void)
{
    pid_t family[FAMILY_MAX];
    return find_family(family);
}

/* The plugin's child waits for it; its own children are cells. */
static pid_t find_warden(void)
{
    return child_of(child_of(getpid()));
}

/* Waits until the process, which need not be a child of ours, has ended. */
static void assert_ends(pid_t pid)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0) {
        assert_int_equal(errno, ESRCH);
        return;
    }
    struct pollfd p = { .fd = fd, .events = POLLIN };
    assert_int_equal(poll(&p, 1, 10000), 1);
    close(fd);
}

static const char *const mixed[] = {
    "f = lambda x: x + 1",
    "f = lambda x: x",
    "import sys; sys.exit(0)",
    "import os; os._exit(0)",
    "import os; os.fork()",
    "import ctypes; ctypes.string_at(0)",
    "def f(x): return f(x)",
    "open('a', 'w').write('x'); f = lambda x: x + 1",
    "import threading, time\n"
    "for i in range(9): threading.Thread(target=time.sleep, args=(99,)).start()\n"
    "f = lambda x: x + 1",
    "def f(x:",
};

static void hundreds_of_programs_leave_descriptors_mounts_and_processes_as_they_were(void **state)
{
    (void)state;
    struct fake_host fake;
    evaluator_open(&fake, NULL, NULL);
    judge(&fake, mixed[0], "assert f(1) == 2");
    pid_t warden = find_warden();
    size_t ours = count_entries("/proc/self/fd", NULL), processes = count_descendants();
    size_t theirs = count_descriptors(warden);
    static char before[1 << 16], after[1 << 16];
    assert_true(read_mounts(warden, before, sizeof before));
    for (size_t i = 0; i < 300; i++) {
        size_t kind = i % (sizeof mixed / sizeof *mixed);
        struct leti_verdict v = judge(&fake, mixed[kind], "assert f(1) == 2");
        bool right = kind == 0 || kind == 7 || kind == 8;
        assert_int_equal(v.outcome, right ? LETI_PASSED : LETI_FAILED);
    }
    assert_int_equal(count_entries("/proc/self/fd", NULL), ours);
    assert_int_equal(count_descendants(), processes);
    assert_int_equal(count_descriptors(warden), theirs);
    assert_true(read_mounts(warden, after, sizeof after));
    assert_string_equal(after, before);
    fake_close(&fake, true);
    assert_int_equal(count_descendants(), 0);
}

static void program_that_detaches_a_child_fails_and_leaves_none(void **state)
{
    (void)state;
    static const char *const ways[] = {
        "import os\nif os.fork() == 0:\n    os.setsid()\n    import time; time.sleep(999)\n",
        "import subprocess\nsubprocess.Popen(['sleep', '999'], start_new_session=True)\n",
        "import multiprocessing as m, time\nm.Process(target=time.sleep, args=(999,)).start()\n",
        "import os\nos.posix_spawn('/bin/sleep', ['sleep', '999'], {})\n",
        "import os\nwhile True: os.fork()\n",
        "import ctypes\npid = ctypes.CDLL(None).syscall(57)\nassert pid != -1\n",
        "import ctypes\npid = ctypes.CDLL(None).vfork()\nassert pid != -1\n",
    };
    struct fake_host fake;
    evaluator_open(&fake, NULL, NULL);
    size_t before = count_descendants();
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct leti_verdict v = judge(&fake, ways[i], "");
        assert_int_equal(v.outcome, LETI_FAILED);
        assert_true(!strcmp(v.reason, "forbidden") || !strcmp(v.reason, "exception"));
        assert_int_equal(count_descendants(), before);
    }
    fake_close(&fake, true);
}

static void files_outside_the_folder_are_not_written(void **state)
{
    (void)state;
    struct fake_host fake;
    char folder[] = "/tmp/leti-outside-XXXXXX", path[64], program[512];
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chmod(folder, 0777), 0);
    snprintf(path, sizeof path, "%s/x", folder);
    snprintf(program, sizeof program, "open('%s', 'w').write('x')\n", path);
    evaluator_open(&fake, NULL, NULL);
    assert_int_equal(judge(&fake, program, "").outcome, LETI_FAILED);
    snprintf(program, sizeof program,
             "import os\nos.makedirs('%s', exist_ok=True)\nopen('%s', 'w').write('x')\n", folder,
             path);
    assert_int_equal(judge(&fake, program, "").outcome, LETI_FAILED);
    snprintf(program, sizeof program, "import os\nos.chmod('%s', 0)\n", folder);
    assert_int_equal(judge(&fake, program, "").outcome, LETI_FAILED);
    assert_int_equal(access(path, F_OK), -1);
    fake_close(&fake, true);
    assert_int_equal(rmdir(folder), 0);
}

static void files_are_not_seen_by_the_next_program(void **state)
{
    (void)state;
    static const char *const marks[] = {
        "open('x', 'w').write('x')",
        "import os\nopen('x', 'w').close()\nos.utime('.', (0, 0))",
        "import os\nos.makedirs('a/b/c')\nos.chmod('a', 0)\nos.utime('.', (0, 0))",
        "import os\nos.symlink('/', 'root')\nos.chmod('.', 0o500)",
        "import os\nos.mkdir('a')\nos.rmdir('a')",
    };
    static const char clean[] = "import os\nassert os.listdir('.') == []\n"
                                "assert os.stat('.').st_mode & 0o777 == 0o700\n"
                                "open('y', 'w').close()\nos.remove('y')\n";
    struct fake_host fake;
    evaluator_open(&fake, NULL, NULL);
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        assert_string_equal(judge(&fake, marks[i], "").reason, "passed");
        assert_string_equal(judge(&fake, clean, "").reason, "passed");
    }
    fake_close(&fake, true);
}

static void lost_interpreter_is_ours_and_the_next_program_has_another(void **state)
{
    (void)state;
    struct fake_host fake;
    evaluator_open(&fake, NULL, NULL);
    size_t before = count_descendants();
    assert_int_equal(kill(find_warden(), SIGKILL), 0);
    struct leti_verdict v = judge(&fake, mixed[0], "assert f(1) == 2");
    assert_int_equal(v.outcome, LETI_INFRA);
    assert_true(v.feedback.size > 0);
    assert_string_equal(judge(&fake, mixed[0], "assert f(1) == 2").reason, "passed");
    assert_int_equal(count_descendants(), before);
    fake_close(&fake, true);
}

/* A host in a process of its own, whose program never ends. */
struct busy {
    pid_t host, warden, program;
};

static void busy_open(struct busy *busy)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t host = fork();
    assert_true(host >= 0);
    if (host == 0) {
        struct fake_host fake;
        if (!fake_open(&fake, PLUGIN) || !fake_set(&fake, "timeout", "600") || !fake_start(&fake))
            _exit(1);
        pid_t warden = find_warden();
        if (write(ends[1], &warden, sizeof warden) == sizeof warden)
            judge(&fake, "import time\nwhile True: time.sleep(1)", "");
        _exit(1);
    }
    pid_t warden, program = 0;
    assert_int_equal(read(ends[0], &warden, sizeof warden), sizeof warden);
    close(ends[0]);
    close(ends[1]);
    for (int i = 0; i < 100000 && program == 0; i++)
        program = child_of(warden);
    assert_true(program > 0);
    *busy = (struct busy){ host, warden, program };
}

/* Kills the host alone, and waits for the end of the rest. */
static void busy_close(const struct busy *busy)
{
    kill(busy->host, SIGKILL);
    assert_int_equal(waitpid(busy->host, NULL, 0), busy->host);
    assert_ends(busy->program);
    assert_ends(busy->warden);
}

static void killed_host_takes_all_with_it(void **state)
{
    (void)state;
    struct busy busy;
    busy_open(&busy);
    busy_close(&busy);
}

static void killed_warden_takes_the_program_with_it(void **state)
{
    (void)state;
    struct busy busy;
    busy_open(&busy);
    assert_int_equal(kill(busy.warden, SIGKILL), 0);
    assert_ends(busy.program);
    busy_close(&busy);
}

/* Which namespace of this kind the process is in. */
static ino_t namespace_of(pid_t pid, const char *kind)
{
    char path[64];
    struct stat info = { 0 };
    snprintf(path, sizeof path, "/proc/%d/ns/%s", (int)pid, kind);
    return stat(path, &info) == 0 ? info.st_ino : 0;
}

static void every_program_has_namespaces_of_its_own(void **state)
{
    (void)state;
    static const char *const kinds[] = { "user", "pid", "mnt", "net", "ipc", "uts", "cgroup" };
    enum { KINDS = sizeof kinds / sizeof *kinds, SEEN = 4 };
    struct busy one, other;
    ino_t seen[KINDS][SEEN];
    busy_open(&one);
    busy_open(&other);
    pid_t pids[SEEN] = { getpid(), one.program, other.program, one.warden };
    for (size_t kind = 0; kind < KINDS; kind++)
        for (size_t i = 0; i < SEEN; i++)
            seen[kind][i] = namespace_of(pids[i], kinds[kind]);
    busy_close(&one);
    busy_close(&other);
    for (size_t kind = 0; kind < KINDS; kind++)
        for (size_t i = 0; i < SEEN; i++) {
            assert_int_not_equal(seen[kind][i], 0);
            for (size_t j = 0; j < i; j++)
                /* The network is the warden's, whose programs run one after the other. */
                if (strcmp(kinds[kind], "net") != 0 || i != 3 || j != 1)
                    assert_int_not_equal(seen[kind][j], seen[kind][i]);
        }
}

static void bytes_of_every_kind_are_a_verdict(void **state)
{
    (void)state;
    static const struct {
        struct leti_bytes program;
        const char *exception;
    } texts[] = {
        { { "x = 1\0y = 2", 11 }, NULL }, /* ValueError until 3.11.3, SyntaxError since */
        { { "\0", 1 }, NULL },
        { { "x = '\xff'", 7 }, "SyntaxError" },
        { { "\xff\xfe = 1", 6 }, "SyntaxError" },
        { { "\xed\xa0\x80", 3 }, "SyntaxError" },
        { { "\x01\x02\x7f", 3 }, "SyntaxError" },
        { { "\x1a", 1 }, "SyntaxError" },
        { { "x = '\xf0\x9f\x90\x8d' \xe2\x82\xac", 13 }, "SyntaxError" },
    };
    struct fake_host fake;
    evaluator_open(&fake, NULL, NULL);
    struct leti_problem problem = { .id = "1", .prompt = bytes_of(""), .tests = bytes_of("") };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct leti_verdict v = fake_judge(&fake, &problem, texts[i].program);
        assert_int_equal(v.outcome, LETI_FAILED);
        assert_string_equal(v.reason, "exception");
        if (texts[i].exception)
            assert_string_equal(v.exception, texts[i].exception);
        assert_true(v.feedback.size > 0);
    }
    /* Random bytes, always the same ones. */
    uint64_t seed = 1;
    for (uint32_t i = 0; i < 100; i++) {
        char noise[64];
        for (size_t j = 0; j < sizeof noise - 1; j++)
            noise[j] = (char)leti_mix(seed++, i);
        noise[sizeof noise - 1] = '\0';
        struct leti_bytes program = { noise, sizeof noise - 1 };
        /* One of them is a comment, and passes. */
        assert_int_not_equal(fake_judge(&fake, &problem, program).outcome, LETI_INFRA);
    }
    fake_close(&fake, true);
}

static void run_prompt_takes_the_place_of_the_prompt(void **state)
{
    (void)state;
    struct fake_host fake;
    struct leti_pair extra = { "run_prompt", { "x = 1\n", 6 } };
    struct leti_problem problem = { .id = "1",
                                    .prompt = bytes_of("Write a program."),
                                    .tests = bytes_of("assert x == 1"),
                                    .extra = &extra,
                                    .n_extra = 1 };
    evaluator_open(&fake, NULL, NULL);
    assert_string_equal(fake_judge(&fake, &problem, bytes_of("")).reason, "passed");
    fake_close(&fake, true);
}

static void interpreter_that_is_none_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = { "no-such-python", "/bin/true", "/no/such/file" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct fake_host fake;
        assert_true(fake_open(&fake, PLUGIN));
        assert_true(fake_set(&fake, "python", names[i]));
        assert_false(fake_start(&fake));
        assert_non_null(strstr(fake.said, names[i]));
        fake_close(&fake, false);
    }
}

static void process_isolation_warns_and_still_holds_the_worst(void **state)
{
    (void)state;
    struct fake_host fake;
    char folder[] = "/tmp/leti-outside-XXXXXX", program[256];
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chmod(folder, 0777), 0);
    evaluator_open(&fake, "isolation", "process");
    assert_non_null(strstr(fake.logged, "isolation"));
    assert_string_equal(judge(&fake, mixed[0], "assert f(1) == 2").reason, "passed");
    snprintf(program, sizeof program, "open('%s/x', 'w')", folder);
    assert_string_equal(judge(&fake, program, "").exception, "PermissionError");
    assert_string_equal(judge(&fake, mixed[4], "").exception, "PermissionError");
    assert_string_equal(judge(&fake, "import socket; socket.socket()", "").exception,
                        "PermissionError");
    snprintf(program, sizeof program, "import os\nos.kill(%d, 0)", (int)getpid());
    assert_string_equal(judge(&fake, program, "").exception, "PermissionError");
    fake_close(&fake, true);
    assert_int_equal(rmdir(folder), 0);
}

static int run(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(hundreds_of_programs_leave_descriptors_mounts_and_processes_as_they_were),
        cmocka_unit_test(program_that_detaches_a_child_fails_and_leaves_none),
        cmocka_unit_test(files_outside_the_folder_are_not_written),
        cmocka_unit_test(files_are_not_seen_by_the_next_program),
        cmocka_unit_test(lost_interpreter_is_ours_and_the_next_program_has_another),
        cmocka_unit_test(killed_host_takes_all_with_it),
        cmocka_unit_test(killed_warden_takes_the_program_with_it),
        cmocka_unit_test(every_program_has_namespaces_of_its_own),
        cmocka_unit_test(bytes_of_every_kind_are_a_verdict),
        cmocka_unit_test(run_prompt_takes_the_place_of_the_prompt),
        cmocka_unit_test(interpreter_that_is_none_is_refused),
        cmocka_unit_test(process_isolation_warns_and_still_holds_the_worst),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return run_as_asked(run);
}
