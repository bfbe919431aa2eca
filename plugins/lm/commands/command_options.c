/* command_options.c - the options that commands share, and what they are turned into.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "commands/command_options.h"

#include <errno.h>
#include <omp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/ops.h"
#include "tokenizer/tokenizer_bpe.h"

enum { MOST_THREADS = 1024, PRECISION = 512 /* no letter, and no number that commands use */ };

/* ---- wrong usage ---- */

void command_usage(const struct argp_state *state, const char *format, ...)
{
    va_list args;
    fprintf(stderr, "%s: ", state->name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "; see `%s --help`\n", state->name);
    exit(COMMAND_USAGE);
}

int64_t command_int(const struct argp_state *state, const char *option, const char *value,
                    int64_t min, int64_t max)
{
    char *end;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (errno || end == value || *end || number < min || number > max)
        command_usage(state, "%s is \"%s\", allowed is an integer from %lld to %lld", option, value,
                      (long long)min, (long long)max);
    return number;
}

double command_real(const struct argp_state *state, const char *option, const char *value,
                    double min, double max)
{
    char *end;
    double number = strtod(value, &end);
    if (end == value || *end || !(number >= min) || !(number <= max))
        command_usage(state, "%s is \"%s\", allowed is a number from %g to %g", option, value, min,
                      max);
    return number;
}

void command_parse(const struct argp *argp, int argc, char **argv, void *arguments)
{
    /* What getopt finds it has said by now, in a line of its own. */
    if (argp_parse(argp, argc, argv, 0, NULL, arguments) != 0)
        exit(COMMAND_USAGE);
}

/* ---- MODEL, --json, --threads, --precision ---- */

static enum lm_dtype parse_precision(const struct argp_state *state, const char *name)
{
    enum lm_dtype precision = LM_F32;
    struct leti_error err;
    if (!lm_precision_choose(name, &precision, &err))
        command_usage(state, "--%s", err.text);
    return precision;
}

static error_t parse_model(int key, char *arg, struct argp_state *state)
{
    struct command_model *model = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->err_stream = NULL; /* no "Try --help" behind what getopt says */
        return 0;
    case 'j':
        model->json = true;
        return 0;
    case 't':
        omp_set_num_threads((int)command_int(state, "--threads", arg, 1, MOST_THREADS));
        return 0;
    case PRECISION:
        model->precision = parse_precision(state, arg);
        return 0;
    case ARGP_KEY_ARG:
        if (model->path)
            command_usage(state, "\"%s\" is one argument too many", arg);
        model->path = arg;
        return 0;
    case ARGP_KEY_END:
        if (!model->path)
            command_usage(state, "the MODEL is missing: a model folder or a GGUF file");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option model_options[] = {
    { "json", 'j', NULL, 0, "Print JSON, one object a line", 0 },
    { "threads", 't', "N", 0, "Compute with N threads (one a core)", 0 },
    { "precision", PRECISION, "TYPE", 0,
      "Of products: f32, bf16, or auto for what is faster here (f32; bench: auto)", 0 },
    { 0 },
};

const struct argp command_model_argp = {
    .options = model_options,
    .parser = parse_model,
    .args_doc = "MODEL",
};

/* ---- --prompt, --file, --ids, --specials ---- */

static error_t parse_text(int key, char *arg, struct argp_state *state)
{
    struct command_text *text = state->input;
    switch (key) {
    case 'p':
        text->prompt = arg;
        return 0;
    case 'f':
        text->file = arg;
        return 0;
    case 'i':
        text->ids = arg;
        return 0;
    case 'S':
        text->specials = true;
        return 0;
    case ARGP_KEY_END:
        if ((text->prompt != NULL) + (text->file != NULL) + (text->ids != NULL) > 1)
            command_usage(state, "--prompt, --file and --ids are one or the other");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option text_options[] = {
    { "prompt", 'p', "TEXT", 0, "The text (the standard input)", 0 },
    { "file", 'f', "FILE", 0, "Take the text from FILE (-: the standard input)", 0 },
    { "ids", 'i', "IDS", 0, "Token ids such as 1,2,3 in place of a text", 0 },
    { "specials", 'S', NULL, 0, "Take names of special tokens for these tokens, not for text", 0 },
    { 0 },
};

const struct argp command_text_argp = {
    .options = text_options,
    .parser = parse_text,
};

static bool parse_ids(const char *text, int32_t size, struct lm_ids *out, struct leti_error *err)
{
    for (const char *p = text; *p;) {
        char *end;
        errno = 0;
        long long id = strtoll(p, &end, 10);
        if (errno || end == p || (*end && *end != ',') || id < 0 || id >= size)
            return leti_error_set(err, "--ids: \"%.40s\": allowed are ids from 0 to %d with commas",
                                  p, size - 1);
        if (!lm_ids_push(out, (int32_t)id, err))
            return false;
        p = *end ? end + 1 : end;
    }
    return true;
}

static bool read_stream(FILE *in, const char *name, char **text, size_t *size,
                        struct leti_error *err)
{
    char *data = NULL;
    size_t n = 0, capacity = 0, got;
    do {
        if (n + 1 >= capacity) {
            capacity = capacity ? 2 * capacity : 1 << 16;
            char *grown = realloc(data, capacity);
            if (!grown) {
                free(data);
                return leti_error_set(err, "%s: no memory for %zu bytes", name, capacity);
            }
            data = grown;
        }
        got = fread(data + n, 1, capacity - 1 - n, in);
        n += got;
    } while (got > 0);
    if (ferror(in)) {
        free(data);
        return leti_error_set(err, "%s: cannot read: %s", name, strerror(errno));
    }
    data[n] = '\0';
    *text = data;
    *size = n;
    return true;
}

bool command_read(const struct command_text *from, char **text, size_t *size,
                  struct leti_error *err)
{
    if (from->prompt) {
        *text = strdup(from->prompt);
        *size = strlen(from->prompt);
        return *text || leti_error_set(err, "no memory for the prompt");
    }
    if (!from->file || strcmp(from->file, "-") == 0)
        return read_stream(stdin, "standard input", text, size, err);
    FILE *in = fopen(from->file, "rb");
    if (!in)
        return leti_error_set(err, "%s: cannot open: %s", from->file, strerror(errno));
    bool ok = read_stream(in, from->file, text, size, err);
    fclose(in); /* only read from: nothing can be lost */
    return ok;
}

bool command_read_ids(const struct command_text *from, const struct lm_tokenizer *tokenizer,
                      int32_t size, struct lm_ids *out, struct leti_error *err)
{
    if (from->ids)
        return parse_ids(from->ids, size, out, err);
    char *text;
    size_t length;
    if (!command_read(from, &text, &length, err))
        return false;
    bool ok = lm_tokenizer_begin(tokenizer, out, err) &&
              lm_tokenizer_append(tokenizer, text, length, from->specials, out, err);
    free(text);
    return ok;
}
