/* process.c - fork, exec, pipes, and what is left afterwards.
 * SPDX-License-Identifier: Apache-2.0 */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jail.h"
#include "protocol.h"

enum { STATUS_NO_EXEC = 127 };

/* All of the environment that a program has. */
static char *const environment[] = { "PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" JAIL_WORK,
                                     "TMPDIR=" JAIL_WORK, "LANG=C.UTF-8", NULL };

struct pipes {
    int output[2], errors[2];
    int failure[2]; /* closed by exec; or the errno of one that failed */
};

static bool pipes_open(struct pipes *pipes, struct leti_error *err)
{
    if (pipe2(pipes->output, O_CLOEXEC) == 0 && pipe2(pipes->errors, O_CLOEXEC) == 0 &&
        pipe2(pipes->failure, O_CLOEXEC) == 0)
        return true;
    return leti_error_set(err, "pipe: %s", strerror(errno)); /* the process ends with them */
}

/* ---- the process's side ---- */

__attribute__((noreturn)) static void become(const struct command *command, int input,
                                             const struct pipes *pipes)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGCHLD, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL); /* see run_job */
    if (dup2(input, 0) == 0 && dup2(pipes->output[1], 1) == 1 && dup2(pipes->errors[1], 2) == 2)
        execve(command->path, (char *const *)command->arguments, environment);
    int why = errno;
    ssize_t told = write(pipes->failure[1], &why, sizeof why);
    _exit(told == sizeof why ? STATUS_NO_EXEC : STATUS_NO_EXEC - 1);
}

/* ---- ours ---- */

static void on_child(int number)
{
    (void)number; /* it is enough that ppoll returns */
}

/* SIGCHLD arrives while we wait in ppoll, and at no other time. */
static bool listen_for_children(sigset_t *while_waiting, struct leti_error *err)
{
    struct sigaction action = { .sa_handler = on_child };
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &blocked, while_waiting) != 0 ||
        sigaction(SIGCHLD, &action, NULL) != 0)
        return leti_error_set(err, "signals: %s", strerror(errno));
    sigdelset(while_waiting, SIGCHLD);
    return true;
}

/* Reaps all that have ended, orphans too; true: ours was among them. */
static bool reap(pid_t pid, struct process *process)
{
    bool ours = false;
    int status;
    struct rusage usage;
    for (pid_t ended; (ended = wait4(-1, &status, WNOHANG, &usage)) > 0;) {
        uint64_t bytes = (uint64_t)usage.ru_maxrss * 1024;
        if (bytes > process->memory_bytes)
            process->memory_bytes = bytes;
        if (ended != pid)
            continue;
        process->status = status;
        ours = true;
    }
    return ours;
}

/* Takes what is there; false: nothing is, or the other end is closed. */
static bool drain(struct pollfd *from, struct capture *capture)
{
    char buffer[1 << 14];
    if (from->fd < 0)
        return false;
    ssize_t n = read(from->fd, buffer, sizeof buffer);
    if (n > 0) {
        capture_add(capture, buffer, (size_t)n);
        return true;
    }
    if (n == 0 || (errno != EAGAIN && errno != EINTR))
        from->fd = -1;
    return false;
}

static bool too_loud(const struct process *process, uint64_t output_bytes)
{
    return process->output.size + process->errors.size > output_bytes;
}

static void watch(pid_t pid, const struct pipes *pipes, const sigset_t *while_waiting,
                  int64_t deadline_ns, uint64_t output_bytes, struct process *out)
{
    struct pollfd polls[] = { { .fd = pipes->output[0], .events = POLLIN },
                              { .fd = pipes->errors[0], .events = POLLIN } };
    bool ended = false;
    while (!ended && !out->late && !out->loud) {
        int64_t left_ns = deadline_ns - clock_ns();
        if (left_ns <= 0) {
            out->late = true;
            break;
        }
        struct timespec left = { left_ns / 1000000000, left_ns % 1000000000 };
        (void)ppoll(polls, 2, &left, while_waiting); /* whatever it says: we look */
        (void)drain(&polls[0], &out->output);
        (void)drain(&polls[1], &out->errors);
        out->loud = too_loud(out, output_bytes);
        ended = reap(pid, out);
    }
    /* What it wrote before it ended; more may come from what it left running. */
    while (ended && !out->loud &&
           (drain(&polls[0], &out->output) || drain(&polls[1], &out->errors)))
        out->loud = too_loud(out, output_bytes);
}

/* Ends all processes but this one, the first of its namespace. */
static void end_all(void)
{
    kill(-1, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
        ;
}

/* Waits for exec; the errno of one that failed. */
static int await_exec(int failure)
{
    int why;
    ssize_t n;
    while ((n = read(failure, &why, sizeof why)) < 0 && errno == EINTR)
        ;
    return n == sizeof why ? why : 0;
}

bool process_run(const struct command *command, int input, int64_t deadline_ns,
                 uint64_t output_bytes, struct process *out, struct leti_error *err)
{
    struct pipes pipes;
    sigset_t while_waiting;
    memset(out, 0, sizeof *out);
    if (!pipes_open(&pipes, err) || !listen_for_children(&while_waiting, err))
        return false;
    pid_t pid = fork();
    if (pid < 0)
        return leti_error_set(err, "fork: %s", strerror(errno));
    if (pid == 0)
        become(command, input, &pipes);
    close(pipes.output[1]);
    close(pipes.errors[1]);
    close(pipes.failure[1]);
    out->failure = await_exec(pipes.failure[0]);
    if (out->failure == 0 && fcntl(pipes.output[0], F_SETFL, O_NONBLOCK) == 0 &&
        fcntl(pipes.errors[0], F_SETFL, O_NONBLOCK) == 0)
        watch(pid, &pipes, &while_waiting, deadline_ns, output_bytes, out);
    else if (out->failure == 0)
        out->failure = errno; /* unwatched is not passed */
    end_all();
    close(pipes.output[0]);
    close(pipes.errors[0]);
    close(pipes.failure[0]);
    return out->failure == 0 ||
           leti_error_set(err, "%s: %s", command->arguments[0], strerror(out->failure));
}
