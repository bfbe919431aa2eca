/* turn.c - programs run side by side, but for one that has to run alone.
 * SPDX-License-Identifier: Apache-2.0 */
#include "turn.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static bool open_lock(const char *path, int *out, struct leti_error *err)
{
    *out = open(path, O_RDONLY | O_CLOEXEC);
    return *out >= 0 || leti_error_set(err, "%s: %s", path, strerror(errno));
}

static bool lock(int fd, int how, struct leti_error *err)
{
    while (flock(fd, how) != 0)
        if (errno != EINTR)
            return leti_error_set(err, "flock: %s", strerror(errno));
    return true;
}

bool turn_open(struct turn *turn, const char *door, const char *room, struct leti_error *err)
{
    *turn = (struct turn){ -1, -1 };
    if (open_lock(door, &turn->door, err) && open_lock(room, &turn->room, err))
        return true;
    turn_close(turn);
    return false;
}

void turn_close(struct turn *turn)
{
    if (turn->door >= 0)
        close(turn->door);
    if (turn->room >= 0)
        close(turn->room);
    *turn = (struct turn){ -1, -1 };
}

bool turn_begin(const struct turn *turn, bool alone, struct leti_error *err)
{
    bool good = lock(turn->door, LOCK_EX, err) && lock(turn->room, alone ? LOCK_EX : LOCK_SH, err);
    (void)flock(turn->door, LOCK_UN);
    return good;
}

void turn_end(const struct turn *turn)
{
    (void)flock(turn->room, LOCK_UN);
}
