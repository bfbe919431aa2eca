/* places - where pipelines, data and cached files are looked for.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "script/places.h"

#include <dirent.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "registry/plugin.h"

static char *no_memory(struct leti_error *err)
{
    leti_error_set(err, "out of memory");
    return NULL;
}

/* The value of an environment variable that is set and not empty. */
static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

char *places_pipelines(struct leti_error *err)
{
    const char *given = environment("LETI_PIPELINES");
    if (given) {
        char *copy = strdup(given);
        return copy ? copy : no_memory(err);
    }
    char *program = path_program_folder(err);
    if (!program)
        return NULL;
    char *installed = path_join(program, "../" LETI_SHARE_RELATIVE_DIR "/pipelines");
    free(program);
    if (installed && !path_is_folder(installed)) {
        free(installed);
        installed = strdup(LETI_SOURCE_PIPELINES_DIR);
    }
    return installed ? installed : no_memory(err);
}

/* ---- pipelines ---- */

static int is_script(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);
    return size > 4 && !strcmp(entry->d_name + size - 4, ".lua");
}

static void refuse_pipeline(const char *name, const char *folder, struct leti_error *err)
{
    struct dirent **entries = NULL;
    int n = scandir(folder, &entries, is_script, alphasort);
    const char **names = calloc(n > 0 ? (size_t)n : 1, sizeof *names);
    for (int i = 0; names && i < n; i++) {
        entries[i]->d_name[strlen(entries[i]->d_name) - 4] = '\0';
        names[i] = entries[i]->d_name;
    }
    const char *nearest = names && n > 0 ? nearest_name(name, names, (size_t)n) : NULL;
    if (nearest)
        leti_error_set(err, "no pipeline \"%s\" here or in %s; did you mean \"%s\"?", name, folder,
                       nearest);
    else
        leti_error_set(err, "no pipeline \"%s\" here or in %s", name, folder);
    for (int i = 0; i < n; i++)
        free(entries[i]);
    free(entries);
    free(names);
}

/* folder/name with the suffix, where that is a file. */
static char *file_in(const char *folder, const char *name, const char *suffix)
{
    struct text path = { 0 };
    text_printf(&path, "%s/%s%s", folder, name, suffix);
    char *candidate = text_take(&path, NULL);
    if (candidate && path_is_file(candidate))
        return candidate;
    free(candidate);
    return NULL;
}

char *places_find_pipeline(const char *name, struct leti_error *err)
{
    if (path_is_file(name)) {
        char *copy = strdup(name);
        return copy ? copy : no_memory(err);
    }
    char *folder = places_pipelines(err);
    if (!folder)
        return NULL;
    const char *const prefix = "pipelines/";
    const char *below = strncmp(name, prefix, strlen(prefix)) ? name : name + strlen(prefix);
    char *found = name[0] == '/' ? NULL : file_in(folder, below, "");
    if (!found && name[0] != '/')
        found = file_in(folder, below, ".lua");
    if (!found)
        refuse_pipeline(name, folder, err);
    free(folder);
    return found;
}

/* ---- data ---- */

/* name in the data folder of `folder`; what was tried is added to `tried`. */
static char *try_data(const char *folder, const char *below, const char *name, struct text *tried)
{
    char *path = path_join(folder, below);
    char *found = path ? file_in(path, name, "") : NULL;
    if (path)
        text_printf(tried, "%s%s", tried->size ? ", " : "", path);
    free(path);
    return found;
}

char *places_find_data(const char *name, const char *folder, struct leti_error *err)
{
    struct text tried = { 0 };
    char *found = NULL;
    char *pipelines = places_pipelines(err);
    if (!pipelines)
        return NULL;
    const char *given = environment("LETI_DATA");
    if (name[0] == '/') {
        found = path_is_file(name) ? strdup(name) : NULL;
        text_add(&tried, "that place");
    } else {
        found = given ? try_data(given, "", name, &tried) : NULL;
        found = found ? found : try_data(".", "data", name, &tried);
        found = found ? found : try_data(folder, "data", name, &tried);
        found = found ? found : try_data(pipelines, "../data", name, &tried);
        found = found ? found : try_data(pipelines, "data", name, &tried);
    }
    if (!found)
        leti_error_set(err,
                       "no data file \"%s\" in %s; LETI_DATA may name the folder that it is in",
                       name, text_string(&tried));
    text_free(&tried);
    free(pipelines);
    return found;
}

char *places_find_model(const char *name, const char *folder, struct leti_error *err)
{
    char *pipelines = places_pipelines(err);
    if (!pipelines)
        return NULL;
    const char *const folders[] = { ".", folder, pipelines };
    char *found = NULL;
    for (size_t i = 0; !found && i < 3; i++) {
        char *path = i ? path_join(folders[i], name) : strdup(name);
        if (path && (path_is_folder(path) || path_is_file(path)))
            found = path;
        else
            free(path);
    }
    free(pipelines);
    return found;
}

/* ---- cache ---- */

static char *cache_folder(void)
{
    const char *cache = environment("XDG_CACHE_HOME");
    if (cache)
        return path_join(cache, "leti");
    const char *home = environment("HOME");
    return path_join(home ? home : "/tmp", ".cache/leti");
}

char *places_cache(const char *name, struct leti_error *err)
{
    if (!*name || name[0] == '/' || strstr(name, "..") || name[strlen(name) - 1] == '/') {
        leti_error_set(err, "\"%s\" is no name for a cached file", name);
        return NULL;
    }
    char *folder = cache_folder();
    char *path = folder ? path_join(folder, name) : NULL;
    free(folder);
    folder = path ? path_folder(path) : NULL;
    bool ok = folder ? file_make_folders(folder, err) : leti_error_set(err, "out of memory");
    free(folder);
    if (!ok) {
        free(path);
        return NULL;
    }
    return path;
}
