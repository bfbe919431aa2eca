/* turn.h - programs run side by side, but for one that has to run alone.
 *
 * All evaluators of one user on this machine take part: they lock two bytes of one empty file, the
 * door and the room, which no other user can open and no program in a jail can see. Who waits to be
 * alone holds the door, so that nobody new comes in.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TURN_H
#define TURN_H

#include <stdbool.h>

#include "leti/error.h"

struct turn {
    int file; /* descriptor; -1 */
};

/* Opens the file for its locks: leti-turn-UID in XDG_RUNTIME_DIR, or in /tmp. It stays there. */
bool turn_open(struct turn *turn, struct leti_error *err);
void turn_close(struct turn *turn);

/* Waits until nobody is alone; or, to be alone, until nobody else has a turn. After a minute of
 * either it goes on: whoever has the lock may be stopped, and better crowded than never. */
bool turn_begin(const struct turn *turn, bool alone, struct leti_error *err);
void turn_end(const struct turn *turn);

#endif
