/* data - what a report shows.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/data.h"

void *list_add(struct arena *memory, void *list, size_t *n, size_t size, struct leti_error *err)
{
    char *items = NULL;
    bool full = (*n & (*n - 1)) == 0; /* at 0, 1, 2, 4, 8, ... */
    memcpy(&items, list, sizeof items);
    if (full) {
        char *larger = arena_array(memory, *n ? 2 * *n : 1, size);
        if (!larger) {
            leti_error_set(err, "out of memory for the report");
            return NULL;
        }
        if (*n)
            memcpy(larger, items, *n * size);
        items = larger;
        memcpy(list, &items, sizeof items);
    }
    char *item = items + *n * size;
    memset(item, 0, size);
    ++*n;
    return item;
}

const char *keep_string(struct arena *memory, const char *string, struct leti_error *err)
{
    char *copy = arena_copy(memory, string, strlen(string));
    if (!copy)
        leti_error_set(err, "out of memory for the report");
    return copy;
}

bool keep_bytes(struct arena *memory, struct leti_bytes bytes, struct leti_bytes *out,
                struct leti_error *err)
{
    char *copy = arena_copy(memory, bytes.data, bytes.size);
    if (!copy)
        return leti_error_set(err, "out of memory for the report");
    *out = (struct leti_bytes){ copy, bytes.size };
    return true;
}

const char *manifest_value(const struct run_data *run, const char *key)
{
    for (size_t i = 0; i < run->n_manifest; i++)
        if (!strcmp(run->manifest[i].key, key))
            return run->manifest[i].value;
    return NULL;
}

const struct phase *phase_named(const struct run_data *run, const char *name)
{
    for (size_t i = 0; i < run->n_phases; i++)
        if (name ? run->phases[i].phase && !strcmp(run->phases[i].name, name)
                 : !run->phases[i].phase)
            return &run->phases[i];
    return NULL;
}

const struct metric *metric_named(const struct run_data *run, const char *name)
{
    for (size_t i = 0; i < run->n_metrics; i++)
        if (!strcmp(run->metrics[i].name, name))
            return &run->metrics[i];
    return NULL;
}
