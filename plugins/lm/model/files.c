/* files.c - whole files in and out.
 *
 * A model folder is read by programs that did not wait for us to finish writing it, so a file
 * appears under its name only when all its bytes are on the disk.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "model/files.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

bool lm_path(const char *dir, const char *name, char *out, struct leti_error *err)
{
    int n = snprintf(out, PATH_MAX, "%s/%s", dir, name);
    if (n < 0 || n >= PATH_MAX)
        return leti_error_set(err, "%.64s...: path of more than %d bytes", dir, PATH_MAX - 1);
    return true;
}

bool lm_file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static bool read_all(int fd, const char *path, char *data, size_t size, struct leti_error *err)
{
    size_t done = 0;
    while (done < size) {
        ssize_t n = read(fd, data + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return leti_error_set(err, "%s: cannot read: %s", path, strerror(errno));
        if (n == 0)
            return leti_error_set(err, "%s: ends after %zu bytes, had %zu when opened", path, done,
                                  size);
        done += (size_t)n;
    }
    return true;
}

bool lm_file_read(const char *path, size_t limit, char **data, size_t *size, struct leti_error *err)
{
    char *bytes = NULL;
    /* Without O_NONBLOCK the open of a pipe without a writer would wait for ever. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return leti_error_set(err, "%s: cannot open: %s", path, strerror(errno));
    struct stat st;
    if (fstat(fd, &st) != 0) {
        leti_error_set(err, "%s: cannot stat: %s", path, strerror(errno));
        goto fail;
    }
    if (!S_ISREG(st.st_mode)) {
        leti_error_set(err, "%s: not a regular file", path);
        goto fail;
    }
    size_t length = (size_t)st.st_size;
    if (length > limit) {
        leti_error_set(err, "%s: %zu bytes, allowed are up to %zu", path, length, limit);
        goto fail;
    }
    bytes = malloc(length + 1);
    if (!bytes) {
        leti_error_set(err, "%s: no memory for %zu bytes", path, length);
        goto fail;
    }
    if (!read_all(fd, path, bytes, length, err))
        goto fail;
    bytes[length] = '\0';
    close(fd); /* only read from: nothing can be lost */
    *data = bytes;
    *size = length;
    return true;
fail:
    free(bytes);
    close(fd);
    return false;
}

bool lm_file_map(const char *path, const char *kind, size_t least, void **map, size_t *size,
                 struct leti_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return leti_error_set(err, "%s: cannot open: %s", path, strerror(errno));
    struct stat st;
    bool ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    if (!ok) {
        leti_error_set(err, "%s: not a regular file", path);
    } else if ((size_t)st.st_size < least) {
        ok = leti_error_set(err, "%s: %lld bytes, a %s file has at least %zu", path,
                            (long long)st.st_size, kind, least);
    } else {
        void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        ok = at != MAP_FAILED || leti_error_set(err, "%s: cannot map: %s", path, strerror(errno));
        if (ok) {
            *map = at;
            *size = (size_t)st.st_size;
        }
    }
    close(fd); /* only read from: nothing can be lost */
    return ok;
}

bool lm_json_parse(const char *name, const char *text, size_t size, struct json_t **out,
                   struct leti_error *err)
{
    json_error_t why;
    json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
    if (!json)
        return leti_error_set(err, "%s: not valid JSON: %s (line %d, column %d)", name, why.text,
                              why.line, why.column);
    *out = json;
    return true;
}

bool lm_json_read(const char *path, size_t limit, struct json_t **out, struct leti_error *err)
{
    char *text;
    size_t size;
    if (!lm_file_read(path, limit, &text, &size, err))
        return false;
    bool ok = lm_json_parse(path, text, size, out, err);
    free(text);
    return ok;
}

bool lm_json_write(const char *path, const struct json_t *json, struct leti_error *err)
{
    /* 16 digits: 17 would write 1e-06 as 9.9999999999999995e-07. */
    char *text = json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(16));
    if (!text)
        return leti_error_set(err, "%s: no memory for its JSON", path);
    struct lm_writer w;
    bool ok = lm_writer_open(&w, path, err);
    if (ok) {
        ok = lm_writer_put(&w, text, strlen(text), err) && lm_writer_put(&w, "\n", 1, err);
        if (ok)
            ok = lm_writer_commit(&w, err);
        else
            lm_writer_abandon(&w);
    }
    free(text);
    return ok;
}

bool lm_writer_open(struct lm_writer *w, const char *path, struct leti_error *err)
{
    int n = snprintf(w->path, sizeof w->path, "%s", path);
    int m = snprintf(w->part, sizeof w->part, "%s.part", path);
    if (n < 0 || m < 0 || m >= (int)sizeof w->part)
        return leti_error_set(err, "%.64s...: path of more than %d bytes", path, PATH_MAX - 6);
    w->fd = open(w->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (w->fd < 0)
        return leti_error_set(err, "%s: cannot create: %s", w->part, strerror(errno));
    return true;
}

bool lm_writer_put(struct lm_writer *w, const void *data, size_t size, struct leti_error *err)
{
    const char *bytes = data;
    while (size > 0) {
        ssize_t n = write(w->fd, bytes, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return leti_error_set(err, "%s: cannot write: %s", w->part, strerror(errno));
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

bool lm_writer_commit(struct lm_writer *w, struct leti_error *err)
{
    if (fsync(w->fd) != 0) {
        leti_error_set(err, "%s: cannot sync: %s", w->part, strerror(errno));
        lm_writer_abandon(w);
        return false;
    }
    int fd = w->fd;
    w->fd = -1;
    if (close(fd) != 0) {
        leti_error_set(err, "%s: cannot close: %s", w->part, strerror(errno));
        unlink(w->part);
        return false;
    }
    if (rename(w->part, w->path) != 0) {
        leti_error_set(err, "%s: cannot rename to %s: %s", w->part, w->path, strerror(errno));
        unlink(w->part);
        return false;
    }
    return true;
}

void lm_writer_abandon(struct lm_writer *w)
{
    if (w->fd < 0)
        return;
    close(w->fd); /* its bytes are not wanted: neither is what close thinks of them */
    unlink(w->part);
    w->fd = -1;
}

bool lm_file_copy(const char *from_dir, const char *dir, const char *name, bool *copied,
                  struct leti_error *err)
{
    char from[PATH_MAX], to[PATH_MAX];
    if (!lm_path(from_dir, name, from, err) || !lm_path(dir, name, to, err))
        return false;
    *copied = lm_file_exists(from);
    if (!*copied)
        return true;
    char *data;
    size_t size;
    if (!lm_file_read(from, (size_t)256 << 20, &data, &size, err))
        return false;
    struct lm_writer w;
    bool ok = lm_writer_open(&w, to, err);
    if (ok && !lm_writer_put(&w, data, size, err)) {
        lm_writer_abandon(&w);
        ok = false;
    }
    ok = ok && lm_writer_commit(&w, err);
    free(data);
    return ok;
}

bool lm_dir_make(const char *dir, struct leti_error *err)
{
    if (mkdir(dir, 0777) != 0 && errno != EEXIST)
        return leti_error_set(err, "%s: cannot make the folder: %s", dir, strerror(errno));
    return true;
}

bool lm_dir_sync(const char *dir, struct leti_error *err)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return leti_error_set(err, "%s: cannot open: %s", dir, strerror(errno));
    bool ok = fsync(fd) == 0;
    if (!ok)
        leti_error_set(err, "%s: cannot sync: %s", dir, strerror(errno));
    close(fd); /* only synced through: nothing can be lost */
    return ok;
}
