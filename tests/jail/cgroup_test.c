/* cgroup_test - control groups bound all of a worker, and none stays behind.
 *
 * Only who may make groups can test them: as a rule root, in a group of version 1 or in one of
 * version 2 that has no processes. Elsewhere the tests say that they were skipped, and why.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgroup_find.h"

enum { MEMORY_BYTES = 32 << 20, PIDS = 8 };

/* A process that does its work when told to, which it is not before it is in its group. */
struct worker {
    pid_t pid;
    int start;
};

static struct worker worker_start(int (*work)(void))
{
    int ends[2];
    char go;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(ends[1]);
        _exit(read(ends[0], &go, 1) == 1 ? work() : 99);
    }
    close(ends[0]);
    return (struct worker){ pid, ends[1] };
}

/* Lets it work, and returns how it ended. */
static int worker_finish(struct worker worker)
{
    int status;
    assert_int_equal(write(worker.start, "", 1), 1);
    close(worker.start);
    assert_int_equal(waitpid(worker.pid, &status, 0), worker.pid);
    return status;
}

/* A group for the worker with both limits, or a skipped test. */
static struct cgroup open_or_skip(struct worker worker)
{
    struct cgroup cgroup;
    struct leti_error err;
    bool ok = cgroup_open(&cgroup, MEMORY_BYTES, PIDS, worker.pid, &err);
    if (ok && cgroup.lacking[0] == '\0')
        return cgroup;
    print_message("skipped: no control groups here: %s\n", ok ? cgroup.lacking : err.text);
    if (ok)
        cgroup_close(&cgroup);
    worker_finish(worker);
    skip();
    return cgroup;
}

static bool is_there(int parent, const char *name)
{
    return faccessat(parent, name, F_OK, 0) == 0;
}

/* ---- work ---- */

static int do_nothing(void)
{
    return 0;
}

/* Writes to more memory than the group may have. */
static int take_memory(void)
{
    size_t size = 4 * (size_t)MEMORY_BYTES;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return 1;
    memset(memory, 1, size);
    return 0;
}

/* Has as many processes at a time as it gets; they end when their pipe closes. */
static int count_processes(void)
{
    int ends[2], n = 0;
    char byte;
    if (pipe(ends) != 0)
        return 99;
    for (pid_t pid; n < 4 * PIDS; n++) {
        pid = fork();
        if (pid < 0)
            break;
        if (pid == 0) {
            close(ends[1]);
            _exit(read(ends[0], &byte, 1) == 0 ? 0 : 1);
        }
    }
    close(ends[1]);
    for (int i = 0; i < n; i++)
        wait(NULL);
    return n;
}

/* ---- tests ---- */

static void counts_who_was_killed_for_memory(void **state)
{
    (void)state;
    struct worker worker = worker_start(take_memory);
    struct cgroup cgroup = open_or_skip(worker);
    assert_int_equal(cgroup_oom_kills(&cgroup), 0);
    int status = worker_finish(worker);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
    assert_int_equal(cgroup_oom_kills(&cgroup), 1);
    cgroup_close(&cgroup);
}

static void bounds_processes(void **state)
{
    (void)state;
    struct worker worker = worker_start(count_processes);
    struct cgroup cgroup = open_or_skip(worker);
    int status = worker_finish(worker);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), PIDS - 1); /* it is one itself */
    cgroup_close(&cgroup);
}

static void leaves_no_group(void **state)
{
    (void)state;
    struct worker worker = worker_start(do_nothing);
    struct cgroup cgroup = open_or_skip(worker);
    struct cgroup before = cgroup;
    int parents[CGROUP_LIMITS];
    for (int i = 0; i < CGROUP_LIMITS; i++) {
        parents[i] = dup(cgroup.limits[i].parent);
        assert_true(is_there(parents[i], before.name));
    }
    worker_finish(worker);
    cgroup_close(&cgroup);
    cgroup_close(&cgroup);
    for (int i = 0; i < CGROUP_LIMITS; i++) {
        assert_false(is_there(parents[i], before.name));
        assert_int_equal(fcntl(before.limits[i].folder, F_GETFD), -1);
        close(parents[i]);
    }
}

static void keeps_groups_of_the_living(void **state)
{
    (void)state;
    struct worker first = worker_start(do_nothing);
    struct cgroup one = open_or_skip(first);
    worker_finish(first);
    struct worker second = worker_start(do_nothing);
    struct cgroup two = open_or_skip(second);
    assert_string_not_equal(one.name, two.name);
    for (int i = 0; i < CGROUP_LIMITS; i++)
        assert_true(is_there(two.limits[i].parent, one.name));
    worker_finish(second);
    cgroup_close(&two);
    cgroup_close(&one);
}

/* A host that is killed right after it has made a group, whose name it writes to the pipe. */
static void die_as_owner(int to, pid_t member)
{
    struct cgroup cgroup;
    struct leti_error err;
    if (cgroup_open(&cgroup, MEMORY_BYTES, PIDS, member, &err) &&
        write(to, cgroup.name, sizeof cgroup.name) == sizeof cgroup.name)
        kill(getpid(), SIGKILL);
    _exit(1);
}

