/* path.h - names of files and folders.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include "leti/error.h"

/* Each gives a new string that the caller frees, or NULL where memory failed. */
char *path_join(const char *folder, const char *name); /* name alone where it is absolute */
char *path_folder(const char *path);                   /* "a/b" of "a/b/c", "." of "c" */

/* The folder that the running program's file is in, and the file itself. */
char *path_of_program(struct leti_error *err);
char *path_program_folder(struct leti_error *err);

const char *path_name(const char *path); /* "c" of "a/b/c"; a part of path */

bool path_is_folder(const char *path);
bool path_is_file(const char *path);

/* A pipe with a name: to open it waits for who opens its other end, maybe for ever. A pipe that is
 * open already, as /dev/stdin may be, is none. */
bool path_is_fifo(const char *path);

/* Whether it looks like a model: a GGUF file, or a folder with config.json or a GGUF file in it. */
bool path_is_model(const char *path);

#endif
