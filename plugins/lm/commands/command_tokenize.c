/* command_tokenize.c - `leti model tokenize DIR`: text to token ids, and back.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/command.h"
#include "commands/command_json.h"
#include "model/model_gguf.h"
#include "tokenizer/tokenizer_gguf.h"

struct arguments {
    struct command_model model;
    struct command_text text;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    (void)arg;
    struct arguments *a = state->input;
    if (key != ARGP_KEY_INIT)
        return ARGP_ERR_UNKNOWN;
    state->child_inputs[0] = &a->model;
    state->child_inputs[1] = &a->text;
    return 0;
}

static const struct argp_child children[] = { COMMAND_CHILD_MODEL, COMMAND_CHILD_TEXT, { 0 } };
static const struct argp argp = {
    .parser = parse,
    .children = children,
    .doc = "Prints the token ids of a text, without the one that the model's texts start with; "
           "with --ids goes the other way and prints their text. "
           "Needs the tokenizer of MODEL alone."
           "\vExamples:\n"
           "  leti model tokenize MODEL --prompt 'def f(x):'\n"
           "  leti model tokenize MODEL --file prompt.txt --json\n"
           "  leti model tokenize MODEL --ids 5,6,7",
};

/* The bytes of all ids, one behind the other; the caller's to free. */
static bool join_bytes(const struct lm_tokenizer *t, const struct lm_ids *ids, char **out,
                       size_t *size, struct leti_error *err)
{
    size_t total = 0, n;
    for (size_t i = 0; i < ids->n; i++) {
        lm_tokenizer_bytes(t, ids->ids[i], &n);
        total += n;
    }
    char *text = malloc(total + 1), *end = text;
    if (!text)
        return leti_error_set(err, "no memory for a text of %zu bytes", total);
    for (size_t i = 0; i < ids->n; i++, end += n) {
        const char *bytes = lm_tokenizer_bytes(t, ids->ids[i], &n);
        memcpy(end, bytes, n);
    }
    *out = text;
    *size = total;
    return true;
}

static bool print_text(const struct lm_tokenizer *t, const struct lm_ids *ids, bool json,
                       struct leti_error *err)
{
    char *text = NULL;
    size_t size = 0;
    if (!join_bytes(t, ids, &text, &size, err))
        return false;
    if (json) {
        printf("{\"ids\": ");
        json_put_ids(stdout, ids->ids, ids->n);
        printf(", \"text\": ");
        json_put_text(stdout, text, size);
        printf("}\n");
    } else {
        fwrite(text, 1, size, stdout);
    }
    free(text);
    return true;
}

static void print_ids(const struct lm_tokenizer *t, const struct lm_ids *ids, size_t bytes,
                      bool json)
{
    if (json) {
        printf("{\"n\": %zu, \"bytes\": %zu, \"ids\": ", ids->n, bytes);
        json_put_ids(stdout, ids->ids, ids->n);
        printf(", \"tokens\": [");
    }
    for (size_t i = 0; i < ids->n; i++) {
        size_t n;
        const char *token = lm_tokenizer_bytes(t, ids->ids[i], &n);
        if (json && i)
            printf(", ");
        if (!json)
            printf("%7d  ", ids->ids[i]);
        json_put_text(stdout, token, n);
        if (!json)
            putchar('\n');
    }
    if (json)
        printf("]}\n");
}

static bool run(const struct arguments *a, const struct lm_tokenizer *t, struct lm_ids *ids,
                struct leti_error *err)
{
    if (a->text.ids)
        return command_read_ids(&a->text, t, lm_tokenizer_size(t), ids, err) &&
               print_text(t, ids, a->model.json, err);
    char *text;
    size_t size;
    if (!command_read(&a->text, &text, &size, err))
        return false;
    bool ok = lm_tokenizer_encode(t, text, size, a->text.specials, ids, err);
    free(text);
    if (ok)
        print_ids(t, ids, size, a->model.json);
    return ok;
}

/* Of a folder its tokenizer.json, or of the GGUF file that the path names or the folder holds. */
static bool open_tokenizer(const char *path, struct lm_tokenizer **out, struct leti_error *err)
{
    bool folder = false, found = false;
    char file[PATH_MAX];
    struct lm_gguf *gguf;
    if (!command_find(path, &folder, err) || !lm_model_gguf_find(path, &found, file, err))
        return false;
    if (!found)
        return lm_tokenizer_open(path, out, err);
    if (!lm_gguf_open(file, &gguf, err))
        return false;
    bool ok = lm_tokenizer_from_gguf(gguf, out, err);
    lm_gguf_close(gguf);
    return ok;
}

int command_tokenize(int argc, char **argv)
{
    struct arguments a = { 0 };
    struct leti_error err;
    struct lm_tokenizer *tokenizer;
    struct lm_ids ids = { 0 };
    command_parse(&argp, argc, argv, &a);
    if (!open_tokenizer(a.model.path, &tokenizer, &err))
        return command_fail(&err);
    bool ok = run(&a, tokenizer, &ids, &err);
    free(ids.ids);
    lm_tokenizer_close(tokenizer);
    return ok ? 0 : command_fail(&err);
}
