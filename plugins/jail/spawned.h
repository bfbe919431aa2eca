/* spawned.h - a child process of the host's that has nothing of it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SPAWNED_H
#define SPAWNED_H

#include <stdbool.h>
#include <sys/types.h>

#include "leti/error.h"

/* Starts argv with descriptors 0, 1, 2 and, where it is not -1, 3 as given, no others, and
 * signals as a fresh process has them. Those given are above 3: see spawned_move_up. */
bool spawned_start(const char *path, char *const *argv, char *const *env, const int fds[4],
                   pid_t *pid, struct leti_error *err);

/* Waits for its end. How it ended does not matter; somebody else in the host may have reaped it. */
void spawned_reap(pid_t pid);

/* Gives the descriptor a number that is none of 0..3, so that arranging those cannot overwrite
 * it. -1 stays -1, with its errno. */
int spawned_move_up(int fd);

#endif
