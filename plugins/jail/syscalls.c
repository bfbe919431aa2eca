/* syscalls.c - the seccomp filter, as a list of what is allowed.
 *
 * The filter holds no other list, for the kernel compiles it anew for each program. About all else
 * it asks us. What is refused below gets EPERM, and what is on no list ENOSYS: to a library that is
 * what an older kernel says, and it falls back to something else.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "report.h"

static const char *const allowed[] = {
    /* memory */
    "brk",
    "mmap",
    "munmap",
    "mremap",
    "mprotect",
    "madvise",
    "mincore",
    "msync",
    "membarrier",
    "pkey_mprotect",
    "pkey_alloc",
    "pkey_free",
    /* reading */
    "read",
    "readv",
    "pread64",
    "preadv",
    "preadv2",
    "lseek",
    "_llseek",
    "stat",
    "lstat",
    "fstat",
    "fstat64",
    "newfstatat",
    "fstatat64",
    "statx",
    "statfs",
    "fstatfs",
    "access",
    "faccessat",
    "faccessat2",
    "readlink",
    "readlinkat",
    "getdents",
    "getdents64",
    "getcwd",
    "chdir",
    "fchdir",
    "getxattr",
    "lgetxattr",
    "fgetxattr",
    "listxattr",
    "llistxattr",
    "flistxattr",
    "fadvise64",
    "readahead",
    /* writing, which only reaches what is open for it */
    "write",
    "writev",
    "pwrite64",
    "pwritev",
    "pwritev2",
    "ftruncate",
    "fallocate",
    "fsync",
    "fdatasync",
    "sync_file_range",
    "sendfile",
    "copy_file_range",
    "splice",
    "tee",
    "umask",
    "flock",
    /* descriptors */
    "close",
    "close_range",
    "dup",
    "dup2",
    "dup3",
    "fcntl",
    "fcntl64",
    "pipe",
    "pipe2",
    "poll",
    "ppoll",
    "select",
    "_newselect",
    "pselect6",
    "epoll_create",
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "eventfd",
    "eventfd2",
    "timerfd_create",
    "timerfd_settime",
    "timerfd_gettime",
    "signalfd",
    "signalfd4",
    /* of pairs of sockets, which event loops wake themselves with: see add_pairs */
    "sendto",
    "recvfrom",
    "sendmsg",
    "recvmsg",
    "shutdown",
    "getsockopt",
    "setsockopt",
    "getsockname",
    "getpeername",
    /* time */
    "time",
    "gettimeofday",
    "clock_gettime",
    "clock_getres",
    "clock_nanosleep",
    "nanosleep",
    "times",
    "alarm",
    "getitimer",
    "setitimer",
    "timer_create",
    "timer_settime",
    "timer_gettime",
    "timer_delete",
    "timer_getoverrun",
    /* threads and signals */
    "futex",
    "futex_waitv",
    "set_robust_list",
    "get_robust_list",
    "rseq",
    "set_tid_address",
    "gettid",
    "sched_yield",
    "sched_getaffinity",
    "sched_getparam",
    "sched_getscheduler",
    "sched_get_priority_min",
    "sched_get_priority_max",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "rt_sigpending",
    "rt_sigsuspend",
    "rt_sigtimedwait",
    "sigaltstack",
    "sigreturn",
    "pause",
    "restart_syscall",
    "exit",
    "exit_group",
    "arch_prctl",
    /* who and where am I */
    "getpid",
    "getppid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "getresuid",
    "getresgid",
    "getgroups",
    "getpgid",
    "getpgrp",
    "getsid",
    "uname",
    "sysinfo",
    "getrusage",
    "getrlimit",
    "ugetrlimit",
    "setrlimit",
    "getpriority",
    "getcpu",
    "getrandom",
    "capget",
    "wait4",
    "waitid",
};

/* These reach other processes, where there are any; and the kernel would not let the first process
 * of a namespace stop or kill itself. */
static const char *const signalling[] = { "kill", "tkill", "tgkill", "rt_sigqueueinfo",
                                          "rt_tgsigqueueinfo" };
/* Which argument is the signal, and how many before it say whose. */
static const unsigned signal_argument[] = { 1, 1, 2, 1, 2 };

/* These change files by name. */
static const char *const changing[] = {
    "creat",     "truncate",    "rename",       "renameat",     "renameat2", "unlink",
    "unlinkat",  "mkdir",       "mkdirat",      "rmdir",        "link",      "linkat",
    "symlink",   "symlinkat",   "chmod",        "fchmod",       "fchmodat",  "fchmodat2",
    "chown",     "lchown",      "fchown",       "fchownat",     "utime",     "utimes",
    "utimensat", "futimesat",   "mknod",        "mknodat",      "setxattr",  "lsetxattr",
    "fsetxattr", "removexattr", "lremovexattr", "fremovexattr",
};

/* These make processes, and another program of one; not every evaluator lets them. */
static const char *const making[] = { "fork", "vfork", "execve", "execveat", "setpgid", "setsid" };

