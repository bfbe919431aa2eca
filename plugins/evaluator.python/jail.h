/* jail.h - what a program is shut in: namespaces, a private view of the files, limits, no rights.
 *
 * The namespaces and the mounts are made once, around the zygote, and shared by the programs that
 * it runs one after the other. That is sound because nothing passes from one program to the next:
 * the zygote kills and reaps whatever is left, the working folder is replaced once touched, and
 * the means that would outlive a process (System V and POSIX queues, sockets, keys, host name)
 * are refused by the filter. Making them for each program would cost several times the fork.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef JAIL_H
#define JAIL_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "leti/error.h"
#include "protocol.h"

struct jail {
    struct settings settings;
    struct identity identity; /* of the programs */
    struct sock_fprog filter;
    pid_t zygote;      /* as a program sees it */
    struct stat fresh; /* the working folder before a program touched it */
};

/* Moves this process, which must have one thread, into user, mount, network, IPC and UTS
 * namespaces of its own. */
bool jail_unshare(struct leti_error *err);

/* After jail_unshare: the next process that this thread forks is the first of a pid namespace. */
bool jail_unshare_pids(struct leti_error *err);

/* Replaces the file system by one that holds /usr, the libraries, these n paths (all read-only),
 * /dev with null, zero and random numbers, and an empty /sandbox of settings.disk_bytes that
 * identity may write to. No other file of the machine is left in sight; /proc is empty. */
bool jail_build(struct jail *jail, char **paths, size_t n, struct leti_error *err);

/* Gives the next program an empty /sandbox if the last one touched it. Zygote only. */
bool jail_refresh(struct jail *jail, struct leti_error *err);

/* Makes the calling process, a program about to start, stay within the settings: resource
 * limits, identity, no capabilities, no new privileges, the filter. There is no way back, but
 * for the memory limit: see jail_relax. */
bool jail_enter(const struct jail *jail, struct leti_error *err);

/* Allows a little more memory, so that a program that ran out of it can be reported. */
void jail_relax(void);

#endif
