/* files.h - whole files in and out: read at once, written beside and renamed into place.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LM_FILES_H
#define LM_FILES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "leti/error.h"

struct json_t; /* jansson's */

/* out has PATH_MAX bytes. */
bool lm_path(const char *dir, const char *name, char *out, struct leti_error *err);

bool lm_file_exists(const char *path);

/* Reads a regular file of up to limit bytes; *data is the caller's to free, and a NUL that *size
 * does not count follows it. */
bool lm_file_read(const char *path, size_t limit, char **data, size_t *size,
                  struct leti_error *err);

/* Maps a regular file of at least `least` bytes, of which the caller unmaps *size at *map. kind
 * stands for what it is in errors. */
bool lm_file_map(const char *path, const char *kind, size_t least, void **map, size_t *size,
                 struct leti_error *err);

/* Parses text; name stands for it in errors. *out is a reference of the caller's. */
bool lm_json_parse(const char *name, const char *text, size_t size, struct json_t **out,
                   struct leti_error *err);
bool lm_json_read(const char *path, size_t limit, struct json_t **out, struct leti_error *err);
bool lm_json_write(const char *path, const struct json_t *json, struct leti_error *err);

/* A file being written: what is at path stays as it was until the commit. */
struct lm_writer {
    int fd;
    char path[PATH_MAX];
    char part[PATH_MAX]; /* path.part */
};

bool lm_writer_open(struct lm_writer *w, const char *path, struct leti_error *err);
bool lm_writer_put(struct lm_writer *w, const void *data, size_t size, struct leti_error *err);
/* Syncs, closes and renames. The writer is closed in any case. */
bool lm_writer_commit(struct lm_writer *w, struct leti_error *err);
/* Closes and removes what was written. */
void lm_writer_abandon(struct lm_writer *w);

/* Copies from_dir/name to dir/name; a source that does not exist is no error: *copied says. */
bool lm_file_copy(const char *from_dir, const char *dir, const char *name, bool *copied,
                  struct leti_error *err);

/* Makes dir where it is missing (not its parents). */
bool lm_dir_make(const char *dir, struct leti_error *err);
/* Syncs the entries of a folder. */
bool lm_dir_sync(const char *dir, struct leti_error *err);

#endif
