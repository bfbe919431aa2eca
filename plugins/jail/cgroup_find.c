/* cgroup_find.c - reads /proc/PID/cgroup and /proc/PID/mountinfo.
 * SPDX-License-Identifier: Apache-2.0 */
#include "cgroup_find.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool cgroup_has_word(const char *list, const char *separators, const char *word)
{
    size_t length = strlen(word);
    while (*list) {
        size_t n = strcspn(list, separators);
        if (n == length && memcmp(list, word, n) == 0)
            return true;
        list += n;
        list += strspn(list, separators);
    }
    return false;
}

static FILE *open_table(const char *proc, const char *name, struct leti_error *err)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", proc, name);
    FILE *file = fopen(path, "re");
    if (!file)
        leti_error_set(err, "%s: %s", path, strerror(errno));
    return file;
}

/* The group as the kernel names it. */
static bool find_group(const char *controller, const char *proc, struct cgroup_place *out,
                       struct leti_error *err)
{
    FILE *file = open_table(proc, "cgroup", err);
    if (!file)
        return false;
    char *line = NULL;
    size_t size = 0;
    bool found = false;
    while (!(found && !out->unified) && getline(&line, &size, file) > 0) {
        line[strcspn(line, "\n")] = '\0';
        char *list = strchr(line, ':'), *path = list ? strchr(++list, ':') : NULL;
        if (!path)
            continue;
        *path++ = '\0';
        bool unified = strncmp(line, "0:", 2) == 0 && *list == '\0';
        if ((!unified && !cgroup_has_word(list, ",", controller)) ||
            strlen(path) >= sizeof out->path)
            continue;
        strcpy(out->path, path);
        out->unified = unified;
        found = true;
    }
    free(line);
    fclose(file);
    return found || leti_error_set(err, "%s: not in a control group", controller);
}

/* Undoes what mountinfo does to spaces, tabs, line feeds and backslashes: \040 and so on. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from; to++) {
        unsigned value;
        if (*from == '\\' && sscanf(from + 1, "%3o", &value) == 1) {
            *to = (char)value;
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

/* Whether the line of mountinfo is a mount that shows the group, and in which folder. */
static bool mount_shows(char *line, const char *controller, const struct cgroup_place *group,
                        char *out)
{
    char *rest = strstr(line, " - "), *save;
    if (!rest)
        return false;
    *rest = '\0';
    const char *kind = strtok_r(rest + 3, " ", &save), *source = strtok_r(NULL, " ", &save),
               *options = strtok_r(NULL, " \n", &save);
    if (!kind || !source || !options || strcmp(kind, group->unified ? "cgroup2" : "cgroup") != 0 ||
        (!group->unified && !cgroup_has_word(options, ",", controller)))
        return false;
    char *fields[5];
    for (int i = 0; i < 5; i++)
        if (!(fields[i] = strtok_r(i == 0 ? line : NULL, " ", &save)))
            return false;
    char *root = fields[3], *point = fields[4];
    unescape(root);
    unescape(point);
    size_t n = strcmp(root, "/") == 0 ? 0 : strlen(root);
    const char *below = group->path + n;
    if (strncmp(group->path, root, n) != 0 || (*below != '/' && *below != '\0') ||
        strncmp(below, "/..", 3) == 0)
        return false;
    int length = snprintf(out, PATH_MAX, "%s%s", point, below);
    return length > 0 && length < PATH_MAX;
}

bool cgroup_find(const char *controller, const char *proc, struct cgroup_place *out,
                 struct leti_error *err)
{
    struct cgroup_place group;
    char path[PATH_MAX];
    if (!find_group(controller, proc, &group, err))
        return false;
    FILE *file = open_table(proc, "mountinfo", err);
    if (!file)
        return false;
    char *line = NULL;
    size_t size = 0;
    bool found = false;
    while (!found && getline(&line, &size, file) > 0)
        found = mount_shows(line, controller, &group, path);
    free(line);
    fclose(file);
    if (!found)
        return leti_error_set(err, "%s: control group %s is not mounted", controller, group.path);
    out->unified = group.unified;
    strcpy(out->path, path);
    return true;
}
