/* turn.h - programs run side by side, but for one that has to run alone.
 *
 * All evaluators of this machine take part that see the same two files, of which nothing but the
 * lock is used (flock). Who waits to be alone holds the door, so that nobody new comes in.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TURN_H
#define TURN_H

#include <stdbool.h>

#include "leti/error.h"

struct turn {
    int door, room; /* descriptors; -1 */
};

/* Opens the two files for their locks. */
bool turn_open(struct turn *turn, const char *door, const char *room, struct leti_error *err);
void turn_close(struct turn *turn);

/* Waits until nobody is alone; or, to be alone, until nobody else has a turn. */
bool turn_begin(const struct turn *turn, bool alone, struct leti_error *err);
void turn_end(const struct turn *turn);

#endif