/* A program that makes these is told that it may not. */
static const char *const refused[] = {
    "socketpair", /* but of the kinds in add_pairs */
    "socket",
    "connect",
    "bind",
    "listen",
    "accept",
    "accept4",
    "fork",
    "vfork",
    "execve",
    "execveat",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "pidfd_open",
    "pidfd_getfd",
    "pidfd_send_signal",
    "kcmp",
    "mount",
    "umount",
    "umount2",
    "pivot_root",
    "chroot",
    "fsopen",
    "fsmount",
    "fsconfig",
    "fspick",
    "open_tree",
    "move_mount",
    "mount_setattr",
    "unshare",
    "setns",
    "keyctl",
    "add_key",
    "request_key",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "reboot",
    "swapon",
    "swapoff",
    "acct",
    "sethostname",
    "setdomainname",
    "settimeofday",
    "clock_settime",
    "adjtimex",
    "clock_adjtime",
    "iopl",
    "ioperm",
    "syslog",
    "quotactl",
    "open_by_handle_at",
    "name_to_handle_at",
    "setuid",
    "setgid",
    "setreuid",
    "setregid",
    "setresuid",
    "setresgid",
    "setfsuid",
    "setfsgid",
    "setgroups",
    "capset",
    "setpgid",
    "setsid",
    "setpriority",
    "sched_setaffinity",
    "sched_setscheduler",
    "sched_setparam",
    "sched_setattr",
    "ioprio_set",
    "shmget",
    "shmat",
    "shmctl",
    "semget",
    "semop",
    "semctl",
    "msgget",
    "msgsnd",
    "msgrcv",
    "msgctl",
    "mq_open",
    "mq_unlink",
    "personality",
    "modify_ldt",
    "memfd_create",
    "memfd_secret",
    "fanotify_init",
    "inotify_init",
    "inotify_init1",
    "vhangup",
    "seccomp",
    "clone", /* without CLONE_THREAD */
    "open",  /* to change the machine's files */
    "openat",
};

#define N(list) (sizeof(list) / sizeof *(list))

/* A name that this machine or this libseccomp does not know needs no rule. */
static bool add_list(scmp_filter_ctx filter, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int number = seccomp_syscall_resolve_name(names[i]);
        if (number != __NR_SCMP_ERROR && seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0) < 0)
            return false;
    }
    return true;
}

/* One rule on the bits of one argument: allowed where (argument & mask) == value. */
static bool add_bits(scmp_filter_ctx filter, const char *name, unsigned argument, uint64_t mask,
                     uint64_t value)
{
    int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR)
        return true;
    struct scmp_arg_cmp test = SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, mask, value);
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, 1, &test) >= 0;
}

static bool add_values(scmp_filter_ctx filter, const char *name, unsigned argument,
                       const uint64_t *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!add_bits(filter, name, argument, UINT32_MAX, values[i]))
            return false;
    return true;
}

/* Opening a file by name: where they are shared, not to change it. */
static bool add_open(scmp_filter_ctx filter, bool shared)
{
    uint64_t changes =
        shared ? O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | (__O_TMPFILE & ~O_DIRECTORY) : 0;
    return add_bits(filter, "open", 1, changes, 0) && add_bits(filter, "openat", 2, changes, 0);
}

/* Threads may be made, and processes where they are wanted, but no namespaces. */
static bool add_making(scmp_filter_ctx filter, bool processes)
{
    if (!processes)
        return add_bits(filter, "clone", 0, CLONE_THREAD, CLONE_THREAD);
    static const uint64_t never = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET |
                                  CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_PARENT |
                                  CLONE_PTRACE;
    return add_bits(filter, "clone", 0, never, 0) && add_list(filter, making, N(making)) &&
           add_list(filter, signalling, N(signalling));
}

/* Pairs of sockets that are connected: a datagram's sender could name another address. */
static bool add_pairs(scmp_filter_ctx filter)
{
    static const uint64_t types[] = { SOCK_STREAM, SOCK_SEQPACKET };
    for (size_t i = 0; i < N(types); i++)
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 2,
                             SCMP_A0(SCMP_CMP_MASKED_EQ, UINT32_MAX, AF_UNIX),
                             SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, types[i])) < 0)
            return false;
    return true;
}

/* Limits may be lowered for oneself alone. clone3 hides its flags in memory and is on no list:
 * ENOSYS makes glibc use clone. */
static bool add_conditional(scmp_filter_ctx filter, bool processes)
{
    static const uint64_t ioctls[] = { TCGETS, FIONREAD, FIONBIO, FIOCLEX, FIONCLEX, TIOCGWINSZ };
    static const uint64_t prctls[] = { PR_SET_NAME, PR_GET_NAME, 0x53564d41 /* PR_SET_VMA */ };
    return add_making(filter, processes) && add_bits(filter, "prlimit64", 0, UINT32_MAX, 0) &&
           add_values(filter, "ioctl", 1, ioctls, N(ioctls)) &&
           add_values(filter, "prctl", 0, prctls, N(prctls)) && add_pairs(filter);
}

static bool add_rules(scmp_filter_ctx filter, bool shared, bool processes)
{
    return seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) >= 0 &&
           add_list(filter, allowed, N(allowed)) &&
           (shared || add_list(filter, changing, N(changing))) && add_open(filter, shared) &&
           add_conditional(filter, processes);
}

