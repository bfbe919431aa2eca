/* jail.c - namespaces, mounts, limits.
 * SPDX-License-Identifier: Apache-2.0 */
#include "jail.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "syscalls.h"

enum {
    THREADS_MAX = 256,
    SIGNALS_MAX = 256, /* queued, and timers */
    STACK_BYTES = 8 << 20,
    REPORT_BYTES = 64 << 20, /* memory that is kept for the report of a program that ran out */
};

/* Besides those of users and pids. The warden's network is not made again for each program, which
 * costs as much as all of the rest: it is empty, the filter refuses all sockets that could reach
 * it or be found in it, and the programs of a warden run one after the other. */
#define PROGRAM_NAMESPACES (CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)
#define WARDEN_NAMESPACES (PROGRAM_NAMESPACES | CLONE_NEWNET)

static bool fail_errno(struct leti_error *err, const char *what)
{
    return leti_error_set(err, "%s: %s", what, strerror(errno));
}

bool jail_unshare(struct jail *jail, struct leti_error *err)
{
    /* Ids of a user namespace are set through /proc, and the jail has none. */
    jail->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (jail->proc < 0)
        return fail_errno(err, "/proc");
    if (!jail->settings.namespaces)
        return true;
    if (unshare(CLONE_NEWUSER | WARDEN_NAMESPACES) == 0)
        return true;
    return leti_error_set(
        err,
        "this machine does not let us make user namespaces: %s; allow them (sysctl "
        "user.max_user_namespaces, kernel.unprivileged_userns_clone, "
        "kernel.apparmor_restrict_unprivileged_userns; in a container its seccomp profile), or "
        "accept less with isolation = \"process\"",
        strerror(errno));
}

bool jail_unshare_pids(const struct jail *jail, struct leti_error *err)
{
    return !jail->settings.namespaces || unshare(CLONE_NEWPID) == 0 ||
           fail_errno(err, "pid namespace");
}

