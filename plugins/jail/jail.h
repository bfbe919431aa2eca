/* jail.h - what a program is shut in: namespaces, a private view of the files, limits, no rights.
 *
 * There are two of them, one in the other. The zygote's is made once: namespaces, and a view of the
 * files that holds nothing of the machine's but what a program needs. In it each program gets
 * namespaces of its own (see nest.h), an empty working folder, limits, and the filter. Nothing
 * that it does to them outlives it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef JAIL_H
#define JAIL_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "leti/error.h"
#include "protocol.h"

struct jail {
    struct settings settings;
    struct identity identity; /* of the programs */
    struct sock_fprog filter;
    pid_t zygote; /* as a program without namespaces sees it */
    int proc;     /* the machine's /proc, for the zygote and nobody else */
};

/* Moves this process, which must have one thread, into user, mount, network, IPC and UTS
 * namespaces of its own. */
bool jail_unshare(struct leti_error *err);

/* After jail_unshare: the next process that this thread forks is the first of a pid namespace. */
bool jail_unshare_pids(struct leti_error *err);

/* Replaces the file system by one that holds /usr, the libraries, these n paths, /dev with null,
 * zero and random numbers, all of it read-only. No other file of the machine is left in sight;
 * /proc is empty, and so is /sandbox, on which programs mount their working folders. */
bool jail_build(struct jail *jail, char **paths, size_t n, struct leti_error *err);

/* After jail_build: takes the programs' identity, and keeps of the rights in our user namespace
 * what it takes to make others. */
bool jail_settle(const struct jail *jail, struct leti_error *err);

/* Makes the calling process, a program about to start, stay within the settings: identity,
 * working folder, resource limits, no capabilities, no new privileges, the filter, no descriptors
 * but 0, 1 and 2. With namespaces it must be in its own, as nest_open makes them. There is no way
 * back, but for the memory limit: see jail_relax. */
bool jail_enter(const struct jail *jail, struct leti_error *err);

/* Allows a little more memory, so that a program that ran out of it can be reported. */
void jail_relax(void);

#endif
