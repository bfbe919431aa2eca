/* file - whole files: read within a bound, written so that a crash leaves the old or the new.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/path.h"
#include "base/text.h"

enum { PART_BYTES = 1 << 20, OPEN_FOLDERS = 16 };

static bool fail(struct leti_error *err, const char *what, const char *path)
{
    return leti_error_set(err, "cannot %s %s: %s", what, path, strerror(errno));
}

/* ---- reading ---- */

static bool gz_fail(struct leti_error *err, gzFile file, const char *path)
{
    int code;
    const char *why = gzerror(file, &code);
    if (code == Z_BUF_ERROR)
        why = "the gzip file ends too early";
    return leti_error_set(err, "cannot read %s: %s", path, code == Z_ERRNO ? strerror(errno) : why);
}

static bool read_parts(gzFile file, const char *path, size_t limit, struct text *text,
                       struct leti_error *err)
{
    char *part = malloc(PART_BYTES);
    if (!part)
        return leti_error_set(err, "%s: out of memory", path);
    int got;
    while ((got = gzread(file, part, PART_BYTES)) > 0 && text->size + (size_t)got <= limit)
        text_append(text, part, (size_t)got);
    free(part);
    if (got > 0)
        return leti_error_set(err, "%s is larger than %zu bytes", path, limit);
    if (got < 0)
        return gz_fail(err, file, path);
    int code;
    gzerror(file, &code); /* a gzip file that was cut off reads as one that ended */
    return code == Z_OK || code == Z_STREAM_END ? true : gz_fail(err, file, path);
}

bool file_read(const char *path, size_t limit, char **data, size_t *size, struct leti_error *err)
{
    if (path_is_folder(path))
        return leti_error_set(err, "cannot read %s: it is a folder", path);
    if (path_is_fifo(path))
        return leti_error_set(err, "cannot read %s: it is a named pipe, not a file", path);
    gzFile file = gzopen(path, "rbe");
    if (!file)
        return fail(err, "read", path);

    struct text text = { 0 };
    bool ok = read_parts(file, path, limit, &text, err);
    gzclose(file); /* of a file that was read: whatever it says, the bytes are here */
    size_t read_bytes = text.size;
    char *bytes = ok ? text_take(&text, err) : NULL;
    text_free(&text);
    if (!bytes)
        return false;
    *data = bytes;
    *size = read_bytes;
    return true;
}

/* ---- writing ---- */

static bool sync_path(const char *path, struct leti_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return fail(err, "open", path);
    bool ok = !fsync(fd) || fail(err, "sync", path);
    if (close(fd) && ok)
        ok = fail(err, "close", path);
    return ok;
}

static bool sync_folder_of(const char *path, struct leti_error *err)
{
    char *folder = path_folder(path);
    if (!folder)
        return leti_error_set(err, "out of memory");
    bool ok = sync_path(folder, err);
    free(folder);
    return ok;
}

