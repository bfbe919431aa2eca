/* spawned.c - posix_spawn, with all that it wants said.
 * SPDX-License-Identifier: Apache-2.0 */
#include "spawned.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* These give 0 or an errno. */

static int arrange(posix_spawn_file_actions_t *actions, const int fds[4])
{
    int rc = 0, last = fds[3] < 0 ? 2 : 3;
    for (int i = 0; i <= last && rc == 0; i++)
        rc = posix_spawn_file_actions_adddup2(actions, fds[i], i);
    return rc != 0 ? rc : posix_spawn_file_actions_addclosefrom_np(actions, last + 1);
}

static int set_signals(posix_spawnattr_t *attr)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int rc = posix_spawnattr_setsigmask(attr, &none);
    if (rc == 0)
        rc = posix_spawnattr_setsigdefault(attr, &all);
    if (rc == 0)
        rc = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    return rc;
}

static int spawn(const char *path, char *const *argv, char *const *env, const int fds[4],
                 pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    int rc = posix_spawn_file_actions_init(&actions);
    if (rc != 0)
        return rc;
    rc = posix_spawnattr_init(&attr);
    if (rc == 0) {
        rc = arrange(&actions, fds);
        if (rc == 0)
            rc = set_signals(&attr);
        if (rc == 0)
            rc = posix_spawn(pid, path, &actions, &attr, argv, env);
        posix_spawnattr_destroy(&attr);
    }
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

bool spawned_start(const char *path, char *const *argv, char *const *env, const int fds[4],
                   pid_t *pid, struct leti_error *err)
{
    int rc = spawn(path, argv, env, fds, pid);
    return rc == 0 || leti_error_set(err, "%s: %s", path, strerror(rc));
}

void spawned_reap(pid_t pid)
{
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

int spawned_move_up(int fd)
{
    if (fd < 0)
        return -1;
    int high = fcntl(fd, F_DUPFD_CLOEXEC, 10);
    int saved = errno;
    close(fd);
    errno = saved;
    return high;
}
