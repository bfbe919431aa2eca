/* first.c - signals that end the first process of a pid namespace.
 * SPDX-License-Identifier: Apache-2.0 */
#include "first.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static struct report *mine;
static char spare_stack[16 << 10]; /* for what comes when the other one is used up */

static void end(int number)
{
    if (mine)
        mine->signal = (uint32_t)number;
    _exit(128 + number);
}

static bool is_fatal(int number)
{
    switch (number) {
    case SIGKILL:
    case SIGSTOP:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
    case SIGCONT:
    case SIGCHLD:
    case SIGURG:
    case SIGWINCH:
        return false; /* out of reach, or not the end of anybody */
    default:
        return number < 32 || number >= SIGRTMIN; /* those between are the C library's own */
    }
}

bool first_handle_signals(struct leti_error *err)
{
    stack_t stack = { .ss_sp = spare_stack, .ss_size = sizeof spare_stack };
    if (sigaltstack(&stack, NULL) != 0)
        return leti_error_set(err, "sigaltstack: %s", strerror(errno));
    for (int number = 1; number <= SIGRTMAX; number++) {
        struct sigaction now, wanted = { .sa_handler = end, .sa_flags = SA_ONSTACK };
        sigfillset(&wanted.sa_mask);
        if (!is_fatal(number) || sigaction(number, NULL, &now) != 0 || now.sa_handler != SIG_DFL)
            continue;
        if (sigaction(number, &wanted, NULL) != 0)
            return leti_error_set(err, "sigaction %d: %s", number, strerror(errno));
    }
    return true;
}

void first_reports_to(struct report *report)
{
    mine = report;
}
