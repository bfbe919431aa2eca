/* helper.c - finds, starts and ends a program of ours.
 *
 * The host's threads go on meanwhile: nothing here touches its signals, its folder, its
 * environment or its descriptors.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

bool helper_find(const char *name, char **out, struct leti_error *err)
{
    static const char here; /* in the plugin that we are a part of */
    Dl_info self;
    if (dladdr(&here, &self) == 0 || !self.dli_fname)
        return leti_error_set(err, "the plugin does not know where it is");
    char *file = realpath(self.dli_fname, NULL);
    if (!file)
        return leti_error_set(err, "%s: %s", self.dli_fname, strerror(errno));
    size_t folder = (size_t)(strrchr(file, '/') - file) + 1;
    char *path = malloc(folder + strlen(name) + 1);
    if (path) {
        memcpy(path, file, folder);
        memcpy(path + folder, name, strlen(name) + 1);
    }
    free(file);
    if (!path)
        return leti_error_set(err, "no memory");
    if (access(path, X_OK) != 0) {
        leti_error_set(err, "%s: %s, but the plugin needs it", path, strerror(errno));
        free(path);
        return false;
    }
    *out = path;
    return true;
}

/* A descriptor that is none of 0..3, so that arranging those cannot overwrite it. */
static int move_up(int fd)
{
    if (fd < 0)
        return -1;
    int high = fcntl(fd, F_DUPFD_CLOEXEC, 10);
    int saved = errno;
    close(fd);
    errno = saved;
    return high;
}

static void close_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* 0 or an errno. */
static int arrange(posix_spawn_file_actions_t *actions, const int fds[4])
{
    int rc = 0;
    for (int i = 0; i < 4 && rc == 0; i++)
        rc = posix_spawn_file_actions_adddup2(actions, fds[i], i);
    return rc != 0 ? rc : posix_spawn_file_actions_addclosefrom_np(actions, 4);
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

static int spawn(const char *path, char *const *env, const int fds[4], pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    char *argv[] = { (char *)path, NULL };
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

bool helper_start(const char *path, char *const *env, struct helper *out, struct leti_error *err)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return leti_error_set(err, "socketpair: %s", strerror(errno));
    int theirs = move_up(ends[1]), null = move_up(open("/dev/null", O_RDWR | O_CLOEXEC));
    int errors = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10); /* a host may have closed it */
    int fds[4] = { null, null, errors >= 0 ? errors : null, theirs };
    pid_t pid = 0;
    int rc = theirs >= 0 && null >= 0 ? spawn(path, env, fds, &pid) : errno;
    close_open(theirs);
    close_open(null);
    close_open(errors);
    if (rc != 0) {
        close(ends[0]);
        return leti_error_set(err, "%s: %s", path, strerror(rc));
    }
    *out = (struct helper){ pid, ends[0] };
    return true;
}

void helper_stop(struct helper *helper)
{
    if (helper->pid > 0) {
        close(helper->socket);
        kill(helper->pid, SIGKILL); /* our child, not reaped yet */
        while (waitpid(helper->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    *helper = (struct helper){ .socket = -1 };
}
