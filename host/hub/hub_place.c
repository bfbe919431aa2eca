/* hub_place.c - where a stage's own workers run: threads of this process, or child processes.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "hub/hub_internal.h"

#define LINK_LOOK_SECONDS 0.02

extern char **environ;

/* ---- threads ---- */

static void thread_unref(struct hub_thread *thread)
{
    if (atomic_fetch_sub(&thread->users, 1) > 1)
        return;
    free(thread->stage);
    free(thread->identity);
    free(thread);
}

static void *thread_main(void *argument)
{
    struct hub_thread *thread = argument;
    struct leti_error why = { "nothing was left to do" };
    worker_run(&thread->config, &why);
    thread->error = why;
    atomic_store(&thread->ended, true);
    thread_unref(thread);
    return NULL;
}

/* Signals are for the head's thread. */
static int create_quiet_thread(struct hub_thread *thread)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int status = pthread_create(&thread->thread, NULL, thread_main, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status;
}

static bool start_thread(struct hub *hub, struct hub_worker *worker, struct leti_error *err)
{
    struct hub_thread *thread = calloc(1, sizeof *thread);
    if (!thread)
        return leti_error_set(err, "out of memory");
    atomic_init(&thread->users, 2);
    thread->stage = strdup(worker->stage->name);
    thread->identity = strdup(worker->identity);
    thread->config = (struct worker_config){ .zmq_context = hub->context,
                                             .linked = &thread->linked,
                                             .endpoint = HUB_INPROC,
                                             .stage = thread->stage,
                                             .identity = thread->identity };
    int status = thread->stage && thread->identity ? create_quiet_thread(thread) : ENOMEM;
    if (status != 0) {
        atomic_store(&thread->users, 1);
        thread_unref(thread);
        return leti_error_set(err, "a worker's thread: %s", strerror(status));
    }
    worker->thread = thread;
    return true;
}

static void in_seconds(double seconds, struct timespec *out)
{
    clock_gettime(CLOCK_REALTIME, out);
    if (seconds < 0)
        seconds = 0;
    long ns = out->tv_nsec + (long)((seconds - (double)(long)seconds) * 1e9);
    out->tv_sec += (time_t)seconds + ns / 1000000000;
    out->tv_nsec = ns % 1000000000;
}

static bool join_thread(struct hub_thread *thread, double until)
{
    struct timespec end;
    in_seconds(until - clock_seconds(), &end);
    return pthread_timedjoin_np(thread->thread, NULL, &end) == 0;
}

void hub_release_thread(struct hub_thread *thread, double until)
{
    bool joined = join_thread(thread, until);
    while (!joined && !atomic_load(&thread->linked))
        joined = join_thread(thread, clock_seconds() + LINK_LOOK_SECONDS);
    if (!joined)
        pthread_detach(thread->thread);
    thread_unref(thread);
}

/* ---- processes ---- */

/* The environment, with who and whose the worker is. */
static char **child_environment(char *head, char *identity)
{
    size_t n = 0, kept = 0;
    while (environ[n])
        n++;
    char **env = calloc(n + 3, sizeof *env);
    for (size_t i = 0; env && i < n; i++)
        if (strncmp(environ[i], "LETI_HEAD_PID=", 14) && strncmp(environ[i], "LETI_WORKER_ID=", 15))
            env[kept++] = environ[i];
    if (env) {
        env[kept++] = head;
        env[kept] = identity;
    }
    return env;
}

/* Its own process group keeps a terminal's Ctrl-C for the head, and lets what the plugin started
 * be ended with it. */
static int set_up_spawn(posix_spawn_file_actions_t *files, posix_spawnattr_t *attributes,
                        const char *log)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int status = posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDONLY, 0);
    if (!status)
        status =
            posix_spawn_file_actions_addopen(files, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (!status)
        status = posix_spawn_file_actions_adddup2(files, 1, 2);
    if (!status)
        status = posix_spawn_file_actions_addclosefrom_np(files, 3);
    if (!status)
        status = posix_spawnattr_setsigmask(attributes, &none);
    if (!status)
        status = posix_spawnattr_setsigdefault(attributes, &all);
    if (!status)
        status = posix_spawnattr_setpgroup(attributes, 0);
    if (!status)
        status = posix_spawnattr_setflags(
            attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    return status;
}

static int spawn(struct hub *hub, struct hub_worker *worker)
{
    char head[64], identity[IDENTITY_BYTES + 32];
    snprintf(head, sizeof head, "LETI_HEAD_PID=%ld", (long)getpid());
    snprintf(identity, sizeof identity, "LETI_WORKER_ID=%s", worker->identity);
    char *stage = (char *)worker->stage->name;
    char *arguments[] = { "leti", "join", hub->endpoint_ipc, stage, "--head-timeout", "0", NULL };
    char **env = child_environment(head, identity);
    if (!env)
        return ENOMEM;
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    int status = set_up_spawn(&files, &attributes, worker->log);
    if (!status)
        status = posix_spawn(&worker->pid, hub->program, &files, &attributes, arguments, env);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    free(env);
    return status;
}

static bool watch_child(struct hub *hub, struct hub_worker *worker, struct leti_error *err)
{
    worker->pidfd = pidfd_open(worker->pid, 0);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = worker };
    if (worker->pidfd < 0 || epoll_ctl(hub->children, EPOLL_CTL_ADD, worker->pidfd, &event) != 0)
        return leti_error_set(err, "watching a worker's process: %s", strerror(errno));
    return true;
}