void jail_own_identity(struct jail *jail, char **paths, size_t n)
{
    jail->identity = (struct identity){ getuid(), getgid() };
    if (geteuid() != 0 || n == 0)
        return;
    setfsuid(NOBODY);
    int fd = open(paths[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    setfsuid(0);
    if (fd < 0)
        return;
    close(fd);
    jail->identity = (struct identity){ NOBODY, NOBODY };
}

/* ---- the view of the files ---- */

/* Makes the folders above path, and path itself as a folder or as an empty file. */
static bool make_place(const char *path, bool folder, struct leti_error *err)
{
    char part[4096];
    int n = snprintf(part, sizeof part, "%s", path);
    if (n < 0 || (size_t)n >= sizeof part)
        return leti_error_set(err, "%s: the path is too long", path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            return fail_errno(err, part);
        *slash = '/';
    }
    if (folder)
        return mkdir(part, 0755) == 0 || errno == EEXIST || fail_errno(err, part);
    int fd = open(part, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || close(fd) != 0)
        return fail_errno(err, part);
    return true;
}

/* One thing of the machine that is to be seen in the jail, taken before the machine's root goes. */
struct sight {
    const char *path;
    char *link; /* target of a symbolic link; NULL: fd is a detached mount */
    int fd;
    bool folder;
};

static bool sight_take(const char *path, bool device, struct sight *out, struct leti_error *err)
{
    struct stat info;
    if (lstat(path, &info) != 0)
        return fail_errno(err, path);
    struct sight sight = { .path = path, .fd = -1, .folder = S_ISDIR(info.st_mode) };
    if (S_ISLNK(info.st_mode)) {
        char target[4096];
        ssize_t n = readlink(path, target, sizeof target - 1);
        if (n < 0)
            return fail_errno(err, path);
        sight.link = strndup(target, (size_t)n);
        if (!sight.link)
            return leti_error_set(err, "no memory");
        *out = sight;
        return true;
    }
    sight.fd = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID };
    if (!device)
        attr.attr_set |= MOUNT_ATTR_NODEV;
    if (sight.fd < 0 ||
        mount_setattr(sight.fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof attr) != 0) {
        fail_errno(err, path);
        if (sight.fd >= 0)
            close(sight.fd);
        return false;
    }
    *out = sight;
    return true;
}

/* Puts it at the same path below the current folder, the root of the jail to be. */
static bool sight_place(const struct sight *sight, struct leti_error *err)
{
    const char *place = sight->path + 1;
    struct stat info;
    if (lstat(place, &info) == 0) /* within something that is placed already */
        return true;
    if (sight->link) {
        if (!make_place(place, true, err) || rmdir(place) != 0 || symlink(sight->link, place) != 0)
            return fail_errno(err, place);
        return true;
    }
    return make_place(place, sight->folder, err) &&
           (move_mount(sight->fd, "", AT_FDCWD, place, MOVE_MOUNT_F_EMPTY_PATH) == 0 ||
            fail_errno(err, place));
}

static void sight_drop(struct sight *sight)
{
    free(sight->link);
    if (sight->fd >= 0)
        close(sight->fd);
}

/* Whether the jail may show this: not the folders that hold everything. */
static bool may_show(const char *path)
{
    static const char *const never[] = { "/",     "/root", "/home", "/etc",  "/var",
                                         "/proc", "/sys",  "/dev",  "/tmp",  "/run",
                                         "/mnt",  "/srv",  "/opt",  "/boot", "/media" };
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (strcmp(path, never[i]) == 0)
            return false;
    return path[0] == '/' && access(path, F_OK) == 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *const system_paths[] = {
    "/usr", "/lib", "/lib32", "/lib64", "/libx32", "/bin", "/sbin", "/etc/ld.so.cache",
};
static const char *const device_paths[] = { "/dev/null", "/dev/zero", "/dev/urandom",
                                            "/dev/random" };

/* Takes what may be shown, parents first, so that sight_place meets each thing once. */
static bool take_all(char **paths, size_t n, struct sight *sights, size_t *taken,
                     struct leti_error *err)
{
    enum { N_SYSTEM = sizeof system_paths / sizeof *system_paths };
    const char **sorted = malloc((n + N_SYSTEM) * sizeof *sorted);
    if (!sorted)
        return leti_error_set(err, "no memory");
    size_t m = 0;
    for (size_t i = 0; i < N_SYSTEM; i++)
        sorted[m++] = system_paths[i];
    for (size_t i = 0; i < n; i++)
        sorted[m++] = paths[i];
    qsort(sorted, m, sizeof *sorted, by_name);
    bool ok = true;
    for (size_t i = 0; i < m && ok; i++)
        if (may_show(sorted[i]))
            ok = sight_take(sorted[i], false, &sights[*taken], err) && ++*taken;
    for (size_t i = 0; i < sizeof device_paths / sizeof *device_paths && ok; i++)
        if (access(device_paths[i], F_OK) == 0)
            ok = sight_take(device_paths[i], true, &sights[*taken], err) && ++*taken;
    free(sorted);
    return ok;
}

/* Makes the current folder, a mount, the root, and lets go of the machine's. */
static bool become_root(struct leti_error *err)
{
    if (syscall(SYS_pivot_root, ".", ".") != 0)
        return fail_errno(err, "pivot_root");
    if (umount2(".", MNT_DETACH) != 0) /* the old root lies on top of the new one */
        return fail_errno(err, "umount of the old root");
    return chdir("/") == 0 || fail_errno(err, "/");
}

bool jail_build(char **paths, size_t n, struct leti_error *err)
{
    bool ok = false;
    size_t taken = 0;
    struct sight *sights = calloc(n + sizeof system_paths / sizeof *system_paths +
                                      sizeof device_paths / sizeof *device_paths,
                                  sizeof *sights);
    if (!sights)
        return leti_error_set(err, "no memory");
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        fail_errno(err, "mount / private");
        goto done;
    }
    if (!take_all(paths, n, sights, &taken, err))
        goto done;
    if (mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=755") != 0 ||
        chdir("/tmp") != 0) {
        fail_errno(err, "mount of the jail's root");
        goto done;
    }
    for (size_t i = 0; i < taken; i++)
        if (!sight_place(&sights[i], err))
            goto done;
    /* The folders that programs look for are there, and they are read-only. */
    if (!make_place("tmp", true, err) || !make_place("proc", true, err) ||
        !make_place(&JAIL_WORK[1], true, err) || !become_root(err))
        goto done;
    struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };
    if (mount_setattr(AT_FDCWD, "/", 0, &read_only, sizeof read_only) != 0) {
        fail_errno(err, "/ read-only");
        goto done;
    }
    ok = true;
done:
    for (size_t i = 0; i < taken; i++)
        sight_drop(&sights[i]);
    free(sights);
    return ok;
}

