/* leftover.h - what a program could leave on the machine, counted.
 *
 * Header only: each test program has its own.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LEFTOVER_H
#define LEFTOVER_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FAMILY_MAX = 256, PROCESSES_MAX = 8192 };

/* Entries of the folder, those with mark in their names where it is not NULL. */
static inline size_t count_entries(const char *path, const char *mark)
{
    size_t n = 0;
    DIR *folder = opendir(path);
    if (!folder)
        return 0;
    for (struct dirent *entry; (entry = readdir(folder));)
        n += !mark || strstr(entry->d_name, mark);
    closedir(folder);
    return n;
}

/* Lines of the file, those with mark in them where it is not NULL. */
static inline size_t count_lines(const char *path, const char *mark)
{
    size_t n = 0, size = 0;
    char *line = NULL;
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    while (getline(&line, &size, file) > 0)
        n += !mark || strstr(line, mark);
    free(line);
    fclose(file);
    return n;
}

static inline pid_t parent_of(const char *pid)
{
    char path[288], line[512];
    int parent = 0;
    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    if (fgets(line, sizeof line, file) && strrchr(line, ')'))
        (void)sscanf(strrchr(line, ')'), ") %*c %d", &parent);
    fclose(file);
    return parent;
}

/* The processes below this one, the ended ones that nobody waited for too: children first, then
 * theirs. Puts up to FAMILY_MAX into out and returns how many. */
static inline size_t find_family(pid_t out[FAMILY_MAX])
{
    static struct {
        pid_t pid, parent;
    } all[PROCESSES_MAX];
    size_t n_all = 0, n = 0;
    DIR *folder = opendir("/proc");
    if (!folder)
        return 0;
    for (struct dirent *entry; n_all < PROCESSES_MAX && (entry = readdir(folder));)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9') {
            all[n_all].pid = (pid_t)strtol(entry->d_name, NULL, 10);
            all[n_all++].parent = parent_of(entry->d_name);
        }
    closedir(folder);
    pid_t parent = getpid();
    for (size_t next = 0;; parent = out[next++]) {
        for (size_t i = 0; i < n_all && n < FAMILY_MAX; i++)
            if (all[i].parent == parent)
                out[n++] = all[i].pid;
        if (next == n)
            return n;
    }
}

/* A child of the process, 0: there is none. */
static inline pid_t child_of(pid_t pid)
{
    pid_t found = 0;
    DIR *folder = opendir("/proc");
    if (!folder)
        return 0;
    for (struct dirent *entry; !found && (entry = readdir(folder));)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && parent_of(entry->d_name) == pid)
            found = (pid_t)strtol(entry->d_name, NULL, 10);
    closedir(folder);
    return found;
}

static inline size_t count_descriptors(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    return count_entries(path, NULL);
}

/* What the process sees mounted, as text in out. False: it is gone, or out is too small. */
static inline bool read_mounts(pid_t pid, char *out, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mountinfo", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    size_t n = fread(out, 1, size - 1, file);
    out[n] = '\0';
    fclose(file);
    return n > 0 && n < size - 1;
}

/* Memory of the process that is its own, in KiB. */
static inline size_t private_kib(pid_t pid)
{
    char path[64], line[256];
    size_t kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "RssAnon: %zu", &kib) == 1)
            break;
    fclose(file);
    return kib;
}

#endif
