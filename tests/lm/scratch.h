/* scratch.h - a folder for one test program, and files in it.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char scratch_dir[PATH_MAX];

/* cmocka's group set-up and tear-down. */
__attribute__((unused)) static int scratch_make(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    snprintf(scratch_dir, sizeof scratch_dir, "%s/leti-test-XXXXXX", tmp ? tmp : "/tmp");
    return mkdtemp(scratch_dir) ? 0 : -1;
}

static int scratch_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

__attribute__((unused)) static int scratch_remove(void **state)
{
    (void)state;
    return nftw(scratch_dir, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* dir/name; the buffer is used again by the fourth call after this one. */
__attribute__((unused)) static const char *scratch_path(const char *dir, const char *name)
{
    static char paths[4][PATH_MAX];
    static unsigned turn;
    char *out = paths[turn++ % 4];
    size_t n = strlen(dir), m = strlen(name);
    if (n + m + 2 > PATH_MAX)
        abort();
    memcpy(out, dir, n);
    out[n] = '/';
    memcpy(out + n + 1, name, m + 1);
    return out;
}

__attribute__((unused)) static bool scratch_write(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    if (!file)
        return false;
    bool ok = fwrite(data, 1, size, file) == size;
    return fclose(file) == 0 && ok;
}

/* NUL-terminated; the caller's to free. NULL where it cannot be read. */
__attribute__((unused)) static char *scratch_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *data = NULL;
    size_t n = 0, capacity = 0, got;
    do {
        capacity += 1 << 16;
        char *grown = realloc(data, capacity + 1);
        if (!grown)
            abort();
        data = grown;
        got = fread(data + n, 1, capacity - n, file);
        n += got;
    } while (got > 0);
    fclose(file);
    data[n] = '\0';
    *size = n;
    return data;
}

#endif
