/* jail.h - what a program is shut in: namespaces, a private view of the files, limits, no rights.
 *
 * There are two of them, one in the other. The warden's is made once: namespaces, and a view of the
 * files that holds nothing of the machine's but what a program needs. In it each program gets
 * namespaces of its own, of which it is the first process, an empty working folder, limits, and
 * the filter. Nothing that it does to them outlives it.
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
#include "report.h"

#define JAIL_WORK "/sandbox" /* where a program starts, and the only place where it may write */

struct jail {
    struct settings settings;
    struct identity identity; /* of the programs */
    struct sock_fprog filter;
    pid_t warden; /* as a program without namespaces sees it */
    int proc;     /* the machine's /proc, for the warden and nobody else; -1 */
};

/* Moves this process, which must have one thread, into user, mount, network, IPC, UTS and cgroup
 * namespaces of its own, where the settings want namespaces. */
bool jail_unshare(struct jail *jail, struct leti_error *err);

/* After jail_unshare: the next process that this thread forks is the first of a pid namespace. */
bool jail_unshare_pids(const struct jail *jail, struct leti_error *err);

/* Without namespaces: root gives its programs to nobody, if nobody can reach the first of these n
 * paths; who is not root has only himself. */
void jail_own_identity(struct jail *jail, char **paths, size_t n);

/* Replaces the file system by one that holds /usr, the libraries, these n paths, /dev with null,
 * zero and random numbers, all of it read-only. No other file of the machine is left in sight;
 * /proc is empty, and so is /sandbox, on which programs mount their working folders. */
bool jail_build(char **paths, size_t n, struct leti_error *err);

/* After jail_build: takes the programs' identity, and keeps of the rights in our user namespace
 * what it takes to make others. */
bool jail_settle(const struct jail *jail, struct leti_error *err);

/* Forks, as fork() does, a process that is the first in user, pid, mount, network, IPC, UTS and
 * cgroup namespaces of its own, where the settings want namespaces. The caller has one thread. */
pid_t jail_clone(const struct jail *jail);

/* Makes the calling process, of jail_clone, stay within the settings: identity, working folder,
 * resource limits, no capabilities, no new privileges, and the filter, of which *listener is the
 * warden's end. Says in the report who it is. There is no way back, but for the memory limit: see
 * jail_relax. */
bool jail_enter(const struct jail *jail, struct report *report, int *listener,
                struct leti_error *err);

/* After jail_enter, and once the listener is sent: the kernel lets nobody send descriptors while
 * more than this limit are under way between the user's processes, and another program may have
 * put them there. */
bool jail_limit_files(const struct jail *jail, struct leti_error *err);

/* Allows a little more memory, so that a program that ran out of it can be reported. */
void jail_relax(void);

/* The processor time after which a program is told to end; a second later it is ended. */
uint64_t jail_cpu_seconds(const struct settings *settings);

#endif
