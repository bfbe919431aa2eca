/* run_name - RUN and RUN@3.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/run_name.h"

#include <stdlib.h>

#include "base/path.h"

static bool is_run(const char *folder)
{
    char *database = path_join(folder, "run.db");
    bool is = database && path_is_file(database);
    free(database);
    return is;
}

/* The number after the last @, and where that stands; NULL where there is none. */
static const char *find_iteration(const char *text, uint32_t *iteration)
{
    const char *at = strrchr(text, '@');
    if (!at || at == text || strspn(at + 1, "0123456789") != strlen(at + 1) || !at[1] ||
        strlen(at + 1) > 9)
        return NULL;
    *iteration = (uint32_t)strtoul(at + 1, NULL, 10);
    return at;
}

bool run_name_parse(const char *text, struct run_name *name, struct leti_error *err)
{
    uint32_t iteration = 0;
    const char *at = is_run(text) ? NULL : find_iteration(text, &iteration);
    char *folder = at ? strndup(text, (size_t)(at - text)) : strdup(text);
    if (!folder)
        return leti_error_set(err, "out of memory");
    *name = (struct run_name){
        .folder = folder, .is_run = is_run(folder), .has_iteration = at, .iteration = iteration
    };
    return true;
}

void run_name_free(struct run_name *name)
{
    free(name->folder);
    *name = (struct run_name){ 0 };
}
