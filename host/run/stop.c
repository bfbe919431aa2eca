/* stop - Ctrl-C and SIGTERM: the first asks the run to stop, a second one ends the program.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/stop.h"

#include <errno.h>
#include <signal.h>

static volatile sig_atomic_t asked;

static void ask(int number)
{
    if (asked) {
        signal(number, SIG_DFL);
        raise(number); /* delivered as soon as this handler returns */
    }
    asked = 1;
}

bool stop_watch(struct leti_error *err)
{
    struct sigaction action = { .sa_handler = ask, .sa_flags = SA_RESTART };
    asked = 0;
    if (sigaction(SIGINT, &action, NULL) || sigaction(SIGTERM, &action, NULL))
        return leti_error_set(err, "cannot watch for signals: %s", strerror(errno));
    return true;
}

bool stop_asked(void)
{
    return asked;
}
