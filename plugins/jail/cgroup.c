/* cgroup.c - makes, bounds and removes control groups.
 * SPDX-License-Identifier: Apache-2.0 */
#include "cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cgroup_find.h"

#define PREFIX "leti-"

enum { CLOSE_TRIES = 200, CLOSE_PAUSE_NS = 5000000 }; /* one second in all */

static const char *const controllers[CGROUP_LIMITS] = { "memory", "pids" };

/* ---- files in a group ---- */

static bool write_file(int folder, const char *name, const char *text, struct leti_error *err)
{
    int fd = openat(folder, name, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return leti_error_set(err, "%s: %s", name, strerror(errno));
    ssize_t n = write(fd, text, strlen(text));
    int saved = errno;
    close(fd);
    return n == (ssize_t)strlen(text) || leti_error_set(err, "%s: %s", name, strerror(saved));
}

static bool write_number(int folder, const char *name, uint64_t number, struct leti_error *err)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, number);
    return write_file(folder, name, text, err);
}

static bool read_file(int folder, const char *name, char *out, size_t size)
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, out, size - 1);
    close(fd);
    if (n < 0)
        return false;
    out[n] = '\0';
    return true;
}

static bool exists(int folder, const char *name)
{
    return faccessat(folder, name, F_OK, 0) == 0;
}

/* ---- groups of the dead ---- */

/* Removes the group if its owner is gone: nobody holds its lock. Where it still has members the
 * kernel keeps it. */
static void remove_if_left(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        unlinkat(parent, name, AT_REMOVEDIR);
    close(fd);
}

static void sweep(int parent)
{
    int fd = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (const struct dirent *entry; (entry = readdir(dir));)
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0)
            remove_if_left(parent, entry->d_name);
    closedir(dir);
}

/* ---- a limit ---- */

/* Version 2 gives a group's children a controller only where the group says so, and lets it say so
 * only while it has no members, unless it is the root. */
static bool hand_down(int parent, const char *controller, struct leti_error *err)
{
    char text[512], wish[32];
    if (read_file(parent, "cgroup.subtree_control", text, sizeof text) &&
        cgroup_has_word(text, " \n", controller))
        return true;
    snprintf(wish, sizeof wish, "+%s", controller);
    int fd = openat(parent, "cgroup.subtree_control", O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, wish, strlen(wish)) == (ssize_t)strlen(wish);
    int saved = errno;
    if (fd >= 0)
        close(fd);
    if (!ok && saved == EBUSY)
        return leti_error_set(err, "the group has processes, this one among them, and so can give "
                                   "groups below it no limits");
    return ok || leti_error_set(err, "cgroup.subtree_control: %s", strerror(saved));
}

static bool set_memory(const struct cgroup_folder *limit, uint64_t bytes, struct leti_error *err)
{
    int folder = limit->folder;
    const char *swap = limit->unified ? "memory.swap.max" : "memory.memsw.limit_in_bytes";
    /* Version 1 counts memory and swap together, and has no file for it where it counts neither. */
    return write_number(folder, limit->unified ? "memory.max" : "memory.limit_in_bytes", bytes,
                        err) &&
           (!exists(folder, swap) || write_number(folder, swap, limit->unified ? 0 : bytes, err));
}

/* Takes the folder, which a sweeper takes for a dead owner's until it is locked. */
static bool take(int parent, const char *name, int *out, struct leti_error *err)
{
    /* Both controllers may be in one hierarchy. The name is ours alone, so it was we who made it.
     */
    if (mkdirat(parent, name, 0755) != 0 && errno != EEXIST)
        return leti_error_set(err, "%s", strerror(errno));
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) == 0 && exists(parent, name)) {
        *out = fd;
        return true;
    }
    leti_error_set(err, "%s: %s", name, strerror(errno));
    if (fd >= 0)
        close(fd);
    unlinkat(parent, name, AT_REMOVEDIR);
    return false;
}

static void remove_folder(struct cgroup_folder *limit, const char *name)
{
    const struct timespec pause = { .tv_nsec = CLOSE_PAUSE_NS };
    for (int i = 0; i < CLOSE_TRIES; i++) {
        if (unlinkat(limit->parent, name, AT_REMOVEDIR) == 0 || errno != EBUSY)
            break;
        nanosleep(&pause, NULL);
    }
    close(limit->folder);
    close(limit->parent);
    *limit = (struct cgroup_folder){ 0 };
}

static bool limit_open(int which, const char *name, uint64_t value, pid_t member,
                       struct cgroup_folder *out, struct leti_error *err)
{
    struct cgroup_place place;
    struct leti_error why;
    if (!cgroup_find(controllers[which], "/proc/self", &place, err))
        return false;
    struct cgroup_folder limit = { .open = true, .unified = place.unified };
    limit.parent = open(place.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (limit.parent < 0)
        return leti_error_set(err, "%s: %s: %s", controllers[which], place.path, strerror(errno));
    sweep(limit.parent);
    if ((!limit.unified || hand_down(limit.parent, controllers[which], &why)) &&
        take(limit.parent, name, &limit.folder, &why)) {
        if ((which == CGROUP_MEMORY ? set_memory(&limit, value, &why)
                                    : write_number(limit.folder, "pids.max", value, &why)) &&
            write_number(limit.folder, "cgroup.procs", (uint64_t)member, &why)) {
            *out = limit;
            return true;
        }
        remove_folder(&limit, name);
    } else {
        close(limit.parent);
    }
    return leti_error_set(err, "%s: %s: %s", controllers[which], place.path, why.text);
}

/* ---- a group ---- */

/* The clock, because several pid namespaces may make groups in one folder. */
static void name_group(char *out, size_t size)
{
    static unsigned serial;
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    snprintf(out, size, PREFIX "%d-%jd%09ld-%u", (int)getpid(), (intmax_t)now.tv_sec, now.tv_nsec,
             __atomic_fetch_add(&serial, 1, __ATOMIC_RELAXED));
}

bool cgroup_open(struct cgroup *out, uint64_t memory_bytes, uint32_t pids, pid_t member,
                 struct leti_error *err)
{
    struct cgroup cgroup = { 0 };
    struct leti_error why[CGROUP_LIMITS] = { 0 };
    const uint64_t values[CGROUP_LIMITS] = { memory_bytes, pids };
    name_group(cgroup.name, sizeof cgroup.name);
    bool any = false;
    for (int i = 0; i < CGROUP_LIMITS; i++) {
        bool ok = limit_open(i, cgroup.name, values[i], member, &cgroup.limits[i], &why[i]);
        any = any || ok;
        if (!ok && cgroup.lacking[0] == '\0')
            snprintf(cgroup.lacking, sizeof cgroup.lacking, "%s", why[i].text);
    }
    if (!any)
        return leti_error_set(err, "%s", cgroup.lacking);
    *out = cgroup;
    return true;
}

uint64_t cgroup_oom_kills(const struct cgroup *cgroup)
{
    const struct cgroup_folder *memory = &cgroup->limits[CGROUP_MEMORY];
    char text[512];
    uint64_t kills = 0;
    if (!memory->open ||
        !read_file(memory->folder, memory->unified ? "memory.events" : "memory.oom_control", text,
                   sizeof text))
        return 0;
    const char *line = strstr(text, "oom_kill ");
    if (line && sscanf(line, "oom_kill %" SCNu64, &kills) != 1)
        return 0;
    return kills;
}

void cgroup_close(struct cgroup *cgroup)
{
    for (int i = 0; i < CGROUP_LIMITS; i++)
        if (cgroup->limits[i].open)
            remove_folder(&cgroup->limits[i], cgroup->name);
}
