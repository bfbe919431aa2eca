/* settings - a list of `name = value` that owns its texts.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "registry/options.h"

#include <stdlib.h>

static void clear_setting(struct setting *setting)
{
    for (size_t i = 0; i < setting->n_values; i++)
        free(setting->values[i]);
    free(setting->values);
    free(setting->name);
    free(setting->where);
    *setting = (struct setting){ 0 };
}

/* Copies into a zeroed setting; what a failure leaves half done, clear_setting frees. */
static bool copy_setting(struct setting *out, const char *name, const char *const *values,
                         size_t n_values, bool is_list, const char *where)
{
    out->is_list = is_list;
    out->name = strdup(name);
    out->where = where ? strdup(where) : NULL;
    out->values = calloc(n_values + 1, sizeof *out->values);
    if (!out->name || !out->values || (where && !out->where))
        return false;
    for (; out->n_values < n_values; out->n_values++)
        if (!(out->values[out->n_values] = strdup(values[out->n_values])))
            return false;
    return true;
}

static struct setting *find_setting(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->n; i++)
        if (!strcmp(settings->items[i].name, name))
            return &settings->items[i];
    return NULL;
}

const struct setting *settings_get(const struct settings *settings, const char *name)
{
    return find_setting(settings, name);
}

bool settings_put(struct settings *settings, const char *name, const char *const *values,
                  size_t n_values, bool is_list, const char *where, struct leti_error *err)
{
    struct setting setting = { 0 };
    if (!copy_setting(&setting, name, values, n_values, is_list, where))
        goto fail;
    struct setting *place = find_setting(settings, name);
    if (place) {
        clear_setting(place);
    } else {
        struct setting *items = realloc(settings->items, (settings->n + 1) * sizeof *items);
        if (!items)
            goto fail;
        settings->items = items;
        place = &items[settings->n++];
    }
    *place = setting;
    return true;
fail:
    clear_setting(&setting);
    return leti_error_set(err, "out of memory");
}

bool settings_copy(const struct settings *from, struct settings *out, struct leti_error *err)
{
    struct settings copy = { 0 };
    if (from->where && !(copy.where = strdup(from->where)))
        return leti_error_set(err, "out of memory");
    for (size_t i = 0; i < from->n; i++) {
        const struct setting *s = &from->items[i];
        if (!settings_put(&copy, s->name, (const char *const *)s->values, s->n_values, s->is_list,
                          s->where, err)) {
            settings_free(&copy);
            return false;
        }
    }
    *out = copy;
    return true;
}

void settings_free(struct settings *settings)
{
    for (size_t i = 0; i < settings->n; i++)
        clear_setting(&settings->items[i]);
    free(settings->items);
    free(settings->where);
    *settings = (struct settings){ 0 };
}