/* libseccomp writes the filter to a descriptor only. */
static bool export_filter(scmp_filter_ctx filter, struct sock_fprog *out, struct leti_error *err)
{
    struct sock_filter *code = NULL;
    int fd = memfd_create("filter", MFD_CLOEXEC);
    if (fd < 0)
        return leti_error_set(err, "memfd_create: %s", strerror(errno));
    int rc = seccomp_export_bpf(filter, fd);
    if (rc < 0) {
        leti_error_set(err, "seccomp filter: %s", strerror(-rc));
        goto fail;
    }
    off_t size = lseek(fd, 0, SEEK_END);
    if (size <= 0 || size > (off_t)(BPF_MAXINSNS * sizeof *code)) {
        leti_error_set(err, "seccomp filter: %lld bytes is no size for one", (long long)size);
        goto fail;
    }
    code = malloc((size_t)size);
    if (!code || pread(fd, code, (size_t)size, 0) != size) {
        leti_error_set(err, "seccomp filter: cannot be read back");
        goto fail;
    }
    close(fd);
    *out =
        (struct sock_fprog){ .len = (unsigned short)((size_t)size / sizeof *code), .filter = code };
    return true;
fail:
    free(code);
    close(fd);
    return false;
}

bool syscalls_compile(bool shared, bool processes, struct sock_fprog *out, struct leti_error *err)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_NOTIFY);
    if (!filter)
        return leti_error_set(err, "seccomp filter: no memory");
    bool ok = add_rules(filter, shared, processes)
                  ? export_filter(filter, out, err)
                  : leti_error_set(err, "seccomp filter: a rule failed");
    seccomp_release(filter);
    return ok;
}

bool syscalls_apply(const struct sock_fprog *filter, int *listener, struct leti_error *err)
{
    long fd =
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, filter);
    *listener = (int)fd;
    if (fd >= 0)
        return true;
    if (errno == EBUSY)
        return leti_error_set(err, "seccomp: this machine's container watches system calls itself; "
                                   "turn that off (LXD: security.syscalls.intercept.*)");
    return leti_error_set(err, "seccomp: %s", strerror(errno));
}

/* ---- what the kernel asks ---- */

/* The kernel's structs may be longer than those of our headers. */
union question {
    struct seccomp_notif notif;
    char room[1024];
};

union reply {
    struct seccomp_notif_resp resp;
    char room[1024];
};

bool syscalls_next(int listener, struct call *out)
{
    union question question = { .room = { 0 } };
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &question.notif) != 0)
        return false;
    const struct seccomp_data *data = &question.notif.data;
    *out = (struct call){ .id = question.notif.id,
                          .caller = (pid_t)question.notif.pid,
                          .number = data->nr,
                          .arch = data->arch };
    memcpy(out->args, data->args, sizeof out->args);
    return true;
}

void syscalls_answer(int listener, const struct call *call, enum answer answer)
{
    union reply reply = { .room = { 0 } };
    reply.resp.id = call->id;
    if (answer == ANSWER_REFUSE)
        reply.resp.error = -EPERM;
    if (answer == ANSWER_UNKNOWN)
        reply.resp.error = -ENOSYS;
    if (answer == ANSWER_ALLOW)
        reply.resp.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    (void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply.resp); /* the caller may be gone */
}

static bool is_listed(int number, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (seccomp_syscall_resolve_name(names[i]) == number)
            return true;
    return false;
}

enum call_kind call_kind(const struct call *call, pid_t pid, bool namespaces)
{
    if (call->number == SYS_prctl && (uint32_t)call->args[0] == NOTE_PRCTL)
        return CALL_NOTE;
    size_t i = 0;
    while (i < N(signalling) && seccomp_syscall_resolve_name(signalling[i]) != call->number)
        i++;
    if (i == N(signalling))
        return is_listed(call->number, refused, N(refused)) ||
                       is_listed(call->number, changing, N(changing))
                   ? CALL_FORBIDDEN
                   : CALL_UNKNOWN;
    /* Whose: a process, its group, or (tkill) a thread. */
    pid_t target = (pid_t)call->args[0], self = namespaces ? 1 : pid;
    bool thread = call->number == SYS_tkill;
    bool own = target == self || target == 0 || (thread && (namespaces || target == call->caller));
    uint32_t number = (uint32_t)call->args[signal_argument[i]];
    if (own && namespaces && number == SIGKILL)
        return CALL_KILL_ITSELF;
    if (own && namespaces && number == SIGSTOP)
        return CALL_STOP_ITSELF;
    return own || namespaces ? CALL_SIGNAL_ITSELF : CALL_FORBIDDEN;
}

void call_name(const struct call *call, char *out, size_t size)
{
    char *name = seccomp_syscall_resolve_num_arch(call->arch, call->number);
    /* Threads may be made: whoever is refused a clone() wanted a process. */
    snprintf(out, size, "%s", name && strcmp(name, "clone") == 0 ? "fork" : name ? name : "?");
    free(name);
}
