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
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "spawned.h"

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

static void close_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

bool helper_start(const char *path, char *const *env, struct helper *out, struct leti_error *err)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return leti_error_set(err, "socketpair: %s", strerror(errno));
    int theirs = spawned_move_up(ends[1]);
    int null = spawned_move_up(open("/dev/null", O_RDWR | O_CLOEXEC));
    int errors = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10); /* a host may have closed it */
    int fds[4] = { null, null, errors >= 0 ? errors : null, theirs };
    char *argv[] = { (char *)path, NULL };
    struct helper helper = { .socket = ends[0] };
    bool ready = theirs >= 0 && null >= 0;
    if (!ready)
        leti_error_set(err, "%s: cannot be started: %s", path, strerror(errno));
    bool ok = ready && spawned_start(path, argv, env, fds, &helper.pid, err);
    close_open(theirs);
    close_open(null);
    close_open(errors);
    if (ok)
        *out = helper;
    else
        close(ends[0]);
    return ok;
}

void helper_stop(struct helper *helper)
{
    if (helper->pid > 0) {
        close(helper->socket);
        kill(helper->pid, SIGKILL); /* our child, not reaped yet */
        spawned_reap(helper->pid);
    }
    *helper = (struct helper){ .socket = -1 };
}
