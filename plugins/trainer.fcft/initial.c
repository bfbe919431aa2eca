/* initial.c - the model that a training began from, in its later versions.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "initial.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "model/files.h"

enum { FILE_LIMIT = 1 << 16 /* bytes */ };

static const char file_name[] = "trainer_initial.json";

static bool read_path(const char *file, char **path, struct leti_error *err)
{
    json_t *json = NULL;
    if (!lm_json_read(file, FILE_LIMIT, &json, err))
        return false;
    const char *name = json_string_value(json_object_get(json, "model"));
    char *copy = name && *name ? strdup(name) : NULL;
    json_decref(json);
    if (!copy)
        return leti_error_set(err, "%s: model is no folder", file);
    *path = copy;
    return true;
}

bool initial_find(const char *version, uint32_t iteration, char **path, struct leti_error *err)
{
    char file[PATH_MAX];
    if (!lm_path(version, file_name, file, err))
        return false;
    if (iteration > 1 && lm_file_exists(file))
        return read_path(file, path, err);
    char *real = realpath(version, NULL);
    if (!real)
        return leti_error_set(err, "%s: %s", version, strerror(errno));
    *path = real;
    return true;
}

bool initial_save(const char *path, const char *version, struct leti_error *err)
{
    char file[PATH_MAX];
    if (!lm_path(version, file_name, file, err))
        return false;
    json_t *json = json_pack("{ss}", "model", path);
    if (!json)
        return leti_error_set(err, "%s: the path is no text in UTF-8", path);
    bool ok = lm_json_write(file, json, err);
    json_decref(json);
    return ok;
}

/* Names of the tokens from id `first` on. */
static char **names_from(const struct lm_tokenizer *tokenizer, int32_t first, size_t n)
{
    char **names = calloc(n + 1, sizeof *names);
    for (size_t i = 0; names && i < n; i++) {
        size_t size;
        const char *name = lm_tokenizer_bytes(tokenizer, first + (int32_t)i, &size);
        names[i] = strndup(name, size);
    }
    return names;
}

static void free_names(char **names, size_t n)
{
    for (size_t i = 0; names && i < n; i++)
        free(names[i]);
    free(names);
}

bool initial_fit(struct lm_model *initial, const struct lm_model *model, uint64_t seed,
                 struct leti_error *err)
{
    int32_t has = lm_tokenizer_size(initial->tokenizer);
    int32_t wanted = lm_tokenizer_size(model->tokenizer);
    size_t n = wanted > has ? (size_t)(wanted - has) : 0;
    char **names = names_from(model->tokenizer, has, n);
    int32_t *ids = calloc(n + 1, sizeof *ids);
    bool ok = names && ids;
    for (size_t i = 0; ok && i < n; i++)
        ok = names[i];
    if (!ok)
        leti_error_set(err, "out of memory");
    ok =
        ok && (!n || lm_model_add_specials(initial, (const char *const *)names, n, seed, ids, err));
    free_names(names, n);
    free(ids);
    if (ok && initial->config.vocab_size != model->config.vocab_size)
        ok = leti_error_set(err, "it has %d tokens, the model in training %d",
                            initial->config.vocab_size, model->config.vocab_size);
    return ok;
}
