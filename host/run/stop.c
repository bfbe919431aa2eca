/* stop - Ctrl-C, SIGTERM and SIGHUP: the first asks the run to stop, a second ends the program.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/stop.h"

#include <errno.h>
#include <signal.h>

static volatile sig_atomic_t asked;

static void ask(int number)
{
    if (asked && number == SIGHUP) /* a terminal that closes may send several */
        return;
    if (asked) {
        signal(number, SIG_DFL);
        raise(number); /* delivered as soon as this handler returns */
    }
    asked = 1;
}

static bool is_ignored(int number)
{
    struct sigaction before;
    return !sigaction(number, NULL, &before) && before.sa_handler == SIG_IGN;
}

bool stop_watch(struct leti_error *err)
{
    struct sigaction action = { .sa_handler = ask, .sa_flags = SA_RESTART };
    asked = 0;
    if (sigaction(SIGINT, &action, NULL) || sigaction(SIGTERM, &action, NULL) ||
        (!is_ignored(SIGHUP) && sigaction(SIGHUP, &action, NULL)))
        return leti_error_set(err, "cannot watch for signals: %s", strerror(errno));
    return true;
}

bool stop_asked(void)
{
    return asked;
}
