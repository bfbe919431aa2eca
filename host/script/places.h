/* places.h - where pipelines, data and cached files are looked for.
 *
 * Each function that gives a path gives a new string, which the caller frees.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SCRIPT_PLACES_H
#define SCRIPT_PLACES_H

#include "leti/error.h"

/* The folder of the pipelines that come with the program: LETI_PIPELINES, else beside the program
 * where it is installed, else the source tree's. It need not exist. */
char *places_pipelines(struct leti_error *err);

/* The file that a user means by a pipeline's name: the file itself, or one of the pipelines
 * folder, with ".lua" where that is missing. */
char *places_find_pipeline(const char *name, struct leti_error *err);

/* A data file: in LETI_DATA, ./data, <folder>/data, or the data folder beside or in the pipelines
 * folder. */
char *places_find_data(const char *name, const char *folder, struct leti_error *err);

/* A model, a folder or a file: as given, from `folder`, or from the pipelines folder. NULL without
 * an error (err->text empty) where there is none. */
char *places_find_model(const char *name, const char *folder, struct leti_error *err);

/* The place of a cached file, whose folder is made: XDG_CACHE_HOME/leti or ~/.cache/leti. */
char *places_cache(const char *name, struct leti_error *err);

#endif
