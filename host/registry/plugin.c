/* plugin - finds stage plugins, opens them and checks what they say of themselves.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "registry/plugin.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>

#include "base/path.h"
#include "base/text.h"
#include "registry/host_options.h"
#include "registry/options.h"

/* ---- what a plugin says of itself ---- */

const char *kind_name(enum leti_kind kind)
{
    static const char *const names[] = { "source",    "generator", "evaluator",
                                         "formatter", "trainer",   "observer" };
    return kind >= LETI_SOURCE && kind <= LETI_OBSERVER ? names[kind - LETI_SOURCE] : "unknown";
}

static const char *missing_function(const struct leti_plugin *desc)
{
    switch (desc->kind) {
    case LETI_SOURCE:
        return desc->source.read ? NULL : "read";
    case LETI_GENERATOR:
        return !desc->generator.load     ? "load"
               : !desc->generator.submit ? "submit"
               : !desc->generator.step   ? "step"
                                         : NULL;
    case LETI_EVALUATOR:
        return desc->evaluator.evaluate ? NULL : "evaluate";
    case LETI_FORMATTER:
        return desc->formatter.format ? NULL : "format";
    case LETI_TRAINER:
        return !desc->trainer.load    ? "load"
               : !desc->trainer.learn ? "learn"
               : !desc->trainer.train ? "train"
                                      : NULL;
    case LETI_OBSERVER:
        return desc->observer.observe ? NULL : "observe";
    }
    return NULL;
}

bool plugin_validates(const struct leti_plugin *desc)
{
    size_t end = offsetof(struct leti_plugin, trainer.validate) + sizeof desc->trainer.validate;
    return desc->kind == LETI_TRAINER && desc->size >= end && desc->trainer.validate;
}

/* The first part of a name is its kind, except that formatters are called by what they format. */
static bool check_names(const struct leti_plugin *desc, struct leti_error *err)
{
    if (!desc->name || !strchr(desc->name, '.') || strchr(desc->name, '/'))
        return leti_error_set(err, "its name \"%s\" is not of the form kind.what",
                              desc->name ? desc->name : "");
    if (!desc->version || !desc->summary)
        return leti_error_set(err, "it has no %s", desc->version ? "summary" : "version");
    return true;
}

static bool check_options(const struct leti_plugin *desc, struct leti_error *err)
{
    for (size_t i = 0; i < option_count(desc->options); i++)
        if (option_find(host_options(desc->kind), desc->options[i].name))
            return leti_error_set(err, "option \"%s\" is the host's own", desc->options[i].name);
    return option_table_check(desc->options, desc->instance_size, err);
}

/* abi comes before anything else is read: only its place is the same in every ABI. */
static bool check_descriptor(const struct leti_plugin *desc, struct leti_error *err)
{
    if (desc->abi != LETI_ABI)
        return leti_error_set(err, "built for plugin ABI %u, this host needs %u", desc->abi,
                              LETI_ABI);
    if (desc->size != sizeof *desc)
        return leti_error_set(err, "its description has %u bytes, this host needs %zu", desc->size,
                              sizeof *desc);
    if (desc->output_size && desc->output_size < offsetof(struct leti_output, logprobs))
        return leti_error_set(err, "its outputs have %u bytes, this host needs %zu",
                              desc->output_size, offsetof(struct leti_output, logprobs));
    if (desc->kind < LETI_SOURCE || desc->kind > LETI_OBSERVER)
        return leti_error_set(err, "there is no stage kind %d", (int)desc->kind);
    if (!check_names(desc, err))
        return false;
    const char *missing = missing_function(desc);
    if (missing)
        return leti_error_set(err, "%s %s has no function %s", kind_name(desc->kind), desc->name,
                              missing);
    return check_options(desc, err);
}

bool plugin_open(const char *path, struct plugin *out, struct leti_error *err)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return leti_error_set(err, "%s", dlerror());

    char *copy = NULL;
    struct leti_error why = { 0 };
    const struct leti_plugin *desc = dlsym(library, "leti_plugin");
    if (!desc) {
        leti_error_set(err, "%s: not a stage plugin (no symbol leti_plugin)", path);
        goto fail;
    }
    if (!check_descriptor(desc, &why)) {
        leti_error_set(err, "%s: %s", path, why.text);
        goto fail;
    }
    copy = realpath(path, NULL);
    if (!copy) {
        leti_error_set(err, "%s: %s", path, strerror(errno));
        goto fail;
    }
    *out = (struct plugin){ .library = library, .desc = desc, .path = copy };
    return true;
fail:
    dlclose(library);
    return false;
}

void plugin_close(struct plugin *plugin)
{
    if (plugin->library)
        dlclose(plugin->library);
    free(plugin->path);
    *plugin = (struct plugin){ 0 };
}

/* ---- where plugins are ---- */

struct folders {
    char **items;
    size_t n;
};

static bool add_folder(struct folders *folders, char *folder)
{
    char **items = folder ? realloc(folders->items, (folders->n + 1) * sizeof *items) : NULL;
    if (!items) {
        free(folder);
        return false;
    }
    folders->items = items;
    items[folders->n++] = folder;
    return true;
}

static void free_folders(struct folders *folders)
{
    for (size_t i = 0; i < folders->n; i++)
        free(folders->items[i]);
    free(folders->items);
}

