/* launch.h - the plugin's side of a warden: starts the process that it lives in, and talks to it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAUNCH_H
#define LAUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cgroup.h"
#include "leti/error.h"
#include "leti/plugin.h"
#include "protocol.h"

struct launched {
    pid_t pid;  /* of our child; 0: it does not run */
    int socket; /* to the warden, -1 */
    struct cgroup cgroup;
};

/* Starts the program at path, which must become a warden with its socket as descriptor 3, sends it
 * the settings and what else it wants to know, and waits until it is ready. It dies with the
 * calling thread. Control groups bound it
 * where they may be had. */
bool launch_warden(const char *path, char *const *argv, char *const *env,
                   const struct settings *settings, struct leti_bytes more, struct launched *out,
                   struct leti_error *err);

/* Has it run one program, whose message is n parts, and waits for its end. *out and the texts
 * behind it (malloc, one block, the caller's) are what the warden said. Fails where the warden is
 * lost: stop it then. */
bool launched_run(const struct launched *launched, uint64_t timeout_ns, const struct part *parts,
                  size_t n, struct result **out, struct leti_error *err);

/* Kills it with all that it runs. Does nothing where it does not run. */
void launched_stop(struct launched *launched);

/* Runs a program that says a few words and ends: out receives what it writes to stdout. */
bool launch_and_read(const char *path, char *const *argv, char *const *env, unsigned seconds,
                     char *out, size_t size, struct leti_error *err);

#endif
