/* run.c - the life of one job.
 * SPDX-License-Identifier: Apache-2.0 */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "job.h"
#include "process.h"
#include "protocol.h"

static enum ending say(struct report *report, enum ending ending, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum ending say(struct report *report, enum ending ending, const char *format, ...)
{
    char line[1280];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    report_feedback(report, line, n < 0 ? 0 : strnlen(line, sizeof line));
    return ending;
}

/* ---- files ---- */

static bool write_file(const char *name, struct leti_bytes text, struct leti_error *err)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return leti_error_set(err, "%s: %s", name, strerror(errno));
    size_t done = 0;
    while (done < text.size) {
        ssize_t n = write(fd, text.data + done, text.size - done);
        if (n <= 0) {
            leti_error_set(err, "%s: %s", name, strerror(errno));
            close(fd);
            return false;
        }
        done += (size_t)n;
    }
    return close(fd) == 0 || leti_error_set(err, "%s: %s", name, strerror(errno));
}

/* A file that has the program's input and no name. */
static bool open_input(struct leti_bytes text, int *out, struct leti_error *err)
{
    static const char name[] = ".input";
    if (text.size == 0) {
        *out = STDIN_FILENO; /* empty */
        return true;
    }
    if (!write_file(name, text, err))
        return false;
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || unlink(name) != 0) {
        leti_error_set(err, "%s: %s", name, strerror(errno));
        if (fd >= 0)
            close(fd);
        return false;
    }
    *out = fd;
    return true;
}

/* ---- what an end means ---- */

/* stderr; or stdout, where test frameworks that write nothing else say what failed. */
static void report_written(const struct process *process, struct report *report)
{
    capture_report(process->errors.size ? &process->errors : &process->output, report);
}

/* Runtimes and compilers tell of memory in their own words, and the kernel in none. */
static bool ran_out_of_memory(const struct process *process, const struct job *job,
                              const struct report *report)
{
    static const char *const words[] = {
        "std::bad_alloc",         "out of memory",   "Out of memory",    "not enough memory",
        "Cannot allocate memory", "cannot allocate", "memory exhausted",
    };
    if (process->memory_bytes > job->memory_bytes - job->memory_bytes / 8)
        return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (memmem(report->feedback, report->feedback_size, words[i], strlen(words[i])))
            return true;
    return false;
}

static enum ending judge_failure(const struct process *process, const struct job *job,
                                 enum ending otherwise, struct report *report)
{
    char line[128];
    report_written(process, report);
    if (ran_out_of_memory(process, job, report)) {
        if (report->feedback_size == 0)
            say(report, ENDING_MEMORY, "out of memory, of which it may have %llu MiB\n",
                (unsigned long long)(job->memory_bytes >> 20));
        return ENDING_MEMORY;
    }
    if (WIFSIGNALED(process->status)) {
        int number = WTERMSIG(process->status);
        int n =
            snprintf(line, sizeof line, "killed by signal %d (%s)\n", number, strsignal(number));
        report_append(report, line, (size_t)n);
        return otherwise == ENDING_COMPILE ? otherwise : ENDING_KILLED;
    }
    if (report->feedback_size == 0)
        say(report, otherwise, "exit status %d\n", WEXITSTATUS(process->status));
    return otherwise;
}

/* ENDING_PASSED where it ended with status 0. */
static enum ending judge(const struct process *process, const struct job *job, uint64_t limit_ns,
                         enum ending otherwise, struct report *report)
{
    const char *what = otherwise == ENDING_COMPILE ? "the compiler " : "";
    if (process->loud)
        return say(report, ENDING_OUTPUT, "%swrote more than %llu MiB of output\n", what,
                   (unsigned long long)(job->output_bytes >> 20));
    if (process->late || (WIFSIGNALED(process->status) && WTERMSIG(process->status) == SIGXCPU))
        return say(report, ENDING_TIMEOUT, "%stimed out after %g s\n", what,
                   (double)limit_ns / 1e9);
    if (WIFEXITED(process->status) && WEXITSTATUS(process->status) == 0)
        return ENDING_PASSED;
    return judge_failure(process, job, otherwise, report);
}

/* ---- steps ---- */

/* That a command cannot be started is the program's fault where the compiler was to make it, or
 * where the text is too long to be an argument. */
static enum ending no_start(const struct command *command, int failure, const char *why,
                            struct report *report)
{
    bool theirs = failure == E2BIG || (failure != 0 && command->path[0] != '/');
    return say(report, theirs ? ENDING_STATUS : ENDING_BROKEN, "%s\n", why);
}

static enum ending step(const struct job *job, const struct command *command, int input,
                        uint64_t limit_ns, enum ending otherwise, struct report *report)
{
    static struct process process;
    struct leti_error err;
    if (!process_run(command, input, clock_ns() + (int64_t)limit_ns, job->output_bytes, &process,
                     &err))
        return no_start(command, process.failure, err.text, report);
    return judge(&process, job, limit_ns, otherwise, report);
}

static enum ending run(const struct job *job, struct report *report)
{
    struct leti_error err;
    int input;
    if (!write_file(job->file, job->text, &err))
        return say(report, ENDING_STATUS, "%s\n", err.text); /* it is larger than the folder */
    if (job->compile.path) {
        enum ending ending =
            step(job, &job->compile, STDIN_FILENO, job->compile_ns, ENDING_COMPILE, report);
        if (ending != ENDING_PASSED)
            return ending;
    }
    if (!open_input(job->input, &input, &err))
        return say(report, ENDING_STATUS, "%s\n", err.text);
    return step(job, &job->run, input, job->run_ns, ENDING_STATUS, report);
}

void run_job(void *arg, const char *message, size_t size, struct report *report)
{
    struct job job;
    struct leti_error err;
    (void)arg;
    signal(SIGXFSZ, SIG_IGN); /* write says EFBIG of a text that is larger than the folder */
    enum ending ending = job_unpack(message, size, &job, &err)
                             ? run(&job, report)
                             : say(report, ENDING_BROKEN, "%s", err.text);
    __atomic_store_n(&report->ending, (uint32_t)ending, __ATOMIC_RELEASE);
}
