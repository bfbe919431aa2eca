/* missing - what a pipeline names and is not here, where that is no error.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "script/missing.h"

#include <stdlib.h>
#include <string.h>

bool missing_has(const struct missing_list *list, const char *name)
{
    for (size_t i = 0; i < list->n; i++)
        if (!strcmp(list->items[i].name, name))
            return true;
    return false;
}

bool missing_add(struct missing_list *list, const char *kind, const char *name,
                 struct leti_error *err)
{
    if (missing_has(list, name))
        return true;
    struct missing *items = reallocarray(list->items, list->n + 1, sizeof *items);
    if (items)
        list->items = items;
    char *copy = items ? strdup(name) : NULL;
    if (!copy)
        return leti_error_set(err, "out of memory");
    items[list->n++] = (struct missing){ kind, copy };
    return true;
}

void missing_free(struct missing_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->items[i].name);
    free(list->items);
    *list = (struct missing_list){ 0 };
}