static void removes_groups_of_the_dead(void **state)
{
    (void)state;
    struct worker worker = worker_start(do_nothing), left = worker_start(do_nothing);
    struct cgroup cgroup = open_or_skip(worker);
    char name[sizeof cgroup.name];
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t owner = fork();
    assert_true(owner >= 0);
    if (owner == 0)
        die_as_owner(ends[1], left.pid);
    assert_int_equal(waitpid(owner, NULL, 0), owner);
    assert_int_equal(read(ends[0], name, sizeof name), sizeof name);
    struct worker another = worker_start(do_nothing);
    struct cgroup next = open_or_skip(another);
    for (int i = 0; i < CGROUP_LIMITS; i++) /* it still has its member */
        assert_true(is_there(next.limits[i].parent, name));
    worker_finish(left);
    worker_finish(another);
    cgroup_close(&next);
    another = worker_start(do_nothing);
    next = open_or_skip(another);
    for (int i = 0; i < CGROUP_LIMITS; i++)
        assert_false(is_there(next.limits[i].parent, name));
    worker_finish(another);
    worker_finish(worker);
    cgroup_close(&next);
    cgroup_close(&cgroup);
    close(ends[0]);
    close(ends[1]);
}

static void says_why_there_is_none(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        print_message("skipped: only root can become somebody who may make no groups\n");
        skip();
    }
    struct worker worker = worker_start(do_nothing);
    struct cgroup cgroup = { 0 };
    struct leti_error err = { "" };
    assert_int_equal(seteuid(12345), 0);
    bool ok = cgroup_open(&cgroup, MEMORY_BYTES, PIDS, worker.pid, &err);
    assert_int_equal(seteuid(0), 0);
    worker_finish(worker);
    assert_false(ok);
    assert_non_null(strstr(err.text, "memory: "));
    assert_int_equal(cgroup_oom_kills(&cgroup), 0);
    cgroup_close(&cgroup);
}

/* ---- other machines ---- */

/* Where a process with these files in /proc has its group, or NULL. Good until the next call. */
static const char *find(const char *controller, const char *groups, const char *mounts,
                        bool unified)
{
    static struct cgroup_place place;
    char proc[] = "/tmp/leti-cgroup-XXXXXX", path[64];
    const char *names[] = { "cgroup", "mountinfo" }, *texts[] = { groups, mounts };
    struct leti_error err;
    assert_non_null(mkdtemp(proc));
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", proc, names[i]);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_true(fputs(texts[i], file) >= 0);
        assert_int_equal(fclose(file), 0);
    }
    bool ok = cgroup_find(controller, proc, &place, &err);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", proc, names[i]);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(proc), 0);
    if (!ok)
        return NULL;
    assert_int_equal(place.unified, unified);
    return place.path;
}

static void finds_version_2(void **state)
{
    (void)state;
    const char *mounts =
        "24 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
        "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
    assert_string_equal(find("memory", "0::/user.slice/a.scope\n", mounts, true),
                        "/sys/fs/cgroup/user.slice/a.scope");
    assert_string_equal(find("pids", "0::/\n", mounts, true), "/sys/fs/cgroup/");
}

static void prefers_the_hierarchy_that_has_the_controller(void **state)
{
    (void)state;
    const char *groups = "0::/new\n4:memory:/old\n3:cpu,cpuacct:/c\n";
    const char *mounts = "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
                         "33 31 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
                         "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
    assert_string_equal(find("memory", groups, mounts, false), "/sys/fs/cgroup/memory/old");
    assert_string_equal(find("pids", groups, mounts, true), "/sys/fs/cgroup/unified/new");
    assert_string_equal(find("cpuacct", groups, mounts, false), "/sys/fs/cgroup/cpu/c");
}

static void finds_groups_in_containers(void **state)
{
    (void)state;
    const char *mounts = "50 40 0:30 /pod/c1 /my\\040groups ro master:9 - cgroup2 cgroup rw\n";
    assert_string_equal(find("memory", "0::/pod/c1\n", mounts, true), "/my groups");
    assert_string_equal(find("memory", "0::/pod/c1/sub\n", mounts, true), "/my groups/sub");
    assert_null(find("memory", "0::/pod/c11\n", mounts, true));
    assert_null(find("memory", "0::/../c2\n", "50 40 0:30 / /c rw - cgroup2 cgroup rw\n", true));
}

static void survives_odd_tables(void **state)
{
    (void)state;
    assert_null(find("memory", "", "", true));
    assert_null(find("memory", "\n:\n::\n0:\n", "\n - \n", true));
    assert_null(find("memory", "0::/a\n", "1 2 3 - cgroup2 cgroup rw\n - cgroup2 c rw\n", true));
    assert_null(find("memory", "4:memory:/a\n", "1 2 3:4 / /m rw - cgroup cgroup rw,pids\n", true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_who_was_killed_for_memory),
        cmocka_unit_test(bounds_processes),
        cmocka_unit_test(leaves_no_group),
        cmocka_unit_test(keeps_groups_of_the_living),
        cmocka_unit_test(removes_groups_of_the_dead),
        cmocka_unit_test(says_why_there_is_none),
        cmocka_unit_test(finds_version_2),
        cmocka_unit_test(prefers_the_hierarchy_that_has_the_controller),
        cmocka_unit_test(finds_groups_in_containers),
        cmocka_unit_test(survives_odd_tables),
    };
    return cmocka_run_group_tests_name("cgroup", tests, NULL, NULL);
}
