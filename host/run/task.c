/* task - pipelines that are made of a task's name.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "run/task.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>

#include "base/path.h"
#include "script/places.h"

void task_add_quoted(struct text *text, const char *string)
{
    text_add_char(text, '"');
    for (; *string; string++)
        if (isalnum((unsigned char)*string))
            text_add_char(text, *string);
        else
            text_printf(text, "\\%03d", (unsigned char)*string);
    text_add_char(text, '"');
}

void task_add(struct text *text, const char *task)
{
    text_add(text, "local task = require(\"tasks.task\").named(");
    task_add_quoted(text, task);
    text_add(text, ")\n");
}

static int is_task(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);
    return size > 4 && !strcmp(entry->d_name + size - 4, ".lua") &&
           strcmp(entry->d_name, "task.lua") != 0; /* what tasks are made with */
}

/* Says which tasks came with the program. The name may go on behind a colon, "mbpp:shots=3". */
static bool refuse_task(const char *task, struct leti_error *err)
{
    struct text text = { 0 };
    struct dirent **entries = NULL;
    char *pipelines = places_pipelines(NULL);
    char *folder = pipelines ? path_join(pipelines, "tasks") : NULL;
    int n = folder ? scandir(folder, &entries, is_task, alphasort) : 0;
    text_printf(&text, "no task \"%.*s\"", (int)strcspn(task, ":"), task);
    for (int i = 0; i < n; i++) {
        text_printf(&text, "%s%.*s", i ? ", " : "; there are ", (int)strlen(entries[i]->d_name) - 4,
                    entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    free(folder);
    free(pipelines);
    leti_error_set(err, "%s", text_string(&text));
    text_free(&text);
    return false;
}

bool task_explain(const char *task, const char *chunk_name, struct leti_error *err)
{
    char missing[256];
    snprintf(missing, sizeof missing, "module 'tasks.%.*s' not found", (int)strcspn(task, ":"),
             task);
    if (strstr(err->text, missing) || !strcmp(task, "task"))
        return refuse_task(task, err);
    const char *colon = strstr(err->text, chunk_name) == err->text ? strchr(err->text, ' ') : NULL;
    if (colon)
        leti_error_set(err, "%s", colon + 1);
    return false;
}
