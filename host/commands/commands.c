/* commands - what `leti COMMAND ...` runs, and what the commands share.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "commands/commands.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/plain.h"

const char leti_version[] = LETI_VERSION;

const struct command commands[] = {
    { "run", "run a pipeline, or go on with a run", command_run },
    { "test", "sample and score only, and compare models", command_test },
    { "score", "judge programs that are already written", command_score },
    { "show", "what the model wrote, what the interpreter said", command_show },
    { "report", "write runs as one HTML file: curves, failures, examples", command_report },
    { "replay", "put one recorded sample through a stage again", command_replay },
    { "check", "check a pipeline and print its graph", command_check },
    { "plugins", "list the stage plugins that are installed", command_plugins },
    { "inspect", "print what a plugin is and which options it has", command_inspect },
    { "model", "work with a model alone: info, tokenize, logits, loss, sample, convert, bench",
      command_model },
    { "join", "give this machine's cores to a running pipeline", command_join },
    { 0 },
};

bool overrides_add(struct overrides *overrides, const char *format, ...)
{
    char *text = NULL;
    const char **items = reallocarray(overrides->items, overrides->n + 1, sizeof *items);
    va_list values;
    if (!items)
        return false;
    overrides->items = items;
    va_start(values, format);
    int size = vasprintf(&text, format, values);
    va_end(values);
    if (size < 0)
        return false;
    items[overrides->n++] = text;
    return true;
}

void overrides_free(struct overrides *overrides)
{
    for (size_t i = 0; i < overrides->n; i++)
        free((char *)overrides->items[i]);
    free(overrides->items);
    *overrides = (struct overrides){ 0 };
}

int command_fail(const char *command, const struct leti_error *err)
{
    struct text line = { 0 };
    plain_line(&line, err->text);
    log_progress(NULL);
    fflush(stdout);
    fprintf(stderr, "leti %s: %s\n", command, text_string(&line));
    text_free(&line);
    return 1;
}
