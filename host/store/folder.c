/* folder - a run's folder: its name, its lock, its checkpoints.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "store/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "store/store.h"

enum { NUMBER_LIMIT = 100000, LOCK_STEP_MS = 20, LOCK_WAIT_MS = 1000 };

/* ---- the folder ---- */

/* What may lie in a folder, taken together. */
enum content { HAS_LOCK = 1, HAS_RUN = 2, HAS_REST = 4, HAS_OTHER = 8 };

/* What a run that is killed while it begins may leave. Only in a folder with a lock is it a run's.
 */
static unsigned content_of(const char *name)
{
    static const char *const rest[] = { "run.db-wal", "run.db-shm", "run.db-journal",
                                        "pipeline.lua", "work" };
    if (!strcmp(name, ".") || !strcmp(name, ".."))
        return 0;
    if (!strcmp(name, "lock") || !strcmp(name, "run.db"))
        return *name == 'l' ? HAS_LOCK : HAS_RUN;
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        if (!strcmp(name, rest[i]))
            return HAS_REST;
    return HAS_OTHER;
}

static unsigned content_of_folder(const char *path)
{
    DIR *dir = opendir(path);
    unsigned content = dir ? 0 : HAS_OTHER;
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        content |= content_of(entry->d_name);
    if (dir)
        closedir(dir);
    return content;
}

/* Says who holds the lock, as far as the file tells. */
static bool tell_holder(int fd, const char *path, struct leti_error *err)
{
    char process[16] = { 0 };
    if (pread(fd, process, sizeof process - 1, 0) <= 0)
        return leti_error_set(err, "%s: another leti is running it", path);
    process[strcspn(process, "\n")] = '\0';
    return leti_error_set(err, "%s: another leti is running it (process %s)", path, process);
}

/* A process that was killed takes a moment to let go. */
static bool lock_soon(int fd)
{
    const struct timespec moment = { .tv_nsec = LOCK_STEP_MS * 1000000 };
    for (int waited = 0; flock(fd, LOCK_EX | LOCK_NB); waited += LOCK_STEP_MS) {
        if (errno != EWOULDBLOCK || waited >= LOCK_WAIT_MS)
            return false;
        nanosleep(&moment, NULL);
    }
    return true;
}

/* The lock goes with the process, however it ends; the file stays. */
static bool take_lock(const char *path, int *lock, struct leti_error *err)
{
    char *file = path_join(path, "lock");
    int fd = file ? open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0666) : -1;
    free(file);
    if (fd < 0)
        return leti_error_set(err, "%s/lock: %s", path, strerror(errno));
    if (!lock_soon(fd)) {
        if (errno == EWOULDBLOCK)
            tell_holder(fd, path, err);
        else
            leti_error_set(err, "%s/lock: %s", path, strerror(errno));
        close(fd);
        return false;
    }
    if (ftruncate(fd, 0) || dprintf(fd, "%d\n", (int)getpid()) < 0) {
        leti_error_set(err, "%s/lock: %s", path, strerror(errno));
        close(fd);
        return false;
    }
    *lock = fd;
    return true;
}

static bool open_locked(const char *path, struct folder *folder, struct leti_error *err)
{
    char *absolute = realpath(path, NULL);
    char *name = absolute ? strdup(path) : NULL;
    if (!name)
        leti_error_set(err, "%s: %s", path, strerror(errno));
    if (!name || !take_lock(absolute, &folder->lock, err)) {
        free(absolute);
        free(name);
        return false;
    }
    folder->path = absolute;
    folder->name = name;
    return true;
}

void folder_close(struct folder *folder)
{
    if (!folder->path)
        return;
    close(folder->lock);
    free(folder->path);
    free(folder->name);
    *folder = (struct folder){ .lock = -1 };
}

/* Makes runs/NAME-NNN. The caller frees it; NULL with *err. */
static char *make_numbered(const char *name, struct leti_error *err)
{
    char path[512];
    if (!file_make_folders("runs", err))
        return NULL;
    for (int i = 1; i < NUMBER_LIMIT; i++) {
        if (snprintf(path, sizeof path, "runs/%s-%03d", name, i) >= (int)sizeof path) {
            leti_error_set(err, "pipeline name \"%.40s...\" is too long", name);
            return NULL;
        }
        if (mkdir(path, 0777) == 0) {
            char *copy = strdup(path);
            if (!copy)
                leti_error_set(err, "%s: out of memory", path);
            return copy;
        }
        if (errno != EEXIST) {
            leti_error_set(err, "cannot make %s: %s", path, strerror(errno));
            return NULL;
        }
    }
    leti_error_set(err, "runs/: no free number for %s", name);
    return NULL;
}

static bool refuse_content(const char *path, unsigned content, struct leti_error *err)
{
    return content & HAS_RUN
               ? leti_error_set(err,
                                "%s: is not empty; a run that is there goes on with --resume %s",
                                path, path)
               : leti_error_set(err, "%s: is not empty", path);
}

/* Whether all that is there is what a run left that was killed before it had begun. */
static bool is_unused(const char *path, unsigned content, bool *unused, struct leti_error *err)
{
    bool begun = false;
    if (content & HAS_RUN && !(content & HAS_OTHER) && !store_has_begun(path, &begun, err))
        return false;
    *unused = !(content & HAS_OTHER) && (!(content & HAS_REST) || content & HAS_RUN) && !begun;
    return true;
}

