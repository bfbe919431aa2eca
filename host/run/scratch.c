/* scratch - a folder for work that leaves nothing behind.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/scratch.h"

#include <errno.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/text.h"

bool scratch_make(const char *what, char **path, struct leti_error *err)
{
    const char *place = getenv("TMPDIR");
    struct text template = { 0 };
    text_printf(&template, "%s/leti-%s-XXXXXX", place && *place ? place : "/tmp", what);
    char *made = text_take(&template, err);
    if (!made)
        return false;
    char *found = mkdtemp(made) ? realpath(made, NULL) : NULL;
    if (!found)
        leti_error_set(err, "cannot make a scratch folder: %s", strerror(errno));
    free(made);
    if (found)
        *path = found;
    return found;
}

void scratch_remove(char *path)
{
    if (path)
        file_remove_tree(path, NULL);
    free(path);
}
