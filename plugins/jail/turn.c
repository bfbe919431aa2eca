/* turn.c - programs run side by side, but for one that has to run alone.
 * SPDX-License-Identifier: Apache-2.0 */
#include "turn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "protocol.h"

enum { DOOR, ROOM }; /* bytes of the file */

bool turn_open(struct turn *turn, struct leti_error *err)
{
    char path[4096];
    struct stat info;
    const char *folder = getenv("XDG_RUNTIME_DIR");
    if (!folder || access(folder, W_OK) != 0)
        folder = "/tmp";
    snprintf(path, sizeof path, "%s/leti-turn-%u", folder, (unsigned)geteuid());
    turn->file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (turn->file < 0)
        return leti_error_set(err, "%s: %s", path, strerror(errno));
    if (fstat(turn->file, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == geteuid())
        return true;
    turn_close(turn);
    return leti_error_set(err, "%s: is not a file of this user; remove it", path);
}

void turn_close(struct turn *turn)
{
    if (turn->file >= 0)
        close(turn->file);
    turn->file = -1;
}

/* Locks the byte of the file, or lets go of it; waits up to a minute. */
static bool lock(const struct turn *turn, int byte, short how, struct leti_error *err)
{
    enum { PATIENCE_SECONDS = 60 };
    const struct timespec pause = { .tv_nsec = 1000000 };
    int64_t until = clock_ns() + (int64_t)PATIENCE_SECONDS * 1000000000;
    struct flock wanted = { .l_type = how, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };
    while (fcntl(turn->file, F_OFD_SETLK, &wanted) != 0 && clock_ns() < until) {
        if (errno != EINTR && errno != EAGAIN && errno != EACCES)
            return leti_error_set(err, "lock of turns: %s", strerror(errno));
        nanosleep(&pause, NULL);
    }
    return true;
}

bool turn_begin(const struct turn *turn, bool alone, struct leti_error *err)
{
    struct leti_error ignored;
    bool good = lock(turn, DOOR, F_WRLCK, err) && lock(turn, ROOM, alone ? F_WRLCK : F_RDLCK, err);
    (void)lock(turn, DOOR, F_UNLCK, &ignored);
    return good;
}

void turn_end(const struct turn *turn)
{
    struct leti_error ignored;
    (void)lock(turn, ROOM, F_UNLCK, &ignored);
}