/* ---- one program ---- */

static bool limit(int resource, uint64_t soft, uint64_t hard, struct leti_error *err)
{
    struct rlimit now;
    if (getrlimit(resource, &now) != 0)
        return fail_errno(err, "getrlimit");
    if (hard > now.rlim_max) /* an ordinary user cannot go above what is set already */
        hard = now.rlim_max;
    struct rlimit wanted = { .rlim_cur = soft < hard ? soft : hard, .rlim_max = hard };
    return setrlimit(resource, &wanted) == 0 || fail_errno(err, "setrlimit");
}

uint64_t jail_cpu_seconds(const struct settings *settings)
{
    /* The clock is the limit; this is behind it, for the warden may be held up. */
    return settings->timeout_ns / 1000000000 + 2;
}

static bool limit_all(const struct settings *settings, struct leti_error *err)
{
    uint64_t seconds = jail_cpu_seconds(settings);
    uint64_t memory = settings->memory_bytes;
    uint64_t processes = settings->processes ? settings->processes + 1 : THREADS_MAX; /* and us */
    return limit(RLIMIT_CPU, seconds, seconds + 1, err) &&
           limit(RLIMIT_FSIZE, settings->disk_bytes, settings->disk_bytes, err) &&
           (!settings->namespaces || limit(RLIMIT_NPROC, processes, processes, err)) &&
           limit(RLIMIT_STACK, STACK_BYTES, STACK_BYTES, err) && limit(RLIMIT_CORE, 0, 0, err) &&
           limit(RLIMIT_MSGQUEUE, 0, 0, err) &&
           /* The user's own, of whom these are the programs, are counted with them. */
           limit(RLIMIT_SIGPENDING, SIGNALS_MAX, SIGNALS_MAX, err) &&
           limit(RLIMIT_MEMLOCK, 0, 0, err) &&
           limit(settings->reserve ? RLIMIT_DATA : RLIMIT_AS, memory, memory + REPORT_BYTES, err);
}

/* Takes the identity, where it is another than the one we have. */
static bool become(const struct identity *identity, struct leti_error *err)
{
    if (identity->uid == getuid() && identity->gid == getgid())
        return true;
    return (setgroups(0, NULL) == 0 &&
            setresgid(identity->gid, identity->gid, identity->gid) == 0 &&
            setresuid(identity->uid, identity->uid, identity->uid) == 0) ||
           fail_errno(err, "change of identity");
}

static bool set_capabilities(uint32_t wanted, struct leti_error *err)
{
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[2] = { { .effective = wanted, .permitted = wanted } };
    return syscall(SYS_capset, &head, data) == 0 || fail_errno(err, "capset");
}

bool jail_settle(const struct jail *jail, struct leti_error *err)
{
    /* Some machines let only who has the first of these make a user namespace; the second lets
     * it have an id 0. A change of identity hides a process's files in /proc from itself. */
    static const uint32_t kept = 1u << CAP_SYS_ADMIN | 1u << CAP_SETFCAP;
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0)
        return fail_errno(err, "keepcaps");
    if (!become(&jail->identity, err) || !set_capabilities(kept, err))
        return false;
    return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0 || fail_errno(err, "dumpable");
}

