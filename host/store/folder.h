/* folder.h - a run's folder: its name, its lock, its checkpoints.
 *
 *     runs/NAME-001/  pipeline.lua  run.db  log.jsonl  lock  checkpoints/0003/  work/
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_FOLDER_H
#define STORE_FOLDER_H

#include <stdint.h>

#include "leti/error.h"

struct folder {
    char *path; /* absolute */
    char *name; /* as a person would give it: "runs/mbpp-001" */
    bool made;  /* by folder_create, and not there before */
    int lock;   /* held while the folder is open, so that two heads never write one run */
};

/* Makes and locks a new run's folder: `out`, which may exist if it is empty or has only what a run
 * leaves that is killed before it has begun, which goes; or runs/NAME-NNN with the first free
 * number where out is NULL. */
bool folder_create(const char *name, const char *out, struct folder *, struct leti_error *err);

/* Locks a run's folder; an error names the process that has it. */
bool folder_open(const char *path, struct folder *, struct leti_error *err);
void folder_close(struct folder *);

/* Removes what came into the folder since folder_create, and the folder itself where that made
 * it; then as folder_close. As much as can be removed. */
void folder_discard(struct folder *);

/* A checkpoint is written to checkpoints/NNNN.tmp, an empty folder that checkpoint_begin makes;
 * checkpoint_end syncs all of it and gives it its name. The caller frees *path. */
bool checkpoint_begin(const struct folder *, uint32_t iteration, char **path,
                      struct leti_error *err);
bool checkpoint_end(const struct folder *, uint32_t iteration, struct leti_error *err);

/* Path of an iteration's checkpoint, which the caller frees, or NULL where memory failed. */
char *checkpoint_path(const struct folder *, uint32_t iteration);
bool checkpoint_exists(const struct folder *, uint32_t iteration);

/* Removes the checkpoint, and those before it down to one that is not there. */
bool checkpoint_remove_to(const struct folder *, uint32_t iteration, struct leti_error *err);

/* Removes what only goes on with training, files named optimizer*, from a checkpoint. */
bool checkpoint_drop_optimizer(const struct folder *, uint32_t iteration, struct leti_error *err);

#endif