static bool start_process(struct hub *hub, struct hub_worker *worker, struct leti_error *err)
{
    struct stat log = { 0 };
    if (asprintf(&worker->log, "%s.log", worker->run_dir) < 0) {
        worker->log = NULL;
        return leti_error_set(err, "out of memory");
    }
    if (stat(worker->log, &log) == 0)
        worker->log_start = (long)log.st_size;
    int status = spawn(hub, worker);
    if (status != 0) {
        worker->pid = 0;
        return leti_error_set(err, "%s could not be started: %s", hub->program, strerror(status));
    }
    if (watch_child(hub, worker, err))
        return true;
    hub_end_process(hub, worker);
    return false;
}

void hub_note_children(struct hub *hub)
{
    struct epoll_event events[32];
    int n = hub->children >= 0 ? epoll_wait(hub->children, events, 32, 0) : 0;
    for (int i = 0; i < n; i++) {
        struct hub_worker *worker = events[i].data.ptr;
        worker->died = hub->now;
        hub_end_process(hub, worker);
    }
}

/* Its group too; before it is waited for, as its id may be another's afterwards. */
void hub_end_process(struct hub *hub, struct hub_worker *worker)
{
    if (worker->pidfd >= 0)
        epoll_ctl(hub->children, EPOLL_CTL_DEL, worker->pidfd, NULL);
    kill(-worker->pid, SIGKILL);
    kill(worker->pid, SIGKILL);
    while (waitpid(worker->pid, &worker->status, 0) < 0 && errno == EINTR)
        ;
    worker->pid = 0;
}

/* The last line that is not empty, "" if there is none. */
static void last_line(const struct hub_worker *worker, char *line, size_t size)
{
    FILE *file = worker->log ? fopen(worker->log, "re") : NULL;
    char buffer[1024];
    line[0] = '\0';
    if (!file)
        return;
    if (fseek(file, 0, SEEK_END) == 0) {
        long end = ftell(file), start = end - (long)sizeof buffer + 1;
        if (start < worker->log_start)
            start = worker->log_start;
        size_t n =
            fseek(file, start, SEEK_SET) == 0 ? fread(buffer, 1, sizeof buffer - 1, file) : 0;
        while (n > 0 && (buffer[n - 1] == '\n' || buffer[n - 1] == '\0'))
            n--;
        buffer[n] = '\0';
        const char *begin = strrchr(buffer, '\n');
        snprintf(line, size, "%.300s", begin ? begin + 1 : buffer);
    }
    fclose(file);
}

void hub_describe_end(const struct hub_worker *worker, struct leti_error *text)
{
    char said[320];
    last_line(worker, said, sizeof said);
    const char *open = said[0] ? ": " : "";
    if (WIFSIGNALED(worker->status))
        leti_error_set(text, "was ended by signal %d (%s)%s%s", WTERMSIG(worker->status),
                       strsignal(WTERMSIG(worker->status)), open, said);
    else
        leti_error_set(text, "exited with code %d%s%s", WEXITSTATUS(worker->status), open, said);
}

/* ---- both ---- */

/* Nobody else can guess it, so that no stranger answers in its place. */
static bool name_worker(struct hub_worker *worker, struct leti_error *err)
{
    uint64_t random;
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        return leti_error_set(err, "getrandom: %s", strerror(errno));
    int n = snprintf(worker->identity, sizeof worker->identity, "%.100s-%zu-%016" PRIx64,
                     worker->stage->name, worker->slot->number, random);
    worker->identity_size = (size_t)n;
    return true;
}

bool hub_start_worker(struct hub *hub, struct hub_slot *slot, struct leti_error *err)
{
    struct hub_worker *worker = hub_new_worker(hub, slot->stage, slot, err);
    if (!worker)
        return false;
    struct leti_error why;
    bool is_thread = slot->stage->stage->placement == PLACE_THREAD;
    if (name_worker(worker, &why) &&
        (is_thread ? start_thread(hub, worker, &why) : start_process(hub, worker, &why)))
        return true;
    hub_free_worker(hub, worker);
    return leti_error_set(err, "stage %s: %s", slot->stage->name, why.text);
}
