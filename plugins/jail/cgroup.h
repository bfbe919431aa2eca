/* cgroup.h - limits of memory and processes for all of a worker together: its interpreter and the
 * program that it runs.
 *
 * Resource limits count for one process each, and so does the address space that they bound. A
 * control group bounds what all processes in it take of the machine, files in memory included. Not
 * every machine lets a process make one, so that nothing else relies on it. Versions 1 and 2 of
 * control groups are used as they are mounted, also one of them for memory and the other for
 * processes (Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst of the kernel).
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CGROUP_H
#define CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "leti/error.h"

enum { CGROUP_MEMORY, CGROUP_PIDS, CGROUP_LIMITS };

/* Zeroed is closed. */
struct cgroup {
    char name[64];
    struct cgroup_folder {
        bool open, unified; /* unified: version 2 */
        int parent, folder; /* descriptors; the lock on the latter says that its owner lives */
    } limits[CGROUP_LIMITS];
    char lacking[1024]; /* why one of the limits is not there; empty where both are */
};

/* Makes a group below the one that this process is in, bounds it, and moves the process member
 * into it with all that it will start. Memory is what all of them take, swap included where the
 * kernel counts it, and files in memory. Removes groups that owners which were killed have left
 * there. True where at least one limit holds; *out is then the caller's to close. Any thread. */
bool cgroup_open(struct cgroup *out, uint64_t memory_bytes, uint32_t pids, pid_t member,
                 struct leti_error *err);

/* How many processes of the group the kernel has killed for want of memory, so far. A program
 * that ends by SIGKILL while this grows has had too much memory. 0 where memory has no limit. */
uint64_t cgroup_oom_kills(const struct cgroup *cgroup);

/* Removes the group, whose members must be dead or dying; waits a little for the latter. A group
 * that still has members then is left to whoever opens the next one. Closing twice is fine. */
void cgroup_close(struct cgroup *cgroup);

#endif
