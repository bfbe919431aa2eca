/* command_tokenize.c - `leti model tokenize DIR`: text to token ids, and back.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "command.h"
#include "command_json.h"

struct arguments {
    bool json, specials;
    const char *dir, *ids;
    struct command_text text;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'j':
        a->json = true;
        return 0;
    case 's':
        a->specials = true;
        return 0;
    case 'f':
        a->text.file = arg;
        return 0;
    case 'i':
        a->ids = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (!a->dir)
            a->dir = arg;
        else if (!a->text.text)
            a->text.text = arg;
        else
            argp_usage(state);
        return 0;
    case ARGP_KEY_END:
        if (!a->dir)
            argp_usage(state);
        if ((a->text.text != NULL) + (a->text.file != NULL) + (a->ids != NULL) > 1)
            argp_error(state, "TEXT, --file and --ids are one or the other");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    COMMAND_JSON,
    COMMAND_FILE,
    { "specials", 's', NULL, 0, "Take names of special tokens for these tokens, not for text", 0 },
    { "ids", 'i', "IDS", 0, "The other way: the text of ids such as 1,2,3", 0 },
    { 0 },
};
static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "DIR [TEXT]",
    .doc = "Prints the token ids of TEXT, of a file or of the standard input. Needs tokenizer.json "
           "of DIR alone.",
};

static void print_text(const struct lm_tokenizer *t, const struct lm_ids *ids, bool json)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    for (size_t i = 0; out && i < ids->n; i++) {
        size_t n;
        const char *bytes = lm_tokenizer_bytes(t, ids->ids[i], &n);
        fwrite(bytes, 1, n, out);
    }
    if (!out || fclose(out) != 0)
        return;
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
    if (a->ids) {
        if (!command_ids(a->ids, lm_tokenizer_size(t), ids, err))
            return false;
        print_text(t, ids, a->json);
        return true;
    }
    char *text;
    size_t size;
    if (!command_read(&a->text, &text, &size, err))
        return false;
    bool ok = lm_tokenizer_encode(t, text, size, a->specials, ids, err);
    free(text);
    if (ok)
        print_ids(t, ids, size, a->json);
    return ok;
}

int command_tokenize(int argc, char **argv)
{
    struct arguments a = { 0 };
    struct leti_error err;
    struct lm_tokenizer *t;
    struct lm_ids ids = { 0 };
    argp_parse(&argp, argc, argv, 0, NULL, &a);
    if (!lm_tokenizer_open(a.dir, &t, &err))
        return command_fail(&err);
    bool ok = run(&a, t, &ids, &err);
    free(ids.ids);
    lm_tokenizer_close(t);
    return ok ? 0 : command_fail(&err);
}
