/* file.h - whole files: read within a bound, written so that a crash leaves the old or the new.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stddef.h>

#include "leti/error.h"

/* Reads all of a file, plain or gzip. More than `limit` bytes (unpacked) is an error. *data is
 * the caller's to free; a NUL stands after its last byte. */
bool file_read(const char *path, size_t limit, char **data, size_t *size, struct leti_error *err);

/* Writes the file beside its place, syncs it, renames it over what was there and syncs the
 * folder. A link stays, and leads to the new file; what is no file, a device or a pipe, is written
 * into. */
bool file_write(const char *path, const void *data, size_t size, struct leti_error *err);

/* Whether file_write could, as far as that is to be seen before. */
bool file_can_write(const char *path, struct leti_error *err);

/* Renames within a file system, and syncs the folder of `to`. An empty folder or a file that
 * stands there is replaced. */
bool file_rename(const char *from, const char *to, struct leti_error *err);

/* Makes the folder and those above it; fine where they exist. */
bool file_make_folders(const char *path, struct leti_error *err);

/* Syncs every file and folder from this folder down; links are not followed. */
bool file_sync_tree(const char *folder, struct leti_error *err);

/* Removes a file, or a folder with all that is in it; fine where there is none. Links are
 * removed, not followed. */
bool file_remove_tree(const char *path, struct leti_error *err);

#endif