static bool add_environment(struct folders *folders)
{
    const char *path = getenv("LETI_PLUGIN_PATH");
    for (const char *p = path ? path : ""; *p;) {
        size_t length = strcspn(p, ":");
        if (length && !add_folder(folders, strndup(p, length)))
            return false;
        p += length + (p[length] == ':');
    }
    return true;
}

static bool add_beside_program(struct folders *folders, const char *program_folder)
{
    return add_folder(folders, path_join(program_folder, "../lib/plugins")) &&
           add_folder(folders, path_join(program_folder, "../" LETI_PLUGIN_RELATIVE_DIR));
}

static bool find_folders(struct folders *out, struct leti_error *err)
{
    char *program = path_program_folder(err);
    if (!program)
        return false;
    struct folders folders = { 0 };
    bool ok = add_environment(&folders) && add_beside_program(&folders, program) &&
              add_folder(&folders, strdup(LETI_PLUGIN_INSTALL_DIR));
    free(program);
    if (!ok) {
        free_folders(&folders);
        return leti_error_set(err, "out of memory");
    }
    *out = folders;
    return true;
}

/* ---- names ---- */

struct names {
    char **items;
    size_t n;
};

static void free_names(struct names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->items[i]);
    free(names->items);
}

static bool has_name(const struct names *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (!strcmp(names->items[i], name))
            return true;
    return false;
}

static bool add_name(struct names *names, const char *file)
{
    size_t size = strlen(file);
    char *name = strndup(file, size - strlen(".so"));
    if (name && has_name(names, name)) {
        free(name);
        return true;
    }
    char **items = name ? realloc(names->items, (names->n + 1) * sizeof *items) : NULL;
    if (!items) {
        free(name);
        return false;
    }
    names->items = items;
    items[names->n++] = name;
    return true;
}

static int is_library(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);
    return size > 3 && entry->d_name[0] != '.' && !strcmp(entry->d_name + size - 3, ".so");
}

/* The names of all plugins in the folders; a folder that does not exist has none. */
static bool find_names(const struct folders *folders, struct names *out, struct leti_error *err)
{
    struct names names = { 0 };
    bool ok = true;
    for (size_t i = 0; ok && i < folders->n; i++) {
        struct dirent **entries;
        int n = scandir(folders->items[i], &entries, is_library, alphasort);
        for (int k = 0; k < n; k++) {
            ok = ok && add_name(&names, entries[k]->d_name);
            free(entries[k]);
        }
        if (n >= 0)
            free(entries);
    }
    if (!ok) {
        free_names(&names);
        return leti_error_set(err, "out of memory");
    }
    *out = names;
    return true;
}

static bool refuse_unknown(const char *name, const struct folders *folders, struct leti_error *err)
{
    struct names names;
    if (!find_names(folders, &names, err))
        return false;
    struct text message = { 0 };
    text_printf(&message, "no stage plugin \"%s\"", name);
    const char *nearest = nearest_name(name, (const char *const *)names.items, names.n);
    if (nearest)
        text_printf(&message, "; did you mean \"%s\"?", nearest);
    else
        text_add(&message, " in");
    for (size_t i = 0; !nearest && i < folders->n; i++)
        text_printf(&message, " %s%s", folders->items[i], i + 1 < folders->n ? "," : "");
    leti_error_set(err, "%s", text_string(&message));
    text_free(&message);
    free_names(&names);
    return false;
}

/* ---- finding ---- */

static char *path_in_folders(const char *name, const struct folders *folders)
{
    for (size_t i = 0; i < folders->n; i++) {
        struct text path = { 0 };
        text_printf(&path, "%s/%s.so", folders->items[i], name);
        char *candidate = text_take(&path, NULL);
        if (candidate && path_is_file(candidate))
            return candidate;
        free(candidate);
    }
    return NULL;
}

static bool find_in(const char *name, const struct folders *folders, struct plugin *out,
                    struct leti_error *err)
{
    char *path = strchr(name, '/') ? NULL : path_in_folders(name, folders);
    if (!path)
        return refuse_unknown(name, folders, err);
    struct plugin plugin;
    bool ok = plugin_open(path, &plugin, err);
    free(path);
    if (!ok)
        return false;
    if (strcmp(plugin.desc->name, name)) {
        leti_error_set(err, "%s: calls itself %s", plugin.path, plugin.desc->name);
        plugin_close(&plugin);
        return false;
    }
    *out = plugin;
    return true;
}

bool plugin_find(const char *name, struct plugin *out, struct leti_error *err)
{
    struct folders folders;
    if (!find_folders(&folders, err))
        return false;
    bool ok = find_in(name, &folders, out, err);
    free_folders(&folders);
    return ok;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool plugin_list(struct plugin **out, size_t *n, void (*broken)(const char *why),
                 struct leti_error *err)
{
    struct folders folders;
    struct names names;
    if (!find_folders(&folders, err))
        return false;
    if (!find_names(&folders, &names, err)) {
        free_folders(&folders);
        return false;
    }
    if (names.n)
        qsort(names.items, names.n, sizeof *names.items, by_name);
    struct plugin *plugins = calloc(names.n + 1, sizeof *plugins);
    size_t opened = 0;
    struct leti_error why;
    for (size_t i = 0; plugins && i < names.n; i++)
        if (find_in(names.items[i], &folders, &plugins[opened], &why))
            opened++;
        else if (broken)
            broken(why.text);
    free_names(&names);
    free_folders(&folders);
    if (!plugins)
        return leti_error_set(err, "out of memory");
    *out = plugins;
    *n = opened;
    return true;
}
