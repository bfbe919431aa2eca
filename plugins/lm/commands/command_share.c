/* command_share.c - what the commands share besides their options.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "commands/command.h"
#include "model/files.h"
#include "model/model_gguf.h"

int command_fail(const struct leti_error *err)
{
    fprintf(stderr, "leti model: %s\n", err->text);
    return 1;
}

static bool starts_as_gguf(const char *path)
{
    char magic[4] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool yes = fd >= 0 && read(fd, magic, sizeof magic) == sizeof magic &&
               memcmp(magic, "GGUF", sizeof magic) == 0;
    if (fd >= 0)
        close(fd); /* only read from: nothing can be lost */
    return yes;
}

bool command_find(const char *path, bool *folder, struct leti_error *err)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return leti_error_set(err, "%s: cannot open: %s", path, strerror(errno));
    if (!S_ISDIR(st.st_mode) && !(S_ISREG(st.st_mode) && starts_as_gguf(path)))
        return leti_error_set(err, "%s: neither a model folder nor a GGUF file", path);
    *folder = S_ISDIR(st.st_mode);
    return true;
}

bool command_open(const struct command_model *model, struct lm_model **out, struct leti_error *err)
{
    const char *path = model->path;
    bool folder = false, gguf = false;
    char file[PATH_MAX];
    if (!command_find(path, &folder, err) || !lm_model_gguf_find(path, &gguf, file, err) ||
        (!gguf && !lm_path(path, "config.json", file, err)))
        return false;
    if (!lm_file_exists(file))
        return leti_error_set(err, "%s: not a model folder, it has no config.json", path);
    if (!lm_model_open(path, out, err))
        return false;
    (*out)->precision = model->precision;
    return true;
}

double command_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