/* Writes to a file of ours below /proc. */
static bool write_self(int proc, const char *name, const char *text, struct leti_error *err)
{
    int fd = openat(proc, name, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return fail_errno(err, name);
    bool ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text) || fail_errno(err, name);
    close(fd);
    return ok;
}

/* The one identity that there is in our user namespace is nobody's, whoever started us. */
static bool map_self(const struct jail *jail, struct leti_error *err)
{
    char uids[32], gids[32];
    snprintf(uids, sizeof uids, "%u %u 1", NOBODY, jail->identity.uid);
    snprintf(gids, sizeof gids, "%u %u 1", NOBODY, jail->identity.gid);
    return write_self(jail->proc, "self/setgroups", "deny", err) &&
           write_self(jail->proc, "self/uid_map", uids, err) &&
           write_self(jail->proc, "self/gid_map", gids, err);
}

/* Mounts an empty folder of ours, where we may write, and goes there. */
static bool mount_work(const struct jail *jail, struct leti_error *err)
{
    char options[96];
    snprintf(options, sizeof options, "size=%llu,nr_inodes=4096,mode=700",
             (unsigned long long)jail->settings.disk_bytes);
    unsigned long flags = MS_NOSUID | MS_NODEV | (jail->settings.processes ? 0 : MS_NOEXEC);
    if (mount("tmpfs", JAIL_WORK, "tmpfs", flags, options) != 0)
        return fail_errno(err, "mount " JAIL_WORK);
    return chdir(JAIL_WORK) == 0 || fail_errno(err, JAIL_WORK);
}

/* Where processes are shared, who forked us is not the first of a namespace that dies with it. */
static bool follow_warden(const struct jail *jail, struct leti_error *err)
{
    if (chdir("/") != 0)
        return fail_errno(err, "/");
    if (!become(&jail->identity, err))
        return false;
    /* A change of identity clears this; the warden may be gone before it is set. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        return fail_errno(err, "pdeathsig");
    return getppid() == jail->warden || leti_error_set(err, "the interpreter has ended");
}

/* The number that the machine's /proc knows us by; 0 where that cannot be had. */
static int32_t outer_pid(const struct jail *jail)
{
    char text[32];
    ssize_t n = readlinkat(jail->proc, "self", text, sizeof text - 1);
    text[n > 0 ? n : 0] = '\0';
    return (int32_t)strtol(text, NULL, 10);
}

pid_t jail_clone(const struct jail *jail)
{
    if (!jail->settings.namespaces)
        return fork();
    /* The child goes on as after a fork, on its copy of our stack; the hooks of libraries are for
     * who has threads. */
    return (pid_t)syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWPID | PROGRAM_NAMESPACES | SIGCHLD,
                          NULL, NULL, NULL, 0);
}

bool jail_enter(const struct jail *jail, struct report *report, int *listener,
                struct leti_error *err)
{
    /* A group of its own: a signal to the group would reach the machine's processes in it. */
    if (setsid() < 0)
        return fail_errno(err, "setsid");
    report->outer_pid = outer_pid(jail);
    if (jail->settings.processes >
        0) /* where memory runs out it goes, rather than who watches it */
        (void)write_self(jail->proc, "self/oom_score_adj", "1000", err);
    bool ok = jail->settings.namespaces ? map_self(jail, err) && mount_work(jail, err)
                                        : follow_warden(jail, err);
    if (!ok || !limit_all(&jail->settings, err) || !set_capabilities(0, err))
        return false;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return fail_errno(err, "no_new_privs");
    return syscalls_apply(&jail->filter, listener, err);
}

bool jail_limit_files(const struct jail *jail, struct leti_error *err)
{
    return limit(RLIMIT_NOFILE, jail->settings.files, jail->settings.files, err);
}

void jail_relax(void)
{
    struct rlimit memory;
    if (getrlimit(RLIMIT_AS, &memory) != 0)
        return;
    memory.rlim_cur = memory.rlim_max;
    (void)setrlimit(RLIMIT_AS, &memory); /* without it the report may be shorter, no more */
}
