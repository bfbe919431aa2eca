/* leti-jail - the process in which evaluator.command's jail is built.
 *
 * Namespaces are made by a process of one thread, which the host is not. This one makes them and
 * forks; the fork is the first of a pid namespace and becomes the warden, and who is outside waits,
 * so that the plugin has a child to kill and to reap.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper.h"
#include "jail.h"
#include "run.h"
#include "warden.h"

enum { PATHS_MAX = 256 };

/* Splits the text, one path a line, in place. */
static size_t split_lines(char *text, char **out)
{
    size_t n = 0;
    for (char *line = strtok(text, "\n"); line && n < PATHS_MAX; line = strtok(NULL, "\n"))
        out[n++] = line;
    return n;
}

int main(void)
{
    struct jail jail = { .proc = -1 };
    struct leti_error err;
    char *more, *paths[PATHS_MAX];
    size_t size;
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* the end of the socket tells us too */
    if (!warden_outside(&jail, HELPER_SOCKET, &more, &size, &err) ||
        !jail_unshare_pids(&jail, &err))
        warden_die(HELPER_SOCKET, &err);
    size_t n = split_lines(more, paths);
    pid_t pid = fork();
    if (pid < 0) {
        leti_error_set(&err, "fork: %s", strerror(errno));
        warden_die(HELPER_SOCKET, &err);
    }
    if (pid == 0)
        warden_inside(&jail, HELPER_SOCKET, paths, n, &(struct warden_work){ .run = run_job });
    close(HELPER_SOCKET); /* so that the plugin hears when the one inside ends */
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    return 0;
}
