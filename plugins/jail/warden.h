/* warden.h - keeps a process ready, hands it a program, watches it and judges how it ended.
 *
 * The warden is a process of one thread, inside of a jail that jail_build made. A cell is a process
 * that it forked and that has shut itself in; it waits for its program and knows nothing of it
 * before. While one cell runs a program the next is being prepared, on another core if there is
 * one.
 *
 *     warden:  clone A | hand over to A, clone B | watch A, judge A | hand over to B, clone C ...
 *     A:         shut itself in, wait ...........| run, end
 *     B:                                         | shut itself in, wait ...
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef WARDEN_H
#define WARDEN_H

#include <stdbool.h>
#include <stddef.h>

#include "jail.h"
#include "leti/error.h"
#include "report.h"

/* What a cell does with the payload of a MESSAGE_PROGRAM, which has a NUL behind it. It fills in
 * *report; when it returns, the process ends. */
typedef void warden_run(void *arg, const char *message, size_t size, struct report *report);

/* What a cell does while it waits: touches what every program is going to touch, so that these
 * pages are its own already. */
typedef void warden_warm(void *arg);

struct warden_work {
    warden_run *run;
    warden_warm *warm; /* may be NULL */
    void *arg;
    bool announces; /* run says report_begins; what ends before is our fault, or the data set's */
};

/* The first step, in a process of one thread, outside: receives the settings, and what else the
 * plugin sent with them (malloc, *more, with a NUL behind it), and makes the namespaces but that of
 * pids, whose first process the warden is to be: after jail_unshare_pids, fork. */
bool warden_outside(struct jail *jail, int socket, char **more, size_t *more_size,
                    struct leti_error *err);

/* The second, in the process that is first: builds the jail, in which these n paths are seen, and
 * serves the plugin, program after program, until it is gone or the warden cannot go on. */
__attribute__((noreturn)) void warden_inside(struct jail *jail, int socket, char **paths, size_t n,
                                             const struct warden_work *work);

/* Tells the plugin why there will be no warden. */
__attribute__((noreturn)) void warden_die(int socket, const struct leti_error *err);

#endif
