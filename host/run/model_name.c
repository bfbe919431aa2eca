/* model_name - what a user names a model by.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/model_name.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/path.h"
#include "run/record.h"
#include "run/run_name.h"
#include "script/places.h"

/* Takes the path, which may be NULL. */
static bool absolute(char *path, char **dir, struct leti_error *err)
{
    char *found = path ? realpath(path, NULL) : NULL;
    if (!found)
        leti_error_set(err, "%s: %s", path ? path : "model", strerror(errno));
    else
        *dir = found;
    free(path);
    return found;
}

/* ---- checkpoints ---- */

/* The number that a checkpoint's folder has for a name; 0 for any other. */
static uint32_t checkpoint_number(const char *name)
{
    char *end = NULL;
    unsigned long number = strtoul(name, &end, 10);
    return *name >= '0' && *name <= '9' && !*end && number < UINT32_MAX ? (uint32_t)number : 0;
}

static uint32_t last_checkpoint(const char *checkpoints)
{
    uint32_t last = 0;
    DIR *dir = opendir(checkpoints);
    if (!dir)
        return 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        uint32_t number = checkpoint_number(entry->d_name);
        last = number > last ? number : last;
    }
    closedir(dir);
    return last;
}

static uint32_t last_of_run(const char *folder)
{
    char *checkpoints = path_join(folder, "checkpoints");
    uint32_t last = checkpoints ? last_checkpoint(checkpoints) : 0;
    free(checkpoints);
    return last;
}

static bool find_checkpoint(const char *name, uint32_t wanted, char **dir, struct leti_error *err)
{
    struct folder folder = { .path = strdup(name) };
    uint32_t last = last_of_run(name);
    bool good = folder.path || leti_error_set(err, "out of memory");
    if (good && !last)
        good = leti_error_set(err, "%s: this run has no checkpoint", name);
    if (good && !checkpoint_exists(&folder, wanted))
        good = leti_error_set(err, "%s: this run has no checkpoint %u; its last one is %u", name,
                              wanted, last);
    good = good && absolute(checkpoint_path(&folder, wanted), dir, err);
    free(folder.path);
    return good;
}

/* ---- the model that a run began with ---- */

/* It counts only as the run's while it is what it was. */
static bool check_hash(struct store *store, const char *folder, const char *model,
                       struct leti_error *err)
{
    char hash[HASH_TEXT], *recorded = NULL;
    if (!store_manifest(store, "model of generator", &recorded, err))
        return false;
    bool same = hash_of_model(model, hash, err);
    if (same && recorded && strcmp(hash, recorded))
        same = leti_error_set(err, "%s: the model %s that it began with has changed since", folder,
                              model);
    free(recorded);
    return same;
}

static bool first_model(const char *folder, char **dir, struct leti_error *err)
{
    struct store *store = NULL;
    struct pipeline *pipeline = NULL;
    char *found = NULL;
    bool good = store_open_read(folder, &store, err) &&
                record_open_pipeline(store, NULL, 0, &pipeline, err);
    const char *model = good && pipeline->generator ? pipeline->generator->options.model : NULL;
    if (good && (!model || !*model))
        good = leti_error_set(err, "%s: this run's pipeline names no model", folder);
    good = good && absolute(strdup(model), &found, err) && check_hash(store, folder, found, err);
    if (good)
        *dir = found;
    else
        free(found);
    pipeline_close(pipeline);
    store_close(store);
    return good;
}

bool model_of_run(const char *folder, uint32_t iteration, char **dir, struct leti_error *err)
{
    return iteration ? find_checkpoint(folder, iteration, dir, err) : first_model(folder, dir, err);
}

/* ---- any ---- */

bool model_find(const char *text, char **dir, struct leti_error *err)
{
    struct leti_error why = { 0 };
    struct run_name name;
    char *found = places_find_model(text, ".", &why);
    if (found && path_is_model(found))
        return absolute(found, dir, err);
    free(found);
    if (*why.text)
        return leti_error_set(err, "%s", why.text);
    if (!run_name_parse(text, &name, err))
        return false;
    bool good = false;
    if (!name.is_run)
        leti_error_set(err,
                       "no model \"%s\": not a model's folder (with a config.json), nor a GGUF "
                       "file, nor a run",
                       text);
    else if (name.has_iteration)
        good = model_of_run(name.folder, name.iteration, dir, err);
    else
        good = find_checkpoint(name.folder, last_of_run(name.folder), dir, err);
    run_name_free(&name);
    return good;
}

void model_add_name(struct text *text, const char *path)
{
    char *checkpoints = path_folder(path);
    char *run = checkpoints ? path_folder(checkpoints) : NULL;
    uint32_t number = checkpoint_number(path_name(path));
    if (run && number && !strcmp(path_name(checkpoints), "checkpoints"))
        text_printf(text, "%s@%u", path_name(run), number);
    else
        text_add(text, path_name(path));
    free(checkpoints);
    free(run);
}
