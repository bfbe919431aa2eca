/* model_gguf_files.c - what surrounds a GGUF file: where it is, and what of it goes into the small
 * files of a Hugging Face folder.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <sys/stat.h>

#include "model/files.h"
#include "model/model_gguf.h"

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* The GGUF files of a folder: *n of them, one of which is name; 0 where a Hugging Face folder
 * is. */
static bool look_into(const char *dir, int *n, char name[NAME_MAX + 1], struct leti_error *err)
{
    DIR *entries = opendir(dir);
    if (!entries)
        return leti_error_set(err, "%s: cannot read the folder: %s", dir, strerror(errno));
    const struct dirent *entry;
    bool other = false;
    *n = 0;
    while ((entry = readdir(entries))) {
        other = other || strcmp(entry->d_name, "config.json") == 0 ||
                ends_with(entry->d_name, ".safetensors");
        if (!ends_with(entry->d_name, ".gguf"))
            continue;
        snprintf(name, NAME_MAX + 1, "%s", entry->d_name);
        ++*n;
    }
    closedir(entries); /* only read from: nothing can be lost */
    if (other)
        *n = 0;
    return true;
}

bool lm_model_gguf_find(const char *path, bool *found, char *file, struct leti_error *err)
{
    struct stat st;
    char name[NAME_MAX + 1];
    int n = 0;
    *found = false;
    if (stat(path, &st) != 0) /* whoever reads it says what is wrong */
        return true;
    if (S_ISREG(st.st_mode)) {
        int length = snprintf(file, PATH_MAX, "%s", path);
        *found = length >= 0 && length < PATH_MAX;
        return true;
    }
    if (!S_ISDIR(st.st_mode))
        return true;
    if (!look_into(path, &n, name, err))
        return false;
    if (n > 1)
        return leti_error_set(err, "%s: has %d GGUF files, name the one that is meant", path, n);
    *found = n == 1;
    return !*found || lm_path(path, name, file, err);
}

/* Text that is no UTF-8 cannot be in a JSON file. */
static bool add_text(const struct lm_gguf *file, struct lm_gguf_text text, json_t *config,
                     const char *field, struct leti_error *err)
{
    json_t *value = json_stringn(text.data, text.size);
    if (!value)
        return leti_error_set(err, "%s: what becomes %s is not valid UTF-8", lm_gguf_name(file),
                              field);
    return json_object_set_new(config, field, value) == 0 || leti_error_set(err, "no memory");
}

/* The name of the token whose id is at key. */
static bool add_token(const struct lm_gguf *file, const char *key, json_t *config,
                      const char *field, struct leti_error *err)
{
    const struct lm_gguf_array *tokens;
    int64_t id;
    if (!lm_gguf_has(file, key))
        return true;
    if (!lm_gguf_get_int(file, key, &id, err) ||
        !lm_gguf_get_strings(file, "tokenizer.ggml.tokens", &tokens, err))
        return false;
    if (id < 0 || (uint64_t)id >= lm_gguf_array_count(tokens))
        return leti_error_set(err, "%s: metadata key %s is %lld, allowed is an id below %zu",
                              lm_gguf_name(file), key, (long long)id, lm_gguf_array_count(tokens));
    return add_text(file, lm_gguf_array_string(tokens, (size_t)id), config, field, err);
}

static bool add_template(const struct lm_gguf *file, json_t *config, struct leti_error *err)
{
    static const char key[] = "tokenizer.chat_template";
    struct lm_gguf_text text;
    return !lm_gguf_has(file, key) || (lm_gguf_get_string(file, key, &text, err) &&
                                       add_text(file, text, config, "chat_template", err));
}

static bool add_flag(const struct lm_gguf *file, const char *key, json_t *config, const char *field,
                     struct leti_error *err)
{
    bool flag;
    if (!lm_gguf_has(file, key))
        return true;
    return lm_gguf_get_bool(file, key, &flag, err) &&
           (json_object_set_new(config, field, json_boolean(flag)) == 0 ||
            leti_error_set(err, "no memory"));
}

bool lm_model_gguf_describe_tokenizer(const char *path, json_t *config, struct leti_error *err)
{
    struct lm_gguf *file;
    if (!lm_gguf_open(path, &file, err))
        return false;
    bool ok = add_token(file, "tokenizer.ggml.unknown_token_id", config, "unk_token", err) &&
              add_token(file, "tokenizer.ggml.padding_token_id", config, "pad_token", err) &&
              add_flag(file, "tokenizer.ggml.add_bos_token", config, "add_bos_token", err) &&
              add_flag(file, "tokenizer.ggml.add_eos_token", config, "add_eos_token", err) &&
              add_template(file, config, err);
    lm_gguf_close(file);
    return ok;
}