static bool write_all(int fd, const char *data, size_t size)
{
    while (size) {
        ssize_t written = write(fd, data, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        data += written;
        size -= (size_t)written;
    }
    return true;
}

bool file_rename(const char *from, const char *to, struct leti_error *err)
{
    if (rename(from, to))
        return leti_error_set(err, "cannot rename %s to %s: %s", from, to, strerror(errno));
    return sync_folder_of(to, err);
}

/* Writes, syncs and closes fd, which is of the file `path`. */
static bool fill_file(int fd, const char *path, const void *data, size_t size,
                      struct leti_error *err)
{
    /* mkostemp gives 0600: what others may do is as for any new file. */
    mode_t mask = umask(0);
    umask(mask);
    bool ok = (write_all(fd, data, size) && !fchmod(fd, 0666 & ~mask) && !fsync(fd)) ||
              fail(err, "write", path);
    if (close(fd) && ok)
        ok = fail(err, "close", path);
    return ok;
}

/* Whether something stands there, or where a link leads, that is neither a file nor a folder. */
static bool is_special(const char *path)
{
    struct stat info;
    return !stat(path, &info) && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

/* What the path leads to, which the caller frees; a name that is free yet stays as it is. */
static char *follow(const char *path, struct leti_error *err)
{
    struct stat info;
    bool is_link = !lstat(path, &info) && S_ISLNK(info.st_mode);
    char *real = is_link ? realpath(path, NULL) : strdup(path);
    if (!real)
        fail(err, "write", path);
    return real;
}

/* A pipe that nobody reads is an error, not a wait. */
static bool write_into(const char *path, const void *data, size_t size, struct leti_error *err)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return fail(err, "write", path);
    bool ok = (!fcntl(fd, F_SETFL, 0) && write_all(fd, data, size)) || fail(err, "write", path);
    if (close(fd) && ok)
        ok = fail(err, "close", path);
    return ok;
}

static bool replace(const char *path, const void *data, size_t size, struct leti_error *err)
{
    struct text name = { 0 };
    text_printf(&name, "%s.XXXXXX", path);
    char *beside = text_take(&name, err);
    if (!beside)
        return false;
    int fd = mkostemp(beside, O_CLOEXEC);
    bool ok = fd >= 0 || fail(err, "write", path);
    if (ok) {
        ok = fill_file(fd, beside, data, size, err) && file_rename(beside, path, err);
        if (!ok)
            unlink(beside);
    }
    free(beside);
    return ok;
}

bool file_write(const char *path, const void *data, size_t size, struct leti_error *err)
{
    if (is_special(path))
        return write_into(path, data, size, err);
    char *real = follow(path, err);
    bool ok = real && replace(real, data, size, err);
    free(real);
    return ok;
}

static bool can_replace(const char *path, struct leti_error *err)
{
    char *folder = path_folder(path);
    if (!folder)
        return leti_error_set(err, "%s: out of memory", path);
    bool ok = !access(folder, W_OK | X_OK) ||
              leti_error_set(err, "cannot write %s: folder %s: %s", path, folder, strerror(errno));
    free(folder);
    return ok;
}

bool file_can_write(const char *path, struct leti_error *err)
{
    if (path_is_folder(path))
        return leti_error_set(err, "cannot write %s: it is a folder", path);
    if (is_special(path))
        return !access(path, W_OK) || fail(err, "write", path);
    char *real = follow(path, err);
    bool ok = real && can_replace(real, err);
    free(real);
    return ok;
}

/* ---- folders ---- */

bool file_make_folders(const char *path, struct leti_error *err)
{
    char *part = strdup(path);
    if (!part)
        return leti_error_set(err, "out of memory");
    bool ok = true;
    for (char *p = part; ok && *p;) {
        p += strspn(p, "/");
        p += strcspn(p, "/");
        char end = *p;
        *p = '\0';
        ok = !mkdir(part, 0777) || (errno == EEXIST && path_is_folder(part)) ||
             fail(err, "make folder", part);
        *p = end;
    }
    free(part);
    return ok;
}

/* nftw has no context to give: what it visits for is here, one for each thread. */
static _Thread_local struct leti_error *visit_error;

static int visit_sync(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info;
    (void)where;
    if (type == FTW_SL || type == FTW_SLN)
        return 0;
    if (type == FTW_NS || type == FTW_DNR) {
        fail(visit_error, "read", path);
        return 1;
    }
    return sync_path(path, visit_error) ? 0 : 1;
}

bool file_sync_tree(const char *folder, struct leti_error *err)
{
    visit_error = err;
    int got = nftw(folder, visit_sync, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
    return got < 0 ? fail(err, "read", folder) : got == 0;
}

static int visit_remove(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info;
    (void)type;
    (void)where;
    if (!remove(path) || errno == ENOENT)
        return 0;
    fail(visit_error, "remove", path);
    return 1;
}

bool file_remove_tree(const char *path, struct leti_error *err)
{
    visit_error = err;
    int got = nftw(path, visit_remove, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
    if (got < 0)
        return errno == ENOENT || fail(err, "remove", path);
    return got == 0;
}
