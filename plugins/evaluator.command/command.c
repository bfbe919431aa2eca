/* command.c - command lines, of which no shell knows.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- splitting ---- */

/* Copies one argument to *to and ends it with a NUL; false: a quote is not closed. */
static bool split_one(const char **from, char **to)
{
    char quote = '\0';
    const char *c = *from;
    for (; *c && (quote || !isspace((unsigned char)*c)); c++) {
        if (quote ? *c == quote : *c == '\'' || *c == '"')
            quote = quote ? '\0' : *c;
        else if (*c == '\\' && quote != '\'' && c[1])
            *(*to)++ = *++c;
        else
            *(*to)++ = *c;
    }
    *(*to)++ = '\0';
    *from = c;
    return !quote;
}

bool command_split(const char *line, struct command *out, char **memory, struct leti_error *err)
{
    struct command command = { .n = 0 };
    char *words = malloc(strlen(line) + ARGUMENTS_MAX + 2), *to = words;
    if (!words)
        return leti_error_set(err, "no memory");
    for (const char *from = line;;) {
        while (isspace((unsigned char)*from))
            from++;
        if (!*from)
            break;
        bool room = command.n < ARGUMENTS_MAX;
        if (room)
            command.arguments[command.n++] = to;
        if (!room || !split_one(&from, &to)) {
            free(words);
            return room ? leti_error_set(err, "%s: a quote is not closed", line)
                        : leti_error_set(err, "%s: more than %d words", line, (int)ARGUMENTS_MAX);
        }
    }
    command.path = command.n > 0 ? command.arguments[0] : NULL;
    *out = command;
    *memory = words;
    return true;
}

/* ---- finding ---- */

static bool is_program(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0;
}

static char *search(const char *name)
{
    const char *path = getenv("PATH");
    for (const char *p = path && *path ? path : "/usr/local/bin:/usr/bin:/bin"; *p;) {
        size_t n = strcspn(p, ":");
        char file[4096];
        int length = snprintf(file, sizeof file, "%.*s/%s", (int)n, p, name);
        p += n + (p[n] == ':');
        if (n > 0 && length > 0 && (size_t)length < sizeof file && is_program(file))
            return realpath(file, NULL);
    }
    return NULL;
}

bool command_find(struct command *command, char **memory, struct leti_error *err)
{
    const char *name = command->arguments[0];
    char *path;
    if (!strchr(name, '/')) {
        path = search(name);
        if (!path)
            return leti_error_set(err, "%s is not installed: it is not in PATH", name);
    } else if (name[0] == '/') {
        path = is_program(name) ? realpath(name, NULL) : NULL;
        if (!path)
            return leti_error_set(err, "%s is not installed: there is no such program", name);
    } else {
        path = strdup(name);
        if (!path)
            return leti_error_set(err, "no memory");
    }
    command->path = path;
    *memory = path;
    return true;
}

/* ---- filling ---- */

void command_fill(const struct command *command, const struct filling *fillings, size_t n,
                  struct command *out)
{
    *out = *command;
    for (size_t i = 0; i < command->n; i++)
        for (size_t j = 0; j < n; j++)
            if (strcmp(command->arguments[i], fillings[j].name) == 0)
                out->arguments[i] = fillings[j].text;
}

bool command_check(const struct command *command, const struct filling *fillings, size_t n,
                   struct leti_error *err)
{
    for (size_t i = 0; i < command->n; i++)
        for (size_t j = 0; j < n; j++)
            if (strstr(command->arguments[i], fillings[j].name) &&
                strcmp(command->arguments[i], fillings[j].name) != 0)
                return leti_error_set(err, "%s in \"%s\" must be an argument of its own",
                                      fillings[j].name, command->arguments[i]);
    return true;
}
