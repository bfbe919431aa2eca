/* path - names of files and folders.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/text.h"

char *path_join(const char *folder, const char *name)
{
    struct text path = { 0 };
    size_t length = strlen(folder);
    if (name[0] != '/' && length)
        text_printf(&path, "%s%s", folder, folder[length - 1] == '/' ? "" : "/");
    text_add(&path, name);
    return text_take(&path, NULL);
}

char *path_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

char *path_of_program(struct leti_error *err)
{
    char path[PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", path, sizeof path);
    if (size < 0 || (size_t)size == sizeof path) {
        leti_error_set(err, "cannot tell where this program is: /proc/self/exe: %s",
                       size < 0 ? strerror(errno) : "name too long");
        return NULL;
    }
    char *copy = strndup(path, (size_t)size);
    if (!copy)
        leti_error_set(err, "out of memory");
    return copy;
}

char *path_program_folder(struct leti_error *err)
{
    char *program = path_of_program(err);
    if (!program)
        return NULL;
    char *folder = path_folder(program);
    free(program);
    if (!folder)
        leti_error_set(err, "out of memory");
    return folder;
}

const char *path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool path_is_folder(const char *path)
{
    struct stat info;
    return !stat(path, &info) && S_ISDIR(info.st_mode);
}

bool path_is_file(const char *path)
{
    struct stat info;
    return !stat(path, &info) && S_ISREG(info.st_mode);
}

bool path_is_fifo(const char *path)
{
    struct stat info;
    struct statfs system;
    return !stat(path, &info) && S_ISFIFO(info.st_mode) && !statfs(path, &system) &&
           system.f_type != PIPEFS_MAGIC;
}

static bool is_gguf(const char *name)
{
    size_t size = strlen(name);
    return size > 5 && !strcmp(name + size - 5, ".gguf");
}

bool path_is_model(const char *path)
{
    if (path_is_file(path))
        return is_gguf(path);
    DIR *folder = opendir(path);
    if (!folder)
        return false;
    bool found = false;
    for (const struct dirent *entry; !found && (entry = readdir(folder));)
        found = !strcmp(entry->d_name, "config.json") || is_gguf(entry->d_name);
    closedir(folder); /* only read from: nothing can be lost */
    return found;
}
