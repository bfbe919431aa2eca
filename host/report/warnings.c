/* warnings - what went wrong while a run went on.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/warnings.h"

#include <stdlib.h>

#include <jansson.h>

#include "base/path.h"

enum { MOST_WARNINGS = 100 };

static bool is_warning(const char *level)
{
    return level && (!strcmp(level, "warning") || !strcmp(level, "error"));
}

static bool add_line(struct arena *memory, struct run_data *run, const char *line,
                     struct leti_error *err)
{
    const char *time = NULL, *level = NULL, *text = NULL;
    json_t *object = json_loads(line, 0, NULL);
    bool good = true;
    if (object &&
        !json_unpack(object, "{s:s, s:s, s:s}", "time", &time, "level", &level, "text", &text) &&
        is_warning(level)) {
        run->has_more_warnings = run->n_warnings == MOST_WARNINGS;
        struct entry *entry =
            run->has_more_warnings ? NULL : LIST_ADD(memory, &run->warnings, &run->n_warnings, err);
        if (!run->has_more_warnings)
            good = entry && (entry->key = keep_string(memory, time, err)) &&
                   (entry->value = keep_string(memory, text, err));
    }
    json_decref(object);
    return good;
}

bool warnings_read(struct arena *memory, struct run_data *run, struct leti_error *err)
{
    char *path = path_join(run->folder, "log.jsonl");
    FILE *file = path ? fopen(path, "re") : NULL;
    char *line = NULL;
    size_t capacity = 0;
    bool good = path || leti_error_set(err, "out of memory for the report");
    free(path);
    if (!file)
        return good;
    while (good && !run->has_more_warnings && getline(&line, &capacity, file) > 0)
        good = add_line(memory, run, line, err);
    free(line);
    fclose(file);
    return good;
}
