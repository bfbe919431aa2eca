/* command_convert.c - `leti model convert MODEL OUT`: any model as a Hugging Face folder, in
 * another type, or made anew.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands/command.h"
#include "model/files.h"

struct arguments {
    const char *path;
    char *out;
    enum lm_dtype dtype;
    bool random;
    int64_t seed;
};

/* A folder may be given as DIR/, but what stands beside it is not DIR/.part. */
static char *without_slashes(char *path)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        path[--n] = '\0';
    return path;
}

static void take_argument(struct arguments *a, char *arg, const struct argp_state *state)
{
    if (!a->path)
        a->path = arg;
    else if (!a->out)
        a->out = without_slashes(arg);
    else
        command_usage(state, "\"%s\" is one argument too many", arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->err_stream = NULL; /* no "Try --help" behind what getopt says */
        return 0;
    case 'd':
        if (strcmp(arg, "f32") != 0 && strcmp(arg, "bf16") != 0)
            command_usage(state, "--dtype is \"%s\", allowed are f32 and bf16", arg);
        a->dtype = strcmp(arg, "f32") == 0 ? LM_F32 : LM_BF16;
        return 0;
    case 'r':
        a->random = true;
        a->seed = command_int(state, "--random", arg, 0, INT64_MAX);
        return 0;
    case ARGP_KEY_ARG:
        take_argument(a, arg, state);
        return 0;
    case ARGP_KEY_END:
        if (!a->out)
            command_usage(state, "the %s",
                          a->path ? "OUT is missing: a folder that is not there yet"
                                  : "MODEL is missing: a model folder or a GGUF file");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    { "dtype", 'd', "TYPE", 0, "f32 or bf16 (f32)", 0 },
    { "random", 'r', "SEED", 0, "Draw the parameters anew: a folder needs no weights then", 0 },
    { 0 },
};
static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "MODEL OUT",
    .doc = "Writes a model to the new folder OUT, in the form that Hugging Face's libraries read."
           "\vExamples:\n"
           "  leti model convert model.gguf models/mine\n"
           "  leti model convert models/mine models/half --dtype bf16",
};

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

/* Beside and renamed: a folder of this name is a whole model or is not there. */
static bool write_model(const struct arguments *a, const struct lm_model *model,
                        struct leti_error *err)
{
    char part[PATH_MAX];
    int n = snprintf(part, sizeof part, "%s.part", a->out);
    if (n < 0 || n >= (int)sizeof part)
        return leti_error_set(err, "%.64s...: path of more than %d bytes", a->out, PATH_MAX - 1);
    if (access(a->out, F_OK) == 0)
        return leti_error_set(err, "%s: exists, a new folder is needed", a->out);
    if (mkdir(part, 0777) != 0)
        return leti_error_set(err, "%s: cannot make the folder: %s", part, strerror(errno));
    bool ok = lm_model_save(model, a->path, part, a->dtype, err);
    if (ok && rename(part, a->out) != 0)
        ok = leti_error_set(err, "%s: cannot rename to %s: %s", part, a->out, strerror(errno));
    if (!ok)
        nftw(part, remove_one, 8, FTW_DEPTH | FTW_PHYS); /* ours; what stays does no harm */
    return ok;
}

int command_convert(int argc, char **argv)
{
    struct arguments a = { .dtype = LM_F32 };
    struct leti_error err;
    struct lm_model *model;
    command_parse(&argp, argc, argv, &a);
    bool ok = a.random ? lm_model_random(a.path, (uint64_t)a.seed, &model, &err)
                       : lm_model_open(a.path, &model, &err);
    if (!ok)
        return command_fail(&err);
    ok = write_model(&a, model, &err);
    lm_model_close(model);
    return ok ? 0 : command_fail(&err);
}
