/* cgroup_find.h - where a process's control group is, as a folder.
 *
 * Apart from cgroup.h, because this much can be tried with any machine's files.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CGROUP_FIND_H
#define CGROUP_FIND_H

#include <limits.h>
#include <stdbool.h>

#include "leti/error.h"

struct cgroup_place {
    bool unified; /* version 2 */
    char path[PATH_MAX];
};

/* The folder of the group that, as far as the controller is concerned ("memory", "pids"), the
 * process is in whose folder in /proc this is: in the version 1 hierarchy that has the controller,
 * or else in version 2, whether that has it or not. */
bool cgroup_find(const char *controller, const char *proc, struct cgroup_place *out,
                 struct leti_error *err);

/* Whether the list, words with one of the separators between them, has the word. */
bool cgroup_has_word(const char *list, const char *separators, const char *word);

#endif