static void empty_folder(const char *path, const char *but)
{
    DIR *dir = opendir(path);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));) {
        bool inside = strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
        char *item = inside && strcmp(entry->d_name, but) ? path_join(path, entry->d_name) : NULL;
        if (item)
            file_remove_tree(item, NULL);
        free(item);
    }
    closedir(dir);
}

/* Begins again where another began. What is there is looked at under the lock: nobody adds to it.
 */
static bool reuse(const char *path, struct folder *folder, struct leti_error *err)
{
    bool unused = false;
    struct folder opened = { .lock = -1 };
    if (!open_locked(path, &opened, err))
        return false;
    unsigned content = content_of_folder(path);
    bool good =
        is_unused(path, content, &unused, err) && (unused || refuse_content(path, content, err));
    if (!good) {
        folder_close(&opened);
        return false;
    }
    empty_folder(path, "lock");
    *folder = opened;
    return true;
}

bool folder_create(const char *name, const char *out, struct folder *folder, struct leti_error *err)
{
    if (!out) {
        char *path = make_numbered(name, err);
        bool opened = path && open_locked(path, folder, err);
        free(path);
        folder->made = opened;
        return opened;
    }
    bool made = !path_is_folder(out);
    if (!file_make_folders(out, err))
        return false;
    unsigned content = content_of_folder(out);
    if (content & HAS_LOCK && !(content & HAS_OTHER))
        return reuse(out, folder, err);
    if (content)
        return refuse_content(out, content, err);
    folder->made = made;
    return open_locked(out, folder, err);
}

bool folder_open(const char *path, struct folder *folder, struct leti_error *err)
{
    char *database = path_join(path, "run.db");
    bool is_run = database && path_is_file(database);
    free(database);
    if (!is_run)
        return leti_error_set(err, "%s: not a run (no run.db in it)", path);
    return open_locked(path, folder, err);
}

/* No run was in the folder when it was locked, so that all that is in it came with this one. */
void folder_discard(struct folder *folder)
{
    if (!folder->path)
        return;
    if (folder->made)
        file_remove_tree(folder->path, NULL);
    else
        empty_folder(folder->path, "");
    folder_close(folder);
}

/* ---- checkpoints ---- */

static char *checkpoint_name(const struct folder *folder, uint32_t iteration, const char *end)
{
    struct text path = { 0 };
    text_printf(&path, "%s/checkpoints/%04u%s", folder->path, iteration, end);
    return text_take(&path, NULL);
}

char *checkpoint_path(const struct folder *folder, uint32_t iteration)
{
    return checkpoint_name(folder, iteration, "");
}

bool checkpoint_exists(const struct folder *folder, uint32_t iteration)
{
    char *path = checkpoint_path(folder, iteration);
    bool exists = path && path_is_folder(path);
    free(path);
    return exists;
}

bool checkpoint_begin(const struct folder *folder, uint32_t iteration, char **path,
                      struct leti_error *err)
{
    char *made = checkpoint_name(folder, iteration, ".tmp");
    if (!made)
        return leti_error_set(err, "checkpoint %u: out of memory", iteration);
    if (!file_remove_tree(made, err) || !file_make_folders(made, err)) {
        free(made);
        return false;
    }
    *path = made;
    return true;
}

bool checkpoint_end(const struct folder *folder, uint32_t iteration, struct leti_error *err)
{
    char *from = checkpoint_name(folder, iteration, ".tmp");
    char *to = checkpoint_path(folder, iteration);
    bool done = false;
    if (!from || !to)
        leti_error_set(err, "checkpoint %u: out of memory", iteration);
    else
        done = file_sync_tree(from, err) && file_rename(from, to, err);
    free(from);
    free(to);
    return done;
}

/* What is half removed has the name of what is half written. */
static bool checkpoint_remove(const struct folder *folder, uint32_t iteration,
                              struct leti_error *err)
{
    char *from = checkpoint_path(folder, iteration);
    char *to = checkpoint_name(folder, iteration, ".tmp");
    bool done = false;
    if (!from || !to)
        leti_error_set(err, "checkpoint %u: out of memory", iteration);
    else
        done = file_remove_tree(to, err) && file_rename(from, to, err) && file_remove_tree(to, err);
    free(from);
    free(to);
    return done;
}

bool checkpoint_remove_to(const struct folder *folder, uint32_t iteration, struct leti_error *err)
{
    for (; iteration && checkpoint_exists(folder, iteration); iteration--)
        if (!checkpoint_remove(folder, iteration, err))
            return false;
    return true;
}

/* Removes the files of one folder whose names begin so. */
static bool remove_matching(const char *path, DIR *dir, const char *prefix, struct leti_error *err)
{
    for (struct dirent *entry; (entry = readdir(dir));)
        if (!strncmp(entry->d_name, prefix, strlen(prefix)) &&
            unlinkat(dirfd(dir), entry->d_name, 0) && errno != ENOENT)
            return leti_error_set(err, "cannot remove %s/%s: %s", path, entry->d_name,
                                  strerror(errno));
    return true;
}

bool checkpoint_drop_optimizer(const struct folder *folder, uint32_t iteration,
                               struct leti_error *err)
{
    char *path = checkpoint_path(folder, iteration);
    DIR *dir = path ? opendir(path) : NULL;
    bool done = true; /* a checkpoint that a person has removed has no optimizer state */
    if (dir) {
        done = remove_matching(path, dir, "optimizer", err);
        closedir(dir);
    }
    free(path);
    return done;
}
